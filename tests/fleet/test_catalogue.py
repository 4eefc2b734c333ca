"""The fleet's pages follow a new import without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.model import Aisle, Product, Store
from content.money import Money
from content.store import StoreError, write_store
from content.store_format import CATALOGUE
from fleet.catalogue import LOOK_S, Catalogue
from tests.servers import wait_until


def publish(folder: Path, minor: int) -> None:
    store = Store(
        key="s", names={"en": "S"}, currency="EUR", languages=(), aisles=(Aisle(key="a", names={"en": "A"}),)
    )
    product = Product(
        gtin="09521100100113", names={"en": "Milk"}, aisle="a", facing=1, price=Money(minor, "EUR")
    )
    write_store(folder, store, [product])


def price(catalogue: Catalogue) -> int:
    product = catalogue.current().product("09521100100113")
    assert product is not None
    return product.price.minor


def test_a_new_import_is_seen_and_a_broken_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Catalogue(tmp_path)
    publish(tmp_path, 100)
    catalogue = Catalogue(tmp_path)
    assert price(catalogue) == 100
    for minor in (200, 300):
        publish(tmp_path, minor)
        wait_until(lambda new=minor: price(catalogue) == new, f"the price {minor}", LOOK_S * 5)  # type: ignore[misc]
    draft = tmp_path / "draft"
    draft.write_bytes(b"not a store")
    draft.replace(tmp_path / CATALOGUE)
    wait_until(
        lambda: price(catalogue) and catalogue.refused, "the broken import to be looked at", LOOK_S * 5
    )
    assert price(catalogue) == 300
    catalogue.close()
