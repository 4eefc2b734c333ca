"""A kiosk that brings, hangs and keeps one release after another, with the real parts, until it is killed.

Its witness is a file no power cut reaches, a line each: `B n source`: this start sells from release n (0: what was
installed), looked at product by product; `D n`: release n is confirmed, and must be after any cut; `F reason`: a fetch
failed; `X text`: something that must not happen. Release n is one whose prices and picture follow from n.
"""

from __future__ import annotations

import argparse
import io
import os
import queue
import random
from collections.abc import Collection
from pathlib import Path
from typing import Final

from msgspec import structs
from PIL import Image

from content.authored import Content, to_parts
from content.durable import DISK, Disk
from content.model import Product
from content.store import AnyStore
from kiosk.adopting.adopter import Adopter
from kiosk.adopting.health import Facts
from kiosk.adopting.joining import place_of
from kiosk.adopting.talk import FactsWanted, RunningChanged, StoreReady
from kiosk.clock.clock import SystemClock
from kiosk.config import load_config
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.fetcher import Fetcher, FetchFailed, News, Rules
from kiosk.fetching.opening import sources_of
from kiosk.fetching.pace import Pace
from kiosk.fetching.releases import Fetching
from kiosk.fetching.trust import Trust
from tests.content import shop
from tests.kiosk.fetching.repositories import NOW_S

PRODUCTS: Final = 120
PRICE: Final = 1_000  # what one release adds to every price
NOISE_BYTES: Final = 1_200_000  # a kiosk fetches it in five steps, each of which is synced
PICTURE: Final = "pictures/1.webp"
CHECK_S: Final = 0.03  # from one look for news to the next: a release is fetched as soon as it is signed
LOOK_S: Final = 0.01


class ForgetfulDisk(Disk):
    """The control's: it never waits until anything is on the disk."""

    def sync(self, path: Path) -> None:
        """Nothing."""

    def sync_all(self, paths: Collection[Path]) -> None:
        """Nothing."""


class ThenClock(SystemClock):
    """It is the hour in which the releases of the tests are signed."""

    def wall_ms(self) -> int:
        """Stands still; nothing here waits for an hour."""
        return NOW_S * 1000


def products_of(number: int) -> list[Product]:
    """What release `number` sells."""
    return shop.products(PRODUCTS, number * PRICE)


def parts_of(number: int) -> dict[str, bytes]:
    """As it is published."""
    unplaced = (structs.replace(product, facing=0) for product in products_of(number))
    fruit_first = sorted(unplaced, key=lambda product: product.aisle != "fruit")
    return to_parts(Content(store=shop.STORE, products=tuple(fruit_first)))


def picture_of(number: int) -> bytes:
    """Its one picture, with metadata of noise that zstd cannot make smaller: so the wall's picture is the fetched file."""
    file = io.BytesIO()
    noise = random.Random(number).randbytes(NOISE_BYTES)
    Image.new("RGB", (8, 8), "red").save(file, "WEBP", exif=noise)
    return file.getvalue()


def number_of(release: str) -> int:
    """7 of demo-000007; 0 of none."""
    return int(release.rpartition("-")[2] or 0)


def sold(store: AnyStore) -> int:
    """The number of the release a store is, all of it. Raises ValueError where it is of none, or of two."""
    numbers = set()
    for wanted in products_of(0):
        found = store.product(wanted.gtin)
        if found is None:
            raise ValueError(f"{wanted.gtin} is missing")
        numbers.add((found.price.minor - wanted.price.minor) / PRICE)
    if len(numbers) != 1:
        raise ValueError(f"prices of releases {sorted(numbers)}")
    number = int(numbers.pop())
    if number:
        picture = store.file(PICTURE)
        if picture is None or picture.read_bytes() != picture_of(number):
            raise ValueError(f"the picture is not that of release {number}")
    return number


class WallProcess:
    """See the module."""

    def __init__(self, config_path: Path, witness: Path, *, forgetful: bool) -> None:
        self._witness = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._frames, self._kept, self._failed = 0, 0, False
        disk, clock, config = (
            ForgetfulDisk() if forgetful else DISK,
            ThenClock(trusted=True),
            load_config(config_path),
        )
        place, table, pace = place_of(config), config.content, Pace()
        trust = Trust(place.folder / "trust", Path(table.root).read_bytes(), lambda: NOW_S, disk)
        blobs = BlobStore(place.folder / "blobs", least_free=1 << 20, disk=disk)
        self._adopter = Adopter(
            place, blobs, clock, self._inbox.put, window_ms=0, minute_of=lambda _: 0, disk=disk, look_s=LOOK_S
        )
        opened = self._adopter.boot()
        self._store: AnyStore = opened.store
        self._look(f"B {{}} {opened.source}")
        rules = Rules(sources=sources_of(table.sources, table), check_s=CHECK_S)
        self._fetcher = Fetcher(
            Fetching(trust, blobs, config.address.tenant),
            rules,
            self._heard,
            pace,
            lambda: None,
            folder=place.folder,
        )

    def run(self) -> None:
        """Until somebody kills it."""
        self._adopter.start(self._fetcher)
        while True:
            try:
                item = self._inbox.get(timeout=0.2)
            except queue.Empty:
                item = None
            match item:
                case StoreReady():
                    self._adopter.adopting(item.store.store.version, self._facts())
                    self._store.close()
                    self._store = item.store
                    self._look("A {} adopted")
                case FactsWanted():
                    self._adopter.facts(self._facts())
                case RunningChanged():
                    self._told()
                case FetchFailed(reason=reason, detail=detail):
                    self._say(f"F {reason}: {detail}")
                    self._failed = True
                case None if self._failed:  # sooner than after the fetcher's 15 s
                    self._failed = False
                    self._fetcher.fetch("")

    def _heard(self, news: News) -> None:
        self._adopter.heard(news)
        if isinstance(news, FetchFailed):
            self._inbox.put(news)

    def _told(self) -> None:
        running = self._adopter.running()
        number = number_of(running.name)
        if running.confirmed and number > self._kept:
            self._kept = number
            self._say(f"D {number}")

    def _facts(self) -> Facts:
        """Of a screen that draws well."""
        self._frames += 1
        return Facts(mono_ms=self._frames, showing=True, frames=self._frames, facings=4, screens=1)

    def _look(self, words: str) -> None:
        try:
            self._say(words.format(sold(self._store)))
        except (ValueError, OSError) as error:
            self._say(f"X {words}: {error}")

    def _say(self, text: str) -> None:
        os.write(self._witness, f"{text}\n".encode())


def main(arguments: list[str] | None = None) -> int:
    """Run one kiosk's wall."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--witness", type=Path, required=True)
    parser.add_argument("--forgetful", action="store_true", help="the control: nothing is waited for")
    options = parser.parse_args(arguments)
    WallProcess(options.config, options.witness, forgetful=options.forgetful).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
