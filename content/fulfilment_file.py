"""store.toml's `[[pickups]]` and `[[deliveries]]`: what is said there as content.fulfilment's records, or what is wrong.

docs/importing.md has every key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from msgspec import Struct, field

from content.fulfilment import DAY, Fulfilment, Kind, SpecialDay, Texts, Window
from content.money import Money, exponent

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STORAGES: Final = ("ambient", "chilled", "frozen")
PICKUPS: Final = (Kind.COUNTER.value, Kind.LOCKER.value)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_AMOUNT: Final = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,4}))?", re.ASCII)
_POSTCODE: Final = re.compile(r"[A-Z0-9]{1,10}", re.ASCII)
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
_A_KEY: Final = "small letters, digits, dashes and underscores, 32 at most"
Mistakes = Iterator[tuple[str, str]]


class SaidWindow(Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """A window as the file has it."""

    since: str
    until: str
    days: list[str] = []
    cut_off: str = ""
    cut_off_days: int = 0
    capacity: int = 0


class SaidDay(Struct, forbid_unknown_fields=True):
    """A date that is not as others are."""

    date: date
    windows: list[SaidWindow] = []


class SaidOption(Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[[pickups]]` or `[[deliveries]]`."""

    key: str
    names: Texts
    windows: list[SaidWindow]
    kind: str = ""
    places: Texts = field(default_factory=dict)
    days: list[str] = field(default_factory=lambda: list(DAYS))
    closed: list[date] = []
    special_days: list[SaidDay] = []
    fee: str = ""
    free_from: str = ""
    minimum: str = ""
    lead_minutes: int = 0
    days_ahead: int = 2
    checks_age: bool = True
    storages: list[str] = []
    postcodes: list[str] = []


def options(pickups: list[SaidOption], deliveries: list[SaidOption], currency: str) -> tuple[Fulfilment, ...]:
    """The records, pickups first. Call it only where `mistakes_in` finds nothing."""
    return tuple(
        [_option(each, Kind(each.kind), currency) for each in pickups]
        + [_option(each, Kind.HOME, currency) for each in deliveries]
    )


def _option(said: SaidOption, kind: Kind, currency: str) -> Fulfilment:
    closed = [SpecialDay(date=day.isoformat()) for day in said.closed]
    special = [
        SpecialDay(
            date=each.date.isoformat(), windows=tuple(_window(window, DAYS) for window in each.windows)
        )
        for each in said.special_days
    ]
    return Fulfilment(
        key=said.key, kind=kind, names=said.names, places=said.places,
        windows=tuple(_window(window, tuple(window.days or said.days)) for window in said.windows),
        special_days=tuple(closed + special), fee=_money(said.fee, currency),
        free_from=_money(said.free_from, currency), minimum=_money(said.minimum, currency),
        lead_minutes=said.lead_minutes, days_ahead=said.days_ahead, checks_age=said.checks_age,
        storages=tuple(said.storages), postcodes=tuple(said.postcodes),
    )  # fmt: skip


def _window(said: SaidWindow, days: tuple[str, ...]) -> Window:
    return Window(
        days=tuple(sorted(DAYS.index(day) for day in days)), since=_minutes(said.since) or 0,
        until=_minutes(said.until) or 0, cut_off=_minutes(said.cut_off), cut_off_days=said.cut_off_days,
        capacity=said.capacity,
    )  # fmt: skip


def _minutes(text: str) -> int | None:
    """ "18:30" as minutes since midnight, up to "24:00"; None for what is no time of day."""
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY + 1
    return minutes if minutes <= DAY else None


def _money(text: str, currency: str) -> Money | None:
    found = _AMOUNT.fullmatch(text)
    places = exponent(currency)
    if not found or len(found[2] or "") > places:
        return None
    return Money(int(found[1] + (found[2] or "").ljust(places, "0")), currency)


# --- what is wrong ------------------------------------------------------------------------------------------------


def texts_of(pickups: list[SaidOption], deliveries: list[SaidOption]) -> Iterator[tuple[str, Texts]]:
    """Every text with its key."""
    for place, each in _each(pickups, deliveries):
        yield f"{place}.names", each.names
        if each.places:
            yield f"{place}.places", each.places


def mistakes_in(pickups: list[SaidOption], deliveries: list[SaidOption], currency: str) -> Mistakes:
    """Key, and what was expected there."""
    seen: set[str] = set()
    for place, each in _each(pickups, deliveries):
        if not _KEY.fullmatch(each.key):
            yield f"{place}.key", f"{_A_KEY}, found {each.key!r}"
        if each.key in seen:
            yield f"{place}.key", f"each pickup and delivery once, found {each.key!r} again"
        seen.add(each.key)
        yield from _of_option(place, each, currency)
        yield from _of_days(place, each)


