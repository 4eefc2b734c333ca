"""What a product's page shows, as plain values: no request, no database, no clock."""

from __future__ import annotations

from msgspec import Struct

from content import pricing
from content.gtin import gtin14
from content.model import Availability, Product
from content.money import Money
from fleet.shop.ratings import Rating
from fleet.web.shop.cards import badge_text, per_text, picture_of
from fleet.web.words import Words

MOST: int = 20  # pieces in one order, as at the wall
NOT_RATED = Rating()


class Amount(Struct, frozen=True):
    """One line of the nutrition table; `inner` for what is part of the line before."""

    name: str
    value: str
    inner: bool


class ProductPage(Struct, frozen=True, kw_only=True):
    """A product with a quantity, ready to be read."""

    gtin: str
    name: str
    brand: str
    size: str
    picture: str  # its address without a width, "" where there is none
    price: str
    before: str
    badge: str
    per: str
    description: str
    ingredients: str
    allergens: str
    nutrition: tuple[Amount, ...]
    storage: str
    facts: tuple[tuple[str, str], ...]
    age_min: int
    available: bool
    recall: str  # why it was taken off sale, and what its operator says of it; "" where it was not
    quantity: int
    total: Money
    saved: str
    stars: int  # tenths of a star, 0 where nobody has rated it
    rating: str


def quantity_of(text: str) -> int:
    """What somebody wants, brought into 1 to MOST; 1 for what is no number."""
    return min(MOST, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def most_of(product: Product, now: int) -> int:
    """How many pieces of a product an order may hold at `now`."""
    limit = pricing.limit_at(product, now)
    return MOST if limit is None else min(MOST, limit)


def gtin_14(text: str) -> str | None:
    """A GTIN of 8, 12, 13 or 14 digits with 14, None where it is none or its check digit is wrong (GS1 7.9)."""
    try:
        return gtin14(text)
    except ValueError:
        return None


def product_page(
    product: Product, quantity: int, say: Words, now: int, rating: Rating = NOT_RATED, edition: int = 0
) -> ProductPage:
    """A product as its page shows it at `now` (Unix seconds)."""
    before = pricing.price_before(product, now)
    saved = pricing.line_saved(product, quantity, now)
    return ProductPage(
        gtin=product.gtin,
        name=say.text(product.names),
        brand=product.brand,
        size=say.measure(product.size),
        picture=picture_of(product, edition),
        price=say.money(pricing.price_at(product, now)),
        before=say.money(before) if before else "",
        badge=badge_text(product, say, now),
        per=per_text(product, say, now),
        description=say.text(product.descriptions),
        ingredients=say.text(product.ingredients),
        allergens=_joined([say(f"allergen.{key}") for key in product.allergens], say),
        nutrition=tuple(_amount(key, value, say) for key, value in product.nutrition),
        storage=say(f"storage.{product.storage}") if product.storage else "",
        facts=tuple(_facts(product, say)),
        age_min=product.age_min,
        available=product.availability is not Availability.OUT_OF_STOCK,
        recall=" ".join((say("product.recalled"), say.text(product.recall.texts))).strip()
        if product.recall
        else "",
        quantity=quantity,
        total=pricing.line_total(product, quantity, now),
        saved=say("product.saved", say.money(saved)) if saved else "",
        stars=rating.tenths,
        rating=say("product.rating", say.number(rating.tenths * 100), rating.count) if rating.count else "",
    )


def _amount(key: str, thousandths: int, say: Words) -> Amount:
    unit = {"energy_kj": "kJ", "energy_kcal": "kcal"}.get(key, "g")
    return Amount(
        say(f"nutrition.{key}"), f"{say.number(thousandths)} {unit}", key in ("saturates", "sugars")
    )


def _facts(product: Product, say: Words) -> list[tuple[str, str]]:
    facts = [("brand", product.brand), ("size", say.measure(product.size))]
    if product.origin:
        facts.append(("origin", say.country(product.origin)))
    facts.append(("gtin", product.gtin))
    return [(say(f"fact.{key}"), value) for key, value in facts if value]


def _joined(parts: list[str], say: Words) -> str:
    return {"zh": "、", "ar": "، "}.get(say.language, ", ").join(parts)
