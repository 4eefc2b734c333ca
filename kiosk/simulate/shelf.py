"""What simulated people buy: a few shelves of the demo's store, with its GTINs, so that pages can name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shelved:
    """A product on the wall. `price_minor` in CURRENCY."""

    gtin: str
    name: str
    price_minor: int
    facing: int


CURRENCY: Final = "EUR"
VERSION: Final = "simulated"  # of the prices
ADVERTS: Final = ("breakfast", "dinner", "flowers")
ADVERT_MS: Final = 8_000  # how long each is shown

AISLES: Final[dict[str, tuple[Shelved, ...]]] = {
    "fruit-veg": (
        Shelved("09521100100113", "Gala apples", 249, 1),
        Shelved("09521100100311", "Fair-trade bananas", 199, 3),
        Shelved("09521100100717", "Strawberries", 349, 7),
        Shelved("09521100101318", "Ready-to-eat avocados", 249, 13),
        Shelved("09521100101813", "Cucumber", 89, 18),
        Shelved("09521100102216", "Washed baby spinach", 199, 25),
    ),
    "bakery": (
        Shelved("09521101500127", "Butter croissant", 129, 1),
        Shelved("09521101500226", "Almond croissant", 189, 2),
        Shelved("09521101500325", "Chocolate croissant", 159, 3),
        Shelved("09521101500424", "Traditional baguette", 149, 4),
    ),
}
