"""A database of before there were migrations: it gets what it lacks of revision 0001.

Such a database has no table `alembic_version`, and may be of any program before: some lack columns and indexes, and some
of those have to be filled.
"""

from __future__ import annotations

import logging
import secrets

from sqlalchemy import Connection, and_, case, exists, func, insert, inspect, select, update
from sqlalchemy.schema import CreateColumn

from content.references import CLAIM_BYTES, claim_of
from fleet.store.migrations import first

log = logging.getLogger(__name__)


def adopt(connection: Connection) -> None:
    """Make what is missing, in the transaction of `connection`. Rows that are there get each column's server default."""
    packed = inspect(connection).has_table(first.packing.name)
    first.metadata.create_all(connection)
    inspector = inspect(connection)
    added: list[str] = []
    for table in first.metadata.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                definition = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")
                added.append(f"{table.name}.{column.name}")
        for index in table.indexes:
            index.create(connection, checkfirst=True)
        known = {index["name"] for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in known:
                index.create(connection)
                added.append(str(index.name))
    if "charges.claim_code" in added:
        _claims_of_phones(connection)
    if "charges.given_minor" in added:
        _given_back(connection)
    if "charges.unresolved_ms" in added:
        _not_in_order(connection)
    if not packed:
        _still_here(connection)
    if added:
        log.info("the database was brought up: %s", ", ".join(added))


def _claims_of_phones(connection: Connection) -> None:
    """An order that was sold on a phone keeps the code its page has shown; one whose sale was not stored gets its own."""
    charge, sale = first.charges.c, first.sales.c
    shown = first.charges.outerjoin(first.sales, sale.reference == charge.reference)
    sold = select(charge.reference, sale.claim_code).select_from(shown).where(charge.sale_seq > 0)
    for reference, code in connection.execute(sold).all():
        kept = code or claim_of(secrets.token_bytes(CLAIM_BYTES))
        connection.execute(update(first.charges).where(charge.reference == reference).values(claim_code=kept))


def _given_back(connection: Connection) -> None:
    """What was refunded before parts were counted went back whole."""
    charge = first.charges.c
    refunded = update(first.charges).where(charge.state == "refunded")
    connection.execute(refunded.values(given_minor=charge.paid_minor))


def _not_in_order(connection: Connection) -> None:
    """Charges of before the operator's list that money came for and that neither a sale nor a refund has ended."""
    charge = first.charges.c
    open_end = charge.state.in_(("paid", "late-paid", "refunding")) & (charge.settled != "sold")
    connection.execute(update(first.charges).where(open_end).values(unresolved_ms=charge.changed_ms))


def _still_here(connection: Connection) -> None:
    """What walls sold before there was a packing list and nobody has fetched, each order once."""
    sale, event = first.sales.c, first.events.c
    same = and_(event.kiosk == sale.kiosk, event.epoch == sale.epoch, event.seq == sale.seq)
    trusted = and_(event.clock != "unsynced", sale.wall_ms < event.received_ms)
    which = func.row_number().over(
        partition_by=sale.order, order_by=(event.received_ms, sale.epoch, sale.seq)
    )
    sold = (
        select(
            sale.order, sale.kiosk, sale.epoch, sale.seq, sale.reference,
            case((trusted, sale.wall_ms), else_=event.received_ms).label("sold_ms"), which.label("which"),
        )
        .join(first.events, same)
        .where(sale.channel != "phone", ~exists().where(first.handovers.c.order == sale.order))
        .subquery()
    )  # fmt: skip
    names = ("order", "kiosk", "epoch", "seq", "reference", "sold_ms")
    once = select(*(sold.c[name] for name in names)).where(sold.c.which == 1)
    connection.execute(insert(first.packing).from_select(names, once))
