"""What operators change between two releases, and the newest set of every kiosk."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0010"
down_revision = "0009"


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _number(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False)


def upgrade() -> None:
    """Make the tables; nothing was changed before."""
    op.create_table(
        "live_changes",
        Column("number", Integer, primary_key=True, autoincrement=True),
        _text("scope"), _text("gtin"), _text("kind"), _text("reason"), _text("body"), _number("until_ms"), _text("who"),
        _text("why"), _number("at_ms"), _number("undone_ms"), _text("undone_who"), _text("undone_why"),
    )  # fmt: skip
    op.create_index("ix_live_changes_gtin", "live_changes", ["gtin"])
    op.create_index("ix_live_changes_undone_ms", "live_changes", ["undone_ms"])
    op.create_table(
        "live_sets",
        Column("kiosk", String(98), primary_key=True),
        _number("version"), _text("digest"), _text("kid"), Column("signature", LargeBinary, nullable=False),
        Column("body", LargeBinary, nullable=False), _number("at_ms"),
    )  # fmt: skip
