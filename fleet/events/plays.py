"""What was played, per kiosk, minute, creative, booking and quality of the clock: proof of play (docs/measuring.md).

Added up of new events in the transaction that stores them, as fleet.events.rollups does and in the same minutes, so that what comes late,
twice or out of order is in it exactly once, and the sums by advert there are those by creative here. A row says what the plays were by an
`id` of `showings`, which outlives picture, booking and events.

Durations are the kiosk's monotonic ones: a wall clock that was set while a slide was up moves a play to another minute and never makes
it longer. Where the clock was not to be trusted the minute is that of receipt, and the row says `unsynced`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Struct, structs
from sqlalchemy import Connection, and_, func, select

from fleet import tables
from fleet.events import bulk
from fleet.events.reading import understood
from fleet.events.rollups import LONGEST_KEY, MINUTE_MS
from fleet.events.rows import UNSYNCED, Stored
from mqtt.messages import AdvertPlayed, BadMessage, Gap

QUALITIES: Final = ("synced", "holdover", UNSYNCED)
FIGURES: Final = ("times", "shown_ms", "how_ms", "drawn", "present", "touched")
TEXTS: Final = ("advert", "creative", "name", "playlist", "booking", "kind")
PERSON: Final = "person"  # AdvertPlayed.ended: somebody came
_PLAYS, _SHOWINGS = tables.plays, tables.showings


class What(Struct, frozen=True):
    """What was shown, and for whom; fields as in mqtt.messages.AdvertPlayed. Of older kiosks only `advert` is known."""

    advert: str
    creative: str = ""
    name: str = ""
    playlist: str = ""
    booking: str = ""
    kind: str = ""

    @property
    def id(self) -> str:
        """128 bits of SHA-256 over the texts and their lengths, hexadecimal."""
        told = "".join(f"{len(text)}:{text}" for text in structs.astuple(self))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


class Place(Struct, frozen=True):
    """What a sum is of. `minute`: Unix minutes; `clock`: of QUALITIES."""

    kiosk: str
    minute: int
    showing: What
    clock: str


Sums = dict[Place, list[int]]  # -> FIGURES


def add(sums: Sums, item: Stored) -> None:
    """Add what an event has of plays. A gap that contradicts is not for here."""
    event = item.event
    if isinstance(event, AdvertPlayed):
        figures: tuple[int, ...] = (
            1,
            event.shown_ms,
            event.how_ms,
            event.drawn,
            event.ended == PERSON,
            event.touched,
        )
        _plus(sums, item, item.happened_ms // MINUTE_MS, _what(event), figures)
    elif isinstance(event, Gap):
        minute = item.happened_ms // MINUTE_MS
        if event.clock != UNSYNCED and event.from_ms > 0:
            minute = min(event.from_ms // MINUTE_MS, minute)
        for what, figures in _folded(event):
            _plus(sums, item, minute, what, figures)


def sums_of(items: Iterable[Stored]) -> Sums:
    """The sums of some events."""
    sums = Sums()
    for item in items:
        add(sums, item)
    return sums


def write(connection: Connection, sums: Sums) -> None:
    """Add sums to the store. Showings are taken in the order of their ids, so that writers do not wait in a circle."""
    if not sums:
        return
    known = {what: what.id for what in {place.showing for place in sums}}
    rows = [
        {"id": name, **structs.asdict(what)} for what, name in sorted(known.items(), key=lambda pair: pair[1])
    ]
    bulk.insert_rows(connection, _SHOWINGS, rows, "DO NOTHING")
    plays = [
        {"kiosk": place.kiosk, "minute": place.minute, "showing": known[place.showing], "clock": place.clock}
        | dict(zip(FIGURES, figures, strict=True))
        for place, figures in sums.items()
    ]
    bulk.add_rows(connection, _PLAYS, plays)


def stored(connection: Connection, since_ms: int = 0) -> Sums:
    """What is stored, of the minutes that begin at or after `since_ms`."""
    play, showing = _PLAYS.c, _SHOWINGS.c
    texts = [showing[name] for name in TEXTS]
    key = (play.kiosk, play.minute, play.clock, *texts)
    asked = select(*key, *(func.sum(play[name]) for name in FIGURES)).join(
        _SHOWINGS, showing.id == play.showing
    )
    asked = asked.where(play.minute >= -(-since_ms // MINUTE_MS)).group_by(*key)
    found = Sums()
    with connection.execute(asked.execution_options(yield_per=1000)) as rows:
        for kiosk, minute, clock, *rest in rows:
            what = What(*rest[: len(TEXTS)])
            found[Place(kiosk, int(minute), what, clock)] = [int(each) for each in rest[len(TEXTS) :]]
    return found


def recompute(connection: Connection, since_ms: int = 0) -> Sums:
    """What the sums should be, of the events that came since `since_ms`: every play and gap that is stored is read."""
    event, folded = tables.events.c, tables.folded.c
    same = and_(folded.kiosk == event.kiosk, folded.epoch == event.epoch, folded.seq == event.seq)
    asked = (
        select(event.kiosk, event.epoch, event.seq, event.type, event.body, event.received_ms, folded.counted)
        .outerjoin(tables.folded, same)
        .where(event.type.in_(("play", "gap")), event.received_ms >= since_ms)
    )
    sums = Sums()
    with connection.execute(asked.execution_options(yield_per=1000)) as rows:
        for kiosk, epoch, seq, kind, body, received_ms, counted in rows:
            if kind == "gap" and not counted:
                continue
            try:
                known = understood(body)
            except BadMessage:
                continue
            add(
                sums,
                Stored(kiosk=kiosk, epoch=epoch, seq=seq, body=body, event=known, received_ms=received_ms),
            )
    return sums


def differences(connection: Connection, since_ms: int = 0) -> list[tuple[Place, list[int], list[int]]]:
    """(of what, as it is, as it should be) where sums are not what the events say; `since_ms` as in fleet.events.rollups."""
    first = -(-since_ms // MINUTE_MS)
    there = stored(connection, since_ms)
    wanted = {place: sums for place, sums in recompute(connection, since_ms).items() if place.minute >= first}
    nothing = [0] * len(FIGURES)
    places = sorted(there.keys() | wanted.keys(), key=repr)
    return [
        (place, there.get(place, nothing), wanted.get(place, nothing))
        for place in places
        if there.get(place, nothing) != wanted.get(place, nothing)
    ]


def _what(told: Any) -> What:
    return What(*(getattr(told, name)[:LONGEST_KEY] for name in TEXTS))


def _folded(gap: Gap) -> Iterator[tuple[What, tuple[int, ...]]]:
    """Plays of a gap by creative, and under their advert alone those that are not told so."""
    left: dict[str, list[int]] = {}
    for advert, times, shown_ms in gap.plays:
        rest = left.setdefault(advert, [0, 0])
        rest[0] += times
        rest[1] += shown_ms
    for each in gap.showings:
        yield _what(each), tuple(getattr(each, name) for name in FIGURES)
        rest = left.setdefault(each.advert, [0, 0])
        rest[0] -= each.times
        rest[1] -= each.shown_ms
    for advert, (times, shown_ms) in left.items():
        if times > 0:
            yield What(advert[:LONGEST_KEY]), (times, max(0, shown_ms), 0, 0, 0, 0)


def _plus(sums: Sums, item: Stored, minute: int, what: What, figures: Iterable[int]) -> None:
    clock = item.event.clock if item.event is not None and item.event.clock in QUALITIES else QUALITIES[1]
    place = Place(item.kiosk, minute, what, clock)
    known = sums.get(place)
    sums[place] = (
        [int(each) for each in figures]
        if known is None
        else [a + b for a, b in zip(known, figures, strict=True)]
    )
