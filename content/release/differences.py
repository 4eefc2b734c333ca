"""What changes for a commuter from one content to another: prices, offers, what stands where, adverts, languages. Pure.

Prices are compared as they are paid: the feed's, and each price list's wherever it says something of its own. Facings
are compared wall by wall, in order and not by number: one product more does not move all that stand behind it. Moments are
told in the store's own time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from difflib import SequenceMatcher
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from content.authored.model import Content, Price, Wall
from content.model import Product, text_in
from content.money import Money
from content.release.offer_words import money, offer, rule

_OWN_WORDS: Final = {"store", "products", "lines", "groups", "sellers", "lists", "walls", "offers", "themes"}
_TOLD_APART: Final = {"names", "adverts", "languages", "version", "playlists", "ticker"}


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that changes. `kind` is one of KINDS; `key` a GTIN, or the key of what changes; `scope` the price list or
    wall it is about, "" for everybody; `before` and `after` in words, "" where there is none."""

    kind: str
    key: str
    name: str
    scope: str = ""
    before: str = ""
    after: str = ""


# Kinds in the order they are told, and how.
KINDS: Final = {
    "price up": "Prices that go up",
    "price down": "Prices that go down",
    "offer begins": "Offers that begin",
    "offer changes": "Offers that change",
    "offer ends": "Offers that end",
    "product new": "New products",
    "product gone": "Products no longer sold",
    "availability": "Availability",
    "product told": "Products that are told or pictured otherwise",
    "facing new": "New on a wall",
    "facing moved": "Moved on a wall",
    "facing gone": "Gone from a wall",
    "wall": "Walls",
    "advert new": "New adverts",
    "advert changes": "Adverts that change",
    "advert gone": "Adverts that end",
    "playlist": "Playlists",
    "ticker": "The station operator's line",
    "theme": "Themes",
    "language new": "Languages added",
    "language gone": "Languages no longer spoken",
    "merchant": "Merchants",
    "price list": "Price lists",
    "place": "Lines and groups of kiosks",
    "store": "Facts of the store",
}


def differences(before: Content, after: Content) -> list[Change]:
    """All that changes, by kind as in KINDS, then by scope and key."""
    name = _names(before, after)
    found = [
        *_products(before, after, name),
        *_lists(before, after, name),
        *_rules(before, after),
        *_walls(before, after, name),
        *_keyed("advert", {a.key: a for a in before.store.adverts}, {a.key: a for a in after.store.adverts}),
        *_languages(before, after),
        *_merchants(before, after),
        *_any("theme", {each.key: each for each in before.themes}, {each.key: each for each in after.themes}),
        *_shown(before, after),
        *_places(before, after),
        *_store(before, after),
    ]
    order = {kind: index for index, kind in enumerate(KINDS)}
    return sorted(found, key=lambda each: (order[each.kind], each.scope, each.key))


def told(change: Change) -> str:
    """A change in one line of plain words."""
    where = f" [{change.scope}]" if change.scope else ""
    words = f"{change.name}{where}"
    if change.before and change.after:
        return f"{words}: {change.before} -> {change.after}"
    return f"{words}: {change.before or change.after}" if change.before or change.after else words


def _names(before: Content, after: Content) -> Callable[[str], str]:
    known = {product.gtin: product for content in (before, after) for product in content.products}
    language = after.store.languages[0].tag if after.store.languages else "en"

    def name(gtin: str) -> str:
        product = known.get(gtin)
        if product is None:
            return gtin
        brand = f"{product.brand} " if product.brand else ""
        return f"{brand}{text_in(product.names, language)} ({gtin})"

    return name


def _products(before: Content, after: Content, name: Callable[[str], str]) -> Iterator[Change]:
    old = {product.gtin: product for product in before.products}
    new = {product.gtin: product for product in after.products}
    zone = ZoneInfo(after.store.timezone)
    for gtin in old.keys() - new.keys():
        yield Change(kind="product gone", key=gtin, name=name(gtin), before=money(old[gtin].price))
    for gtin in new.keys() - old.keys():
        yield Change(kind="product new", key=gtin, name=name(gtin), after=money(new[gtin].price))
    for gtin in old.keys() & new.keys():
        was, is_ = old[gtin], new[gtin]
        yield from _prices(gtin, name(gtin), "", was.price, is_.price)
        yield from _offers(gtin, name(gtin), "", offer(was, zone), offer(is_, zone))
        yield from _available(gtin, name(gtin), "", was.availability.value, is_.availability.value)
        if changed := _other_facts(was, is_):
            yield Change(kind="product told", key=gtin, name=name(gtin), after=", ".join(changed))


_SAID: Final = {"price", "sale", "offer", "availability", "facing", "gtin"}


def _other_facts(was: Product, is_: Product) -> list[str]:
    return [
        each
        for each in Product.__struct_fields__
        if each not in _SAID and getattr(was, each) != getattr(is_, each)
    ]


