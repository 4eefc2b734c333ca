"""Events into the store: each once, whatever order they come in and however often; and how far each stream is complete.

What is new is decided by the stream's mark (fleet.events.marks), whose row the transaction holds, so events go in without a
look at those that are there. Rows are always taken in the same order (streams, references of sales, roll-ups, kiosks;
each by its key), so that any number of processes may store events of the same kiosks and none waits for another in a circle.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from fleet import tables
from fleet.events import bulk, plays, rollups
from fleet.events.last_words import heard_of
from fleet.events.losses import came_after_all
from fleet.events.marks import Mark
from fleet.events.poison import keep
from fleet.events.reading import contradiction, same
from fleet.events.rows import LEAVE_ROWS, UNREADABLE, Aside, Stored, rows_of
from fleet.events.stream_rows import Stream, Streams, make_streams, rebuild
from mqtt.messages import Gap, SaleMade

if TYPE_CHECKING:
    from fleet.store.store import Store

TAKEN = "another event has this place"
FOLDED = "the kiosk has folded this place into a gap"
LOST = "this place was accepted as lost, and a gap came in it"
ASKED_AT_ONCE = 500
_HOLD_REFERENCES = text(
    "SELECT pg_advisory_xact_lock(hashtext('sale'), hashtext(name)) FROM unnest(CAST(:names AS text[])) AS name"
)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did: the events that were new, how far each stream it touched is complete now, and what contradicted
    what was stored before (it is kept in `poison`, and is no reason not to acknowledge).
    """

    new: tuple[Stored, ...]
    upto: dict[Stream, int]
    conflicts: tuple[Aside, ...] = ()


@dataclass(slots=True)
class _Sorted:
    """The events of one commit: new ones, those that were there already, and gaps whose sums do not count."""

    new: list[Stored] = field(default_factory=list)
    known: list[Stored] = field(default_factory=list)
    uncounted: set[tuple[str, str, int]] = field(default_factory=set)
    conflicts: list[Aside] = field(default_factory=list)


def commit(
    store: Store, stored: Sequence[Stored], *, heard: bool = False, aside: Sequence[Aside] = ()
) -> Committed:
    """Store events, in any order and however often, in one transaction. `heard`: their kiosks sent them just now;
    `aside`: what is kept aside with them.
    """
    if not stored:
        if aside:
            with store.write(beside=True) as connection:
                keep(store, connection, aside)
        return Committed((), {})
    by_stream: dict[Stream, list[Stored]] = {}
    for stream, items in itertools.groupby(stored, _stream):
        by_stream.setdefault(stream, []).extend(items)
    try:
        return _commit(store, by_stream, heard, aside)
    except IntegrityError:
        rebuild(
            store, by_stream
        )  # marks that do not know of what is there, as after half of a database was restored
        return _commit(store, by_stream, heard, aside)


def understand(store: Store, item: Stored) -> bool:
    """Count an event that stood in its place without being understood, and is now. False where it is no longer so."""
    row = tables.events.c
    here = (row.kiosk == item.kiosk, row.epoch == item.epoch, row.seq == item.seq, row.type == UNREADABLE)
    with store.write() as connection:
        streams = Streams(connection, {item.stream: _window([item])})
        event = item.event
        if event is None or connection.execute(select(row.seq).where(*here)).first() is None:
            return False
        connection.execute(
            tables.events.update().where(*here).values(
                type=item.type, wall_ms=event.wall_ms, mono_ms=event.mono_ms, boot=event.boot, clock=event.clock
            )
        )  # fmt: skip
        found = _Sorted(new=[item])
        if isinstance(event, Gap):
            _sort_gap(streams.marks[item.stream], item, event, event.seq - 1, found)
        _derive(connection, found)
        keep(store, connection, found.conflicts)
        streams.save(connection)
    return True


