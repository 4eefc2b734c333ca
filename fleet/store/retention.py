"""Raw events go after some days. What they left behind stays: sales and their lines, refunds, sums per minute, what is
known of each stream; so nothing that is sent again counts again (docs/store.md).
"""

from __future__ import annotations

import logging
from typing import Final

from fleet.clock import Clock
from fleet.store import partitions
from fleet.store.store import Store

log = logging.getLogger(__name__)
DAYS: Final = 90
AT_ONCE: Final = 2_000  # rows of one step: so long everybody else waits to write into SQLite
STEPS: Final = 50  # of one round; the next round goes on


class Retention:
    """Keeps raw events for `days` days (0: for ever)."""

    def __init__(self, store: Store, clock: Clock, days: int = DAYS) -> None:
        self._store, self._clock, self._days = store, clock, days
        self._parted = store.engine.dialect.name == "postgresql"

    def prepare(self) -> None:
        """Make room for the days to come, before the first event is stored."""
        if self._parted and partitions.lacks(self._store, self._clock()):
            with self._store.write() as connection:
                partitions.hold(connection)
                partitions.make(connection, self._clock())

    def sweep(self) -> int:
        """One round: make room for the days to come, drop the days that are over. How many events went one by one."""
        now = self._clock()
        before = now - self._days * partitions.DAY_MS if self._days else 0
        if self._parted:
            self.prepare()
            for day in partitions.over(self._store, before):
                with self._store.write() as connection:
                    partitions.hold(connection)
                    partitions.drop(connection, day)
                log.info("raw events that came on %s were dropped", day)
        return self._delete(before)

    def _delete(self, before_ms: int) -> int:
        """What is in no part of its own, in small steps."""
        total = 0
        table = "events_rest" if self._parted else "events"
        for _ in range(STEPS):
            with self._store.write() as connection:
                ids = "ctid" if self._parted else "rowid"
                done = connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE {ids} IN "  # noqa: S608 (no word of anybody else's)
                    f"(SELECT {ids} FROM {table} WHERE received_ms < {before_ms} ORDER BY received_ms LIMIT {AT_ONCE})"
                ).rowcount
            total += done
            if done < AT_ONCE:
                break
        return total
