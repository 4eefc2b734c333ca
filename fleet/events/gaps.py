"""The gap report: of every stream, up to where it is complete, and by name what is missing, folded or lost.

It is told by the marks alone (fleet.events.marks), without a look at any event: two numbers per stream, and a row for each range
that came early, was folded or accepted as lost. So it costs the same after a year as on the first day.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Table, select

from fleet import tables
from fleet.events.marks import Mark, Span

LATE_MS: Final = 600_000  # missing for so long though later ones came: no order of delivery explains that


class Range(Struct, frozen=True):
    """Numbers `first` to `last`."""

    first: int
    last: int


class Accepted(Struct, frozen=True, kw_only=True):
    """Numbers `first` to `last` are lost, and somebody has accepted that: when (Unix ms), who and why."""

    first: int
    last: int
    at_ms: int
    who: str
    why: str


class StreamReport(Struct, frozen=True, kw_only=True):
    """What is stored of a stream. `missing`: what is not there though later numbers are (nothing: complete);
    `missing_since_ms`: since when at least the fleet has had a later one than the oldest of them, 0: nothing is missing.
    `folded`: ranges of which the kiosk kept sums only; `accepted`: ranges that are lost (fleet.events.losses); `lost`: notes that never got a number, because they could not be
    written at the kiosk.
    """

    kiosk: str
    epoch: str
    upto: int
    highest: int
    missing: tuple[Range, ...] = ()
    missing_since_ms: int = 0
    folded: tuple[Range, ...] = ()
    lost: int = 0
    accepted: tuple[Accepted, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing up to the highest number that was heard of."""
        return self.upto == self.highest


def report(connection: Connection, kiosk: str | None = None) -> list[StreamReport]:
    """Every stream of a kiosk, or of all, in the order of their names."""
    stream, early, gap = tables.streams, tables.ahead, tables.folded
    ahead: dict[tuple[str, str], list[Span]] = {}
    for of, epoch, first, last, since_ms in _rows(connection, early, kiosk, "first", "last", "since_ms"):
        ahead.setdefault((of, epoch), []).append(Span(first, last, since_ms))
    folded: dict[tuple[str, str], list[Range]] = {}
    lost: dict[tuple[str, str], int] = {}
    for of, epoch, first, last, notes in _rows(connection, gap, kiosk, "first", "seq", "lost"):
        if first < last or not notes:
            folded.setdefault((of, epoch), []).append(Range(first, last))
        lost[of, epoch] = lost.get((of, epoch), 0) + notes
    accepted: dict[tuple[str, str], list[Accepted]] = {}
    names = ("first", "last", "at_ms", "who", "why")
    for of, epoch, *row in _rows(connection, tables.losses, kiosk, *names):
        accepted.setdefault((of, epoch), []).append(Accepted(**dict(zip(names, row, strict=True))))
    found = []
    for of, epoch, upto, highest in _rows(connection, stream, kiosk, "upto", "highest"):
        missing = list(Mark(upto, ahead.get((of, epoch), ())).missing())
        found.append(
            StreamReport(
                kiosk=of, epoch=epoch, upto=upto, highest=highest,
                missing=tuple(Range(span.first, span.last) for span in missing),
                missing_since_ms=missing[0].since_ms if missing else 0,
                folded=tuple(sorted(folded.get((of, epoch), ()), key=lambda each: each.first)),
                lost=lost.get((of, epoch), 0),
                accepted=tuple(sorted(accepted.get((of, epoch), ()), key=lambda each: each.first)),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.kiosk, each.epoch))


def late(connection: Connection, now_ms: int, most: int = 100) -> list[StreamReport]:
    """Streams that have missed something for LATE_MS, though later events of theirs came; at most so many."""
    row = tables.ahead.c
    asked = (
        select(row.kiosk).where(row.since_ms <= now_ms - LATE_MS).distinct().order_by(row.kiosk).limit(most)
    )
    found = (each for kiosk in connection.scalars(asked).all() for each in report(connection, kiosk))
    return [each for each in found if each.missing and each.missing_since_ms <= now_ms - LATE_MS]


def in_words(ranges: tuple[Range, ...], most: int = 20) -> str:
    """ "3-7, 9", at most so many of them."""
    named = [
        str(each.first) if each.first == each.last else f"{each.first}-{each.last}" for each in ranges[:most]
    ]
    if len(ranges) > most:
        named.append(f"and {len(ranges) - most} more")
    return ", ".join(named)


def _rows(connection: Connection, table: Table, kiosk: str | None, *columns: str) -> Any:
    asked = select(*(table.c[name] for name in ("kiosk", "epoch", *columns)))
    if kiosk is not None:
        asked = asked.where(table.c.kiosk == kiosk)
    return connection.execute(asked.execution_options(yield_per=1000))
