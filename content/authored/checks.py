"""What must hold between the files of a content folder; checked as it is read, and again on what was fetched.

Each function yields every mistake of its kind. What a single file can say wrong is checked where it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from content.authored.adverts import mistakes_in_adverts
from content.authored.mistakes import Mistake
from content.authored.model import ALL, Content, Price, Shelf, Wall
from content.authored.offers import OFFERS, OWN
from content.authored.themes import THEMES, contrast_mistakes
from content.model import Product, Sale

GROUPS, MERCHANTS, PRICES, WALLS, STORE = (
    "groups.toml",
    "merchants.toml",
    "prices.toml",
    "walls.toml",
    "store.toml",
)
FEED_PRICES = "feed"  # no price list's key: what feeds say is kept under it


def mistakes_in(content: Content) -> Iterator[Mistake]:
    """All that is wrong between the parts of the content."""
    known = {ALL, *(group.key for group in content.groups)}
    yield from _of_groups(content)
    yield from _of_sellers(content, known)
    yield from _of_products(content)
    yield from _of_lists(content, known)
    yield from _of_walls(content, known)
    yield from _of_offers(content, known)
    yield from _of_colours(content, known)
    yield from mistakes_in_adverts(content.store, known)


def _once(file: str, table: str, keys: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            yield Mistake(file, f"{table}[{index}].key", f"expected each key once, found {key!r} again")
        seen.add(key)


def unknown_groups(file: str, path: str, groups: Iterable[str], known: set[str]) -> Iterator[Mistake]:
    """A mistake for each group that groups.toml does not have."""
    for index, key in enumerate(groups):
        if key not in known:
            yield Mistake(file, f"{path}.groups[{index}]", f"expected a group of {GROUPS}, found {key!r}")


def _of_groups(content: Content) -> Iterator[Mistake]:
    yield from _once(GROUPS, "lines", (line.key for line in content.lines))
    yield from _once(GROUPS, "groups", (group.key for group in content.groups))
    lines = {line.key for line in content.lines}
    for index, group in enumerate(content.groups):
        if group.key == ALL:
            yield Mistake(GROUPS, f"groups[{index}].key", "expected another key: every kiosk is in 'all'")
        for number, key in enumerate(group.lines):
            if key not in lines:
                place = f"groups[{index}].lines[{number}]"
                yield Mistake(GROUPS, place, f"expected a line of {GROUPS}, found {key!r}")


def _of_sellers(content: Content, known: set[str]) -> Iterator[Mistake]:
    yield from _once(MERCHANTS, "merchants", (seller.merchant.key for seller in content.sellers))
    ways = {option.key for option in content.store.fulfilments}
    for index, seller in enumerate(content.sellers):
        if seller.merchant.key == OWN:
            yield Mistake(
                MERCHANTS, f"merchants[{index}].key", f"expected another key: {OWN!r} is the store itself"
            )
        yield from unknown_groups(MERCHANTS, f"merchants[{index}]", seller.groups, known)
        for number, key in enumerate(seller.merchant.fulfilments):
            if key not in ways:
                place = f"merchants[{index}].fulfilments[{number}]"
                yield Mistake(MERCHANTS, place, f"expected a pickup or delivery of {STORE}, found {key!r}")


def _of_products(content: Content) -> Iterator[Mistake]:
    aisles = {aisle.key for aisle in content.store.aisles}
    merchants = {"", *(seller.merchant.key for seller in content.sellers)}
    seen: set[str] = set()
    currency = content.store.currency
    for product in content.products:
        if product.gtin in seen:
            yield Mistake("feeds", product.gtin, "expected each GTIN from one merchant, found it twice")
        seen.add(product.gtin)
        if product.aisle not in aisles:
            rule = f"expected an aisle of {STORE}, found {product.aisle!r}"
            yield Mistake("feeds", f"{product.gtin}.aisle", rule)
        if product.merchant not in merchants:
            rule = f"expected a merchant of {MERCHANTS}, found {product.merchant!r}"
            yield Mistake("feeds", f"{product.gtin}.merchant", rule)
        if product.price.currency != currency or product.price.minor <= 0:
            rule = f"expected more than zero in {currency}, found {product.price.decimal()} {product.price.currency}"
            yield Mistake("feeds", f"{product.gtin}.price", rule)


def _of_lists(content: Content, known: set[str]) -> Iterator[Mistake]:
    yield from _once(PRICES, "lists", (each.key for each in content.lists))
    gtins = {product.gtin for product in content.products}
    for index, each in enumerate(content.lists):
        yield from unknown_groups(PRICES, f"lists[{index}]", each.groups, known)
        if each.key == FEED_PRICES:
            yield Mistake(
                PRICES, f"lists[{index}].key", f"expected another key: {FEED_PRICES!r} is what feeds say"
            )
        seen: set[str] = set()
        for price in each.prices:
            place = f"lists[{index}] ({price.gtin})"
            if price.gtin not in gtins:
                yield Mistake(PRICES, place, "expected a GTIN of a feed")
            if price.gtin in seen:
                yield Mistake(PRICES, place, "expected each GTIN once, found it again")
            seen.add(price.gtin)
            yield from _of_price(place, price, content.store.currency)


def _of_price(place: str, said: Price, currency: str) -> Iterator[Mistake]:
    if said.price is None:
        if said.availability is None or said.sale is not None or said.offer is not None:
            yield Mistake(PRICES, place, "expected a price, or an availability alone")
    elif said.price.currency != currency or said.price.minor <= 0:
        rule = f"expected more than zero in {currency}, found {said.price.decimal()} {said.price.currency}"
        yield Mistake(PRICES, place, rule)
    elif isinstance(said.sale, Sale) and (
        said.sale.price.currency != currency or not said.sale.price < said.price
    ):
        yield Mistake(PRICES, place, "expected a sale price below the price")


def _of_walls(content: Content, known: set[str]) -> Iterator[Mistake]:
    yield from _once(WALLS, "walls", (wall.key for wall in content.walls))
    aisles = {aisle.key for aisle in content.store.aisles}
    products = {product.gtin: product for product in content.products}
    for index, wall in enumerate(content.walls):
        yield from unknown_groups(WALLS, f"walls[{index}]", wall.groups, known)
        if not wall.shelves:
            yield Mistake(WALLS, f"walls[{index}].shelves", "expected one at least")
        seen: set[str] = set()
        for number, shelf in enumerate(wall.shelves):
            place = f"walls[{index}].shelves[{number}]"
            if shelf.aisle not in aisles:
                yield Mistake(WALLS, f"{place}.aisle", f"expected an aisle of {STORE}, found {shelf.aisle!r}")
            elif shelf.aisle in seen:
                yield Mistake(
                    WALLS, f"{place}.aisle", f"expected each aisle once, found {shelf.aisle!r} again"
                )
            seen.add(shelf.aisle)
            yield from _of_facings(content, wall, shelf, place, products)


def _of_facings(
    content: Content, wall: Wall, shelf: Shelf, place: str, products: dict[str, Product]
) -> Iterator[Mistake]:
    """Every facing names a product that is sold wherever the wall hangs."""
    sold = {seller.merchant.key: set(seller.groups) for seller in content.sellers}
    seen: set[str] = set()
    for index, gtin in enumerate(shelf.facings):
        path = f"{place}.facings[{index}]"
        product = products.get(gtin)
        if product is None:
            yield Mistake(WALLS, path, f"expected a GTIN of a feed, found {gtin!r}")
            continue
        if product.aisle != shelf.aisle:
            yield Mistake(
                WALLS, path, f"expected a product of {shelf.aisle!r}, {gtin} is in {product.aisle!r}"
            )
        if gtin in seen:
            yield Mistake(WALLS, path, f"expected each product once, found {gtin} again")
        seen.add(gtin)
        only = sold.get(product.merchant, set())
        if only and (not wall.groups or not set(wall.groups) <= only):
            where = ", ".join(sorted(only))
            rule = f"expected a product sold wherever this wall hangs; {gtin} is sold at {where} alone"
            yield Mistake(WALLS, path, rule)


def _of_offers(content: Content, known: set[str]) -> Iterator[Mistake]:
    yield from _once(OFFERS, "offers", (rule.key for rule in content.offers))
    names = {
        "merchants": {OWN, *(seller.merchant.key for seller in content.sellers)},
        "aisles": {aisle.key for aisle in content.store.aisles},
        "gtins": {product.gtin for product in content.products},
    }
    for index, rule in enumerate(content.offers):
        yield from unknown_groups(OFFERS, f"offers[{index}].scope", rule.scope.groups, known)
        for what, there in names.items():
            for number, key in enumerate(getattr(rule.scope, what)):
                if key not in there:
                    place = f"offers[{index}].scope.{what}[{number}]"
                    yield Mistake(OFFERS, place, f"expected one that is there, found {key!r}")


def _of_colours(content: Content, known: set[str]) -> Iterator[Mistake]:
    yield from _once(THEMES, "themes", (theme.key for theme in content.themes))
    aisles = {aisle.key for aisle in content.store.aisles}
    for index, aisle in enumerate(content.store.aisles):
        yield from contrast_mistakes(STORE, f"aisles[{index}]", aisle.background, aisle.accent)
    for index, theme in enumerate(content.themes):
        yield from unknown_groups(THEMES, f"themes[{index}]", theme.groups, known)
        for key, colours in theme.aisles.items():
            place = f"themes[{index}].aisles.{key}"
            if key not in aisles:
                yield Mistake(THEMES, place, f"expected an aisle of {STORE}, found {key!r}")
            yield from contrast_mistakes(THEMES, place, colours.background, colours.accent)