def _prices(gtin: str, name: str, scope: str, was: Money, is_: Money) -> Iterator[Change]:
    if was == is_:
        return
    up = was.currency != is_.currency or was < is_
    yield Change(
        kind="price up" if up else "price down",
        key=gtin,
        name=name,
        scope=scope,
        before=money(was),
        after=money(is_),
    )


def _offers(gtin: str, name: str, scope: str, was: str, is_: str) -> Iterator[Change]:
    if was == is_:
        return
    kind = "offer changes" if was and is_ else "offer begins" if is_ else "offer ends"
    yield Change(kind=kind, key=gtin, name=name, scope=scope, before=was, after=is_)


def _available(gtin: str, name: str, scope: str, was: str, is_: str) -> Iterator[Change]:
    if was != is_:
        yield Change(
            kind="availability", key=gtin, name=name, scope=scope,
            before=was.replace("_", " "), after=is_.replace("_", " "),
        )  # fmt: skip


def _lists(before: Content, after: Content, name: Callable[[str], str]) -> Iterator[Change]:
    """Prices of price lists, against the feed's where only one of the two contents says one."""
    old = {each.key: each for each in before.lists}
    new = {each.key: each for each in after.lists}
    zone = ZoneInfo(after.store.timezone)
    of_feed = [{product.gtin: product for product in content.products} for content in (before, after)]
    for key in sorted(old.keys() | new.keys()):
        if key not in old or key not in new:
            word = "new" if key in new else "gone"
            yield Change(kind="price list", key=key, name=key, after=word)
        elif old[key].groups != new[key].groups:
            yield Change(
                kind="price list",
                key=key,
                name=key,
                before=_groups(old[key].groups),
                after=_groups(new[key].groups),
            )
        was = {price.gtin: price for price in old[key].prices} if key in old else {}
        is_ = {price.gtin: price for price in new[key].prices} if key in new else {}
        for gtin in sorted(was.keys() | is_.keys()):
            yield from _listed(
                gtin,
                name(gtin),
                key,
                _paid(of_feed[0].get(gtin), was),
                _paid(of_feed[1].get(gtin), is_),
                zone,
            )


def _listed(
    gtin: str, name: str, scope: str, was: Price | None, is_: Price | None, zone: tzinfo
) -> Iterator[Change]:
    if was is None or is_ is None or was.price is None or is_.price is None:
        return  # the product is new or gone, which is told already
    yield from _prices(gtin, name, scope, was.price, is_.price)
    yield from _offers(gtin, name, scope, offer(was, zone), offer(is_, zone))
    if was.availability and is_.availability:
        yield from _available(gtin, name, scope, was.availability.value, is_.availability.value)


def _paid(product: Product | None, prices: dict[str, Price]) -> Price | None:
    """What a product costs by a list; where the list has no price of it, as the feed says."""
    if product is None:
        return None
    said = prices.get(product.gtin)
    of_list = said is not None and said.price is not None
    source: Product | Price = said if said is not None and of_list else product
    return Price(
        gtin=product.gtin, price=source.price, sale=source.sale, offer=source.offer,
        availability=(said.availability if said else None) or product.availability,
    )  # fmt: skip


def _rules(before: Content, after: Content) -> Iterator[Change]:
    """Offers of many products at once, by their keys."""
    zone = ZoneInfo(after.store.timezone)
    old = {each.key: each for each in before.offers}
    new = {each.key: each for each in after.offers}
    for key in old.keys() | new.keys():
        name = text_in(new[key].names if key in new else old[key].names, "en") or key
        was = rule(old[key], zone) if key in old else ""
        is_ = rule(new[key], zone) if key in new else ""
        yield from _offers(key, name, "", was, is_)
        if was == is_ and old[key] != new[key]:
            yield Change(kind="offer changes", key=key, name=name, after="its names")


def _walls(before: Content, after: Content, name: Callable[[str], str]) -> Iterator[Change]:
    old = {wall.key: wall for wall in before.walls}
    new = {wall.key: wall for wall in after.walls}
    for key in sorted(old.keys() ^ new.keys()):
        yield Change(kind="wall", key=key, name=key, after="new" if key in new else "gone")
    for key in sorted(old.keys() & new.keys()):
        if (old[key].groups, old[key].orientation) != (new[key].groups, new[key].orientation):
            yield Change(kind="wall", key=key, name=key, before=_hangs(old[key]), after=_hangs(new[key]))
        yield from _facings(key, _places_on(before, old[key]), _places_on(after, new[key]), name)
    if not old and not new:
        yield from _facings("", _places_on(before, None), _places_on(after, None), name)


