"""Notices that a newer store was imported into the kiosk's store folder, and hands it to the agent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from content.store import OpenStore, StoreError, stamp_of
from kiosk.adopting.talk import StoreReady

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0  # between two looks; each is one stat()


class StoreWatcher:
    """Looks at a folder from a thread of its own and posts StoreReady for each new store that can be opened.

    What cannot be opened is logged and left: the store that is sold from stands. Make it before the store is opened,
    so that an import in between is noticed.
    """

    def __init__(self, folder: Path, post: Callable[[StoreReady], None], look_s: float = LOOK_S) -> None:
        self._folder, self._post, self._look_s = folder, post, look_s
        self._stamp = stamp_of(folder)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; nothing is posted after that."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._look_s):
            stamp = stamp_of(self._folder)
            if stamp is None or stamp == self._stamp:
                continue
            self._stamp = stamp
            try:
                fresh = OpenStore(self._folder)
            except StoreError as error:
                log.error("the new store is refused, the old one stands: %s", error)
                continue
            log.info("store %s is there, and sold from when nobody is buying", fresh.store.version)
            self._post(StoreReady(fresh))
