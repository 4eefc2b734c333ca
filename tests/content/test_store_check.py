"""A store folder after whatever a disk may do to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from content.store import OpenStore, write_store
from content.store_check import check_store
from content.store_format import CATALOGUE, StoreError
from tests.content.shop import STORE, products


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_store(tmp_path / "store", STORE, products(40))
    return tmp_path / "store"


def test_a_whole_store_is_found_whole(folder: Path) -> None:
    assert len(check_store(folder).version) == 16


def seen(folder: Path) -> list[object]:
    """All that a wall asks of a store."""
    with OpenStore(folder) as store:
        shelves = [store.shelf(aisle.key, 0, 99) for aisle in store.store.aisles]
        found = [store.product(product.gtin) for product in products(40)]
        return [store.store, shelves, found, [store.by_facing(number) for number in range(1, 41)]]


def test_what_passes_shows_what_was_written_whatever_byte_is_damaged(folder: Path) -> None:
    whole, before, noticed = (folder / CATALOGUE).read_bytes(), seen(folder), 0
    for place in range(0, len(whole), 61):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        (folder / CATALOGUE).write_bytes(damaged)
        try:
            check_store(folder)
        except StoreError:
            noticed += 1
        else:
            assert seen(folder) == before, f"byte {place}"
    assert noticed > 50


@pytest.mark.parametrize("length", [0, 100, 4096, 9000])
def test_a_torn_store_is_noticed(folder: Path, length: int) -> None:
    path = folder / CATALOGUE
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StoreError, match=CATALOGUE):
        check_store(folder)


def test_no_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store here"):
        check_store(tmp_path)


def test_a_record_of_another_store_is_noticed(folder: Path) -> None:
    with closing(sqlite3.connect(folder / CATALOGUE, isolation_level=None)) as db:
        db.execute("update products set body = (select body from products where facing = 1) where facing = 2")
    with pytest.raises(StoreError, match="not those of version"):
        check_store(folder)


def test_another_sqlite_file_is_no_store(folder: Path) -> None:
    with closing(sqlite3.connect(folder / CATALOGUE, isolation_level=None)) as db:
        db.execute("pragma user_version = 99")
    with pytest.raises(StoreError, match="not a store of format"):
        check_store(folder)
