"""What other processes store, told live in this one: for pages beside ingest workers. It looks at the newest events once
a second; a commit takes less than LATE_MS, so none is passed over.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.clock import Clock, now_ms
from fleet.live import Hub
from fleet.reports import plain_body
from fleet.store import Store

log = logging.getLogger(__name__)
EVERY_S: Final = 1.0
LATE_MS: Final = 5_000  # between an event's receipt and its commit
MOST: Final = 64  # events told at once; pages that want all of more ask anew

Place = tuple[str, str, int]


class Follower:
    """Tells `live` of events this process did not store itself."""

    def __init__(self, store: Store, live: Hub, clock: Clock = now_ms) -> None:
        self._store, self._live, self._clock = store, live, clock
        self._told: dict[Place, int] = {}  # -> received_ms, of the last LATE_MS
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin with what comes from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End, within a look at the database."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        since = self._clock()
        while not self._ended.wait(EVERY_S):
            try:
                since = self.look(since)
            except SQLAlchemyError as error:
                log.warning("the newest events cannot be asked for now: %s", str(error).splitlines()[0])

    def look(self, since_ms: int) -> int:
        """Tell what came since `since_ms` and was not told; returns from when to ask the next time."""
        row = tables.events.c
        asked = (
            select(row.kiosk, row.epoch, row.seq, row.received_ms, row.body)
            .where(row.received_ms >= since_ms)
            .order_by(row.received_ms.desc())
            .limit(MOST)
        )
        with self._store.read() as connection:
            found = connection.execute(asked).all()
        fresh = [each for each in found if (each.kiosk, each.epoch, each.seq) not in self._told]
        if len(found) == MOST:
            self._live.tell("missed", {})
        for kiosk, epoch, seq, received_ms, body in reversed(fresh):
            self._told[kiosk, epoch, seq] = received_ms
            self._live.tell("event", {"kiosk": kiosk, "received_ms": received_ms, "event": plain_body(body)})
        following = max(since_ms, self._clock() - LATE_MS)
        self._told = {place: at for place, at in self._told.items() if at >= following}
        return following
