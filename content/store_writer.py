"""Writing a store: all of it or nothing. Whatever fails, the store that was there before goes on standing."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final, Self

from msgspec import structs

from content.model import Advert, Product, Store
from content.store_format import (
    APPLICATION_ID,
    CATALOGUE,
    DAMAGED,
    FORMAT,
    INDEXES,
    PICTURES,
    SCHEMA,
    StoreError,
    decode_product,
    decode_store,
    encode_store,
    is_picture_name,
    stocked,
)

_LOCK: Final = ".writing"
_NONE: Final[Mapping[str, bytes]] = {}


def write_store(
    folder: Path, store: Store, products: Iterable[Product], pictures: Mapping[str, bytes] = _NONE
) -> Store:
    """Put a store into a folder, in place of the one that may be there; return it with counts and version.

    `pictures` are encoded images by the name the products and adverts give them ("pictures/apple.webp"). A large
    store is better written through StoreWriter, which takes one picture at a time. Raises StoreError; the old store
    then still stands.
    """
    with StoreWriter(folder) as writer:
        for name, data in pictures.items():
            writer.put(name, data)
        return writer.commit(store, products)


class StoreWriter:
    """Writes one store into a folder: pictures first, then `commit`. Left without a commit, nothing has changed.

    Two writers never meet in one folder: the second is refused with StoreError. A process that was killed leaves at
    most files nobody refers to, which the next commit sweeps away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._new: list[Path] = []  # files to be flushed before the commit
        self._made: list[Path] = []  # those of them nobody had before
        self._committed = False
        try:
            (self._folder / PICTURES).mkdir(parents=True, exist_ok=True)
            self._lock = (self._folder / _LOCK).open("wb")
        except OSError as error:
            raise StoreError(f"{self._folder}: cannot be written: {error.strerror or error}") from error
        try:
            fcntl.flock(
                self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB
            )  # the kernel frees it, however the process ends
        except OSError as error:
            self._lock.close()
            raise StoreError(f"{self._folder}: another import is writing this store") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._committed:
            for path in self._made:
                _try_unlink(path)
        self._lock.close()

    def add_picture(self, data: bytes, suffix: str) -> str:
        """Keep an encoded image under a name made of its content; return that name, for `Product.picture`.

        May be called from several threads.
        """
        name = f"{PICTURES}/{hashlib.sha256(data).hexdigest()[:20]}{suffix}"
        path = self._folder / name
        try:
            there = path.stat().st_size
        except OSError:
            there = None
        if there != len(data):
            self.put(name, data)
            if there is None:
                self._made.append(path)
        return name

    def creative(self, advert: Advert, picture: str) -> Advert:
        """An advert with a picture of this store, and the hash that names what was shown for good; "" for none."""
        data = (self._folder / picture).read_bytes() if picture else b""
        sha256 = hashlib.sha256(data).hexdigest() if data else ""
        return structs.replace(advert, picture=picture, sha256=sha256)

    def put(self, name: str, data: bytes) -> None:
        """Write a file of the store under a given name, replacing one of that name as a whole."""
        if not is_picture_name(name):
            raise StoreError(f"{self._folder}: a file named {name!r}, expected {PICTURES}/NAME")
        path = self._folder / name
        try:
            _replace(path, data)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
        self._new.append(path)

    def commit(self, store: Store, products: Iterable[Product]) -> Store:
        """Make this the store of the folder; return it with aisles counted and version named. Raises StoreError."""
        return self.commit_stocked(*stocked(store, products))

    def commit_stocked(self, store: Store, shelf: list[Product], bodies: list[bytes]) -> Store:
        """As commit, of what content.store_format.stocked has made of it already: half of the work for a large store."""
        try:
            before = _pictures_of(self._folder / CATALOGUE)
            for path in self._new:  # all were written before the first is waited for: the disk has had time
                _flush(path)
            _flush(self._folder / PICTURES)
            self._exchange(store, shelf, bodies)
            self._committed = True
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"{self._folder}: cannot be written: {reason}; the old store stands") from error
        # Who still has the replaced store open may go on showing its pictures; those of earlier ones go.
        self._sweep(before | _pictures_in(store, shelf))
        return store

    def _exchange(self, store: Store, shelf: list[Product], bodies: list[bytes]) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".catalogue-", suffix=".part")
        os.close(handle)
        part = Path(name)
        try:
            _fill(part, store, shelf, bodies)
            part.chmod(0o644)
            _flush(part)
            part.replace(self._folder / CATALOGUE)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _flush(self._folder)

    def _sweep(self, wanted: set[str]) -> None:
        """Delete pictures nobody refers to and what killed imports left behind. What cannot go, stays."""
        for path in (self._folder / PICTURES).iterdir():
            if f"{PICTURES}/{path.name}" not in wanted:
                _try_unlink(path)
        for path in self._folder.glob(".catalogue-*.part*"):
            _try_unlink(path)


def _fill(path: Path, store: Store, shelf: list[Product], bodies: list[bytes]) -> None:
    positions: dict[str, int] = {}
    rows = []
    for product, body in zip(shelf, bodies, strict=True):
        position = positions.get(product.aisle, 0)
        positions[product.aisle] = position + 1
        rows.append((product.facing, product.gtin, product.aisle, position, body))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # No journal: until the rename nobody knows this file, and a broken one is thrown away.
        db.execute("pragma journal_mode = off")
        db.execute("pragma synchronous = off")  # the whole file is flushed once, by the caller
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute(f"pragma user_version = {FORMAT}")
        db.executescript(SCHEMA)
        db.execute("begin")
        db.execute("insert into store values (?)", (encode_store(store),))
        db.executemany("insert into products values (?, ?, ?, ?, ?)", rows)
        db.execute("commit")
        db.executescript(INDEXES)


def _pictures_in(store: Store, products: Iterable[Product]) -> set[str]:
    return {product.picture for product in products} | {advert.picture for advert in store.adverts}


def _pictures_of(catalogue: Path) -> set[str]:
    """The pictures the catalogue of the folder refers to, none where there is no sound one."""
    if not catalogue.is_file():
        return set()
    uri = f"{catalogue.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        try:
            (body,) = db.execute("select body from store").fetchone()
            bodies = db.execute("select body from products")
            return _pictures_in(decode_store(body), (decode_product(row[0]) for row in bodies))
        except DAMAGED:
            return set()


def _replace(path: Path, data: bytes) -> None:
    """Write a file under a name that no reader sees half-written."""
    part = path.with_name(f".{path.name}.{threading.get_ident()}.part")
    part.write_bytes(data)
    part.replace(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _try_unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return
