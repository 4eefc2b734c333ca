"""Events may go after some weeks: nothing refers to their rows any more, and PostgreSQL keeps a day's together."""

from alembic import op
from sqlalchemy import ForeignKeyConstraint, MetaData, Table

from fleet.store.migrations import first

revision = "0002"
down_revision = "0001"

OF_EVENTS = ("sales", "sale_lines", "refunds_wanted", "plays", "impressions", "engagements", "scans")
PARTED = """
    CREATE TABLE events (
        kiosk VARCHAR(98) NOT NULL, epoch VARCHAR(64) NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL,
        wall_ms BIGINT NOT NULL, mono_ms BIGINT NOT NULL, boot TEXT NOT NULL, clock TEXT NOT NULL,
        received_ms BIGINT NOT NULL, body BYTEA NOT NULL
    ) PARTITION BY RANGE (received_ms)
"""


def upgrade() -> None:
    """Take the foreign keys away; part the events."""
    if op.get_bind().dialect.name == "postgresql":
        for name in OF_EVENTS:
            op.drop_constraint(f"{name}_kiosk_epoch_seq_fkey", name, type_="foreignkey")
        _part()
        return
    for name in OF_EVENTS:
        with op.batch_alter_table(name, copy_from=_alone(name), recreate="always"):
            pass
        for index in first.metadata.tables[name].indexes:
            index.create(op.get_bind(), checkfirst=True)


def _alone(name: str) -> Table:
    """A table of the first revision without its foreign key."""
    table = first.metadata.tables[name].to_metadata(MetaData())
    table.constraints = {each for each in table.constraints if not isinstance(each, ForeignKeyConstraint)}
    return table


def _part() -> None:
    op.rename_table("events", "events_before")
    op.execute("ALTER INDEX events_pkey RENAME TO events_before_pkey")
    op.drop_index("events_by_arrival", "events_before")
    op.execute(PARTED)
    op.create_index("events_by_arrival", "events", ["received_ms"])
    # What no day was made for. Each part has its own key: the parent's would have to contain when an event came.
    op.execute("CREATE TABLE events_rest PARTITION OF events DEFAULT")
    op.execute("ALTER TABLE events_rest ADD PRIMARY KEY (kiosk, epoch, seq)")
    op.execute("INSERT INTO events SELECT * FROM events_before")
    op.drop_table("events_before")
