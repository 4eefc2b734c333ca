"""Who of several processes on one database does what only one may do: whoever holds the row, for as long as it says."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import or_, select, update

from fleet import tables
from fleet.clock import Clock
from fleet.store.store import Store

FOR_MS: Final = 30_000


class Lease:
    """One process's claim to `name`. It saves work and doubled messages; what must not happen twice is judged in a
    transaction of its own all the same, because a process may sleep past its lease.
    """

    def __init__(self, store: Store, name: str, clock: Clock, for_ms: int = FOR_MS) -> None:
        self._store, self._name, self._clock, self._for_ms = store, name, clock, for_ms
        self.holder = secrets.token_hex(8)
        self._until_ms = 0

    def hold(self) -> bool:
        """Whether we have it now: it was ours, free, or over. Written at most every half of its time."""
        now = self._clock()
        if self._until_ms - self._for_ms <= now < self._until_ms - self._for_ms // 2:
            return True
        row = tables.leases.c
        with self._store.write() as connection:
            free = {"name": self._name, "holder": "", "until_ms": 0}
            self._store.insert_new(connection, tables.leases, [free])
            ours = or_(row.holder == self.holder, row.until_ms <= now, row.until_ms > now + 2 * self._for_ms)
            taken = connection.execute(
                update(tables.leases)
                .where(row.name == self._name, ours)
                .values(holder=self.holder, until_ms=now + self._for_ms)
            ).rowcount
        self._until_ms = now + self._for_ms if taken else 0
        return bool(taken)

    def let_go(self) -> None:
        """Whoever else wants it need not wait."""
        row = tables.leases.c
        if self._until_ms:
            self._until_ms = 0
            with self._store.write() as connection:
                connection.execute(
                    update(tables.leases)
                    .where(row.name == self._name, row.holder == self.holder)
                    .values(until_ms=0)
                )

    def held_by(self) -> str:
        """Who has it; "" for nobody."""
        row = tables.leases.c
        asked = select(row.holder).where(row.name == self._name, row.until_ms > self._clock())
        with self._store.read() as connection:
            return connection.scalar(asked) or ""
