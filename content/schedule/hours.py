"""Whether hours are on, and when to look again. Pure: the moment is handed in, in Unix seconds.

`now` is None where the clock cannot be trusted; a time zone this machine does not know is no better than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from content.schedule.moments import moment, span, windows_of
from content.schedule.records import DAY, Hours

# A window lasts a day at most, and a zone may leave out or double a day when it changes sides of the date line
# (Samoa left out 2011-12-30): what begins three days before `now` can still be on.
_BACK: Final = timedelta(days=3)
_DAY_S: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_FAR: Final = 250_000_000_000  # the year 9892
_LAST: Final = date(9000, 1, 1)  # nobody plans beyond, and calendars end
_REGULAR: Final = 15  # days without an exception in which every window of the week has begun and ended


def is_on(hours: Hours, now: int | None) -> bool:
    """Whether they are on at `now`; without a trusted clock what `untrusted` says."""
    if hours.always:
        return True
    zone = _zone(hours.timezone)
    if now is None or zone is None:
        return hours.untrusted == "on"
    if 0 <= now < _FAR and (offset := _steady(zone, now // _DAY_S)) is not None:
        day, second = divmod(now + offset, _DAY_S)
        return _begun(hours, day, second // 60) or _begun(hours, day - 1, second // 60 + DAY)
    today = _day(now, zone)
    return any(
        since <= now < until for since, until in _spans(hours, zone, today - _BACK, today + timedelta(days=1))
    )


def _begun(hours: Hours, day: int, minute: int) -> bool:
    """Whether a window that begins on `day` (counted from 1970-01-01) holds `minute` of it, where no clock is changed."""
    ordinal = day + _EPOCH
    if hours.since is not None and ordinal < hours.since.toordinal():
        return False
    if hours.until is not None and ordinal > hours.until.toordinal():
        return False
    if hours.exceptions:
        windows = windows_of(hours.windows, hours.exceptions, date.fromordinal(ordinal))
    else:
        windows = (window for window in hours.windows if (ordinal - 1) % 7 in window.days)
    return any(
        window.since <= minute < (window.until if window.until > window.since else window.until + DAY)
        for window in windows
    )


@lru_cache(maxsize=1024)
def _steady(zone: ZoneInfo, day: int) -> int | None:
    """Seconds the zone's clock is ahead of UTC for four days around a day of UTC, None where it is changed meanwhile. Most days
    are like that, and then hours are plain arithmetic: ten times as fast (benchmarks.playlist).
    """
    offsets = {
        datetime.fromtimestamp((day + n) * _DAY_S, UTC).astimezone(zone).utcoffset() for n in range(-4, 6)
    }
    found = offsets.pop()
    return int(found.total_seconds()) if not offsets and found is not None else None


def next_change(hours: Hours, now: int) -> int | None:
    """The first moment after `now` at which `is_on` differs from what it is at `now`; None for never."""
    zone = _zone(hours.timezone)
    if hours.always or zone is None:
        return None
    return _end_of(hours, zone, now) if is_on(hours, now) else _begin_after(hours, zone, now)


def changes(hours: Hours, now: int, until: int) -> Iterator[int]:
    """Every moment in (now, until) at which they begin or end, in order."""
    at = next_change(hours, now)
    while at is not None and at < until:
        yield at
        at = next_change(hours, at)


def _end_of(hours: Hours, zone: ZoneInfo, now: int) -> int | None:
    """When a stretch that is on at `now` ends: windows that touch or overlap are one stretch."""
    reach, seen = now, None
    for first, last in _blocks(hours, _day(now, zone) - _BACK):
        if (
            seen is not None and seen + timedelta(days=1) < first
        ):  # it ran through all the ordinary days between
            reach = max(reach, moment(first + _BACK, 0, zone))
        seen = last
        pool: list[tuple[int, int]] = []
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            pool += _spans(hours, zone, day, day)
            while more := [until for since, until in pool if since <= reach < until]:
                reach = max(more)
            pool = [each for each in pool if each[1] > reach]
            if _day(reach, zone) + _BACK < day:  # what begins from here on comes after it
                return reach
        around = _spans(hours, zone, _day(reach, zone) - _BACK, _day(reach, zone) + _BACK)
        if not any(since <= reach < until for since, until in around):
            return reach
    return None


def _begin_after(hours: Hours, zone: ZoneInfo, now: int) -> int | None:
    found: int | None = None
    for first, last in _blocks(hours, _day(now, zone) - _BACK):
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if found is not None and _day(found, zone) + _BACK < day:
                return found
            later = [since for since, _ in _spans(hours, zone, day, day) if since > now]
            found = min(later if found is None else [*later, found], default=None)
    return found


def _blocks(hours: Hours, first: date) -> Iterator[tuple[date, date]]:
    """The days worth looking at from `first` on: a fortnight of ordinary ones, and those around whatever is not ordinary.

    What the ordinary days between do, those of a fortnight do as well.
    """
    edges = {date.fromisoformat(each.date) for each in hours.exceptions} | {hours.since, hours.until}
    last = first - timedelta(days=1)
    for edge in [first, *sorted(edge for edge in edges if edge is not None and first < edge < _LAST)]:
        begin = max(last + timedelta(days=1), edge - 2 * _BACK)
        if edge + timedelta(days=_REGULAR) > last:
            last = edge + timedelta(days=_REGULAR)
            yield begin if edge != first else first, last


def _spans(hours: Hours, zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[int, int]]:
    """The stretches that begin on the days from `first` to `last`."""
    if hours.since is not None:
        first = max(first, hours.since)
    if hours.until is not None:
        last = min(last, hours.until)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for window in windows_of(hours.windows, hours.exceptions, day):
            yield span(window, day, zone)


def _day(now: int, zone: ZoneInfo) -> date:
    """The date by the clock at `now`; a moment no calendar has is as far as calendars go."""
    first, last = -62_000_000_000, 253_300_000_000
    return datetime.fromtimestamp(min(max(now, first), last), UTC).astimezone(zone).date()


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
