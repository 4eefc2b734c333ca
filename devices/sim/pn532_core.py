"""What a PN532 does with a command, whatever wire it came on (UM0701-02, 7): with cards that can be held to it."""

from __future__ import annotations

import threading
import time

from devices.protocol.pn532_targets import LISTED
from devices.sim.tags import Card

_FIRMWARE = bytes.fromhex("0332010607")  # IC 32, version 1.6, ISO 14443 A and B and 18092
_SYNTAX_ERROR = bytes([0x7F])
_SILENT, _WRONG_CONTEXT = 0x01, 0x27
_DONE = {0x08, 0x12, 0x14, 0x32}  # commands that are answered by their code alone


class Pn532Core:
    """The chip's command interpreter. A held card is found by each look until it is taken away.

    A tap ends by the clock too, looked at or not: a card that nobody asked for must not pay the next purchase.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # cards are held by one thread and looked for by another
        self._card: Card | None = None
        self._looks_left = 0
        self._held_until = 0.0  # monotonic seconds
        self._active: Card | None = None
        self.looks = 0

    def hold(self, card: Card, looks: int = 1_000_000, held_s: float = float("inf")) -> None:
        """Hold a card to it for the next `looks` looks, at most `held_s`."""
        with self._lock:
            self._card, self._looks_left, self._held_until = card, looks, time.monotonic() + held_s

    def take_away(self) -> None:
        """The card leaves the field."""
        with self._lock:
            self._card = self._active = None

    @property
    def active(self) -> Card | None:
        """The card that was found by the last look."""
        return self._active

    def run(self, command: bytes) -> bytes:
        """The answer to a command, code first, both without their TFI."""
        with self._lock:
            return self._run(command) if command else _SYNTAX_ERROR

    def _run(self, command: bytes) -> bytes:
        code, arguments = command[0], command[1:]
        if code in _DONE:
            return bytes([code + 1])
        match code:
            case 0x00 if arguments[:1] == b"\x00":  # communication line test: an echo
                return b"\x01" + arguments
            case 0x00 if arguments == b"\x06":  # is the ISO 14443-4 card still there
                there = self._active is not None and self._active is self._present()
                return b"\x01\x00" if there else bytes([0x01, _SILENT])
            case 0x02:
                return _FIRMWARE
            case 0x06:
                return b"\x07" + bytes(len(arguments) // 2)
            case 0x40 | 0x42:
                return self._exchange(code, arguments)
            case 0x44 | 0x52:
                self._active = None
                return bytes([code + 1, 0])
            case 0x4A:
                return self._list_targets()
        return _SYNTAX_ERROR

    def _exchange(self, code: int, arguments: bytes) -> bytes:
        data = arguments[1:] if code == 0x40 else arguments  # InCommunicateThru names no target
        if self._active is None:
            return bytes([code + 1, _WRONG_CONTEXT])
        answer = self._active.answer(data) if self._active is self._present() else None
        return bytes([code + 1, _SILENT]) if answer is None else bytes([code + 1, 0]) + answer

    def _present(self) -> Card | None:
        if self._looks_left < 0 or time.monotonic() > self._held_until:
            self._card = None
        return self._card

    def _list_targets(self) -> bytes:
        self.looks += 1
        self._looks_left -= 1
        card = self._active = self._present()
        if card is None:
            return bytes([LISTED, 0])
        target = card.target
        ats = target.ats if target.sel_res & 0x20 else b""
        head = bytes([LISTED, 1, 1]) + target.sens_res + bytes([target.sel_res, len(target.uid)])
        return head + target.uid + ats
