"""A product as it stands on the shelf: price of the moment, badge, and the QR that opens it on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from content import pricing
from content.model import Availability, Product, text_in
from kiosk.core.settings import Place
from kiosk.core.terms import Links
from kiosk.views import Facing

UNSURE_MS: Final = 60_000
LONGEST_MS: Final = 3_600_000
SIGNED_MS: Final = 6 * 3_600_000  # a signed link counts for days: content.links.LIFE_DAYS


def facing_of(
    product: Product, language: str, now: int | None, place: Place, links: Links | None = None
) -> Facing:
    """What to draw for a product in `language` at `now` (Unix seconds; None where the clock is not trusted)."""
    links = links or Links(base=place.host, kiosk=place.kiosk)
    badge, args = ("recalled", ()) if product.recall is not None else pricing.badge(product, now)
    unit_price = pricing.unit_price(product, now)
    return Facing(
        facing=product.facing,
        gtin=product.gtin,
        name=text_in(product.names, language),
        brand=product.brand,
        price=pricing.price_at(product, now),
        was=pricing.price_before(product, now),
        unit_price=unit_price,
        unit_base=pricing.measure_text(product.unit_base) if unit_price is not None else "",
        size=pricing.measure_text(product.size),
        badge=badge,
        badge_args=args,
        picture=picture_of(product, place),
        qr=links.product(product.facing, product.gtin, now),
        available=product.availability is not Availability.OUT_OF_STOCK,
    )


def fresh_ms(products: Sequence[Product], wall_ms: int, *, trusted: bool, signed: bool = False) -> int:
    """For how long the facings of products are true, in milliseconds; 0 where nothing on them changes by itself.

    A clock that is not trusted may be set at any moment, and one that is may be corrected: see UNSURE_MS, LONGEST_MS.
    `signed`: their links have a last day.
    """
    if not any(pricing.timed(product) for product in products):
        return (SIGNED_MS if trusted else UNSURE_MS) if signed else 0
    if not trusted:
        return UNSURE_MS
    changes = [
        at for product in products if (at := pricing.next_change(product, wall_ms // 1000)) is not None
    ]
    if not changes:
        return SIGNED_MS if signed else 0
    return min(LONGEST_MS, max(1, min(changes) * 1000 - wall_ms))


def picture_of(product: Product, place: Place) -> str:
    """The absolute path of its picture; "" where there is none."""
    return f"{place.pictures.rstrip('/')}/{product.picture}" if product.picture else ""
