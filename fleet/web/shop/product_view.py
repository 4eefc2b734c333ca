"""What a product's page shows, as plain values: no request, no database, no clock."""

from __future__ import annotations

from msgspec import Struct

from content import pricing
from content.model import Availability, Product
from content.money import Money
from fleet.web.words import Words

MOST: int = 20  # pieces in one order, as at the wall


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
    picture: bool
    price: str
    before: str
    badge: str
    per: str
    description: str
    ingredients: str
    allergens: str
    nutrition: tuple[Amount, ...]
    facts: tuple[tuple[str, str], ...]
    age_min: int
    available: bool
    quantity: int
    total: Money
    saved: str


def quantity_of(text: str) -> int:
    """What somebody wants, brought into 1 to MOST; 1 for what is no number."""
    return min(MOST, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def gtin_14(text: str) -> str | None:
    """A GTIN of 8, 12, 13 or 14 digits with 14, None where it is none or its check digit is wrong (GS1 7.9)."""
    if not (text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14)):
        return None
    digits = [int(char) for char in text.zfill(14)]
    weighted = sum(digit * (1 if place % 2 else 3) for place, digit in enumerate(digits[:13]))
    return text.zfill(14) if digits[13] == -weighted % 10 else None


def product_page(product: Product, quantity: int, say: Words, now: int) -> ProductPage:
    """A product as its page shows it at `now` (Unix seconds)."""
    before = pricing.price_before(product, now)
    unit_price = pricing.unit_price(product, now)
    saved = pricing.line_saved(product, quantity, now)
    base = say.apart(pricing.measure_text(product.unit_base))
    return ProductPage(
        gtin=product.gtin,
        name=say.text(product.names),
        brand=product.brand,
        size=pricing.measure_text(product.size),
        picture=bool(product.picture),
        price=say.money(pricing.price_at(product, now)),
        before=say.money(before) if before else "",
        badge=_badge(product, say, now),
        per=say("product.per", say.money(unit_price), base) if unit_price else "",
        description=say.text(product.descriptions),
        ingredients=say.text(product.ingredients),
        allergens=_joined([say(f"allergen.{key}") for key in product.allergens], say),
        nutrition=tuple(_amount(key, value, say) for key, value in product.nutrition),
        facts=tuple(_facts(product, say)),
        age_min=product.age_min,
        available=product.availability is not Availability.OUT_OF_STOCK,
        quantity=quantity,
        total=pricing.line_total(product, quantity, now),
        saved=say("product.saved", say.money(saved)) if saved else "",
    )


def _badge(product: Product, say: Words, now: int) -> str:
    key, args = pricing.badge(product, now)
    if key == "multi-buy":
        return say("badge.multi-buy", args[0], say.money(Money(args[1], product.price.currency)))
    return say(f"badge.{key}", *args) if key else ""


def _amount(key: str, thousandths: int, say: Words) -> Amount:
    unit = {"energy_kj": "kJ", "energy_kcal": "kcal"}.get(key, "g")
    return Amount(
        say(f"nutrition.{key}"), f"{say.number(thousandths)} {unit}", key in ("saturates", "sugars")
    )


def _facts(product: Product, say: Words) -> list[tuple[str, str]]:
    facts = [("brand", product.brand), ("size", pricing.measure_text(product.size))]
    if product.origin:
        facts.append(("origin", say.country(product.origin)))
    if product.storage:
        facts.append(("storage", say(f"storage.{product.storage}")))
    facts.append(("gtin", product.gtin))
    return [(say(f"fact.{key}"), value) for key, value in facts if value]


def _joined(parts: list[str], say: Words) -> str:
    return {"zh": "、", "ar": "، "}.get(say.language, ", ").join(parts)
