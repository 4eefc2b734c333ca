"""Whether the fleet is well: it can write, it hears the broker, it stores what comes. Found out, not assumed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.clock import Clock
from fleet.ingest.ingest import Ingest
from fleet.line import Line
from fleet.store.store import Store

KEPT_S: Final = 2.0  # whoever asks more often gets the same answer: anybody may ask
WRITES_S: Final = 10.0  # a write proves for so long that the database writes
STUCK_S: Final = 30.0  # a message that waits so long is not being stored


class Wellness(Struct, frozen=True, kw_only=True):
    """Each part, and how long the oldest message has waited to be stored."""

    status: str  # ok | ill
    store: bool
    broker: bool
    ingest: bool
    oldest_unhandled_s: float
    releases: str = ""  # that kiosks run and that cannot be read: phones before them see what they sold last

    @property
    def well(self) -> bool:
        """Whether all of it is."""
        return self.status == "ok"


class Doctor:
    """Looks the fleet's parts over. `look` blocks as long as the database does: call it from a worker thread."""

    def __init__(self, store: Store, line: Line, ingest: Ingest, clock: Clock,
        releases: Callable[[], str] = lambda: "",
    ) -> None:  # fmt: skip
        self._store, self._line, self._ingest, self._clock = store, line, ingest, clock
        self._releases = releases
        self._lock = threading.Lock()
        self._kept: tuple[float, Wellness] | None = None
        self._wrote = float("-inf")

    def look(self) -> Wellness:
        """How it is now, or was a moment ago."""
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > KEPT_S:
                found = self._look()
                self._kept = (time.monotonic(), found)
            return self._kept[1]

    def _look(self) -> Wellness:
        oldest = self._ingest.oldest_s
        store, broker = self._writes(), self._line.connected and self._ingest.connected
        ingest = self._ingest.alive and oldest < STUCK_S
        return Wellness(
            status="ok" if store and broker and ingest else "ill", store=store, broker=broker, ingest=ingest,
            oldest_unhandled_s=round(oldest, 3), releases=self._releases(),
        )  # fmt: skip

    def _writes(self) -> bool:
        if time.monotonic() - self._wrote < WRITES_S:
            return True
        try:
            with self._store.write(beside=True) as connection:
                self._store.upsert(connection, tables.pulse, {"name": "health", "at_ms": self._clock()})
        except SQLAlchemyError:
            return False
        self._wrote = time.monotonic()
        return True
