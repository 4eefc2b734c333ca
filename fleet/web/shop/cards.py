"""Products as they stand in a list: front, aisle, search, neighbours. Plain values."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from content import pricing
from content.model import Availability, Product
from content.money import Money
from fleet.web.words import Words


class Card(Struct, frozen=True, kw_only=True):
    """A product in a list. `href` leads to its page, "" `picture` where it has none."""

    href: str
    name: str
    brand: str
    size: str
    price: str
    before: str
    badge: str
    per: str
    picture: str
    available: bool
    recalled: bool


def badge_text(product: Product, say: Words, now: int) -> str:
    """The words of a product's badge, "" where it has none."""
    key, args = pricing.badge(product, now)
    if key == "multi-buy":
        return say("badge.multi-buy", args[0], say.money(Money(args[1], product.price.currency)))
    return say(f"badge.{key}", *args) if key else ""


def per_text(product: Product, say: Words, now: int) -> str:
    """The unit price in words, "" where sizes are not comparable, or where it would say the price of one piece again."""
    unit_price = pricing.unit_price(product, now)
    if product.size == product.unit_base and product.size is not None and product.size.unit == "ct":
        return ""
    if unit_price is None or product.unit_base is None:
        return ""
    return say("product.per", say.money(unit_price), say.apart(say.per(product.unit_base)))


def page_of(stem: str, gtin: str, say: Words) -> str:
    """The address of a product's page, from a place of a wall or from none."""
    return f"{stem}/01/{gtin}?lang={say.language}" if stem else f"/p/{gtin}?lang={say.language}"


def picture_of(product: Product, edition: int) -> str:
    """The address of its picture without a width; the edition lets browsers keep it."""
    return f"/picture/{product.gtin}?v={edition}" if product.picture else ""


def card(product: Product, stem: str, say: Words, now: int, edition: int) -> Card:
    """A product in a list at `now` (Unix seconds)."""
    before = pricing.price_before(product, now)
    return Card(
        href=page_of(stem, product.gtin, say), name=say.text(product.names), brand=product.brand,
        size=say.measure(product.size), price=say.money(pricing.price_at(product, now)),
        before=say.money(before) if before else "", badge=badge_text(product, say, now),
        per=per_text(product, say, now), picture=picture_of(product, edition),
        available=product.availability is not Availability.OUT_OF_STOCK, recalled=product.recall is not None,
    )  # fmt: skip


def changes_ms(products: Iterable[Product], now: int) -> int | None:
    """When the first price among them changes by itself (Unix ms); None for never."""
    moments = [at for product in products if (at := pricing.next_change(product, now)) is not None]
    return min(moments) * 1000 if moments else None