def upto(store: Store, kiosk: str, epoch: str) -> int:
    """How far a stream is complete: every event from 1 to this number is stored. 0: not even the first is."""
    with store.read() as connection:
        column = tables.streams.c
        found = connection.scalar(select(column.upto).where(column.kiosk == kiosk, column.epoch == epoch))
        return int(found or 0)


def _commit(
    store: Store, by_stream: dict[Stream, list[Stored]], heard: bool, aside: Sequence[Aside]
) -> Committed:
    while True:
        with store.write(beside=True) as connection:
            streams = Streams(connection, {stream: _window(items) for stream, items in by_stream.items()})
            if not streams.strange:
                done = _store(store, connection, streams, by_stream, heard)
                keep(store, connection, [*aside, *done.conflicts])
                return done
        make_streams(store, streams.strange)


def _stream(item: Stored) -> Stream:
    return item.kiosk, item.epoch


def _window(items: Iterable[Stored]) -> tuple[int, int]:
    """The lowest and the highest number a mark has to know about."""
    numbers = [item.seq for item in items]
    gaps = [item.event.first for item in items if type(item.event) is Gap]
    return min([*numbers, *gaps]), max(numbers)


def _store(
    store: Store, connection: Connection, streams: Streams, by_stream: dict[Stream, list[Stored]], heard: bool
) -> Committed:
    found = _Sorted()
    for stream in sorted(by_stream):
        _sort(streams.marks[stream], by_stream[stream], found)
    if found.known:
        _look_among_losses(connection, found)
    _compare(connection, found)
    bulk.insert_events(connection, found.new)
    _derive(connection, found)
    streams.save(connection)
    if heard:
        heard_of(connection, {items[0].kiosk: items[-1].received_ms for items in by_stream.values()})
    marks = {stream: mark.upto for stream, mark in streams.marks.items()}
    return Committed(tuple(sorted(found.new, key=lambda item: item.place)), marks, tuple(found.conflicts))


def _sort(mark: Mark, items: Sequence[Stored], found: _Sorted) -> None:
    """Which events of a stream are new, by its mark, which then has them."""
    if _follows(mark, items):  # as nearly always: the next ones, in order
        found.new += items
        mark.add(items[0].seq, items[-1].seq, items[0].received_ms)
        return
    for item in items:
        event, seq = item.event, item.seq
        if mark.has(seq):
            found.known.append(item)
            if isinstance(event, Gap) and event.first > 0:
                mark.add(
                    min(event.first, seq), seq, item.received_ms
                )  # whatever it is: the kiosk has nothing else
            continue
        found.new.append(item)
        if isinstance(event, Gap):
            _sort_gap(mark, item, event, seq, found)
        mark.add(seq, seq, item.received_ms)


def _follows(mark: Mark, items: Sequence[Stored]) -> bool:
    """Whether these are the very next events, and none is a gap."""
    first = items[0].seq
    return (
        first == mark.upto + 1
        and not mark.overlaps(first, items[-1].seq)
        and [item.seq for item in items] == list(range(first, first + len(items)))
        and not any(type(item.event) is Gap for item in items)
    )


def _sort_gap(mark: Mark, item: Stored, gap: Gap, last: int, found: _Sorted) -> None:
    """Pass over what a gap stands for; it counts where that is so of none of its numbers up to `last`."""
    wrong = contradiction(gap)
    if not wrong and gap.first <= last and mark.overlaps(gap.first, last):
        wrong = f"of {gap.first} to {gap.seq} some came before"
    if wrong:
        found.uncounted.add(item.place)
        found.conflicts.append(_aside(item, f"a gap that is not counted: {wrong}"))
    mark.add(min(max(1, gap.first), gap.seq), gap.seq, item.received_ms)


def _look_among_losses(connection: Connection, found: _Sorted) -> None:
    """What was accepted as lost and came after all is new."""
    back, gaps = came_after_all(connection, found.known)
    found.new += back
    taken = {id(item) for item in back}
    found.known = [item for item in found.known if id(item) not in taken]
    found.conflicts += [_aside(item, LOST) for item in gaps]


