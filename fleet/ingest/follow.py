"""What other processes store, told live in this one: for pages beside ingest workers.

Events are seen when they are committed, in no order of receipt. So it looks once a second at all that came within
LATE_MS, which is longer than a transaction of ingest can take (fleet.store.store.POSTGRES ends its waits and its statements),
and tells what it has not told. Where more came than it looks at, it says so, and pages ask anew.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.clock import Clock, now_ms
from fleet.live import Hub
from fleet.reports.reports import plain_body
from fleet.store.store import Store

log = logging.getLogger(__name__)
EVERY_S: Final = 1.0
LATE_MS: Final = 180_000  # between an event's receipt and its commit
MOST: Final = 64  # events told at once; pages that want all of more ask anew
LOOKED_AT: Final = 5_000  # places read at a look: 28 events/s

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
        place = (row.kiosk, row.epoch, row.seq)
        asked = select(*place, row.received_ms).where(row.received_ms >= since_ms)
        with self._store.read() as connection:
            found = connection.execute(asked.order_by(row.received_ms.desc()).limit(LOOKED_AT)).all()
            fresh = {
                (kiosk, epoch, seq): at
                for kiosk, epoch, seq, at in found
                if (kiosk, epoch, seq) not in self._told
            }
            newest = list(fresh)[:MOST]
            told = select(*place, row.body).where(tuple_(*place).in_(newest), row.received_ms >= since_ms)
            bodies = (
                {(kiosk, epoch, seq): body for kiosk, epoch, seq, body in connection.execute(told)}
                if newest
                else {}
            )
        self._told |= fresh
        if len(fresh) > MOST or (fresh and len(found) == LOOKED_AT):
            self._live.tell("missed", {})
        for each in reversed(newest):
            data = {"kiosk": each[0], "received_ms": fresh[each], "event": plain_body(bodies[each])}
            self._live.tell("event", data)
        following = max(since_ms, self._clock() - LATE_MS)
        self._told = {known: at for known, at in self._told.items() if at >= following}
        return following
