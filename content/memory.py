"""A store in memory: the same interface and the same rules as on disk, for tests and small tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from content.model import Product, Store
from content.store_format import stocked


class MemoryStore:
    """An open store made of records (content.store.AnyStore). Raises StoreError for what could not be written either."""

    def __init__(
        self, store: Store, products: Iterable[Product], files: Mapping[str, Path] | None = None
    ) -> None:
        """`files` are those the records name ("pictures/apple.webp"), and where they lie."""
        self._store, shelf, _ = stocked(store, products)
        self._files = dict(files or {})
        self._by_gtin = {product.gtin: product for product in shelf}
        self._by_facing = {product.facing: product for product in shelf}
        self._shelves: dict[str, list[Product]] = {aisle.key: [] for aisle in store.aisles}
        for product in shelf:
            self._shelves[product.aisle].append(product)

    @property
    def store(self) -> Store:
        """All about the store but its products."""
        return self._store

    def product(self, gtin: str) -> Product | None:
        """The product of a GTIN with 14 digits, None where the store has none."""
        return self._by_gtin.get(gtin)

    def by_facing(self, facing: int) -> Product | None:
        """The product at that place of the shelf, None where nothing stands there."""
        return self._by_facing.get(facing)

    def shelf(self, aisle: str, start: int, stop: int) -> list[Product]:
        """Products `start` (from 0) up to, without, `stop` of an aisle, in shelf order; what lies beyond is left out."""
        return self._shelves.get(aisle, [])[max(0, start) : max(0, stop)]

    def count(self, aisle: str) -> int:
        """How many products stand in an aisle; 0 for one the store does not have."""
        return len(self._shelves.get(aisle, []))

    def picture(self, product: Product) -> Path | None:
        """Where the product's picture lies, None where it has none."""
        return self.file(product.picture)

    def file(self, name: str) -> Path | None:
        """Where a file named by the store's records lies; None where it is not there."""
        return self._files.get(name)

    def close(self) -> None:
        """Nothing to let go of."""
