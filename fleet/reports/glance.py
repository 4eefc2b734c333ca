"""The summary for any number of open pages: always fresh, asked of the store only where something changed, and never
for more than about a tenth of the time.

At 200,000 events the summary takes a quarter of a second; without this each page would ask twice a second.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Final

from fleet.clock import Clock
from fleet.live import Hub, Item
from fleet.reports.summary import Summary, summary
from fleet.store.store import Store

SHARE: Final = 10  # after a summary that took t, the next one comes no sooner than 10 t later
LONGEST_S: Final = 5.0
KEPT_S: Final = 60.0  # the hours move on though nothing happens


class Glance:
    """Keeps the last summary for as long as nothing happens. `now` blocks: call it from a worker thread."""

    def __init__(
        self, store: Store, live: Hub, clock: Clock, timezone: Callable[[], str] = lambda: "UTC"
    ) -> None:
        """`timezone`: of the shop, for its days."""
        self._store, self._clock, self._timezone = store, clock, timezone
        self._lock = threading.Lock()
        self._changes = itertools.count(1)
        self._version = 0
        self._kept: tuple[int, float, Summary] | None = None  # of which version, from when, what
        self._free_at = 0.0
        self._closed = live.closed
        live.listen(self._changed)

    def _changed(self, _item: Item) -> None:
        self._version = next(self._changes)

    def now(self) -> Summary:
        """The state with everything in it that was told before the call."""
        with self._lock:
            if self._kept is not None:
                version, since, kept = self._kept
                if version == self._version and time.monotonic() - since < KEPT_S:
                    return kept
            self._closed.wait(max(0.0, self._free_at - time.monotonic()))
            version, began = self._version, time.monotonic()
            fresh = summary(self._store, self._clock(), timezone=self._timezone())
            ended = time.monotonic()
            self._kept = version, began, fresh
            self._free_at = ended + min(LONGEST_S, SHARE * (ended - began))
            return fresh
