"""When goods can be had, what that costs and until when it must be ordered. Pure: the moment is handed in.

Times are Unix seconds; a day is a day by the store's own clock, so a window that begins at 18:00 does so in summer
and winter. What happens on the days a clock is changed is said in content.schedule.moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from content.fulfilment import Fulfilment, Kind, Window
from content.model import Merchant, Product
from content.money import Money
from content.schedule.moments import moment, span, windows_of

EVENING: Final = 17 * 60  # what begins from here on today is "tonight"
_ROUND_S: Final = 300  # a time goods are ready at is said in steps of five minutes

Day = Literal["today", "tonight", "tomorrow", "date"]


class Slot(Struct, frozen=True, kw_only=True):
    """A window on a date that can still be ordered for."""

    key: str  # "home:2026-11-22:1080-1200" names it for good; minutes as in Window
    option: str  # the Fulfilment's key
    date: str
    starts: int  # when goods can be had at the earliest if they are ordered now
    until: int
    closes: int  # ordered before this moment, not at it
    capacity: int


class Promise(Struct, frozen=True):
    """A slot as it is said: "order before 13:00 (today), home tonight"."""

    day: Day
    closes: Day


def slots(option: Fulfilment, timezone: str, now: int) -> list[Slot]:
    """The windows that can still be ordered for at `now`, in the order they begin.

    Raises what zoneinfo raises for a time zone that is none (content.store_file refuses it earlier).
    """
    zone = ZoneInfo(timezone)
    today = datetime.fromtimestamp(now, zone).date()
    found = [
        slot
        for ahead in range(option.days_ahead + 1)
        for window in windows_on(option, today + timedelta(days=ahead))
        if (slot := _slot(option, window, today + timedelta(days=ahead), zone, now))
    ]
    return sorted(found, key=lambda slot: (slot.starts, slot.until))


def slot_of(option: Fulfilment, timezone: str, now: int, key: str) -> Slot | None:
    """The slot of that key, None where there is none or it cannot be ordered for any more."""
    return next((slot for slot in slots(option, timezone, now) if slot.key == key), None)


def windows_on(option: Fulfilment, day: date) -> Iterator[Window]:
    """The windows of a date: its own where it has any of its own, else those of its day of the week."""
    yield from windows_of(option.windows, option.special_days, day)


def _slot(option: Fulfilment, window: Window, day: date, zone: ZoneInfo, now: int) -> Slot | None:
    since, until = span(window, day, zone)
    lead = option.lead_minutes * 60
    if window.cut_off is None:
        closes = until - lead
    else:
        closes = min(moment(day - timedelta(days=window.cut_off_days), window.cut_off, zone), until - lead)
    starts = max(since, -(-(now + lead) // _ROUND_S) * _ROUND_S)
    if now >= closes or starts >= until:
        return None
    return Slot(
        key=f"{option.key}:{day.isoformat()}:{window.since}-{window.until}", option=option.key, date=day.isoformat(),
        starts=starts, until=until, closes=closes, capacity=window.capacity,
    )  # fmt: skip


def promise(slot: Slot, timezone: str, now: int) -> Promise:
    """Which words tell a slot's day and its cut-off's."""
    return Promise(_day(slot.starts, timezone, now), _day(slot.closes, timezone, now))


def _day(at: int, timezone: str, now: int) -> Day:
    zone = ZoneInfo(timezone)
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone).date()
    if then.date() == today:
        return "tonight" if then.hour * 60 + then.minute >= EVENING else "today"
    return "tomorrow" if then.date() == today + timedelta(days=1) else "date"


# --- what it costs, and what cannot be had this way ---------------------------------------------------------------


def fee_for(option: Fulfilment, goods: Money) -> Money:
    """What this way costs for goods of that price."""
    if option.fee is None or (option.free_from is not None and option.free_from <= goods):
        return Money(0, goods.currency)
    return option.fee


def missing_to(option: Fulfilment, goods: Money) -> Money | None:
    """How much is missing to the least this way is offered for, None where nothing is."""
    if option.minimum is None or option.minimum <= goods:
        return None
    return option.minimum - goods


def unfit(
    option: Fulfilment, products: Iterable[Product], merchants: Iterable[Merchant] = ()
) -> tuple[Literal["", "merchant", "age", "storage"], list[Product]]:
    """Why some goods cannot be had this way, and which: who sells them does not bring them there, nobody there looks at an
    ID, or it is too warm. `merchants` are the store's.
    """
    goods = list(products)
    elsewhere = {each.key for each in merchants if each.fulfilments and option.key not in each.fulfilments}
    if others := [product for product in goods if product.merchant in elsewhere]:
        return "merchant", others
    aged = [product for product in goods if product.age_min and not option.checks_age]
    if aged:
        return "age", aged
    warm = [
        product
        for product in goods
        if option.storages and product.storage and product.storage not in option.storages
    ]
    return ("storage", warm) if warm else ("", [])


def at_counter(product: Product, options: Iterable[Fulfilment], merchants: Iterable[Merchant] = ()) -> bool:
    """Whether what is bought at a wall can be handed over: at a counter, for a wall asks nobody which other way they want it.

    A store without a counter among its ways hands over as its own words say (`Store.pickup`): all but the goods of merchants
    who name their ways.
    """
    sellers = tuple(merchants)
    counters = [option for option in options if option.kind is Kind.COUNTER]
    if counters:
        return any(not unfit(option, (product,), sellers)[0] for option in counters)
    return not any(each.key == product.merchant and each.fulfilments for each in sellers)


def reaches(option: Fulfilment, postcode: str) -> bool:
    """Whether this way reaches an address; spaces and case do not count."""
    plain = "".join(postcode.split()).upper()
    return not option.postcodes or any(plain.startswith(each) for each in option.postcodes)


__all__ = [
    "Day", "Kind", "Promise", "Slot", "at_counter", "fee_for", "missing_to", "moment", "promise", "reaches", "slot_of", "slots", "unfit",
    "windows_on",
]  # fmt: skip
