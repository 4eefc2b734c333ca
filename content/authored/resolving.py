"""What one kiosk shows, worked out of all that is published. Pure: the same content and kiosk give the same store.

All hours of the day are in it: what holds only at some of them carries its hours, and time is applied when it is shown.
"""

from __future__ import annotations

import msgspec

from content.authored.adverts import of_kiosk
from content.authored.groups import fits, groups_of
from content.authored.model import Content, OfferRule, Price, Shelf, Wall, Where
from content.authored.offers import given
from content.authored.themes import painted
from content.model import Product, Store


def resolve(content: Content, where: Where) -> tuple[Store, list[Product]]:
    """The store of one kiosk, and its products in shelf order with their facings from 1.

    The store has no counts and no version: content.store_format.stocked names them as it is written.
    """
    groups = groups_of(content, where)
    sellers = [each.merchant for each in content.sellers if fits(each.groups, groups)]
    sold = {"", *(merchant.key for merchant in sellers)}
    prices = prices_for(content, groups)
    shelves: dict[str, list[Product]] = {aisle.key: [] for aisle in content.store.aisles}
    for product in content.products:
        if product.merchant in sold:
            shelves[product.aisle].append(product)
    wall = wall_for(content, where, groups)
    placed = _placed(wall.shelves, shelves) if wall else [p for shelf in shelves.values() for p in shelf]
    rules = [rule for rule in content.offers if fits(rule.scope.groups, groups)]
    by_aisle = {
        aisle: [rule for rule in rules if not rule.scope.aisles or aisle in rule.scope.aisles]
        for aisle in shelves
    }
    products = [
        _sold(product, prices.get(product.gtin), by_aisle[product.aisle], facing)
        for facing, product in enumerate(placed, start=1)
    ]
    themes = [theme for theme in content.themes if fits(theme.groups, groups)]
    aisles = {aisle.key: aisle for aisle in painted(content.store.aisles, themes)}
    order = [shelf.aisle for shelf in wall.shelves] if wall else list(aisles)
    store = msgspec.structs.replace(
        of_kiosk(content.store, groups), aisles=tuple(aisles[key] for key in order), merchants=tuple(sellers)
    )
    return store, products


def wall_for(content: Content, where: Where, groups: frozenset[str]) -> Wall | None:
    """The wall a kiosk hangs: the last that fits it; None where none does, and all stand on it aisle by aisle."""
    found = None
    for wall in content.walls:
        if wall.orientation in (None, where.orientation) and fits(wall.groups, groups):
            found = wall
    return found


def prices_for(content: Content, groups: frozenset[str]) -> dict[str, Price]:
    """What the price lists of a kiosk say, by GTIN; a later list's price and availability go before an earlier's."""
    found: dict[str, Price] = {}
    for each in content.lists:
        if fits(each.groups, groups):
            for price in each.prices:
                found[price.gtin] = _over(found.get(price.gtin), price)
    return found


def _over(first: Price | None, then: Price) -> Price:
    if first is None:
        return then
    availability = first.availability if then.availability is None else then.availability
    return msgspec.structs.replace(first if then.price is None else then, availability=availability)


def _placed(wall: tuple[Shelf, ...], shelves: dict[str, list[Product]]) -> list[Product]:
    placed: list[Product] = []
    for shelf in wall:
        there = {product.gtin: product for product in shelves[shelf.aisle]}
        placed += [there.pop(gtin) for gtin in shelf.facings if gtin in there]
        placed += there.values() if shelf.rest else ()
    return placed


def _sold(product: Product, price: Price | None, rules: list[OfferRule], facing: int) -> Product:
    """The product in its place, at the price it has there, with the offers it has at that price."""
    changed: dict[str, object] = {"facing": facing}
    if price is not None:
        changed["availability"] = price.availability or product.availability
        if price.price is not None:
            changed |= {"price": price.price, "sale": price.sale, "offer": price.offer}
    normal = product.price if price is None or price.price is None else price.price
    if offers := tuple(offer for rule in rules if (offer := given(rule, product, normal)) is not None):
        changed["further"] = offers
    return msgspec.structs.replace(product, **changed)
