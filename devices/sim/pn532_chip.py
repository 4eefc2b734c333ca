"""A PN532 chip on its UART: acknowledges, answers, repeats on NACK; with cards that can be held to it."""

from __future__ import annotations

from pathlib import Path

from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Damaged, Data, Nack
from devices.sim.pn532_core import Pn532Core
from devices.sim.tags import Card
from devices.sim.wire import Wire


class SimPn532:
    """The chip on its wire; `core` holds the cards and does the commands. `tap` holds a card for some polls."""

    def __init__(self, link: Path) -> None:
        self._parser = pn532.Parser()
        self._last = b""
        self._awake = False
        self.core = Pn532Core()
        self.wire = Wire(link, self._hear)
        self.wire.plug()

    def tap(self, uid: bytes, polls: int = 3, held_s: float = 1.5) -> None:
        """Hold a card with that UID (4, 7 or 10 bytes) to the reader for the next `polls` looks, at most `held_s`."""
        self.core.hold(Card(uid), polls, held_s)

    @property
    def looks(self) -> int:
        """How often it was asked for cards."""
        return self.core.looks

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()

    def _hear(self, data: bytes) -> bytes:
        if data.startswith(b"\x55\x55") or data.count(0) >= 10:
            self._awake = True
        reply = b""
        for frame in self._parser.feed(data):
            match frame:
                case Data(pn532.TO_CHIP, payload) if self._awake and payload:
                    self._last = pn532.build(self.core.run(payload), pn532.TO_HOST)
                    reply += pn532.ACK + self._last
                case Nack():
                    reply += self._last
                case Damaged():
                    reply += pn532.NACK
                case Ack() | Data():
                    pass  # an abort, or a frame for nobody
        return reply