def _compare(connection: Connection, found: _Sorted) -> None:
    """Whether what was there already is what came now; two machines with one identity differ."""
    bodies = {item.place: item.body for item in found.new} if found.known else {}
    by_stream: dict[Stream, list[int]] = {}
    for item in found.known:
        if item.place not in bodies:
            by_stream.setdefault(item.stream, []).append(item.seq)
    place, folded = tables.events.c, tables.folded.c
    spans: dict[Stream, list[tuple[int, int]]] = {}
    for (kiosk, epoch), numbers in by_stream.items():
        mine = (place.kiosk == kiosk, place.epoch == epoch)
        for begin in range(0, len(numbers), ASKED_AT_ONCE):
            some = place.seq.in_(numbers[begin : begin + ASKED_AT_ONCE])
            for seq, body in connection.execute(select(place.seq, place.body).where(*mine, some)):
                bodies[kiosk, epoch, seq] = body
        if any((kiosk, epoch, seq) not in bodies for seq in numbers):
            near = (folded.seq >= min(numbers), folded.first <= max(numbers))
            mine = (folded.kiosk == kiosk, folded.epoch == epoch)
            asked = select(folded.first, folded.seq).where(*mine, *near)
            spans[kiosk, epoch] = [(first, last) for first, last in connection.execute(asked)]
    for item in found.known:
        before = bodies.get(item.place)
        if before is not None:
            if not same(before, item.body):
                found.conflicts.append(_aside(item, TAKEN))
        elif any(first <= item.seq <= last for first, last in spans.get(item.stream, ())):
            found.conflicts.append(_aside(item, FOLDED))


def _aside(item: Stored, reason: str) -> Aside:
    return Aside(item.named, item.body, reason, item.received_ms)


def _derive(connection: Connection, found: _Sorted) -> None:
    """What new events leave beside their own rows."""
    sums: rollups.Sums = {}
    shown = plays.Sums()
    rows: dict[str, list[dict[str, Any]]] = {}
    twice = _sold_before(connection, found.new)
    for item in found.new:
        counted = True
        if twice or found.uncounted:
            place = item.place
            if place in twice:
                continue
            counted = place not in found.uncounted
        if counted:
            rollups.add(sums, item)
            plays.add(shown, item)
        if type(item.event) not in LEAVE_ROWS:
            continue
        for name, row in rows_of(item):
            if name == "folded" and not counted:
                row |= {"counted": 0, "first": min(max(1, row["first"]), item.seq)}
            rows.setdefault(name, []).append(row)
    for name, of_table in rows.items():
        bulk.insert_rows(connection, tables.metadata.tables[name], of_table, "DO NOTHING")
    bulk.add_rollups(connection, sums)
    plays.write(connection, shown)


def _sold_before(connection: Connection, items: Sequence[Stored]) -> set[tuple[str, str, int]]:
    """Places of sales whose reference has its sale already: the fleet sold it when its claim code was used, and then
    its wall came back and told of it too. The event is kept, the sale counts once.
    """
    sales: dict[str, list[tuple[str, str, int]]] = {}
    for item in items:
        if isinstance(item.event, SaleMade):
            sales.setdefault(item.event.reference, []).append(item.place)
    if not sales:
        return set()
    references = sorted(sales)
    if bulk.is_postgres(connection):  # held to the end of the transaction; SQLite has one writer anyway
        connection.execute(_HOLD_REFERENCES, {"names": references})
    column = tables.sales.c.reference
    known: set[str] = set()
    for begin in range(0, len(references), ASKED_AT_ONCE):
        some = column.in_(references[begin : begin + ASKED_AT_ONCE])
        known |= set(connection.scalars(select(column).where(some)))
    return {place for name, places in sales.items() for place in (places if name in known else places[1:])}
