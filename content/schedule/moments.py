"""Times of a day as moments, also on days whose clock is changed. Moments are Unix seconds.

Where the clock is put forward, a time that does not exist is the moment that stands as long after midnight; where it is
put back, a window begins the first time its beginning strikes and ends the last time its end does (PEP 495's fold).
A window is never lost (one that lies in the hour left out comes after it, as long as it is) and never comes twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from content.schedule.records import DAY, SpecialDay, Window

W = TypeVar("W", bound=Window)


@lru_cache(maxsize=4096)  # adverts and pages that say when goods can be had ask for the same few
def moment(day: date, minutes: int, zone: ZoneInfo, *, last: bool = False) -> int:
    """A time of a day; `last`: the second time it strikes, where it strikes twice."""
    after, minute = divmod(minutes, DAY)
    at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone) + timedelta(
        days=after
    )
    return int(at.replace(fold=1 if last and not _missing(at) else 0).timestamp())


def _missing(at: datetime) -> bool:
    """Whether no clock ever shows this time: it lies in the hour that is left out."""
    zone = at.tzinfo
    return datetime.fromtimestamp(at.timestamp(), zone).replace(fold=0) != at.replace(fold=0)


def span(window: Window, day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First moment of a window that begins on `day`, and the first one after it."""
    until = window.until if window.until > window.since else window.until + DAY
    since = moment(day, window.since, zone)
    # A window that ends as the doubled hour begins is over the first time that strikes.
    end = min(moment(day, until, zone, last=True), moment(day, until - 1, zone, last=True) + 60)
    return since, end if end > since else since + (until - window.since) * 60


def windows_of(windows: Iterable[W], special: Iterable[SpecialDay], day: date) -> Iterator[W]:
    """The windows that begin on a date: its own where it is special, else those of its day of the week."""
    for each in special:
        if each.date == day.isoformat():
            yield from each.windows  # type: ignore[misc]  # special days of a record have windows of its kind
            return
    yield from (window for window in windows if day.weekday() in window.days)
