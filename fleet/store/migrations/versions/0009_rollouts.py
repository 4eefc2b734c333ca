"""Which release each kiosk is to run, and runs; roll-outs."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0009"
down_revision = "0008"


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _number(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False)


def _key(name: str, length: int) -> "Column[str]":
    return Column(name, String(length), primary_key=True)


def upgrade() -> None:
    """Make the tables. Nothing was wanted of anybody before, so they are empty."""
    op.create_table(
        "wanted", _key("kiosk", 98), _key("kind", 16),
        _text("name"), _text("rollout"), _text("pinned_by"), _text("pinned_why"), _number("at_ms"),
    )  # fmt: skip
    op.create_table(
        "running", _key("kiosk", 98), _key("kind", 16),
        _text("name"), _number("confirmed"), _number("since_ms"), _text("target"), _text("rollout"), _text("phase"),
        _number("percent"), _text("reason"), _text("detail"), _number("version"), _number("heard_ms"), _number("differs_ms"),
    )  # fmt: skip
    op.create_table(
        "rollouts",
        _key("id", 16),
        _text("kind"),
        _text("target"),
        _text("state"),
        _number("made_ms"),
        _text("body"),
    )
    for column in ("state", "made_ms"):
        op.create_index(f"ix_rollouts_{column}", "rollouts", [column])
    op.create_table(
        "rollout_members", _key("rollout", 16), _key("kiosk", 98),
        _number("ring"), _number("assigned_ms"), _number("version"), _text("previous"), _number("returned_ms"),
        _text("verdict"), _text("reason"), _number("since_ms"),
    )  # fmt: skip
    op.create_table(
        "rollout_steps", _key("rollout", 16), Column("number", Integer, primary_key=True, autoincrement=False),
        _number("at_ms"), _text("what"), _text("who"), _text("why"), _text("state"),
    )  # fmt: skip
    op.create_table("kiosk_tags", _key("kiosk", 98), _key("tag", 40), _text("who"), _number("at_ms"))
    op.create_table("leases", _key("name", 32), _text("holder"), _number("until_ms"))
