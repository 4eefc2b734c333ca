"""Times as the phone's pages say them: by the store's own clock, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from content.slots import Day
from fleet.web.words import Words


def clock(at: int, timezone: str) -> str:
    """A moment (Unix seconds) as the time of day, "18:00"; the midnight a day ends with is "24:00" to `until`."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(timezone)):%H:%M}"


def until(at: int, timezone: str) -> str:
    """The end of a stretch of time: midnight is "24:00"."""
    said = clock(at, timezone)
    return "24:00" if said == "00:00" else said


def stretch(start: int, end: int, timezone: str, say: Words) -> str:
    """Two times of day with a dash, read from left to right in every language and never broken (U+2060)."""
    return say.apart(f"{clock(start, timezone)}\u2060–\u2060{until(end, timezone)}")


def date(at: int, timezone: str, say: Words) -> str:
    """A date with its day of the week: "Wed, Nov 25"."""
    return str(format_skeleton("MMMEd", datetime.fromtimestamp(at, ZoneInfo(timezone)), locale=say.language))


def moment(at: int, timezone: str, say: Words) -> str:
    """A date and a time of day: "Wed, Nov 25, 18:00", with the comma of the language."""
    between = {"zh": " ", "ar": "، "}.get(say.language, ", ")
    return f"{date(at, timezone, say)}{between}{say.apart(clock(at, timezone))}"


def day(which: Day, at: int, timezone: str, say: Words) -> str:
    """today, tonight, tomorrow, or the date."""
    return date(at, timezone, say) if which == "date" else say(f"when.{which}")
