"""Reads the studio's order book: the rows of the demo feed it draws pictures for."""

import csv
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from content.demo.studio.layouts import Words
from content.demo.studio.stage import Colour, hex_colour

# One pastel per aisle: the glow behind the product, and the picture's edge.
AISLES: dict[str, tuple[Colour, Colour]] = {
    aisle: (hex_colour(hi), hex_colour(lo))
    for aisle, hi, lo in (
        ("fruit-veg", "f8fbf1", "dcebc9"),
        ("bakery", "fff8ec", "f6e0bf"),
        ("dairy", "f5f9fe", "d2e4f6"),
        ("drinks", "f2fbfb", "c6e7ec"),
        ("coffee-tea", "fbf5ee", "e9d6c1"),
        ("snacks", "fffaea", "fae0a2"),
        ("pantry", "fff6ef", "f5d8bf"),
        ("frozen", "f6faff", "cddcf3"),
        ("ready-meals", "fff5f2", "f7d0c6"),
        ("household", "f4fcf9", "c9ebdc"),
        ("care", "fbf8fd", "e0d2f0"),
        ("flowers-gifts", "fff6f9", "f7d3df"),
    )
}
PLAIN = (hex_colour("fafafa"), hex_colour("e4e4ea"))


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the feed, as far as a picture needs it."""

    id: str
    gtin: str
    title: str
    picture: str  # file name
    aisle: str
    pack: str
    amount: float  # of the pack's contents, in g, ml or pieces; 0 if the feed does not say
    words: Words

    @property
    def backdrop(self) -> tuple[Colour, Colour]:
        """The aisle's pastel: glow, edge."""
        return AISLES.get(self.aisle, PLAIN)

    @property
    def seed(self) -> int:
        """A number of the product's own, for grain and chance."""
        return zlib.crc32(self.gtin.encode()) % 997


def _amount(text: str) -> float:
    found = re.match(r"\s*([\d.]+)\s*(kg|g|ml|l|ct|m)?", text)
    if not found:
        return 0.0
    return float(found[1]) * (1000 if found[2] in {"kg", "l"} else 1)


def read_feed(path: Path) -> list[Product]:
    """The products of a feed (TSV with the studio's columns), in the feed's order.

    Raises ValueError naming file, line and column when a palette cannot be read.
    """
    products = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter="\t"), start=2):
            try:
                colours = [hex_colour(c) for c in re.split(r"[\s,|]+", row["palette"].strip())]
            except ValueError as error:
                raise ValueError(f"{path}:{number}: column palette: {error}") from None
            main, second, accent = (colours * 3)[:3] if len(colours) < 3 else colours[:3]
            words = Words(
                row["brand"],
                row["label"] or row["title"],
                row["motif"],
                (main, second, accent),
            )
            products.append(
                Product(
                    row["id"],
                    row["gtin"],
                    row["title"],
                    row["image_link"].rsplit("/", 1)[-1],
                    row.get("product_type") or row.get("aisle") or "",
                    row["pack"],
                    _amount(row["unit_pricing_measure"]),
                    words,
                )
            )
    return products
