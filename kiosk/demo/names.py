"""What products and aisles are called, and what a code on the glass means, in words for the person at the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from content.store import OpenStore

_DIGITAL_LINK = re.compile(r"/01/(\d{14})\b")
_BASKET = re.compile(r"/b/\d+\Z")
_FRONT = re.compile(r"/[^/]+/[0-9a-z-]+/shop\Z")


@dataclass(frozen=True)
class Names:
    """English names, by GTIN-14 and by the aisle's key; what is not known goes by its number."""

    products: dict[str, str] = field(default_factory=dict)
    aisles: dict[str, str] = field(default_factory=dict)

    def product(self, gtin: str) -> str:
        """A product's name."""
        return self.products.get(gtin, gtin)

    def aisle(self, key: str) -> str:
        """An aisle's name."""
        return self.aisles.get(key, key)


def names_of(store: Path) -> Names:
    """All names of the store in that folder."""
    with OpenStore(store) as shop:
        aisles = {aisle.key: aisle.names.get("en", aisle.key) for aisle in shop.store.aisles}
        products = {
            product.gtin: product.names.get("en", product.gtin)
            for key in aisles
            for product in shop.shelf(key, 0, shop.count(key))
        }
    return Names(products, aisles)


@dataclass(frozen=True)
class Explained:
    """A code: what it says, what a phone would do with it, and where that leads ("" where nowhere)."""

    text: str
    title: str
    href: str = ""


def explain(code: str, names: Names, fleet: str, bank: str) -> Explained:
    """What a phone makes of a code. `fleet` and `bank` are the origins of their pages, without a slash at the end."""
    low = code.lower()
    link = _DIGITAL_LINK.search(code)
    if low.startswith(fleet.lower() + "/") and link:
        return Explained(code, f"{names.product(link[1])}: buy it on a phone", code)
    if low.startswith(fleet.lower() + "/") and _BASKET.search(low):
        return Explained(code, "This basket: take it along on a phone", code)
    if low.startswith(fleet.lower() + "/") and _FRONT.search(low):
        return Explained(code, "The shop, from this wall", code)
    if low.startswith(bank.lower() + "/pay/"):
        return Explained(code, "This payment: open the bank and pay", code)
    if code.startswith("BCD\n"):
        return Explained(
            code, "This transfer: open it in the bank app", f"{bank}/?code={quote(code, safe='')}"
        )
    return Explained(code, "Some other code", code if low.startswith(("http://", "https://")) else "")
