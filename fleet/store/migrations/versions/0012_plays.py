"""Proof of play: sums per minute by creative, booking and quality of the clock."""

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text

from fleet.events import plays

revision = "0012"
down_revision = "0011"


def _number(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False)


def upgrade() -> None:
    """Make the tables, and fill them from the events that are kept."""
    op.create_table(
        "plays",
        Column("kiosk", String(98), nullable=False), _number("minute"),
        Column("showing", String(32), nullable=False), Column("clock", String(8), nullable=False),
        *(_number(name) for name in ("times", "shown_ms", "how_ms", "drawn", "present", "touched")),
    )  # fmt: skip
    op.create_index("plays_by_kiosk", "plays", ["kiosk", "minute"])
    op.create_index("plays_by_minute", "plays", ["minute"], postgresql_using="brin")
    op.create_table(
        "showings",
        Column("id", String(32), primary_key=True),
        *(
            Column(name, Text, nullable=False)
            for name in ("advert", "creative", "name", "playlist", "booking", "kind")
        ),
    )
    plays.write(op.get_bind(), plays.recompute(op.get_bind()))
