"""How far a play came: played, drawn, somebody there, touched, scanned, paid. Counted from stored facts, nothing is estimated.

The first four are of the plays themselves (fleet.events.plays); the last two are of links with a token that names the advert, which
walls write once a slide was touched (content.links). A token has eleven bits of an advert's key: where two adverts of a kiosk share
them, what came of either is told as nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, func, select

from content.links import Attribution, advert_hash, day_of
from fleet import tables
from fleet.measuring.asked import Asked
from fleet.measuring.proof import within

SETTLED: Final = ("sale", "sold")
UNKNOWN: Final = "?"  # an advert nobody can name


class Grade(Struct, frozen=True, kw_only=True):
    """An advert's figures. `scanned` and `paid` are of whole days (UTC), and of all its bookings together."""

    advert: str
    name: str
    plays: int
    drawn: int
    present: int
    touched: int
    scanned: int
    paid: int


def grades(connection: Connection, ask: Asked) -> list[Grade]:
    """The most played first. Where a booking is asked for, of the adverts that were played for it."""
    found = _of_plays(connection, ask)
    by_hash: dict[tuple[str, int], set[str]] = defaultdict(set)
    for kiosk, advert in _played(connection, ask):
        by_hash[kiosk, advert_hash(advert)].add(advert)
    came: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, rows in enumerate((_opened(connection, ask), _ordered(connection, ask))):
        for kiosk, mark, times in rows:
            of = _advert(mark)
            if of:
                names = by_hash.get((kiosk, of), set())
                came[next(iter(names)) if len(names) == 1 else UNKNOWN][place] += times
    if ask.booking:
        came = defaultdict(lambda: [0, 0], {key: value for key, value in came.items() if key in found})
    return sorted(
        (
            Grade(
                advert=advert, name=name, plays=plays, drawn=drawn, present=present, touched=touched,
                scanned=came[advert][0], paid=came[advert][1],
            )
            for advert, (name, plays, drawn, present, touched) in {
                **dict.fromkeys(came, ("", 0, 0, 0, 0)), **found
            }.items()
        ),
        key=lambda row: (row.advert == UNKNOWN, -row.plays, row.advert),
    )  # fmt: skip


def _of_plays(connection: Connection, ask: Asked) -> dict[str, tuple[str, int, int, int, int]]:
    play, showing = tables.plays.c, tables.showings.c
    figures = [func.sum(play[name]) for name in ("times", "drawn", "present", "touched")]
    wanted = within(play, ask) + ([showing.booking == ask.booking] if ask.booking else [])
    asked = (
        select(showing.advert, func.max(showing.name), *figures)
        .join(tables.showings, showing.id == play.showing)
        .where(*wanted)
        .group_by(showing.advert)
    )
    return {
        advert: (name, int(plays), int(drawn), int(present), int(touched))
        for advert, name, plays, drawn, present, touched in connection.execute(asked)
    }


def _played(connection: Connection, ask: Asked) -> list[tuple[str, str]]:
    """(kiosk, advert) of all that was ever played there: a link may outlive the day its advert was shown."""
    play, showing = tables.plays.c, tables.showings.c
    asked = select(play.kiosk, showing.advert).join(tables.showings, showing.id == play.showing).distinct()
    if ask.kiosk:
        asked = asked.where(within(play, ask)[-1])
    return [(kiosk, advert) for kiosk, advert in connection.execute(asked)]


def _opened(connection: Connection, ask: Asked) -> list[tuple[str, str, int]]:
    row = tables.visits.c
    first, last = _days(ask)
    asked = select(row.kiosk, row.mark, row.opened).where(row.day >= first, row.day <= last)
    return [(kiosk, mark, times) for kiosk, mark, times in connection.execute(asked) if _is_of(kiosk, ask)]


def _ordered(connection: Connection, ask: Asked) -> list[tuple[str, str, int]]:
    """Charges that were paid and became a sale; one counts once, whatever was told of it."""
    row = tables.charges.c
    first, last = _days(ask)
    asked = (
        select(row.kiosk, row.attribution, func.count(func.distinct(row.order)))
        .where(row.attribution.startswith(f"{Attribution.SIGNED.value}."), row.settled.in_(SETTLED))
        .group_by(row.kiosk, row.attribution)
    )
    return [
        (kiosk, mark, int(times))
        for kiosk, mark, times in connection.execute(asked)
        if _is_of(kiosk, ask) and first <= int(mark.split(".")[1]) <= last
    ]


def _days(ask: Asked) -> tuple[int, int]:
    return day_of(ask.from_ms // 1000), day_of((ask.to_ms - 1) // 1000)


def _is_of(kiosk: str, ask: Asked) -> bool:
    return not ask.kiosk or kiosk == ask.kiosk or kiosk.startswith(f"{ask.kiosk}/")


def _advert(mark: Any) -> int:
    """The advert's hash in "state.day.facing.release.advert", 0 where none brought them or the link is not proven."""
    state, _, _, _, advert = mark.split(".")
    return int(advert) if state == Attribution.SIGNED.value else 0
