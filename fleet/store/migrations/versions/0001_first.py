"""The tables as they were when migrations began."""

from alembic import op

from fleet.store.migrations import first

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    first.metadata.create_all(op.get_bind())
