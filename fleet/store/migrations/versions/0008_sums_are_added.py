"""Sums per minute as rows that are added and never changed: no key of four columns to look up and to keep."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Take the key and the index by minute away; make two smaller ones."""
    op.drop_index("rollups_by_minute", "rollups")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("rollups_pkey", "rollups", type_="primary")
    else:  # SQLite cannot drop a key
        op.rename_table("rollups", "rollups_before")
        op.create_table(
            "rollups",
            sa.Column("kiosk", sa.String(98), nullable=False), _number("minute"),
            sa.Column("kind", sa.String(16), nullable=False), sa.Column("key", sa.String(256), nullable=False),
            _number("times"), _number("amount"),
        )  # fmt: skip
        columns = "kiosk, minute, kind, key, times, amount"
        op.execute(f"INSERT INTO rollups ({columns}) SELECT {columns} FROM rollups_before")  # noqa: S608 (words of ours)
        op.drop_table("rollups_before")
    op.create_index("rollups_by_kiosk", "rollups", ["kiosk", "minute"])
    op.create_index("rollups_by_minute", "rollups", ["minute"], postgresql_using="brin")


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, nullable=False)
