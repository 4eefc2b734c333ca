"""The published store as the fleet's pages read it: whatever was imported last, without a restart."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Final

from content.store import AnyStore, OpenStore, StoreError, stamp_of

log = logging.getLogger(__name__)
KEPT: Final = 4_000  # decoded products at hand: 10 MB spare every page ten reads of the file
STAFF: Final = "en"  # the language of the operator's and the counter's pages
LOOK_S: Final = 1.0  # how often the folder is looked at


class Catalogue:
    """The store in a folder. `current()` opens it anew after an import; what cannot be opened leaves the last good one."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where the folder holds no store."""
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp = stamp_of(folder)
        self._open: AnyStore = OpenStore(folder, KEPT)
        self._before: AnyStore | None = None  # somebody may still be reading it
        self._looked = time.monotonic()
        self.refused = 0  # imports that could not be opened
        self.edition = 0  # grows with every import that was opened

    def current(self) -> AnyStore:
        """The store as it is now; good for one request."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked >= LOOK_S:
                self._looked = now
                self._renew()
            return self._open

    def staff_name(self, gtin: str, otherwise: str) -> str:
        """What staff call a product, whatever language it was bought in; `otherwise` where it is not published (any
        more) or has no such name.
        """
        product = self.current().product(gtin) if gtin else None
        return (product.names.get(STAFF) if product else "") or otherwise

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            self._open.close()
            if self._before is not None:
                self._before.close()

    def _renew(self) -> None:
        seen = stamp_of(self._folder)
        if seen == self._stamp or seen is None:
            return
        self._stamp = seen
        try:
            fresh = OpenStore(self._folder, KEPT)
        except StoreError as error:
            self.refused += 1
            log.error("the catalogue stays as it was: %s", error)
            return
        if self._before is not None:
            self._before.close()
        self._before, self._open = self._open, fresh
        self.edition += 1