def _each(pickups: list[SaidOption], deliveries: list[SaidOption]) -> Iterator[tuple[str, SaidOption]]:
    for name, group in (("pickups", pickups), ("deliveries", deliveries)):
        yield from ((f"{name}[{index}]", each) for index, each in enumerate(group))


def _of_option(place: str, said: SaidOption, currency: str) -> Mistakes:
    if place.startswith("pickups") and said.kind not in PICKUPS:
        yield f"{place}.kind", f"one of {', '.join(PICKUPS)}, found {said.kind!r}"
    if place.startswith("deliveries") and said.kind:
        yield f"{place}.kind", f"nothing: a delivery goes home, found {said.kind!r}"
    yield from _of_cost(place, said, currency)
    if not 0 <= said.lead_minutes <= 7 * DAY:
        yield f"{place}.lead_minutes", f"0 to {7 * DAY}, found {said.lead_minutes}"
    if not 0 <= said.days_ahead <= 30:
        yield f"{place}.days_ahead", f"0 to 30, found {said.days_ahead}"
    for index, storage in enumerate(said.storages):
        if storage not in STORAGES:
            yield f"{place}.storages[{index}]", f"one of {', '.join(STORAGES)}, found {storage!r}"
    if said.postcodes and place.startswith("pickups"):
        yield f"{place}.postcodes", "none: nobody lives at a pickup"
    for index, postcode in enumerate(said.postcodes):
        if not _POSTCODE.fullmatch(postcode):
            yield (
                f"{place}.postcodes[{index}]",
                f"the beginning of a postal code, capitals and digits, found {postcode!r}",
            )


def _of_cost(place: str, said: SaidOption, currency: str) -> Mistakes:
    for name in ("fee", "free_from", "minimum"):
        text = getattr(said, name)
        if text and _money(text, currency) is None:
            yield f"{place}.{name}", f'an amount in {currency} such as "2.90", found {text!r}'
    if said.free_from and not said.fee:
        yield f"{place}.free_from", "a fee that it lifts"


def _of_days(place: str, said: SaidOption) -> Mistakes:
    if not said.windows:
        yield f"{place}.windows", "one at least"
    yield from _of_names(f"{place}.days", said.days)
    taken: set[tuple[str, str, str]] = set()
    for index, window in enumerate(said.windows):
        yield from _of_window(f"{place}.windows[{index}]", window)
        hours = {(day, window.since, window.until) for day in window.days or said.days}
        if hours & taken:
            yield f"{place}.windows[{index}]", "hours of its own on each of its days"
        taken |= hours
    dates = set(said.closed)
    for index, day in enumerate(said.special_days):
        if day.date in dates:
            yield f"{place}.special_days[{index}].date", f"each date once, found {day.date} again"
        dates.add(day.date)
        for number, window in enumerate(day.windows):
            yield from _of_window(f"{place}.special_days[{index}].windows[{number}]", window)


def _of_names(place: str, days: list[str]) -> Mistakes:
    for index, day in enumerate(days):
        if day not in DAYS:
            yield f"{place}[{index}]", f"one of {', '.join(DAYS)}, found {day!r}"


def _of_window(place: str, said: SaidWindow) -> Mistakes:
    yield from _of_names(f"{place}.days", said.days)
    since, until = _minutes(said.since), _minutes(said.until)
    for name, text in (("from", said.since), ("until", said.until), ("cut_off", said.cut_off)):
        if (text or name != "cut_off") and _minutes(text) is None:
            yield f"{place}.{name}", f'a time of day such as "18:30", found {text!r}'
    if since is not None and until is not None and since >= until:
        yield (
            f"{place}.until",
            f"later than {said.since} on the same day (end at 24:00 and go on the next), found {said.until}",
        )
    if said.cut_off_days and not said.cut_off:
        yield f"{place}.cut_off_days", "a cut_off it belongs to"
    if not 0 <= said.cut_off_days <= 7:
        yield f"{place}.cut_off_days", f"0 to 7, found {said.cut_off_days}"
    if not 0 <= said.capacity <= 10_000:
        yield f"{place}.capacity", f"0 (any number) to 10000, found {said.capacity}"
    cut_off = _minutes(said.cut_off)
    if cut_off is not None and until is not None and not said.cut_off_days and cut_off > until:
        yield f"{place}.cut_off", f"no later than {said.until}, when the window ends, found {said.cut_off}"
