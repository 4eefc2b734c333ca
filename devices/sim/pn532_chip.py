"""A PN532 chip on its UART: acknowledges, answers, repeats on NACK; with cards that can be held to it."""

from __future__ import annotations

import time
from pathlib import Path

from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Damaged, Data, Nack
from devices.sim.wire import Wire

_FIRMWARE = bytes.fromhex("0332010607")  # IC 32, version 1.6, ISO 14443 A and B and 18092


class SimPn532:
    """The chip. A held card is read by each poll until it is taken away; `tap` holds it for some polls.

    A tap ends by the clock too, looked at or not: a card that nobody asked for must not pay the next purchase.
    """

    def __init__(self, link: Path) -> None:
        self._parser = pn532.Parser()
        self._last = b""
        self._awake = False
        self._card: bytes | None = None
        self._polls_left = 0
        self._held_until = 0.0  # monotonic seconds
        self.looks = 0
        self.wire = Wire(link, self._hear)
        self.wire.plug()

    def tap(self, uid: bytes, polls: int = 3, held_s: float = 1.5) -> None:
        """Hold a card with that UID (4, 7 or 10 bytes) to the reader for the next `polls` looks, at most `held_s`."""
        self._card, self._polls_left, self._held_until = uid, polls, time.monotonic() + held_s

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
                    self._last = pn532.build(self._run(payload), pn532.TO_HOST)
                    reply += pn532.ACK + self._last
                case Nack():
                    reply += self._last
                case Damaged():
                    reply += pn532.NACK
                case Ack() | Data():
                    pass  # an abort, or a frame for nobody
        return reply

    def _run(self, command: bytes) -> bytes:
        match command[0]:
            case 0x02:
                return _FIRMWARE
            case 0x14 | 0x32:
                return bytes([command[0] + 1])
            case 0x4A:
                return self._list_targets()
        return bytes([0x7F])  # the syntax error frame's one byte

    def _list_targets(self) -> bytes:
        self.looks += 1
        if self._card is None or self._polls_left <= 0 or time.monotonic() > self._held_until:
            self._card = None
            return b"\x4b\x00"
        self._polls_left -= 1
        sens_res = b"\x00\x44" if len(self._card) == 7 else b"\x00\x04"
        return b"\x4b\x01\x01" + sens_res + b"\x08" + bytes([len(self._card)]) + self._card
