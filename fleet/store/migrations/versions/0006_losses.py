"""Losses that operators have accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "losses",
        sa.Column("kiosk", sa.String(98), primary_key=True),
        sa.Column("epoch", sa.String(64), primary_key=True),
        sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("last", "at_ms")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("who", "why")),
    )
