"""Sums per minute in place of a row per play, impression, engagement and scan; ranges of what came early; folded ranges."""

import sqlalchemy as sa
from alembic import op

from fleet.store import backfill

revision = "0004"
down_revision = "0003"

BEFORE = ("plays", "impressions", "engagements", "scans")


def upgrade() -> None:
    """Make the tables, fill them from the events, drop what they replace."""
    op.add_column("streams", sa.Column("highest", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sales", sa.Column("received_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("sales_by_arrival", "sales", ["received_ms"])
    op.create_table("ahead", *_stream(), _key("first"), _number("last"), _number("since_ms"))
    op.create_table(
        "folded", *_stream(), _key("seq"),
        _number("first"), _number("lost"), _number("from_ms"), _number("until_ms"), _number("counted"),
    )  # fmt: skip
    op.create_table(
        "rollups",
        sa.Column("kiosk", sa.String(98), primary_key=True), _key("minute"),
        sa.Column("kind", sa.String(16), primary_key=True), sa.Column("key", sa.String(256), primary_key=True),
        _number("times"), _number("amount"),
    )  # fmt: skip
    op.create_index("rollups_by_minute", "rollups", ["minute"])
    backfill.fill(op.get_bind())
    for name in BEFORE:
        op.drop_table(name)


def _stream() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("kiosk", sa.String(98), primary_key=True),
        sa.Column("epoch", sa.String(64), primary_key=True),
    )


def _key(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)
