"""Reading a store from its folder: it opens as quickly, and takes as little memory, with 20,000 products as with 200.

Nothing is read before it is asked for (measured by benchmarks/importing.py).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final, Protocol, Self

from content.model import Product, Store
from content.store_format import (
    APPLICATION_ID,
    CATALOGUE,
    DAMAGED,
    FORMAT,
    StoreError,
    decode_product,
    decode_store,
    is_picture_name,
)
from content.store_writer import write_store

__all__ = ["AnyStore", "OpenStore", "StoreError", "stamp_of", "write_store"]

KEPT: Final = 256  # decoded products kept at hand: several wall-fulls


def stamp_of(folder: Path) -> tuple[int, int] | None:
    """What tells one import into a folder from the next (the file is only ever exchanged); None where no store is."""
    try:
        stat = (folder / CATALOGUE).stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


class AnyStore(Protocol):
    """What every open store does, on disk (OpenStore) or in memory (content.memory.MemoryStore)."""

    @property
    def store(self) -> Store:
        """All about the store but its products. `store.version` names its content."""

    def product(self, gtin: str) -> Product | None:
        """The product of a GTIN with 14 digits, None where the store has none."""

    def by_facing(self, facing: int) -> Product | None:
        """The product at that place of the shelf, None where nothing stands there."""

    def shelf(self, aisle: str, start: int, stop: int) -> list[Product]:
        """Products `start` (from 0) up to, without, `stop` of an aisle, in shelf order; what lies beyond is left out."""

    def count(self, aisle: str) -> int:
        """How many products stand in an aisle; 0 for one the store does not have."""

    def picture(self, product: Product) -> Path | None:
        """Where the product's picture lies, None where it has none."""

    def file(self, name: str) -> Path | None:
        """Where a file named by the store's records lies (an advert's picture); None where it is not there."""

    def close(self) -> None:
        """Let go of the files. May be called twice; nothing else may be called after it."""


class OpenStore:
    """A store folder open for reading. Every method may be called from any thread.

    A newer import into the same folder does not disturb it: it goes on showing what it was opened with, and is opened
    anew to see the new content. Raises StoreError where the folder is not a store or is damaged.
    """

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        """`kept`: decoded products at hand, some 2 kB each."""
        self._folder, self._most_kept = Path(folder), kept
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Product] = OrderedDict()
        path = self._folder / CATALOGUE
        if not path.is_file():
            raise StoreError(
                f"{self._folder}: no store here ({CATALOGUE} is missing); make one: endcap import"
            )
        # immutable: the file never changes, it is only exchanged; SQLite then needs neither locks nor a journal
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        try:
            self._store = self._read_store(path)
        except BaseException:
            self._db.close()
            raise
        self._counts = {aisle.key: aisle.count for aisle in self._store.aisles}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """All about the store but its products."""
        return self._store

    def product(self, gtin: str) -> Product | None:
        """The product of a GTIN with 14 digits, None where the store has none."""
        if not gtin.isascii():  # a scanned code may hold anything, even what SQLite cannot take
            return None
        with self._lock:
            if gtin in self._kept:
                self._kept.move_to_end(gtin)
                return self._kept[gtin]
            return self._first("select gtin, body from products where gtin = ?", gtin)

    def by_facing(self, facing: int) -> Product | None:
        """The product at that place of the shelf, None where nothing stands there."""
        if not 0 < facing < 1 << 63:  # what SQLite can compare; the number may come from a scanned code
            return None
        with self._lock:
            return self._first("select gtin, body from products where facing = ?", facing)

    def shelf(self, aisle: str, start: int, stop: int) -> list[Product]:
        """Products `start` (from 0) up to, without, `stop` of an aisle, in shelf order; what lies beyond is left out."""
        start, stop = max(0, start), min(stop, self.count(aisle))
        if start >= stop:
            return []
        with self._lock:
            return self._products(
                "select gtin, body from products where aisle = ? and position >= ? and position < ?"
                " order by position",
                aisle,
                start,
                stop,
            )

    def count(self, aisle: str) -> int:
        """How many products stand in an aisle; 0 for one the store does not have."""
        return self._counts.get(aisle, 0)

    def picture(self, product: Product) -> Path | None:
        """Where the product's picture lies, None where it has none."""
        return self.file(product.picture)

    def file(self, name: str) -> Path | None:
        """Where a file named by the store's records lies (an advert's picture); None where it is not there."""
        if not is_picture_name(name):
            return None
        path = self._folder / name
        return path if path.is_file() else None

    def close(self) -> None:
        """Let go of the files. May be called twice; nothing else may be called after it."""
        with self._lock:
            self._db.close()

    def _first(self, query: str, *arguments: str | int) -> Product | None:
        found = self._products(query, *arguments)
        return found[0] if found else None

    def _products(self, query: str, *arguments: str | int) -> list[Product]:
        """Run a query for (gtin, body) and decode what is not at hand. The lock is held."""
        try:
            return [self._decoded(gtin, body) for gtin, body in self._db.execute(query, arguments)]
        except sqlite3.ProgrammingError:
            raise  # used after close: the caller's mistake
        except DAMAGED as error:
            raise StoreError(f"{self._folder / CATALOGUE}: damaged: {error}; import again") from error

    def _decoded(self, gtin: str, body: bytes) -> Product:
        product = self._kept.get(gtin)
        if product is None:
            product = self._kept[gtin] = decode_product(body)
            if len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(gtin)
        return product

    def _read_store(self, path: Path) -> Store:
        try:
            self._db.execute("pragma cache_size = -512")  # KiB; the kernel caches the file anyway
            (application,) = self._db.execute("pragma application_id").fetchone()
            (version,) = self._db.execute("pragma user_version").fetchone()
            if application != APPLICATION_ID:
                raise StoreError(f"{path}: not a store, but some other SQLite file")
            if version != FORMAT:
                raise StoreError(f"{path}: has format {version}, expected {FORMAT}; import again")
            row = self._db.execute("select body from store").fetchone()
            if row is None:
                raise StoreError(f"{path}: damaged: it holds no store record; import again")
            return decode_store(row[0])
        except DAMAGED as error:
            raise StoreError(f"{path}: damaged: {error}; import again") from error
