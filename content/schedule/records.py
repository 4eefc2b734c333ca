"""What an operator says about hours, as plain frozen records.

Times of day are whole minutes since midnight (1440 is the midnight a day ends with), days of the week count from 0,
Monday. Exceptions' dates are ISO 8601 texts, "2026-12-24", as in content.fulfilment, which says the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from msgspec import Struct, field

Texts = dict[str, str]
DAY: Final = 1440
EVERY_DAY: Final = (0, 1, 2, 3, 4, 5, 6)


class Window(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of time that begins on some days of the week. `until` at or before `since`: it goes on over midnight,
    and all of it belongs to the day it begins.
    """

    days: tuple[int, ...]
    since: int  # 0..1439
    until: int  # 0..1440


class SpecialDay(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A date with windows of its own, whatever day of the week it is; none at all: nothing begins on it."""

    date: str
    windows: tuple[Window, ...] = ()


ALL_DAY: Final = Window(days=EVERY_DAY, since=0, until=DAY)


class Hours(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When something is on. As it stands here, all the time.

    `since` and `until` are the first and the last day on which a window may begin. `untrusted` says what holds while the
    kiosk does not know what time it is; hours without any end or beginning need no clock.
    """

    timezone: str  # IANA name
    windows: tuple[Window, ...] = (ALL_DAY,)  # () is never
    exceptions: tuple[SpecialDay, ...] = ()
    since: date | None = None
    until: date | None = None
    untrusted: Literal["on", "off"] = "off"

    @property
    def always(self) -> bool:
        """Whether there is nothing to ask a clock about."""
        return self.windows == (ALL_DAY,) and not self.exceptions and self.since is None is self.until


class Holidays(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Public holidays of a region, by date."""

    key: str
    names: Texts
    dates: tuple[str, ...]


class Daypart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hours with a name ("evening rush") that offers, adverts and tickers share.

    An exception goes before a holiday, a holiday before the day of the week. Releases are immutable, so editing a
    daypart changes what is published next and never what was.
    """

    key: str
    names: Texts = field(default_factory=dict)
    windows: tuple[Window, ...] = (ALL_DAY,)
    exceptions: tuple[SpecialDay, ...] = ()
    holidays: str = ""  # key of the Holidays it observes; "" for none
    on_holidays: tuple[Window, ...] = ()  # what begins on those; none: nothing


def hours_of(
    daypart: Daypart,
    holidays: Mapping[str, Holidays],
    timezone: str,
    *,
    since: date | None = None,
    until: date | None = None,
    untrusted: Literal["on", "off"] = "off",
) -> Hours:
    """A daypart where a kiosk stands, self-contained: what a release carries. Raises KeyError for unknown holidays."""
    own = {each.date for each in daypart.exceptions}
    dates = holidays[daypart.holidays].dates if daypart.holidays else ()
    observed = tuple(
        SpecialDay(date=day, windows=daypart.on_holidays) for day in dict.fromkeys(dates) if day not in own
    )
    return Hours(
        timezone=timezone, windows=daypart.windows, exceptions=daypart.exceptions + observed, since=since, until=until,
        untrusted=untrusted,
    )  # fmt: skip
