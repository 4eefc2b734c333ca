"""What operators have kiosks do, and how kiosks are to be."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0005"
down_revision = "0004"


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _number(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "commands",
        Column("id", String(16), primary_key=True),
        _text("kiosk"), _text("what"), _text("arguments"), _text("who"), _text("why"), _number("at_ms"), _number("valid_s"),
        _number("force"), _text("state"), _text("said_by"), _text("reason"), _text("detail"), _number("changed_ms"),
        _text("media"), _number("parts"), _number("size"),
    )  # fmt: skip
    for column in ("kiosk", "at_ms", "state"):
        op.create_index(f"ix_commands_{column}", "commands", [column])
    op.create_table(
        "command_states",
        Column("id", String(16), primary_key=True),
        Column("state", String(16), primary_key=True),
        _number("wall_ms"), _number("heard_ms"), _text("reason"), _text("detail"),
    )  # fmt: skip
    op.create_table(
        "command_parts",
        Column("id", String(16), primary_key=True),
        Column("part", Integer, primary_key=True, autoincrement=False),
        Column("data", LargeBinary, nullable=False),
        _number("heard_ms"),
    )
    op.create_index("ix_command_parts_heard_ms", "command_parts", ["heard_ms"])
    op.create_table(
        "desired",
        Column("kiosk", String(98), primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        _text("who"), _text("why"), _number("at_ms"), _text("body"),
    )  # fmt: skip
    op.create_table(
        "reported",
        Column("kiosk", String(98), primary_key=True),
        _number("version"), _number("heard_ms"), _text("body"),
    )  # fmt: skip
