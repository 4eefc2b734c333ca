"""A printer made ready for its next job: how it confirms is found out, and what an earlier job left in it is parted from the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from devices.protocol import escpos
from devices.protocol.escpos_proof import Proof
from devices.protocol.escpos_terms import FENCE_S, PROBE_S, PROCESS_ID, STATUS, Abilities
from devices.protocol.escpos_watch import Watch


class Ready(Watch, ABC):
    """Two of a PrintSession's stages, probe and clean; both end in "idle"."""

    def __init__(self, can: Abilities, mark: Callable[[], bytes], residue: str) -> None:
        super().__init__(can)
        self._proof = Proof(mark)
        self.residue = residue
        self.way = ""  # how it confirms; "" until it was tried
        self._untried: deque[str] = deque()
        self._stage, self._since = "idle", 0.0

    @abstractmethod
    def _refuse(self, reason: str) -> None:
        """Give up the jobs that wait."""

    def _go(self, stage: str, now: float) -> None:
        self._stage, self._since = stage, now
        self._looked = None if stage != "idle" else self._looked

    def _probe(self, now: float) -> None:
        self._untried, self._proof.way = deque(self._can.confirm), ""
        self._go("probe", now)

    def _clean(self, now: float) -> None:
        self._request(escpos.part(void=self.residue == "void") + self._auto(), now)
        self._go("clean", now)

    def _in_probe(self, now: float) -> None:
        """Find out how it confirms, and that nothing of an earlier session is still to come."""
        if not self.status.can_print:
            self._go("idle", now)
        elif self._proof.way and self._confirmed(now):
            self.way = self._proof.way
            self._go("idle", now)
        elif self._proof.way and now - self._since < PROBE_S:
            self._keep_looking(now)
        elif self._untried and self._untried[0] == STATUS:
            self.way = STATUS
            self._proof.forget()
            self._go("idle", now)
        elif self._untried:
            self._since, self._proof.way = now, self._untried.popleft()
            self._proof.forget()
            # A command that stands half in the printer since another session would eat the request.
            self._request((escpos.FLUSH if self.residue else b"") + self._auto(), now, self._proof.way)
        else:
            self._refuse("offline")  # it takes everything and does nothing: whoever waits shall know
            self._go("idle", now)

    def _in_clean(self, now: float) -> None:
        if not self.status.can_print:
            self._go("idle", now)
        elif self._confirmed(now):
            self.residue = ""
            self._go("idle", now)
        elif now - self._since > FENCE_S:
            self._forget_way()
            self._go("idle", now)
        else:
            self._keep_looking(now)

    def _auto(self) -> bytes:
        """Status unasked where a process id is waited for; a group that lost its head would pass for answers to GS r."""
        if not self._can.auto_status:
            return b""
        return escpos.AUTO_STATUS if (self._proof.way or self.way) == PROCESS_ID else escpos.NO_AUTO_STATUS

    def _request(self, data: bytes, now: float, way: str = "") -> None:
        """Send `data` and ask to be told when it is done."""
        self._good_since = now if self.status.can_print else None
        self._outbox.add(data + self._proof.request(way or self.way, now), now)

    def _confirmed(self, now: float) -> bool:
        return self._proof.sure(now, self._good_since, self._looked)

    def _forget_way(self) -> None:
        """It does not confirm any more as it did: find out anew."""
        self.way = ""
        self._proof.forget()
