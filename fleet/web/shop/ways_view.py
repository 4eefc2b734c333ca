"""Ways to get the goods as the pages show them: when, until when to order, and what everything costs that way. Pure.

What it costs stands there before anything is chosen: people left the stores before us over fees at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from content.fulfilment import Fulfilment, Kind
from content.model import Product, Store
from content.money import Money
from content.slots import Slot, fee_for, missing_to, promise, slots, unfit
from fleet.web.shop import when
from fleet.web.words import Words

SHOWN = 3  # slots of one way on a page
FEW = 3  # places left that are said
STEP_S = 300  # when goods are ready is said in steps of so long

PlacesLeft = Callable[[Slot], int | None]


class Choice(Struct, frozen=True, kw_only=True):
    """One slot to choose."""

    slot: str
    when: str  # "Tonight 18:00–20:00"
    closes: str  # "Order before 13:00"
    left: str  # "2 places left", "" where there are plenty
    full: bool


class Way(Struct, frozen=True, kw_only=True):
    """One way to get the goods."""

    key: str
    kind: str
    name: str
    place: str
    cost: str  # "free" or "+ €2.90"
    hint: str  # "free from €25.00", "" where nothing is to be said
    total: str  # goods and fee
    problem: str  # why it cannot be chosen now, "" where it can
    choices: tuple[Choice, ...]


class Short(Struct, frozen=True):
    """A way in one line, for a page that shows a product."""

    name: str
    when: str
    closes: str
    fee: str  # what it adds, "free" for nothing
    cost: str  # the fee and what there is to know of it
    first: bool  # the cheapest pickup, and delivery, for these goods: what is said where there is room for little


def ways(
    store: Store, products: Sequence[Product], goods: Money, say: Words, now: int, left: PlacesLeft
) -> tuple[Way, ...]:
    """Every way the store has, for these goods. `left(slot)` is how many places are free, None for any number."""
    return tuple(_way(option, store, products, goods, say, now, left) for option in store.fulfilments)


def _way(
    option: Fulfilment,
    store: Store,
    products: Sequence[Product],
    goods: Money,
    say: Words,
    now: int,
    left: PlacesLeft,
) -> Way:
    zone = store.timezone
    found = slots(option, zone, now)
    problem = why_not(option, store, products, goods, say) or ("" if found else say("way.closed"))
    choices = () if problem else _choices(option, found, zone, say, now, left)
    if choices and all(choice.full for choice in choices):
        problem = say("way.full")
    return Way(
        key=option.key, kind=option.kind.value, name=say.text(option.names), place=say.text(option.places),
        cost=cost(option, goods, say), hint=_hint(option, goods, say),
        total=say.money(goods + fee_for(option, goods)), problem=problem, choices=choices,
    )  # fmt: skip


def why_not(option: Fulfilment, store: Store, products: Sequence[Product], goods: Money, say: Words) -> str:
    """Why these goods cannot be had this way, "" where they can."""
    reason, which = unfit(option, products, store.merchants)
    if reason:
        return say(f"way.no-{reason}", _and(say.language).join(say.text(each.names) for each in which))
    missing = missing_to(option, goods)
    return say("way.minimum", say.money(missing)) if missing else ""


def cost(option: Fulfilment, goods: Money, say: Words) -> str:
    """What a way adds, "free" for nothing."""
    fee = fee_for(option, goods)
    return say("way.fee", say.money(fee)) if fee.minor else say("way.free")


def _hint(option: Fulfilment, goods: Money, say: Words) -> str:
    if option.free_from is None or not fee_for(option, goods).minor:
        return ""
    return say("way.free-from", say.money(option.free_from))


def slot_when(slot: Slot, kind: Kind, zone: str, say: Words, now: int) -> str:
    """When the goods can be had: a counter's are there from a time on, others come within a stretch."""
    said = promise(slot, zone, now)
    if kind is Kind.COUNTER:
        hour, end = say.apart(when.clock(slot.starts, zone)), say.apart(when.until(slot.until, zone))
        return _begin(say("way.from-until", when.day(said.day, slot.starts, zone, say), hour, end))
    hours = when.stretch(slot.starts, slot.until, zone, say)
    return _begin(say("way.between", when.day(said.day, slot.starts, zone, say), hours))


def slot_closes(slot: Slot, zone: str, say: Words, now: int) -> str:
    """Until when it must be ordered: "Order before 13:00"."""
    said = promise(slot, zone, now)
    hour = say.apart(when.clock(slot.closes, zone))
    if said.closes in ("today", "tonight"):
        return say("way.closes", hour)
    return say("way.closes-day", when.day(said.closes, slot.closes, zone, say), hour)


def _choices(
    option: Fulfilment, found: Sequence[Slot], zone: str, say: Words, now: int, left: PlacesLeft
) -> tuple[Choice, ...]:
    """The next SHOWN that have a place, and those before them that have none."""
    shown: list[Choice] = []
    for slot in found:
        shown.append(_choice(slot, option.kind, zone, say, now, left(slot)))
        if sum(not choice.full for choice in shown) == SHOWN:
            break
    return tuple(shown)


def _choice(slot: Slot, kind: Kind, zone: str, say: Words, now: int, left: int | None) -> Choice:
    return Choice(
        slot=slot.key, when=slot_when(slot, kind, zone, say, now), closes=slot_closes(slot, zone, say, now),
        left=say("way.left", left) if left is not None and 0 < left <= FEW else "",
        full=left is not None and left < 1,
    )  # fmt: skip


def in_short(
    store: Store, products: Sequence[Product], goods: Money, say: Words, now: int
) -> tuple[tuple[Short, ...], int]:
    """Each way that these goods can be had, in a line, for the first page somebody sees; and until when that is true
    (Unix ms).
    """
    offered = [
        (option, found[0])
        for option in store.fulfilments
        if not unfit(option, products, store.merchants)[0] and (found := slots(option, store.timezone, now))
    ]
    first = {
        min(group, key=lambda option: fee_for(option, goods).minor).key
        for home in (False, True)
        if (
            group := [
                each
                for each, _ in offered
                if (each.kind is Kind.HOME) is home and not missing_to(each, goods)
            ]
        )
    }
    lines, ends = [], [(now // STEP_S + 1) * STEP_S]
    for option, slot in offered:
        ends.append(slot.closes)
        fee = cost(option, goods, say)
        notes = [fee, _hint(option, goods, say)]
        if option.minimum is not None and missing_to(option, goods):
            notes.append(say("way.least", say.money(option.minimum)))
        lines.append(
            Short(
                say.text(option.names),
                slot_when(slot, option.kind, store.timezone, say, now),
                slot_closes(slot, store.timezone, say, now),
                fee,
                " · ".join(note for note in notes if note),
                option.key in first,
            )
        )
    return tuple(lines), min(ends) * 1000


def _and(language: str) -> str:
    return {"zh": "、", "ar": "، "}.get(language, ", ")


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]
