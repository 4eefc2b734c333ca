"""Sums by the hour as charts: what a page needs to draw bars and to say the same in a table. Pure.

Hours are those of the fleet's clock; labels are in the operator's time zone. The running hour is the last bar and marked: it
will grow. A late event corrects the hour it belongs to, because the sums do (fleet.events.rollups).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from sqlalchemy import Connection

from fleet.reports.reports import HOUR_MS, Hour, hourly

SPANS: Final = {"24h": 24, "7d": 168}
HEIGHT: Final = 100  # of a chart, in its own units
STEP: Final = 10  # from bar to bar
_LEAST: Final = 2  # height of a bar that is not nothing


class Bar(Struct, frozen=True, kw_only=True):
    """An hour. `amounts`: (currency, minor units), or ("ms", milliseconds)."""

    at_ms: int
    day: str  # Mon 23 Nov
    hour: str  # 14:00
    times: int
    amounts: tuple[tuple[str, int], ...]
    x: int
    height: int
    running: bool


class Chart(Struct, frozen=True, kw_only=True):
    """One series. `most`: what the highest line stands for; `ticks`: labels at equal distances from the left."""

    name: str
    bars: tuple[Bar, ...]
    most: int
    total: int
    amounts: tuple[tuple[str, int], ...]
    ticks: tuple[str, ...]
    zone: str

    @property
    def width(self) -> int:
        """In the units of HEIGHT."""
        return STEP * len(self.bars)


def charts(
    connection: Connection, now_ms: int, span: str, timezone: str, kiosk: str | None = None
) -> list[Chart]:
    """Sales, impressions and plays of the last hours. `span`: of SPANS."""
    hours = SPANS[span]
    first = (now_ms // HOUR_MS - hours + 1) * HOUR_MS
    found = []
    for kind, name in (("sale", "Sales"), ("impression", "Impressions"), ("play", "Plays")):
        sums = hourly(connection, kind, first, first + hours * HOUR_MS, kiosk)
        found.append(chart(name, sums, first, hours, timezone))
    return found


def chart(name: str, sums: Iterable[Hour], first_ms: int, hours: int, timezone: str) -> Chart:
    """The sums of `hours` hours from `first_ms` on, whatever their keys; those of sales by their currency."""
    zone = _zone(timezone)
    times = [0] * hours
    amounts: list[dict[str, int]] = [{} for _ in range(hours)]
    for row in sums:
        place = (row.at_ms - first_ms) // HOUR_MS
        if 0 <= place < hours:
            unit = row.key.partition("/")[0] if name == "Sales" else "ms"
            times[place] += row.times
            amounts[place][unit] = amounts[place].get(unit, 0) + row.amount
    most = nice(max(times))
    whole: dict[str, int] = {}
    for each in amounts:
        for unit, amount in each.items():
            whole[unit] = whole.get(unit, 0) + amount
    bars = []
    for place, count in enumerate(times):
        at = first_ms + place * HOUR_MS
        moment = datetime.fromtimestamp(at / 1000, zone)
        bars.append(
            Bar(
                at_ms=at, day=f"{moment:%a %-d %b}", hour=f"{moment:%H:%M}", times=count,
                amounts=tuple(sorted(amounts[place].items())), x=place * STEP,
                height=max(_LEAST, count * HEIGHT // most) if count else 0, running=place == hours - 1,
            )
        )  # fmt: skip
    every = 6 if hours <= 24 else 24
    labels = tuple(bar.hour if hours <= 24 else bar.day for bar in bars[::every])
    return Chart(
        name=name, bars=tuple(bars), most=most, total=sum(times), amounts=tuple(sorted(whole.items())),
        ticks=labels, zone=zone.key,
    )  # fmt: skip


def nice(most: int) -> int:
    """The least of 2, 4, 6, 10, 20, 40, 60, 100 ... that is not less: half of it is a round number too."""
    power = 1
    while True:
        for step in (2, 4, 6, 10):
            if step * power >= most:
                return step * power
        power *= 10


def moment(at_ms: int, timezone: str) -> str:
    """A moment to the millisecond, as a person in that zone writes it: 2026-11-23 07:40:12.345 CET."""
    try:
        when = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(_zone(timezone))
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"  # a clock may say anything
    return f"{when:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} {when.tzname()}"


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
