"""What a PN532 does with a command, whatever wire it came on (UM0701-02, 7): with cards that can be held to it."""

from __future__ import annotations

import threading
import time

from devices.protocol.pn532_targets import LISTED
from devices.sim.iso_dep import IsoDepCard
from devices.sim.tags import Card

_FIRMWARE = bytes.fromhex("0332010607")  # IC 32, version 1.6, ISO 14443 A and B and 18092
_SYNTAX_ERROR = bytes([0x7F])
_SILENT, _WRONG_CONTEXT = 0x01, 0x27
_DONE = {0x14, 0x32}  # commands that are answered by their code alone
_FIELD = bytes([0x32, 0x01])  # RFConfiguration, the field: bit 0 of what follows turns it on or off
_AUTO_RATS = 0x10  # SetParameters
_RX_MODE, _TX_MODE, _WITH_CRC = 0x6303, 0x6302, 0x80  # CIU registers: the chip checks and removes CRCs itself


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
        self._deaf: Card | None = None  # in the state of ISO 14443-4: hears no look until it is let go
        self._blocks: IsoDepCard | None = (
            None  # of the active card, where the host does RATS and blocks itself
        )
        self._parameters = _AUTO_RATS
        self._registers = {_RX_MODE: _WITH_CRC, _TX_MODE: _WITH_CRC}
        self.looks = 0

    def hold(self, card: Card, looks: int = 1_000_000, held_s: float = float("inf")) -> None:
        """Hold a card to it for the next `looks` looks, at most `held_s`."""
        with self._lock:
            self._card, self._looks_left, self._held_until = card, looks, time.monotonic() + held_s
            self._deaf = None

    def take_away(self) -> None:
        """The card leaves the field."""
        with self._lock:
            self._card = self._active = self._deaf = None

    @property
    def active(self) -> Card | None:
        """The card that was found by the last look."""
        return self._active

    def run(self, command: bytes) -> bytes:
        """The answer to a command, code first, both without their TFI."""
        with self._lock:
            if command[:2] == _FIELD and not command[-1] & 1:
                self._lose_field()
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
                return b"\x07" + bytes(self._registers.get(where, 0) for where, _ in _registers(arguments, 2))
            case 0x08:
                self._registers |= {
                    where: value for where, value in _registers(arguments, 3) if where in self._registers
                }
                return b"\x09"
            case 0x12 if arguments:
                self._parameters = arguments[0]
                return b"\x13"
            case 0x40 | 0x42:
                return self._exchange(code, arguments)
            case 0x44 | 0x52:
                self._active = self._deaf = None
                return bytes([code + 1, 0])
            case 0x4A if arguments[1:2] == b"\x00":
                return self._list_targets()
            case 0x4A:  # another kind of card than type A
                return bytes([LISTED, 0])
        return _SYNTAX_ERROR

    def _exchange(self, code: int, arguments: bytes) -> bytes:
        data = arguments[1:] if code == 0x40 else arguments  # InCommunicateThru names no target
        if self._active is None:
            return bytes([code + 1, _WRONG_CONTEXT])
        talk = self._active if self._blocks is None else self._blocks
        answer = talk.answer(data) if self._active is self._present() else None
        if answer is None:
            return bytes([code + 1, _SILENT])
        raw = code == 0x42 and not self._registers[_RX_MODE] & _WITH_CRC
        return bytes([code + 1, 0]) + answer + (_crc_a(answer) if raw else b"")

    def _lose_field(self) -> None:
        self._active = self._deaf = None
        if self._card is not None:
            self._card.lose_field()

    def _present(self) -> Card | None:
        if self._looks_left < 0 or time.monotonic() > self._held_until:
            self._card = None
        return self._card

    def _list_targets(self) -> bytes:
        self.looks += 1
        self._looks_left -= 1
        self._registers |= {_RX_MODE: _WITH_CRC, _TX_MODE: _WITH_CRC}  # the chip sets itself up anew
        card = self._present()
        self._active = card = None if card is self._deaf else card
        if card is None:
            return bytes([LISTED, 0])
        target = card.target
        part_4 = bool(target.sel_res & 0x20)
        own = bool(self._parameters & _AUTO_RATS)
        self._blocks = IsoDepCard(card) if part_4 and not own else None
        ats = target.ats if part_4 and own else b""
        self._deaf = card if ats else None
        head = bytes([LISTED, 1, 1]) + target.sens_res + bytes([target.sel_res, len(target.uid)])
        return head + target.uid + ats


def _registers(arguments: bytes, size: int) -> list[tuple[int, int]]:
    """Addresses, each with the byte behind it where there is one, of entries of `size` bytes."""
    whole = range(0, len(arguments) - size + 1, size)
    return [(int.from_bytes(arguments[at : at + 2], "big"), arguments[at + size - 1]) for at in whole]


def _crc_a(data: bytes) -> bytes:
    """ISO 14443-3, annex B: CRC-16 with the polynomial 8408 from 6363."""
    crc = 0x6363
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")
