"""What one changed price costs a kiosk: our tree of pages inside TUF, beside TUF's metadata for every file.

20,000 products, each with a picture of its own; the fetcher has the release before. Bytes are counted as stored; the
metadata is what python-tuf writes (compact JSON). "pages" is our repository as `endcap publish` makes it, "TUF alone" lists
every file of a release in the operator's role, "hashed bins" spreads them over delegated bins (TAP 15), as PyPI does.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from pathlib import Path

from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets

from benchmarks._table import table
from content.authored.model import Content
from content.authored.parts import to_parts
from content.durable import Disk
from content.gtin import gtin14
from content.model import Aisle, Language, Product, Store
from content.money import Money
from content.release.keys import Ring
from content.release.packing import squeeze
from content.release.repository import Repository
from content.release.rotation import create, key_names, make_keys

PRODUCTS = 20_000
NOW = 1_795_000_000
BINS = (64, 256, 1024, 4096)


class Hasty(Disk):
    """A disk that is not waited for: bytes are counted here, not its patience."""

    def sync(self, path: Path) -> None:
        pass


def content(price: int) -> Content:
    """20,000 products; the 7,000th costs `price`."""
    products = tuple(
        Product(
            gtin=gtin14(f"{2_000_000_000_00 + index:012d}{_check(index)}"),
            names={"en": f"Product {index} of the shelf", "de": f"Ware {index} im Regal"},
            aisle=f"aisle-{index // 2000}",
            facing=0,
            price=Money(price if index == 7000 else 100 + index % 900, "EUR"),
            brand=f"Brand {index % 300}",
            picture=_picture(index),
        )
        for index in range(PRODUCTS)
    )
    aisles = tuple(Aisle(key=f"aisle-{index}", names={"en": f"Aisle {index}"}) for index in range(10))
    store = Store(
        key="bench",
        names={"en": "Bench"},
        currency="EUR",
        languages=(Language("en", "English"),),
        aisles=aisles,
    )
    return Content(store=store, products=products)


def _check(index: int) -> int:
    digits = f"{2_000_000_000_00 + index:012d}"
    return -sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10


def _picture(index: int) -> str:
    return f"pictures/{hashlib.sha256(b'%d' % index).hexdigest()[:20]}.webp"


def pages(folder: Path) -> tuple[int, int, float]:
    """Metadata and all else a kiosk fetches for one changed price, and seconds of CPU to publish it."""
    pictures = folder / "pictures"
    pictures.mkdir()
    files = {}
    for product in content(1).products:
        path = folder / product.picture
        path.write_bytes(hashlib.sha512(product.gtin.encode()).digest())  # its size matters to nobody here
        files[product.picture] = path
    make_keys(folder / "keys", key_names(["bench"]), None)
    ring = Ring([folder / "keys"])
    repository = Repository(folder / "repository", Hasty())
    create(repository, ring, ["bench"], NOW)
    repository.publish(ring, NOW, "bench", to_parts(content(199)), files)
    started = time.process_time()
    made = repository.publish(ring, NOW, "bench", to_parts(content(219)), files, current=True)
    spent = time.process_time() - started
    metadata = folder / "repository" / "metadata"
    state = repository.state()
    fetched = [metadata / "timestamp.json"] + [
        metadata / f"{state.of(role).signed.version}.{role}.json" for role in ("snapshot", "bench")
    ]
    return sum(path.stat().st_size for path in fetched), made.new_bytes, spent


def listed() -> dict[str, TargetFile]:
    """Every file of a release as a target of its own."""
    of = content(199)
    names = {f"parts/{name}": squeeze(data)[1] for name, data in to_parts(of).items()}
    names |= {product.picture: hashlib.sha512(product.gtin.encode()).digest() for product in of.products}
    return {
        path: TargetFile.from_data(path, data, ["sha256"])
        for path, data in ((f"content/bench/{name}", data) for name, data in names.items())
    }


def alone(targets: dict[str, TargetFile]) -> int:
    """The operator's role with every file in it."""
    return len(Metadata(Targets(targets=targets)).to_bytes()) + _few(["bench"])


def bins(targets: dict[str, TargetFile], count: int) -> int:
    """The one bin that changes, and the snapshot that lists all bins."""
    shares: dict[int, dict[str, TargetFile]] = {}
    for path, target in targets.items():
        shares.setdefault(int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) % count, {})[path] = target
    mean = sum(len(Metadata(Targets(targets=share)).to_bytes()) for share in shares.values()) // count
    return mean + _few([f"bench-{index:03x}" for index in range(count)])


def _few(roles: list[str]) -> int:
    """Snapshot and timestamp around these roles, and the three signatures nothing here has put in yet."""
    meta = {f"{role}.json": MetaFile(2) for role in ("targets", "software", *roles)}
    return len(Metadata(Snapshot(meta=meta)).to_bytes()) + 450 + 3 * 220


def main() -> int:
    """Measure and print one table."""
    with tempfile.TemporaryDirectory() as folder:
        metadata, fetched, spent = pages(Path(folder))
    before, after = to_parts(content(199)), to_parts(content(219))
    part = sum(squeeze(after[name])[0].size for name in after if before[name] != after[name])
    targets = listed()
    rows: list[tuple[str, int, int, int]] = [("pages (ours)", metadata, fetched, metadata + fetched)]
    whole = alone(targets)
    rows.append(("TUF alone", whole, part, whole + part))
    for count in BINS:
        size = bins(targets, count)
        rows.append((f"TUF, {count} hashed bins", size, part, size + part))
    table(
        f"One price changed among {PRODUCTS:,} products, {len(targets):,} files: bytes a kiosk fetches",
        ("way", "TUF metadata", "pages and part", "all"),
        [(way, f"{one:,}", f"{two:,}", f"{three:,}") for way, one, two, three in rows],
    )
    print(f"\nThe part that changed is {part:,} bytes; publishing took {spent:.1f} s of CPU.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
