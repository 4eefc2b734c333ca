"""Facings as they scroll in: fetched through the link in windows on a thread of their own, a bounded number kept.

The thread is not the painting one, so that an agent that is away for a moment stops neither painting nor touch.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kiosk.link import ScreenEnd
from kiosk.views import Facing

WINDOW = 48  # facings a fetch brings: four screens of a portrait wall
KEEP = 32  # windows; about 1 MB
RETRY = 1.0  # seconds until an agent that was away is asked again
_log = logging.getLogger(__name__)


class Shelf(NamedTuple):
    """One aisle in one language, in one state of the shop's content."""

    aisle: str
    language: str
    version: str


class _Window(NamedTuple):
    shelf: Shelf
    number: int


class Shelves:
    """All facings the screen has at hand. `arrived` is called from the thread when more came."""

    def __init__(self, link: ScreenEnd, arrived: Callable[[], None]) -> None:
        self._link = link
        self._arrived = arrived
        self._pages: OrderedDict[_Window, Sequence[Facing]] = OrderedDict()
        self._wanted: list[_Window] = []
        self._open = threading.Condition()
        self._closed = False
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name="ui-shelves", daemon=True)
        self._thread.start()

    def want(self, shelf: Shelf, ranges: Sequence[range]) -> None:
        """Fetch what lies in these ranges of facings, in their order, and forget older wishes."""
        windows = [
            _Window(shelf, n)
            for r in ranges
            if r
            for n in range(r.start // WINDOW, (r.stop - 1) // WINDOW + 1)
        ]
        with self._open:
            for window in windows:
                if window in self._pages:
                    self._pages.move_to_end(window)
            self._wanted = [w for w in dict.fromkeys(windows) if w not in self._pages]
            self._open.notify()

    def get(self, shelf: Shelf, index: int) -> Facing | None:
        """The facing at a place (from 0) of an aisle, or None where it is not here (yet)."""
        page = self._pages.get(_Window(shelf, index // WINDOW))
        at = index % WINDOW
        return page[at] if page is not None and at < len(page) else None

    def close(self) -> None:
        """End the thread."""
        with self._open:
            self._closed = True
            self._open.notify()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            with self._open:
                while not self._closed and not self._wanted:
                    self._open.wait()
                if self._closed:
                    return
                window = self._wanted[0]
            shelf, start = window.shelf, window.number * WINDOW
            try:
                page = self._link.facings(shelf.aisle, shelf.language, start, start + WINDOW)
            except OSError as away:
                self.failures += 1
                _log.warning("no facings %d-%d of %s: %s", start, start + WINDOW, shelf.aisle, away)
                with self._open:
                    if not self._closed:
                        self._open.wait(RETRY)
                continue
            with self._open:
                self._pages[window] = page.items
                while len(self._pages) > KEEP:
                    self._pages.popitem(last=False)
                self._wanted = [w for w in self._wanted if w != window]
            self._arrived()
