"""Alerts, the kiosks they were said to, and what became of them there."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(64), primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("body", "source", "who", "why", "cleared_by", "cleared_why")
        ),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("at_ms", "cleared_ms")),
    )
    op.create_index("ix_alerts_cleared_ms", "alerts", ["cleared_ms"])
    op.create_table(
        "alert_kiosks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kiosk", sa.String(98), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("sent_ms", "heard_ms", "shown_ms", "cleared_ms")
        ),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sound", "detail")),
    )
    op.create_table(
        "alert_sets",
        sa.Column("kiosk", sa.String(98), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("body", "refused")),
    )
