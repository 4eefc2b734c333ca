"""From 20,000 fetched products to a wall on the disk, and looking whether it is whole.

    python -m benchmarks.adopting [--products 20000] [--rounds 3]

Beside it, what the step before costs anybody: reading the same catalogue file from first to last byte and hashing it.
Wall-clock medians; a picture to each product, all of one colour's bytes and a name of their own.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks._table import table
from content.authored import Content, Where, to_parts
from content.durable import DISK, remove
from content.gtin import check_digit
from content.model import Aisle, Language, Product, Store
from content.money import Money
from content.release.manifest import Blob, Header
from content.release.packing import pack, unpack
from content.store_check import check_store
from kiosk.adopting.making import wall_of

WHERE = Where("demo", "s1", "K1")
AISLES = 12


class _Blobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, blob: Blob) -> Path:
        return self._folder / "blobs" / blob.path

    def unpacked(self, blob: Blob) -> bytes:
        return unpack(blob, self.path(blob).read_bytes())


def content_of(count: int) -> Content:
    """Products as large as the demo's, aisle by aisle."""
    store = Store(
        key="large", names={"en": "Large"}, currency="EUR", languages=(Language("en", "English"),),
        aisles=tuple(Aisle(key=f"aisle-{number}", names={"en": f"Aisle {number}"}) for number in range(AISLES)),
    )  # fmt: skip
    return Content(store=store, products=tuple(_product(number, count) for number in range(count)))


def _product(number: int, count: int) -> Product:
    body = f"0952{number:09}"
    return Product(
        gtin=body + check_digit(body), names={"en": f"Thing {number}", "zh": f"东西 {number}", "ar": f"شيء {number}"},
        aisle=f"aisle-{number * AISLES // count}", facing=0, price=Money(99 + number % 900, "EUR"),
        descriptions={"en": f"Number {number}: sold by the piece, kept cool, and eaten within three days of opening."},
        picture=f"pictures/{number}.webp",
    )  # fmt: skip


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = folder / "image.webp"
        image.write_bytes(random.Random(1).randbytes(2048))  # as a WebP, it does not pack
        content = content_of(options.products)
        files = {product.picture: image for product in content.products}
        header = Header(format=1, tenant="demo", name="demo-000001", number=1, made_at=1)
        root = pack(to_parts(content), files, header, folder).root
        make = partial(wall_of, root, None, _Blobs(folder), WHERE, folder / "walls", "1.0")
        wall = make()
        made = folder / "walls" / wall.folder
        size = (made / "catalogue.db").stat().st_size

        def anew() -> None:
            make()

        rows = [
            ["a wall of a release", _median(anew, options.rounds, lambda: remove(DISK, made))],
            ["the same once more", _median(anew, options.rounds)],
            ["is it whole?", _median(lambda: check_store(made), options.rounds)],
            ["peer: its bytes, hashed", _median(lambda: hashlib.sha256((made / "catalogue.db").read_bytes()), options.rounds)],
        ]  # fmt: skip
    table(f"A wall of {options.products} products, {size / 1e6:.1f} MB", ["work", "seconds"], rows)


def _median(work: Callable[[], object], rounds: int, before: Callable[[], object] = lambda: None) -> float:
    taken = []
    for _ in range(rounds):
        before()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
