"""Prices that a person should have looked at: far from the last release's, offers that cost more, unit prices that cannot be.

Pure. A price that is ten or a hundred times another, or a tenth or hundredth, is most likely a decimal point in the wrong place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from content import pricing
from content.authored.model import Content, Percent
from content.model import MultiBuy, Product, Reduction, Sale, TakeForLess, text_in
from content.money import Money
from kiosk.preview.findings import Finding, Level

UP: Final = 2  # times the price before
DOWN: Final = 2  # parts of it
DEEP: Final = 70  # per cent off
UNIT: Final = 25  # times the middle one of its aisle
_SLIPS: Final = (10, 100, 1000)
_FEW: Final = 5  # unit prices whose middle says nothing


def of_prices(before: Content | None, after: Content) -> Iterator[Finding]:
    """What is far from the last release, `before`; without one, only what cannot be right by itself."""
    names = {product.gtin: text_in(product.names, "en") for product in after.products}
    old = _prices(before) if before is not None else {}
    if before is not None and before.store.currency != after.store.currency:
        yield _outlier(
            "store.toml", "currency", "price.currency",
            f"{before.store.currency} becomes {after.store.currency}", "confirm that all prices change with it", "currency",
        )  # fmt: skip
    for (scope, gtin), price in _prices(after).items():
        file, path = ("prices.toml", f"{scope}: {gtin}") if scope else ("feeds", f"{gtin}.price")
        key = f"price:{scope}:{gtin}" if scope else f"price:{gtin}"
        was = old.get((scope, gtin), old.get(("", gtin)))
        if price.minor <= 0:
            yield _error(file, path, "price.zero", f"{_told(price)} for {names[gtin]}", "give it a price")
        elif was is not None and was.currency == price.currency and (rule := _jump(was, price)):
            found = f"{names.get(gtin, gtin)} from {_told(was)} to {_told(price)}"
            yield _outlier(file, path, rule, found, "mend the price, or confirm it", key)


def _prices(content: Content) -> dict[tuple[str, str], Money]:
    found = {("", product.gtin): product.price for product in content.products}
    for each in content.lists:
        found |= {(each.key, price.gtin): price.price for price in each.prices if price.price is not None}
    return found


def _jump(was: Money, now: Money) -> str:
    for factor in _SLIPS:
        if was.minor > 0 and factor * was.minor == now.minor:
            return "price.slip"
        if factor * now.minor == was.minor:
            return "price.slip"
    if now.minor > UP * was.minor:
        return "price.up"
    return "price.down" if DOWN * now.minor < was.minor else ""


def of_offers(before: Content | None, after: Content, sold: Sequence[Product]) -> Iterator[Finding]:
    """Offers that cost more than the price, and those that give nearly everything away. `sold` as walls have them."""
    known = {(p.gtin, o) for p in before.products for o in _offers(p)} if before is not None else set()
    rules = {rule.key: rule for rule in before.offers} if before is not None else {}
    told = set()
    for rule in after.offers:
        if isinstance(rule.gives, Percent) and rule.gives.percent > DEEP and rules.get(rule.key) != rule:
            found = f"{rule.gives.percent} % off"
            yield _outlier(
                "offers.toml", rule.key, "offer.deep", found, "mend it, or confirm it", f"offer:{rule.key}"
            )
    same = {rule.key for rule in after.offers if rules.get(rule.key) == rule}
    for product in sold:
        for offer in _offers(product):
            piece, key = _piece(offer, product.price), f"offer:{offer.key or product.gtin}"
            if piece is None or (product.gtin, offer) in known or offer.key in same:
                continue
            file, path = ("offers.toml", offer.key) if offer.key else ("feeds", f"{product.gtin}.offer")
            name = f"{text_in(product.names, 'en')} ({product.gtin})"
            if piece > product.price.minor and ("offer.above", key) not in told:
                told.add(("offer.above", key))
                found = f"{name} at {_told(Money(piece, product.price.currency))} a piece, {_told(product.price)} without it"
                yield _error(file, path, "offer.above", found, "an offer lowers a price")
            elif piece * 100 < product.price.minor * (100 - DEEP) and ("offer.deep", key) not in told:
                if offer.key and isinstance(offer, Sale) and _is_percent(after, offer.key):
                    continue  # told of once, by its rule
                told.add(("offer.deep", key))
                found = (
                    f"{name} at {100 - piece * 100 // product.price.minor} % less than {_told(product.price)}"
                )
                yield _outlier(file, path, "offer.deep", found, "mend it, or confirm it", key)


def _is_percent(content: Content, key: str) -> bool:
    return any(rule.key == key and isinstance(rule.gives, Percent) for rule in content.offers)


def _offers(product: Product) -> list[Reduction]:
    return [each for each in (product.sale, product.offer, *product.further) if each is not None]


def _piece(offer: Reduction, price: Money) -> int | None:
    """What a piece costs with an offer, in minor units, rounded up."""
    match offer:
        case Sale(price=lower):
            return lower.minor
        case MultiBuy(quantity=quantity, price=together):
            return -(-together.minor // quantity)
        case TakeForLess(take=take, pay=pay):
            return -(-price.minor * pay // take)
        case _:
            return None


def of_units(products: Sequence[Product]) -> Iterator[Finding]:
    """Unit prices far from all others of their aisle, and sizes that cannot be compared with what prices are told per."""
    by_kind: dict[tuple[str, str], list[tuple[int, Product]]] = defaultdict(list)
    for product in products:
        if product.unit_base is None:
            continue
        price = pricing.unit_price(product, None)
        if price is None:
            found = f"{pricing.measure_text(product.size) or 'no size'} told per {pricing.measure_text(product.unit_base)}"
            yield _warning("feeds", f"{product.gtin}.unit_pricing_base_measure", "unit.base", found)
            continue
        by_kind[product.aisle, pricing.measure_text(product.unit_base)].append((price.minor, product))
    for (_, base), found_ones in by_kind.items():
        if len(found_ones) < _FEW:
            continue
        middle = median(minor for minor, _ in found_ones)
        for minor, product in found_ones:
            if minor == 0 or minor > UNIT * middle or UNIT * minor < middle:
                told = _told(Money(minor, product.price.currency))
                usual = _told(Money(round(middle), product.price.currency))
                found = f"{text_in(product.names, 'en')} at {told} per {base}, in its aisle {usual} is usual"
                yield _warning("feeds", f"{product.gtin}.unit_pricing_measure", "unit.odd", found)


def _told(money: Money) -> str:
    return f"{money.decimal()} {money.currency}"


def _outlier(file: str, path: str, rule: str, found: str, do: str, key: str) -> Finding:
    return Finding(level="error", file=file, path=path, rule=rule, found=found, do=do, key=key)


def _error(file: str, path: str, rule: str, found: str, do: str) -> Finding:
    return _of("error", file, path, rule, found, do)


def _warning(file: str, path: str, rule: str, found: str) -> Finding:
    return _of("warning", file, path, rule, found, "check size and unit of the row")


def _of(level: Level, file: str, path: str, rule: str, found: str, do: str) -> Finding:
    return Finding(level=level, file=file, path=path, rule=rule, found=found, do=do)
