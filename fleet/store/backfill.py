"""A database of before there were roll-ups gets them: made of its events, once, when it is brought up."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from fleet import tables
from fleet.events import bulk, rollups
from fleet.events.stream_rows import rebuild_one


def fill(connection: Connection) -> None:
    """Say when sales came, which numbers are stored ahead of the marks, and add up all that happened."""
    event, sale, stream = tables.events.c, tables.sales.c, tables.streams.c
    came = select(event.received_ms).where(
        event.kiosk == sale.kiosk, event.epoch == sale.epoch, event.seq == sale.seq
    )
    connection.execute(update(tables.sales).values(received_ms=func.coalesce(came.scalar_subquery(), 0)))
    connection.execute(update(tables.streams).values(highest=stream.upto))
    there = {(kiosk, epoch) for kiosk, epoch in connection.execute(select(stream.kiosk, stream.epoch))}
    last = select(event.kiosk, event.epoch, func.max(event.seq)).group_by(event.kiosk, event.epoch)
    for kiosk, epoch, highest in connection.execute(last).all():
        if (kiosk, epoch) not in there:
            row = {"kiosk": kiosk, "epoch": epoch, "upto": 0, "highest": 0}
            connection.execute(insert(tables.streams), row)
            upto = 0
        else:
            mine = (stream.kiosk == kiosk, stream.epoch == epoch)
            upto = connection.execute(select(stream.upto).where(*mine)).scalar_one()
        if highest > upto:
            rebuild_one(connection, (kiosk, epoch))
    bulk.add_rollups(connection, rollups.recompute(connection))
