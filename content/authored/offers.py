"""offers.toml: what the operator gives beyond feeds and price lists: to whom, on what, when, how often.

An offer says one thing it gives: `percent` off, an amount `off`, a `price` (with `quantity`: for so many together), `take`
and `pay`, or `new`. Where it would not lower the price a kiosk has, it is not given there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from content.authored.dayparts import Bound, Dayparts
from content.authored.mistakes import Mistake
from content.authored.model import Gtin, Key, Less, OfferRule, Percent, Scope
from content.model import MultiBuy, New, Product, Reduction, Sale, TakeForLess, Texts
from content.money import Money, exponent

OFFERS: Final = "offers.toml"
OWN: Final = "store"  # in a scope's merchants: the store itself
_AMOUNT: Final = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,4}))?", re.ASCII)
Amount = Annotated[str, Meta(pattern=r"^[0-9]{1,7}(\.[0-9]{1,4})?$", examples=["1.99"])]
Pieces = Annotated[int, Meta(ge=0, le=1000)]


class SaidScope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On what: all that is named must fit; what is left out fits everything. Of merchants "store" is the store itself."""

    groups: tuple[Key, ...] = ()
    merchants: tuple[Key, ...] = ()
    aisles: tuple[Key, ...] = ()
    gtins: tuple[Gtin, ...] = ()


class SaidOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[offers]]`. `per_basket`: pieces of a product that get it; `per_order`: pieces an order may hold; 0: any number."""

    key: Key
    names: Texts = field(default_factory=dict)
    percent: Annotated[int, Meta(ge=1, le=99)] | None = None
    off: Amount | None = None
    price: Amount | None = None
    quantity: Annotated[int, Meta(ge=2, le=99)] | None = None
    take: Annotated[int, Meta(ge=2, le=99)] | None = None
    pay: Annotated[int, Meta(ge=1, le=98)] | None = None
    new: bool = False
    scope: SaidScope = SaidScope()
    daypart: Key | None = None
    first_day: date | None = None
    last_day: date | None = None
    untrusted: Literal["on", "off"] = "off"
    per_basket: Pieces = 0
    per_order: Pieces = 0


class OffersFile(Struct, frozen=True, forbid_unknown_fields=True):
    """offers.toml."""

    offers: tuple[SaidOffer, ...] = ()


def rules(
    said: OffersFile, currency: str, dayparts: Dayparts, mistakes: list[Mistake]
) -> tuple[OfferRule, ...]:
    """The offers as records; what is wrong with the others goes to `mistakes`."""
    found = []
    for index, each in enumerate(said.offers):
        place = f"offers[{index}]"
        bound = Bound(each.daypart, each.first_day, each.last_day, each.untrusted)
        wrong = [*dayparts.mistakes(OFFERS, place, bound), *_mistakes(place, each, currency)]
        mistakes += wrong
        if not wrong:
            found.append(
                OfferRule(
                    key=each.key, names=each.names, gives=_gives(each, currency),
                    scope=Scope(**msgspec.structs.asdict(each.scope)), hours=dayparts.hours(bound),
                    per_basket=each.per_basket, per_order=each.per_order,
                )
            )  # fmt: skip
    return tuple(found)


def _mistakes(place: str, said: SaidOffer, currency: str) -> Iterator[Mistake]:
    given = [
        name
        for name in ("percent", "off", "price", "take", "new")
        if getattr(said, name) not in (None, False)
    ]
    if len(given) != 1:
        rule = f"expected one of percent, off, price, take and pay, new; found {', '.join(given) or 'none'}"
        yield Mistake(OFFERS, place, rule)
    if said.quantity is not None and said.price is None:
        yield Mistake(OFFERS, f"{place}.quantity", "expected a price for so many together")
    if (said.take is None) != (said.pay is None):
        yield Mistake(OFFERS, f"{place}.pay", "expected take and pay together")
    elif said.take is not None and said.pay is not None and said.pay >= said.take:
        yield Mistake(OFFERS, f"{place}.pay", f"expected fewer to pay than to take, found {said.pay}")
    for name in ("off", "price"):
        text = getattr(said, name)
        if text is not None and _money(text, currency) is None:
            rule = f"expected more than zero with at most {exponent(currency)} decimals for {currency}, found {text!r}"
            yield Mistake(OFFERS, f"{place}.{name}", rule)
    group = said.quantity or said.take
    if group is not None and 0 < said.per_basket < group:
        yield Mistake(
            OFFERS, f"{place}.per_basket", f"expected {group} at least, or the offer is never given"
        )
    if said.per_order and group is not None and said.per_order < group:
        yield Mistake(OFFERS, f"{place}.per_order", f"expected {group} at least, or the offer is never given")


def _money(text: str, currency: str) -> Money | None:
    found = _AMOUNT.fullmatch(text)
    places = exponent(currency)
    if not found or len(found[2] or "") > places:
        return None
    minor = int(found[1] + (found[2] or "").ljust(places, "0"))
    return Money(minor, currency) if minor else None


def _gives(said: SaidOffer, currency: str) -> Percent | Less | Sale | MultiBuy | TakeForLess | New:
    if said.percent is not None:
        return Percent(said.percent)
    if said.off is not None and (less := _money(said.off, currency)) is not None:
        return Less(less)
    if said.price is not None and (price := _money(said.price, currency)) is not None:
        return MultiBuy(said.quantity, price) if said.quantity is not None else Sale(price)
    if said.take is not None and said.pay is not None:
        return TakeForLess(said.take, said.pay)
    return New()


# --- at a kiosk -----------------------------------------------------------------------------------------------------


def given(rule: OfferRule, product: Product, normal: Money) -> Reduction | None:
    """The offer on a product at the price `normal`; None where it is not in its scope or would not lower the price."""
    scope = rule.scope
    if (
        (scope.aisles and product.aisle not in scope.aisles)
        or (scope.gtins and product.gtin not in scope.gtins)
        or (scope.merchants and (product.merchant or OWN) not in scope.merchants)
    ):
        return None
    offer = _at_price(rule, normal)
    if offer is None:
        return None
    return msgspec.structs.replace(
        offer, hours=rule.hours, most=rule.per_basket, limit=rule.per_order, key=rule.key
    )


def _at_price(rule: OfferRule, price: Money) -> Reduction | None:
    match rule.gives:
        case Percent(percent=percent):  # rounded down: no less is given than is promised
            lower = Money(price.minor * (100 - percent) // 100, price.currency)
        case Less(off=off):
            lower = price - off
        case Sale(price=lower):
            pass
        case MultiBuy(quantity=quantity, price=together) as offer:
            return offer if together < price * quantity else None
        case offer:
            return offer
    return Sale(lower) if 0 < lower.minor < price.minor else None
