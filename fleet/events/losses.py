"""Losses somebody has accepted: numbers of a stream that its kiosk was told are stored, and that a restored backup lacks.

No kiosk has them any more, so the mark would stay before them for ever, and the kiosk's outbox would not be freed. An
operator says that they are gone, and why: the mark passes over them, and the gap report names them as accepted, for good.
What comes after all is stored and counted like any other event, and is accepted as lost no longer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from fleet import tables
from fleet.events.gaps import Accepted, in_words, report
from fleet.events.rows import RESERVED_EPOCHS, Stored
from fleet.events.stream_rows import Stream, Streams
from mqtt.messages import Gap

if TYPE_CHECKING:
    from fleet.store.store import Store

log = logging.getLogger(__name__)
LONGEST = 500  # characters of who and why


class NotLost(ValueError):
    """These numbers cannot be accepted as lost; one line for the person who asked."""


class Loss(Struct, frozen=True, kw_only=True):
    """Numbers `first` to `last` of a stream, none of which is stored."""

    kiosk: str
    epoch: str
    first: int
    last: int


def accept(store: Store, loss: Loss, who: str, why: str, now_ms: int) -> int:
    """Take numbers as lost; how far the stream is complete then. The same again changes nothing. Raises NotLost where they
    are not what the gap report calls missing, all of them.
    """
    if not who.strip() or not why.strip() or len(who) > LONGEST or len(why) > LONGEST:
        raise NotLost(f"who and why are needed, of at most {LONGEST} characters")
    if loss.epoch in RESERVED_EPOCHS:
        raise NotLost(f"{loss.epoch}: the fleet writes this stream itself, and makes up for it itself")
    if not 1 <= loss.first <= loss.last:
        raise NotLost(f"{loss.first}-{loss.last}: FROM-TO expected, from 1 on")
    stream = loss.kiosk, loss.epoch
    with store.write() as connection:
        streams = Streams(connection, {stream: (loss.first, loss.last)})
        if streams.strange:
            raise NotLost(f"{loss.kiosk} {loss.epoch}: no such stream")
        mark = streams.marks[stream]
        if _is_accepted(connection, loss):
            return mark.upto
        _check(connection, loss, mark.overlaps(loss.first, loss.last))
        row = Accepted(first=loss.first, last=loss.last, at_ms=now_ms, who=who.strip(), why=why.strip())
        _write(connection, stream, [row])
        mark.add(loss.first, loss.last, now_ms)
        streams.save(connection)
        upto = mark.upto
    log.warning("%s %s: %s-%s accepted as lost by %s: %s", *stream, loss.first, loss.last, row.who, row.why)
    return upto


def came_after_all(connection: Connection, known: Sequence[Stored]) -> tuple[list[Stored], list[Stored]]:
    """Of events whose numbers are known: those that were accepted as lost and are so no longer, each number once; and gaps
    in such a place, which do not count: what they stand for is not known to be lost.
    """
    by_stream: dict[Stream, list[Stored]] = {}
    for item in known:
        by_stream.setdefault(item.stream, []).append(item)
    back: list[Stored] = []
    gaps: list[Stored] = []
    for stream, items in by_stream.items():
        numbers = [item.seq for item in items]
        rows = _accepted(connection, stream, min(numbers), max(numbers))
        if not rows:
            continue
        there: dict[int, Stored] = {}
        for item in items:
            if any(row.first <= item.seq <= row.last for row in rows):
                if isinstance(item.event, Gap):
                    gaps.append(item)
                else:
                    there.setdefault(item.seq, item)
        if there:
            _delete(connection, stream, rows)
            _write(connection, stream, without(rows, there))
            back += there.values()
            log.warning("%s %s: %d events that were accepted as lost have come", *stream, len(there))
    return back, gaps


def without(rows: Iterable[Accepted], numbers: Iterable[int]) -> list[Accepted]:
    """The ranges with some numbers taken out of them."""
    gone = sorted(numbers)
    left: list[Accepted] = []
    for row in rows:
        first = row.first
        for number in gone:
            if not first <= number <= row.last:
                continue
            if first < number:
                left.append(_part(row, first, number - 1))
            first = number + 1
        if first <= row.last:
            left.append(_part(row, first, row.last))
    return left


def _part(row: Accepted, first: int, last: int) -> Accepted:
    return Accepted(first=first, last=last, at_ms=row.at_ms, who=row.who, why=row.why)


def _check(connection: Connection, loss: Loss, some_are_there: bool) -> None:
    """Refuse what is not missing, and say what is."""
    found = next(each for each in report(connection, loss.kiosk) if each.epoch == loss.epoch)
    missing = f"missing are {in_words(found.missing)}" if found.missing else "nothing is missing"
    if loss.last > found.highest:
        raise NotLost(
            f"nothing later than {found.highest} has come, so {loss.last} may still come; {missing}"
        )
    if some_are_there:
        raise NotLost(f"some of {loss.first}-{loss.last} are stored, folded or accepted; {missing}")


def _is_accepted(connection: Connection, loss: Loss) -> bool:
    rows = _accepted(connection, (loss.kiosk, loss.epoch), loss.first, loss.last)
    return any(row.first <= loss.first and loss.last <= row.last for row in rows)


def _accepted(connection: Connection, stream: Stream, first: int, last: int) -> list[Accepted]:
    row = tables.losses.c
    asked = (
        select(row.first, row.last, row.at_ms, row.who, row.why)
        .where(row.kiosk == stream[0], row.epoch == stream[1], row.last >= first, row.first <= last)
        .order_by(row.first)
    )
    return [Accepted(**found._mapping) for found in connection.execute(asked)]


def _write(connection: Connection, stream: Stream, rows: Iterable[Accepted]) -> None:
    added: list[dict[str, Any]] = [
        {"kiosk": stream[0], "epoch": stream[1], "first": row.first, "last": row.last, "at_ms": row.at_ms,
         "who": row.who, "why": row.why}
        for row in rows
    ]  # fmt: skip
    if added:
        connection.execute(insert(tables.losses), added)


def _delete(connection: Connection, stream: Stream, rows: Iterable[Accepted]) -> None:
    column = tables.losses.c
    mine = (column.kiosk == stream[0], column.epoch == stream[1])
    for row in rows:
        connection.execute(delete(tables.losses).where(*mine, column.first == row.first))