def _places_on(content: Content, wall: Wall | None) -> list[str]:
    """The GTINs of a wall in order; without a wall, all aisle by aisle."""
    aisles: dict[str, list[str]] = {aisle.key: [] for aisle in content.store.aisles}
    for product in content.products:
        aisles.setdefault(product.aisle, []).append(product.gtin)
    if wall is None:
        return [gtin for aisle in aisles.values() for gtin in aisle]
    placed: dict[str, None] = {}
    for shelf in wall.shelves:
        there = aisles.get(shelf.aisle, [])
        on_it = set(there)
        placed |= dict.fromkeys(gtin for gtin in shelf.facings if gtin in on_it)
        placed |= dict.fromkeys(there if shelf.rest else ())
    return list(placed)


def _facings(scope: str, old: list[str], new: list[str], name: Callable[[str], str]) -> Iterator[Change]:
    was = {gtin: f"facing {index}" for index, gtin in enumerate(old, 1)}
    is_ = {gtin: f"facing {index}" for index, gtin in enumerate(new, 1)}
    for gtin in was.keys() - is_.keys():
        yield Change(kind="facing gone", key=gtin, name=name(gtin), scope=scope, before=was[gtin])
    for gtin in is_.keys() - was.keys():
        yield Change(kind="facing new", key=gtin, name=name(gtin), scope=scope, after=is_[gtin])
    both_old, both_new = [gtin for gtin in old if gtin in is_], [gtin for gtin in new if gtin in was]
    if both_old == both_new:
        return
    stayed: set[str] = set()
    for block in SequenceMatcher(None, both_old, both_new, autojunk=False).get_matching_blocks():
        stayed.update(both_old[block.a : block.a + block.size])
    for gtin in both_new:
        if gtin not in stayed:
            yield Change(
                kind="facing moved", key=gtin, name=name(gtin), scope=scope, before=was[gtin], after=is_[gtin]
            )


def _keyed(what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for key in old.keys() | new.keys():
        if key not in old:
            yield Change(kind=f"{what} new", key=key, name=key)
        elif key not in new:
            yield Change(kind=f"{what} gone", key=key, name=key)
        elif old[key] != new[key]:
            changed = [
                each
                for each in new[key].__struct_fields__
                if getattr(old[key], each) != getattr(new[key], each)
            ]
            yield Change(kind=f"{what} changes", key=key, name=key, after=", ".join(changed))


def _languages(before: Content, after: Content) -> Iterator[Change]:
    old = {each.tag: each.name for each in before.store.languages}
    new = {each.tag: each.name for each in after.store.languages}
    for tag in old.keys() - new.keys():
        yield Change(kind="language gone", key=tag, name=f"{old[tag]} ({tag})")
    for tag in new.keys() - old.keys():
        yield Change(kind="language new", key=tag, name=f"{new[tag]} ({tag})")


def _shown(before: Content, after: Content) -> Iterator[Change]:
    """When adverts are played, and what the station operator's line says."""
    old, new = before.store, after.store
    yield from _any(
        "playlist", {each.key: each for each in old.playlists}, {each.key: each for each in new.playlists}
    )
    lines = [{each.key: each for each in (of.ticker.lines if of.ticker else ())} for of in (old, new)]
    yield from _any("ticker", lines[0], lines[1])
    if lines[0] == lines[1] and old.ticker != new.ticker:
        yield Change(kind="ticker", key="", name="its place on the glass", after="changes")


def _merchants(before: Content, after: Content) -> Iterator[Change]:
    old = {each.merchant.key: each for each in before.sellers}
    new = {each.merchant.key: each for each in after.sellers}
    yield from _any("merchant", old, new)


def _places(before: Content, after: Content) -> Iterator[Change]:
    for what in ("lines", "groups"):
        old = {each.key: each for each in getattr(before, what)}
        new = {each.key: each for each in getattr(after, what)}
        yield from _any("place", old, new)


def _any(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for key in old.keys() | new.keys():
        if old.get(key) != new.get(key):
            word = "changes" if key in old and key in new else "new" if key in new else "gone"
            yield Change(kind=kind, key=key, name=key, after=word)


def _store(before: Content, after: Content) -> Iterator[Change]:
    """Whatever else the store says, field by field: what is new in the model is told without a word here."""
    if before.store.names != after.store.names:
        yield Change(
            kind="store", key="names", name="the store's name",
            before=text_in(before.store.names, "en"), after=text_in(after.store.names, "en"),
        )  # fmt: skip
    for each in after.store.__struct_fields__:
        if each not in _TOLD_APART and getattr(before.store, each) != getattr(after.store, each):
            yield Change(kind="store", key=each, name=each.replace("_", " "), after="changes")
    for each in Content.__struct_fields__:
        if each not in _OWN_WORDS and getattr(before, each) != getattr(after, each):
            yield Change(kind="store", key=each, name=each.replace("_", " "), after="changes")


def _hangs(wall: Wall) -> str:
    return f"{_groups(wall.groups)}{f', {wall.orientation}' if wall.orientation else ''}"


def _groups(groups: Iterable[str]) -> str:
    return ", ".join(groups) or "everywhere"
