"""What it costs to make of 20,000 products what one kiosk shows, beside the least anything with them costs.

    python -m benchmarks.authored [--rows 20000] [--rounds 3]

The peer encodes and decodes the same products as JSON with msgspec and decides nothing: it says what touching each of them
costs in this Python. Times are CPU seconds (medians); the wall time stands beside.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks._table import table
from benchmarks.importing import feed_of, measured
from content.authored import Content, Where, from_parts, read_content, resolve, to_parts
from content.model import Product
from content.money import Money
from content.store_writer import write_store

DEMO = Path(__file__).parents[1] / "content" / "demo"
WHERE = Where("demo", "airport", "K1")
KEPT = ("store.toml", "groups.toml", "dayparts.toml", "offers.toml", "themes.toml")


def folder_of(folder: Path, rows: int) -> Path:
    """The demo's folder with many products; without pictures, and without what names products."""
    feed, _ = feed_of(folder, rows)
    feed.rename(folder / "feed.tsv")
    for name in KEPT:
        text = (DEMO / name).read_text(encoding="utf-8")
        if name == "store.toml":  # its adverts want their pictures
            before, _, rest = text.partition("[[adverts]]")
            text = before + "[[aisles]]" + rest.partition("[[aisles]]")[2]
        if name == "offers.toml":
            text = text.partition('[[offers]]\nkey = "airport-water"')[0]
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def changed(content: Content) -> tuple[int, int]:
    """How many parts, and bytes of them, one changed price changes."""
    one = content.products[len(content.products) // 3]
    dear = msgspec.structs.replace(one, price=Money(one.price.minor + 1, one.price.currency))
    products = tuple(dear if product is one else product for product in content.products)
    before, after = to_parts(content), to_parts(msgspec.structs.replace(content, products=products))
    sizes = [len(after[name]) for name in after if before.get(name) != after[name]]
    return len(sizes), sum(sizes)


def _run(subject: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        subject()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = folder_of(Path(name), words.rows)
        content = read_content(folder).content
        parts = to_parts(content)

        def peer() -> None:
            msgspec.json.decode(msgspec.json.encode(content.products), type=tuple[Product, ...])

        def written() -> None:
            write_store(folder / "store", *resolve(content, WHERE))

        subjects: dict[str, Callable[[], object]] = {
            "peer: to JSON and back": peer,
            "resolve for one kiosk": lambda: resolve(content, WHERE),
            "resolve and write the store": written,
            "to_parts": lambda: to_parts(content),
            "from_parts, checked": lambda: from_parts(parts),
            "read_content (no pictures)": lambda: read_content(folder),
        }
        times = {label: measured(_run(run), words.rounds) for label, run in subjects.items()}
        base = times["peer: to JSON and back"][0]
        limits = {"resolve and write the store": 1.0}
        table(
            f"Content of {words.rows:,} products for one kiosk",
            ["what", "CPU s", "wall s", "ratio", "limit, CPU s"],
            [[label, cpu, wall, cpu / base, limits.get(label)] for label, (cpu, wall) in times.items()],
        )
        count, size = changed(content)
        table(
            f"Parts of {words.rows:,} products, before compression",
            ["parts", "bytes", "parts one price changes", "bytes of them"],
            [[len(parts), sum(map(len, parts.values())), count, size]],
        )


if __name__ == "__main__":
    main()
