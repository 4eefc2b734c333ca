"""Events into the store: each once, whatever order they come in and however often; and how far each stream is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from fleet import tables
from fleet.last_words import heard_of
from fleet.rows import Stored, rows_of
from mqtt.messages import SaleMade

if TYPE_CHECKING:
    from fleet.store import Store

Stream = tuple[str, str]  # (kiosk address, epoch)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did: the events that were new, and how far each stream it touched is complete now."""

    new: tuple[Stored, ...]
    upto: dict[Stream, int]


def commit(store: Store, stored: Sequence[Stored], *, heard: bool = False) -> Committed:
    """Store events, in any order and however often, in one transaction. `heard`: their kiosks sent them just now."""
    if not stored:
        return Committed((), {})
    by_place = {item.place: item for item in reversed(stored)}  # of the same place twice, the first counts
    with store.write() as connection:
        places = store.insert_new(connection, tables.events, [item.row() for item in by_place.values()])
        fresh = {tuple(place) for place in places}
        new = tuple(item for place, item in by_place.items() if place in fresh)
        rows: dict[str, list[dict[str, Any]]] = {}
        twice = _sold_before(connection, new)
        for item in new:
            if item.place in twice:
                continue
            for name, row in rows_of(item):
                rows.setdefault(name, []).append(row)
        for name, of_table in rows.items():
            store.insert_new(connection, tables.metadata.tables[name], of_table)
        upto = {stream: _advance(store, connection, stream) for stream in {item.stream for item in stored}}
        for kiosk in {item.kiosk for item in stored if heard}:
            heard_of(
                store, connection, kiosk, max(item.received_ms for item in stored if item.kiosk == kiosk)
            )
    return Committed(tuple(sorted(new, key=lambda item: item.place)), upto)


def upto(store: Store, kiosk: str, epoch: str) -> int:
    """How far a stream is complete: every event from 1 to this number is stored. 0: not even the first is."""
    with store.read() as connection:
        return _upto(connection, (kiosk, epoch))


def _sold_before(connection: Connection, items: Sequence[Stored]) -> set[tuple[str, str, int]]:
    """Places of sales whose reference has its sale already: the fleet sold it when its claim code was used, and then
    its wall came back and told of it too. The event is kept, the sale counts once.
    """
    sales = {item.event.reference: item.place for item in items if isinstance(item.event, SaleMade)}
    if not sales:
        return set()
    column = tables.sales.c.reference
    return {sales[known] for known in connection.scalars(select(column).where(column.in_(sales)))}


def _advance(store: Store, connection: Connection, stream: Stream) -> int:
    """Move a stream's high-water mark over what is there without a gap, and return it."""
    before = upto = _upto(connection, stream)
    place = tables.events.c
    following = (
        select(place.seq)
        .where(place.kiosk == stream[0], place.epoch == stream[1], place.seq > upto)
        .order_by(place.seq)
    )
    with connection.execution_options(yield_per=500).execute(following) as numbers:
        for (seq,) in numbers:
            if seq != upto + 1:
                break
            upto = seq
    if upto != before:
        store.upsert(connection, tables.streams, {"kiosk": stream[0], "epoch": stream[1], "upto": upto})
    return upto


def _upto(connection: Connection, stream: Stream) -> int:
    column = tables.streams.c
    found = connection.scalar(select(column.upto).where(column.kiosk == stream[0], column.epoch == stream[1]))
    return int(found or 0)
