"""How a store lies on disk. Shared by those who write (content.store_writer) and those who read (content.store).

    STORE_DIR/
        catalogue.db    SQLite: the Store record, and each product by GTIN, facing, and place in its aisle
        pictures/       named by their content where the importer made them, so that none ever changes in place

`catalogue.db` alone decides: it is exchanged by one rename, and a reader that has the old one open keeps it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from content.model import Product, Store

CATALOGUE: Final = "catalogue.db"
PICTURES: Final = "pictures"
APPLICATION_ID: Final = 0x45434150  # "ECAP", in SQLite's header
FORMAT: Final = 1

SCHEMA: Final = """
create table store (body blob not null);
create table products (
    facing integer primary key,
    gtin text not null,
    aisle text not null,
    position integer not null,
    body blob not null
);
"""
# Made after the rows are in: twice as fast as keeping them up to date row by row.
INDEXES: Final = """
create unique index products_gtin on products (gtin);
create unique index products_shelf on products (aisle, position);
"""

encode_product: Final = msgspec.msgpack.Encoder().encode
decode_product: Final = msgspec.msgpack.Decoder(Product).decode
encode_store: Final = msgspec.msgpack.Encoder().encode
decode_store: Final = msgspec.msgpack.Decoder(Store).decode


# What reading a damaged file raises: a message of SQLite's may itself not be UTF-8.
DAMAGED: Final = (sqlite3.DatabaseError, msgspec.MsgspecError, TypeError, ValueError)


class StoreError(Exception):
    """A store cannot be read or written; the message names the folder or file and what is wrong with it."""


def is_picture_name(name: str) -> bool:
    """Whether a record may name a file so: `pictures/NAME`, no hidden file, nothing outside the store."""
    folder, _, rest = name.partition("/")
    return folder == PICTURES and rest[:1] not in ("", ".") and not set(rest) & {"/", "\\", "\0"}


def stocked(store: Store, products: Iterable[Product]) -> tuple[Store, list[Product], list[bytes]]:
    """The store as it is published: aisles counted and version named; its products in shelf order; their bodies.

    The version is a hash over all a buyer may see, so the same content always has the same name. Raises StoreError
    for what no wall could show: two products with one GTIN or one facing, a facing below 1, an aisle the store does
    not have, a price in another currency than the store's.
    """
    shelf = sorted(products, key=lambda product: product.facing)
    counts = {aisle.key: 0 for aisle in store.aisles}
    gtins: set[str] = set()
    before = 0
    for product in shelf:
        _check(store, product, counts, gtins, before)
        counts[product.aisle] += 1
        gtins.add(product.gtin)
        before = product.facing
    aisles = tuple(msgspec.structs.replace(aisle, count=counts[aisle.key]) for aisle in store.aisles)
    store = msgspec.structs.replace(store, aisles=aisles, version="")
    bodies = [encode_product(product) for product in shelf]
    digest = hashlib.sha256(encode_store(store))
    for body in bodies:
        digest.update(len(body).to_bytes(4, "big"))
        digest.update(body)
    return msgspec.structs.replace(store, version=digest.hexdigest()[:16]), shelf, bodies


def _check(store: Store, product: Product, counts: dict[str, int], gtins: set[str], before: int) -> None:
    if product.facing < 1:
        raise StoreError(f"store {store.key}: {product.gtin} has facing {product.facing}, expected 1 or more")
    if product.facing == before:
        raise StoreError(f"store {store.key}: facing {product.facing} is taken twice, also by {product.gtin}")
    if product.gtin in gtins:
        raise StoreError(f"store {store.key}: GTIN {product.gtin} stands on the shelf twice")
    if product.aisle not in counts:
        raise StoreError(
            f"store {store.key}: {product.gtin} is for aisle {product.aisle!r}, which does not exist"
        )
    if product.price.currency != store.currency:
        raise StoreError(
            f"store {store.key}: {product.gtin} costs {product.price.currency}, expected {store.currency}"
        )
