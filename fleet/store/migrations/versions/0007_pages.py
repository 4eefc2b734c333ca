"""The last sale of each kiosk without a look at the others, and a place to prove that the database writes."""

from alembic import op
from sqlalchemy import BigInteger, Column, String

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the index and the table."""
    op.create_index("sales_by_kiosk", "sales", ["kiosk", "received_ms"])
    op.create_table(
        "pulse",
        Column("name", String(16), primary_key=True),
        Column("at_ms", BigInteger, nullable=False),
    )
