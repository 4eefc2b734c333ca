"""Who may speak to this fleet: the authority, its record, the kiosks that ask, and the end of those that were put out.

mosquitto reads a new revocation list at SIGHUP and then lets nobody new in by a void certificate, but who is in stays in.
So the fleet ends such a connection itself: it comes in at its own door under the kiosk's client id, upon which the
broker ends the other (MQTT 5, 3.1.4-3), and stays a while. Whoever throws it out meanwhile was let in again: then the
broker has not read the list yet, and it is tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from fleet.clock import Clock
from fleet.config import Config, ServeError
from fleet.identity.authority import Authority
from fleet.identity.book import Book, Kept
from fleet.identity.enrolments import Enrolments
from fleet.identity.publishing import publish_revocations
from fleet.store.store import Store
from mqtt.client import Client
from mqtt.security import Tls
from mqtt.topics import Address

log = logging.getLogger(__name__)
LOOK_S: Final = 2.0  # how soon a revocation made by another process is seen
CONNECT_S: Final = 10.0
HOLD_S: Final = 5.0  # a kiosk thrown out tries again within a second or two, so this long is long enough
AGAIN_S: Final = 10.0  # between two tries


class Admission:
    """The parts, and a thread that carries out revocations. Raises BadAuthority, OSError, ServeError when made."""

    def __init__(self, config: Config, store: Store, clock: Clock, *, hold_s: float = HOLD_S) -> None:
        tls = config.broker_tls
        if config.kiosk_broker is None or tls is None:
            raise ServeError(
                "kiosks are let in (--kiosk-broker) over TLS only: give --broker-ca, -certificate and -key"
            )
        self._broker: tuple[str, int, Tls] = (config.broker_host, config.broker_port, tls)
        self._clock, self._hold_s = clock, hold_s
        self.authority = Authority(config.data, clock(), config.merchant.name)
        self.book = Book(store, clock)
        self.enrolments = Enrolments(store, self.authority, self.book, config.kiosk_broker, clock)
        self._over, self._due = threading.Event(), threading.Event()
        self._again: dict[str, float] = {}  # serial -> when its connection is looked at again
        self._thread = threading.Thread(target=self._run, name="revocations", daemon=True)

    def start(self) -> None:
        """Begin; the list is published at once, in case the last process did not come to it."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._over.set()
        self._due.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def revoke(self, kiosk: str, who: str, why: str) -> int:
        """Put a kiosk out: its certificates are void, its connection ends. Returns how many there were."""
        void = self.book.revoke(kiosk, who, why)
        self._due.set()
        return len(void)

    def look(self) -> None:
        """Something was revoked: do not wait for the next look."""
        self._due.set()

    def _run(self) -> None:
        published: list[tuple[int, int]] | None = None
        while not self._over.is_set():
            try:
                revoked = self.book.revoked()
                if revoked != published:
                    published = revoked if self._publish(revoked) else None
                self._end(self.book.to_end())
            except Exception:  # the store is away: the next look may do better
                log.exception("revocations could not be carried out")
            self._due.wait(LOOK_S)
            self._due.clear()

    def _publish(self, revoked: list[tuple[int, int]]) -> bool:
        failed = publish_revocations(self.authority, revoked, self._clock())
        for what in failed:
            log.error("the revocation list could not be written: %s", what)
        return not failed

    def _end(self, void: list[Kept]) -> None:
        for kiosk in sorted({one.kiosk for one in void}):
            mine = [one.serial for one in void if one.kiosk == kiosk]
            if self._over.is_set() or time.monotonic() < self._again.get(mine[0], 0.0):
                continue
            if self._thrown_out(kiosk):
                self.book.ended(mine)
                self._again.pop(mine[0], None)
            else:
                self._again[mine[0]] = time.monotonic() + AGAIN_S

    def _thrown_out(self, kiosk: str) -> bool:
        """Whether nobody speaks under a kiosk's client id any more who may not."""
        host, port, tls = self._broker
        client = Client(host, port, Address(*kiosk.split("/")).client_id, tls=tls)
        client.start()
        try:
            if not self._until(lambda: client.connected, CONNECT_S):
                return False
            with self.book.store.read() as connection:
                if self.book.valid(connection, kiosk):
                    return (
                        True  # another device has the address now, and will take the connection over itself
                    )
            return not self._until(lambda: client.counters.lost > 0, self._hold_s) and client.connected
        finally:
            client.stop()

    def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or self._over.wait(0.05):
                return False
        return True
