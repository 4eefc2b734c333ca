"""How goods reach whoever bought them, as the operator publishes it: counter, station locker, home. Plain frozen records.

Times of day are whole minutes since midnight by the store's own clock (1440 is the midnight a day ends with); days of
the week count from 0, Monday. Dates are ISO 8601, "2026-12-24". What they mean at a moment is worked out by content.slots.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from content import schedule
from content.money import Money
from content.schedule.records import DAY as DAY
from content.schedule.records import Texts as Texts


class Kind(Enum):
    """Where goods change hands."""

    COUNTER = "counter"
    LOCKER = "locker"
    HOME = "home"


class Window(schedule.Window, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of a day in which goods are handed over; it ends on the day it begins."""

    cut_off: int | None = None  # time of day ordering ends; None: when the goods could not be ready any more
    cut_off_days: int = 0  # so many days before
    capacity: int = 0  # orders it takes; 0: any number


class SpecialDay(schedule.SpecialDay, frozen=True, kw_only=True, omit_defaults=True):
    """A date with windows of its own, whatever day of the week it is; none at all: closed."""

    windows: tuple[Window, ...] = ()


class Fulfilment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to get the goods."""

    key: str
    kind: Kind
    names: Texts  # "Locker at Linden Park"
    windows: tuple[Window, ...]
    places: Texts = field(default_factory=dict)  # where exactly, and what to bring
    special_days: tuple[SpecialDay, ...] = ()
    fee: Money | None = None  # None: free
    free_from: Money | None = None  # goods for so much or more pay no fee
    minimum: Money | None = None  # goods for less cannot be had this way
    lead_minutes: int = 0  # from the order until the goods are ready
    days_ahead: int = 2  # how many days after today can be chosen
    checks_age: bool = True  # whether somebody looks at an ID: goods with an age limit only there
    storages: tuple[
        str, ...
    ] = ()  # kinds of storage it keeps goods in (ambient, chilled, frozen); none named: all
    postcodes: tuple[str, ...] = ()  # beginnings of the postal codes it reaches; none named: all
