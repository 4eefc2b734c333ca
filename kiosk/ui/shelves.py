"""Facings as they scroll in: fetched through the link in windows on a thread of their own, a bounded number kept.

The thread is not the painting one, so that an agent that is away for a moment stops neither painting nor touch.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kiosk.link.link import ScreenEnd
from kiosk.views import Facing

WINDOW = 48  # facings a fetch brings: four screens of a portrait wall
KEEP = 32  # windows; about 1 MB
RETRY = 1.0  # seconds until an agent that was away is asked again
SOONEST = 0.2  # seconds between two looks at the same facings, whatever the agent's clock does
_log = logging.getLogger(__name__)


class Shelf(NamedTuple):
    """One aisle in one language, in one state of the shop's content."""

    aisle: str
    language: str
    version: str


class _Window(NamedTuple):
    shelf: Shelf
    number: int


class _Page(NamedTuple):
    items: Sequence[Facing]
    until: float  # monotonic seconds; from then on its prices may be others


class Shelves:
    """All facings the screen has at hand. `arrived` is called from the thread when more came.

    A page whose time has passed is shown on until the new one is there: a shelf is never bare for a price.
    """

    def __init__(self, link: ScreenEnd, arrived: Callable[[], None]) -> None:
        self._link = link
        self._arrived = arrived
        self._pages: OrderedDict[_Window, _Page] = OrderedDict()
        self._wished: list[_Window] = []  # what the screen is about
        self._wanted: list[_Window] = []  # what of it is to be fetched
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
            self._wished = list(dict.fromkeys(windows))
            self._wanted = self._due()
            self._open.notify()

    def get(self, shelf: Shelf, index: int) -> Facing | None:
        """The facing at a place (from 0) of an aisle, or None where it is not here (yet)."""
        page = self._pages.get(_Window(shelf, index // WINDOW))
        at = index % WINDOW
        return page.items[at] if page is not None and at < len(page.items) else None

    def close(self) -> None:
        """End the thread."""
        with self._open:
            self._closed = True
            self._open.notify()
        self._thread.join(timeout=10)

    def _due(self) -> list[_Window]:
        """Wishes that are not here, or not true any more."""
        now = time.monotonic()
        return [w for w in self._wished if (page := self._pages.get(w)) is None or page.until <= now]

    def _rest(self) -> float | None:
        """Seconds until a wish has to be fetched anew; None: never by itself."""
        until = min((self._pages[w].until for w in self._wished if w in self._pages), default=math.inf)
        return None if until == math.inf else max(0.0, until - time.monotonic())

    def _run(self) -> None:
        while True:
            with self._open:
                while not self._closed and not self._wanted:
                    self._open.wait(self._rest())
                    self._wanted = self._due()
                if self._closed:
                    return
                window = self._wanted[0]
            shelf, start, asked = window.shelf, window.number * WINDOW, time.monotonic()
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
                until = asked + max(SOONEST, page.fresh_ms / 1000) if page.fresh_ms else math.inf
                self._pages[window] = _Page(page.items, until)
                while len(self._pages) > KEEP:
                    self._pages.popitem(last=False)
                self._wanted = [w for w in self._wanted if w != window]
            self._arrived()
