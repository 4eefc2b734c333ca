"""Store folders made of releases, kept on disk and opened where they are sold from: at most so many, the least used go.

DIR/0f3a9c.../     a store as content.store.OpenStore reads it, named by its version; pictures are second names of blobs
DIR/.new/          one that is being made; begun anew by whoever comes next
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from content.model import Product, Store
from content.release.manifest import Blob
from content.store import OpenStore, StoreError
from content.store_check import check_store
from content.store_format import PICTURES, is_picture_name, stocked
from content.store_named import named_by
from content.store_writer import StoreWriter
from fleet.rollouts.repository import Releases

log = logging.getLogger(__name__)
MOST_OPEN: Final = 16
MOST_KEPT: Final = 64  # folders
MOST_BYTES: Final = 2 << 30  # of them
DECODED: Final = 1_000  # products at hand of each open one: some 2.5 MB
PARTING_S: Final = 60.0  # a request that still reads one that was closed would fail; none takes so long
_NEW: Final = ".new"


class Shelves:
    """Every method may be called from any thread; `make` and `sweep` from one at a time."""

    def __init__(self, folder: Path, most_open: int = MOST_OPEN, most_kept: int = MOST_KEPT) -> None:
        self._folder, self._most_open, self._most_kept = folder, most_open, most_kept
        self._lock = threading.Lock()
        self._sound: OrderedDict[str, int] = (
            OrderedDict()
        )  # versions whose folder is whole, and its bytes; the last used last
        self._open: OrderedDict[str, OpenStore] = OrderedDict()
        self._parting: list[tuple[float, OpenStore]] = []

    def find(self) -> None:
        """Look at what an earlier start has left; what is not whole goes."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir(), key=lambda one: one.stat().st_mtime_ns):
            if path.is_dir() and not self.has(path.name):
                self._take(path)

    def _take(self, path: Path) -> None:
        try:
            sound = check_store(path).version == path.name
        except (StoreError, OSError) as error:
            sound = False
            log.warning("a store is made anew: %s", error)
        if sound:
            with self._lock:
                self._sound[path.name] = _bytes_of(path)
        else:
            shutil.rmtree(path, ignore_errors=True)

    def has(self, version: str) -> bool:
        """Whether it can be sold from."""
        return version in self._sound

    def get(self, version: str) -> OpenStore | None:
        """A store, open; None where it is not here. Good for one request."""
        with self._lock:
            found = self._open.get(version)
            if found is None:
                if version not in self._sound:
                    return None
                try:
                    found = OpenStore(self._folder / version, DECODED)
                except StoreError as error:
                    log.error("a store is made anew: %s", error)
                    del self._sound[version]
                    return None
                self._open[version] = found
                while len(self._open) > self._most_open:
                    self._part(self._open.popitem(last=False)[1])
            self._open.move_to_end(version)
            self._sound.move_to_end(version)
            return found

    def opened(self) -> list[OpenStore]:
        """Those that are open, the last used first."""
        with self._lock:
            return list(reversed(self._open.values()))

    @property
    def full(self) -> bool:
        """Whether one more takes the place of another."""
        return len(self._sound) >= self._most_kept

    def counts(self) -> dict[str, int]:
        """How many there are, open, and their bytes on disk."""
        with self._lock:
            return {"kept": len(self._sound), "open": len(self._open), "bytes": sum(self._sound.values())}

    def make(
        self, releases: Releases, store: Store, products: list[Product], pictures: Mapping[str, Blob]
    ) -> str:
        """Make the folder of a store, unless it is there, and return its version. Raises StoreError, OSError, BadRelease."""
        version = stocked(store, products)[0].version
        if self.has(version):
            return version
        new, final = self._folder / _NEW, self._folder / version
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(final, ignore_errors=True)
        new.mkdir(parents=True)
        with StoreWriter(new) as writer:
            writer.commit(store, products)
        for name in sorted(named_by(store, products) & pictures.keys()):
            if is_picture_name(name):
                releases.bring(pictures[name], new / name)
        new.rename(final)
        with self._lock:
            self._sound[version] = _bytes_of(final)
        return version

    def sweep(self) -> None:
        """Let go of the least used beyond the bounds, and close what was parted from a while ago."""
        with self._lock:
            gone: list[str] = []
            while len(self._sound) > self._most_kept or sum(self._sound.values()) > MOST_BYTES:
                if len(self._sound) == 1:
                    break
                version, _ = self._sound.popitem(last=False)
                gone.append(version)
                if version in self._open:
                    self._part(self._open.pop(version))
            now = time.monotonic()
            over = [store for at, store in self._parting if now - at >= PARTING_S]
            self._parting = [(at, store) for at, store in self._parting if now - at < PARTING_S]
        for version in gone:
            shutil.rmtree(self._folder / version, ignore_errors=True)
        for store in over:
            store.close()

    def close(self) -> None:
        """Close the files; the folders stay for the next start."""
        with self._lock:
            for store in (*self._open.values(), *(store for _, store in self._parting)):
                store.close()
            self._open.clear()
            self._parting.clear()

    def _part(self, store: OpenStore) -> None:
        self._parting.append((time.monotonic(), store))


def _bytes_of(folder: Path) -> int:
    """What a folder costs: pictures that are second names of the repository's own cost nothing."""
    found = 0
    for path in (*folder.iterdir(), *(folder / PICTURES).iterdir()):
        about = os.lstat(path)
        found += about.st_size if about.st_nlink == 1 else 0
    return found
