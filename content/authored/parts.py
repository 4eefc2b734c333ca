"""Content as small pieces of bytes, so that a small change of it changes little of what kiosks fetch.

What products are and what they cost lie in different parts, both cut by GTIN: one changed price changes one part of a
few kilobytes among thousands of products. The order of an aisle is a part of its own, as is each wall.

    store, sellers, places     the store's facts; merchants; lines and groups
    offers, themes             the operator's offers; colours
    lists                      price lists by key, with their groups
    order/AISLE                GTINs of an aisle, in shelf order
    products/XXX               what products are, without price, by GTIN
    prices/LIST/XXX            what they cost: "feed" is what feeds say, others are price lists
    walls/KEY                  one wall
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from content.authored.checks import mistakes_in
from content.authored.mistakes import ContentError, Mistake
from content.authored.model import Content, Group, Line, OfferRule, Price, PriceList, Seller, Theme, Wall
from content.model import Availability, Product, Store
from content.money import Money

FORMAT: Final = 1
FEED: Final = "feed"  # the prices the feeds say; price lists have keys of their own
PER_PART: Final = (
    64  # products, about: a part of prices is then some 3 kB, one of products 30 kB before compression
)
_encode: Final = msgspec.msgpack.Encoder().encode
_T = TypeVar("_T")


class _Head(Struct, frozen=True):
    format: int
    cut: int  # bits of a GTIN's checksum that tell its part
    store: Store
    walls: tuple[str, ...]


class _Places(Struct, frozen=True):
    lines: tuple[Line, ...]
    groups: tuple[Group, ...]


class _List(Struct, frozen=True):
    key: str
    groups: tuple[str, ...]


def to_parts(content: Content) -> dict[str, bytes]:
    """The content as named parts, sorted by name. The same content always gives the same bytes."""
    cut = max(0, (len(content.products) // PER_PART).bit_length())
    parts = {
        "store": _encode(_Head(FORMAT, cut, content.store, tuple(wall.key for wall in content.walls))),
        "places": _encode(_Places(content.lines, content.groups)),
        "sellers": _encode(content.sellers),
        "offers": _encode(content.offers),
        "themes": _encode(content.themes),
        "lists": _encode([_List(each.key, each.groups) for each in content.lists]),
    }
    for wall in content.walls:
        parts[f"walls/{wall.key}"] = _encode(wall)
    for aisle, gtins in _orders(content.products).items():
        parts[f"order/{aisle}"] = _encode(gtins)
    facts = ((product.gtin, _facts(product)) for product in content.products)
    parts |= _cut("products", facts, cut)
    parts |= _cut(f"prices/{FEED}", ((each.gtin, _price(each)) for each in content.products), cut)
    for each in content.lists:
        parts |= _cut(f"prices/{each.key}", ((price.gtin, price) for price in each.prices), cut)
    return dict(sorted(parts.items()))


def _orders(products: Iterable[Product]) -> dict[str, list[str]]:
    orders: dict[str, list[str]] = {}
    for product in products:
        orders.setdefault(product.aisle, []).append(product.gtin)
    return orders


def _facts(product: Product) -> Product:
    """The product without what its price part says."""
    return msgspec.structs.replace(
        product,
        price=Money(0, product.price.currency),
        sale=None,
        offer=None,
        availability=Availability.IN_STOCK,
    )


def _price(product: Product) -> Price:
    return Price(
        gtin=product.gtin, price=product.price, sale=product.sale, offer=product.offer,
        availability=product.availability,
    )  # fmt: skip


def _cut(folder: str, rows: Iterable[tuple[str, object]], cut: int) -> dict[str, bytes]:
    """Rows by GTIN in parts of a folder, each sorted; a part's name says nothing but the checksum of its GTINs."""
    cuts: dict[int, list[tuple[str, object]]] = {}
    mask = (1 << cut) - 1
    for gtin, row in rows:
        cuts.setdefault(zlib.crc32(gtin.encode()) & mask, []).append((gtin, row))
    return {
        f"{folder}/{number:03x}": _encode([row for _, row in sorted(there, key=lambda each: each[0])])
        for number, there in cuts.items()
    }


# --- back ----------------------------------------------------------------------------------------------------------


def from_parts(parts: Mapping[str, bytes]) -> Content:
    """The content that made these parts. Raises ContentError where they are not the whole of one, or it is wrong."""
    left = dict(parts)
    head = _take(left, "store", _Head)
    if head.format != FORMAT:
        raise _wrong(
            "store", f"expected format {FORMAT}, found {head.format}: it needs another version of Endcap"
        )
    places = _take(left, "places", _Places)
    sellers = _take(left, "sellers", tuple[Seller, ...])
    heads = _take(left, "lists", tuple[_List, ...])
    offers = _take(left, "offers", tuple[OfferRule, ...])
    themes = _take(left, "themes", tuple[Theme, ...])
    walls = tuple(_take(left, f"walls/{key}", Wall) for key in head.walls)
    prices = {each.gtin: each for each in _rows(left, f"prices/{FEED}/", list[Price])}
    facts = {each.gtin: each for each in _rows(left, "products/", list[Product])}
    products = tuple(
        _joined(facts.pop(gtin, None), prices.pop(gtin, None), gtin)
        for aisle in head.store.aisles
        if f"order/{aisle.key}" in left
        for gtin in _take(left, f"order/{aisle.key}", tuple[str, ...])
    )
    lists = tuple(
        PriceList(
            key=each.key, groups=each.groups,
            prices=tuple(sorted(_rows(left, f"prices/{each.key}/", list[Price]), key=lambda price: price.gtin)),
        )
        for each in heads
    )  # fmt: skip
    if left:
        raise _wrong(min(left), "expected no such part: it needs another version of Endcap")
    if facts or prices:
        raise _wrong("products", f"expected {min([*facts, *prices])} to stand in the order of an aisle")
    content = Content(
        store=head.store, products=products, lines=places.lines, groups=places.groups, sellers=sellers,
        lists=lists, walls=walls, offers=offers, themes=themes,
    )  # fmt: skip
    if mistakes := tuple(mistakes_in(content)):
        raise ContentError(mistakes)
    return content


def _take(parts: dict[str, bytes], name: str, kind: type[_T]) -> _T:
    data = parts.pop(name, None)
    if data is None:
        raise _wrong(name, "expected this part, found none")
    try:
        found: _T = msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _wrong(name, f"damaged: {error}") from error
    return found


def _rows(parts: dict[str, bytes], folder: str, kind: type[list[_T]]) -> list[_T]:
    names = sorted(name for name in parts if name.startswith(folder))
    return [row for name in names for row in _take(parts, name, kind)]


def _joined(facts: Product | None, price: Price | None, gtin: str) -> Product:
    if facts is None or price is None or price.price is None:
        raise _wrong(
            "products", f"expected what {gtin} is and costs, found {'no price' if facts else 'nothing'}"
        )
    return msgspec.structs.replace(
        facts, price=price.price, sale=price.sale, offer=price.offer,
        availability=price.availability or Availability.IN_STOCK,
    )  # fmt: skip


def _wrong(part: str, rule: str) -> ContentError:
    return ContentError((Mistake(part, "", rule),))
