"""dayparts.toml: hours with names, and the holidays they observe, as content.schedule's records.

A time of day is "22:00"; "24:00" is the midnight a day ends with. Days are mon to sun; none named: all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from content.authored.mistakes import Mistake
from content.authored.model import Key
from content.model import Texts
from content.schedule import ALL_DAY, Daypart, Holidays, Hours, SpecialDay, Window, hours_of

DAYPARTS: Final = "dayparts.toml"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
EndClock = Annotated[
    str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["02:00", "24:00"])
]


class SaidWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """A stretch of hours; where `until` is not later than `from` it goes on over midnight."""

    since: Clock
    until: EndClock
    days: tuple[Day, ...] = ()


class SaidDay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A date with windows of its own; none: nothing begins on it."""

    date: date
    windows: tuple[SaidWindow, ...] = ()


class SaidHolidays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Public holidays of a region."""

    key: Key
    dates: tuple[date, ...]
    names: Texts = field(default_factory=dict)


class SaidDaypart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours with a name."""

    key: Key
    names: Texts = field(default_factory=dict)
    windows: tuple[SaidWindow, ...] = ()
    special_days: tuple[SaidDay, ...] = ()
    holidays: Key | None = None
    on_holidays: tuple[SaidWindow, ...] = ()


class DaypartsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """dayparts.toml."""

    dayparts: tuple[SaidDaypart, ...] = ()
    holidays: tuple[SaidHolidays, ...] = ()


class Bound(Struct, frozen=True):
    """How something refers to hours: a daypart's key, the first and last day, and what holds without a clock."""

    daypart: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    untrusted: Literal["on", "off"] = "off"


class Dayparts:
    """The dayparts of a file that is right, to be asked for hours."""

    def __init__(self, said: DaypartsFile, timezone: str) -> None:
        self._timezone = timezone
        self._dayparts = {each.key: _daypart(each) for each in said.dayparts}
        self._holidays = {
            each.key: Holidays(
                key=each.key, names=each.names, dates=tuple(day.isoformat() for day in each.dates)
            )
            for each in said.holidays
        }

    def hours(self, bound: Bound) -> Hours | None:
        """The hours that are meant, None for always. Call it only where `mistakes` finds nothing."""
        if bound.daypart is None and bound.first_day is None and bound.last_day is None:
            return None
        found = self._dayparts[bound.daypart] if bound.daypart is not None else Daypart(key="")
        return hours_of(
            found, self._holidays, self._timezone, since=bound.first_day, until=bound.last_day,
            untrusted=bound.untrusted,
        )  # fmt: skip

    def mistakes(self, file: str, place: str, bound: Bound) -> Iterator[Mistake]:
        """What is wrong with a reference to hours."""
        if bound.daypart is not None and bound.daypart not in self._dayparts:
            rule = f"expected a daypart of {DAYPARTS}, found {bound.daypart!r}"
            yield Mistake(file, f"{place}.daypart", rule)
        if bound.first_day is not None and bound.last_day is not None and bound.last_day < bound.first_day:
            rule = f"expected no day before {bound.first_day}, found {bound.last_day}"
            yield Mistake(file, f"{place}.last_day", rule)


def mistakes_in_dayparts(said: DaypartsFile) -> Iterator[Mistake]:
    """What is wrong in the file beyond its types."""
    holidays = {each.key for each in said.holidays}
    yield from _once("dayparts", (each.key for each in said.dayparts))
    yield from _once("holidays", (each.key for each in said.holidays))
    for index, each in enumerate(said.dayparts):
        place = f"dayparts[{index}]"
        if each.holidays is not None and each.holidays not in holidays:
            rule = f"expected holidays of this file, found {each.holidays!r}"
            yield Mistake(DAYPARTS, f"{place}.holidays", rule)
        if each.on_holidays and each.holidays is None:
            yield Mistake(DAYPARTS, f"{place}.on_holidays", "expected holidays they are for")
        dates: set[date] = set()
        for number, day in enumerate(each.special_days):
            if day.date in dates:
                rule = f"expected each date once, found {day.date} again"
                yield Mistake(DAYPARTS, f"{place}.special_days[{number}].date", rule)
            dates.add(day.date)


def _once(table: str, keys: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            yield Mistake(DAYPARTS, f"{table}[{index}].key", f"expected each key once, found {key!r} again")
        seen.add(key)


def _daypart(said: SaidDaypart) -> Daypart:
    return Daypart(
        key=said.key, names=said.names, windows=_windows(said.windows) or (ALL_DAY,),
        exceptions=tuple(
            SpecialDay(date=day.date.isoformat(), windows=_windows(day.windows)) for day in said.special_days
        ),
        holidays=said.holidays or "", on_holidays=_windows(said.on_holidays),
    )  # fmt: skip


def _windows(said: tuple[SaidWindow, ...]) -> tuple[Window, ...]:
    return tuple(
        Window(
            days=tuple(sorted(DAYS.index(day) for day in set(each.days or DAYS))),
            since=_minutes(each.since), until=_minutes(each.until),
        )
        for each in said
    )  # fmt: skip


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
