"""Events into the store: each once, whatever order they come in and however often; and how far each stream is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from fleet import tables
from fleet.known import Known, Stream, locked, save
from fleet.last_words import heard_of
from fleet.rows import Stored, rows_of
from mqtt.messages import Gap, SaleMade

if TYPE_CHECKING:
    from fleet.store import Store


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
        known = locked(store, connection, {item.stream for item in stored})
        # In the order of the stream, so that a gap's own number comes after what it stands for.
        unknown = [item for _, item in sorted(by_place.items()) if _take(known[item.stream], item)]
        places = store.insert_new(connection, tables.events, [item.row() for item in unknown])
        fresh = {tuple(place) for place in places}
        new = tuple(item for item in unknown if item.place in fresh)
        rows: dict[str, list[dict[str, Any]]] = {}
        twice = _sold_before(connection, new)
        for item in new:
            if item.place in twice:
                continue
            for name, row in rows_of(item):
                rows.setdefault(name, []).append(row)
        for name, of_table in rows.items():
            store.insert_new(connection, tables.metadata.tables[name], of_table)
        save(connection, known)
        for kiosk in {item.kiosk for item in stored if heard}:
            heard_of(
                store, connection, kiosk, max(item.received_ms for item in stored if item.kiosk == kiosk)
            )
    return Committed(new, {stream: each.upto for stream, each in known.items()})


def _take(known: Known, item: Stored) -> bool:
    """Whether an event was not known; from now on it is, with all it stands for."""
    return known.take(item.seq, item.event.first if isinstance(item.event, Gap) else None)


def upto(store: Store, kiosk: str, epoch: str) -> int:
    """How far a stream is complete: every event from 1 to this number is stored. 0: not even the first is."""
    with store.read() as connection:
        return _upto(connection, (kiosk, epoch))


def _sold_before(connection: Connection, items: Sequence[Stored]) -> set[tuple[str, str, int]]:
    """Places of sales whose reference has its sale already: the fleet sold it when its claim code was used, and then
    its wall came back and told of it too. The event is kept, the sale counts once.
    """
    sales = [(item.event.reference, item.place) for item in items if isinstance(item.event, SaleMade)]
    if not sales:
        return set()
    column = tables.sales.c.reference
    known = set(connection.scalars(select(column).where(column.in_([reference for reference, _ in sales]))))
    again = set()
    for reference, place in sales:
        if reference in known:
            again.add(place)
        known.add(reference)
    return again


def _upto(connection: Connection, stream: Stream) -> int:
    column = tables.streams.c
    found = connection.scalar(select(column.upto).where(column.kiosk == stream[0], column.epoch == stream[1]))
    return int(found or 0)
