"""What is wrong with hours somebody wrote: (path, what was expected there), for a message that names the file as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from content.schedule.records import DAY, EVERY_DAY, Daypart, Holidays, Hours, SpecialDay, Window

MOST_WINDOWS = 32
MOST_DATES = 400
FIRST_YEAR, LAST_YEAR = 2000, 2199
Mistakes = Iterator[tuple[str, str]]


def check_hours(hours: Hours, place: str = "hours") -> Mistakes:
    """Of hours as a release carries them."""
    try:
        ZoneInfo(hours.timezone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        yield (
            f"{place}.timezone",
            f"a name of the IANA database, such as Europe/Berlin, found {hours.timezone!r}",
        )
    yield from check_windows(hours.windows, f"{place}.windows")
    yield from check_exceptions(hours.exceptions, f"{place}.exceptions")
    for name, day in (("since", hours.since), ("until", hours.until)):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield f"{place}.{name}", f"a year from {FIRST_YEAR} to {LAST_YEAR}, found {day.isoformat()}"
    if hours.since is not None and hours.until is not None and hours.until < hours.since:
        yield f"{place}.until", f"{hours.since.isoformat()} or later, found {hours.until.isoformat()}"
    if hours.untrusted not in ("on", "off"):
        yield f"{place}.untrusted", f"on or off, found {hours.untrusted!r}"


def check_dayparts(dayparts: Sequence[Daypart], holidays: Sequence[Holidays]) -> Mistakes:
    """Of all named dayparts, and the holidays they observe."""
    yield from _once([each.key for each in holidays], "holidays")
    for index, each in enumerate(holidays):
        yield from _dates(each.dates, f"holidays[{index}].dates")
    yield from _once([each.key for each in dayparts], "dayparts")
    known = {each.key for each in holidays}
    for index, daypart in enumerate(dayparts):
        place = f"dayparts[{index}]"
        yield from check_windows(daypart.windows, f"{place}.windows")
        yield from check_windows(daypart.on_holidays, f"{place}.on_holidays", none=True)
        yield from check_exceptions(daypart.exceptions, f"{place}.exceptions")
        if daypart.holidays and daypart.holidays not in known:
            yield (
                f"{place}.holidays",
                f"one of {', '.join(sorted(known)) or 'none'}, found {daypart.holidays!r}",
            )
        if daypart.on_holidays and not daypart.holidays:
            yield f"{place}.on_holidays", "holidays it is for"


def check_exceptions(exceptions: Sequence[SpecialDay], place: str) -> Mistakes:
    """Of dates with windows of their own."""
    yield from _dates([each.date for each in exceptions], place, ".date")
    for index, each in enumerate(exceptions):
        yield from check_windows(each.windows, f"{place}[{index}].windows", none=True)


def check_windows(windows: Sequence[Window], place: str, *, none: bool = False) -> Mistakes:
    """Of windows. `none`: there may be none at all."""
    if not windows and not none:
        yield place, "one at least: hours without windows are never on"
    if len(windows) > MOST_WINDOWS:
        yield place, f"{MOST_WINDOWS} at most, found {len(windows)}"
    for index, window in enumerate(windows[:MOST_WINDOWS]):
        where = f"{place}[{index}]"
        if not 0 <= window.since < DAY:
            yield f"{where}.since", f"minutes of a day, 0 to {DAY - 1}, found {window.since}"
        if not 0 <= window.until <= DAY:
            yield f"{where}.until", f"minutes of a day, 0 to {DAY}, found {window.until}"
        if len(set(window.days)) < len(window.days) or not set(window.days) <= set(EVERY_DAY):
            yield (
                f"{where}.days",
                f"days of the week from 0, Monday, to 6, each once, found {list(window.days)}",
            )
        if not window.days and not none:
            yield f"{where}.days", "one at least"


def _dates(dates: Sequence[str], place: str, part: str = "") -> Mistakes:
    if len(dates) > MOST_DATES:
        yield place, f"{MOST_DATES} at most, found {len(dates)}"
    seen: set[str] = set()
    for index, text in enumerate(dates[:MOST_DATES]):
        try:
            year = date.fromisoformat(text).year
            sound = len(text) == 10 and FIRST_YEAR <= year <= LAST_YEAR
        except ValueError:
            sound = False
        if not sound:
            yield f"{place}[{index}]{part}", f"a date such as 2026-12-24, found {text!r}"
        if text in seen:
            yield f"{place}[{index}]{part}", f"each date once, found {text} again"
        seen.add(text)


def _once(keys: Iterable[str], place: str) -> Mistakes:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if not key:
            yield f"{place}[{index}].key", "a name"
        if key in seen:
            yield f"{place}[{index}].key", f"each key once, found {key!r} again"
        seen.add(key)
