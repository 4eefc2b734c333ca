"""A PN532 chip on its UART (UM0701-02, 6.2): acknowledges, answers, repeats on NACK, drops what it was doing on ACK.

A damaged command it leaves unanswered. Cards can be held to it, and phones while it plays a tag.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Data, Nack
from devices.sim.faults import Fault, whole
from devices.sim.phones import Phone
from devices.sim.pn532_core import Pn532Core
from devices.sim.tags import Card
from devices.sim.wire import Wire

_READ_REGISTER, _WRITE_REGISTER, _COMMUNICATE_THRU = 0x06, 0x08, 0x42
_RX_MODE = 0x6303  # CIU_RxMode: bit 7, the chip checks and drops a card's CRC
_SET_BAUD_RATE, _POWER_DOWN = 0x10, 0x16
_INIT_AS_TARGET, _GET_DATA, _SET_DATA = 0x8C, 0x86, 0x8E
_ACTIVATED = bytes.fromhex("8D08E080")  # ISO 14443-4 PICC at 106 kbit/s; the RATS
_RELEASED, _WRONG_STATE, _NOT_NOW = 0x29, 0x25, 0x26


def crc_a(data: bytes) -> bytes:
    """CRC_A of ISO/IEC 14443-3, annex B."""
    crc = 0x6363
    for byte in data:
        part = (byte ^ crc) & 0xFF
        part = (part ^ part << 4) & 0xFF
        crc = crc >> 8 ^ part << 8 ^ part << 3 ^ part >> 4
    return (crc & 0xFFFF).to_bytes(2, "little")


class SimPn532:
    """The chip on a pseudo-terminal. What happens to its frames is `wire.faults`, to the host's `incoming`: each frame is one sending."""

    def __init__(self, link: Path) -> None:
        self.core = Pn532Core()
        self.incoming: Fault = whole
        self.commands: list[int] = []  # codes, as they were carried out
        self._parser = pn532.Parser()
        self._registers = defaultdict[int, int](int, {_RX_MODE: 0x80})
        self._last = b""
        self._awake = False
        self._phone: Phone | None = None
        self._active: Phone | None = None  # while the chip plays a tag for it
        self._asked = False  # the phone waits for an answer
        self._waiting = 0  # the command that waits for a phone
        self._lock = threading.RLock()  # phones come from one thread, commands from another
        self.wire = Wire(link, self._hear)
        self.wire.plug()

    @property
    def looks(self) -> int:
        """How often it has looked for a card."""
        return self.core.looks

    @property
    def plays(self) -> bool:
        """Whether it waits for a phone."""
        return self._waiting == _INIT_AS_TARGET

    def tap(self, uid: bytes, polls: int = 3, held_s: float = 1.5) -> None:
        """Hold a card with that UID (4, 7 or 10 bytes) to the reader for the next `polls` looks, at most `held_s`."""
        self.core.hold(Card(uid), polls, held_s)

    def phone_taps(self, phone: Phone) -> None:
        """Hold a phone to it; it waits there until the chip plays a tag."""
        with self._lock:
            self._phone = phone
            if self._waiting == _INIT_AS_TARGET:
                self._answer(self._activate(phone))

    def phone_leaves(self) -> None:
        """Take the phone away, read or not."""
        with self._lock:
            self._phone = None

    def brown_out(self) -> None:
        """Its power fails for a moment: it sleeps, and has forgotten all."""
        with self._lock:
            self._awake, self._last, self._waiting, self._active = False, b"", 0, None

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()

    def _hear(self, data: bytes) -> bytes:
        with self._lock:
            for piece in self.incoming(data):
                if isinstance(piece, bytes):
                    self._take(piece)
        return b""

    def _take(self, data: bytes) -> None:
        if data.startswith(b"\x55\x55") or data.count(0) >= 10:
            self._awake = True
        for frame in self._parser.feed(data):
            match frame:
                case Data(pn532.TO_CHIP, payload) if self._awake:
                    self._waiting = 0  # a new command ends the one before
                    self.wire.send(pn532.ACK)
                    self.commands.append(payload[0])
                    del self.commands[:-10_000]
                    answer = self._run(payload)
                    if answer is None:
                        self._waiting = payload[0]
                    else:
                        self._answer(answer)
                case Nack() if self._awake and self._last:
                    self.wire.send(self._last)
                case Ack():
                    self._waiting = 0
                case _:
                    pass  # damaged, or for nobody: no word of it

    def _answer(self, answer: bytes) -> None:
        self._waiting = 0
        self._last = pn532.ERROR_FRAME if answer == b"\x7f" else pn532.build(answer, pn532.TO_HOST)
        self.wire.send(self._last)

    def _run(self, command: bytes) -> bytes | None:
        """The answer to a command; None where it waits for a phone."""
        match command[0]:
            case 0x8C:
                return None if self._phone is None else self._activate(self._phone)
            case 0x86:
                return self._phone_asks()
            case 0x8E:
                return self._phone_hears(command[1:])
        self._active = None
        if command[0] == _SET_BAUD_RATE:  # a pseudo-terminal has none
            return bytes([_SET_BAUD_RATE + 1])
        if command[0] == _POWER_DOWN:
            self._awake = False
            return bytes([_POWER_DOWN + 1, 0])
        if command[0] in (_READ_REGISTER, _WRITE_REGISTER):
            return self._register(command[0], command[1:])
        answer = self.core.run(command)
        thru = answer[:2] == bytes([_COMMUNICATE_THRU + 1, 0])
        return answer + crc_a(answer[2:]) if thru and not self._registers[_RX_MODE] & 0x80 else answer

    def _register(self, code: int, arguments: bytes) -> bytes:
        """Registers keep what is written to them; one of them says whether a card's CRC goes on to the host."""
        if code == _WRITE_REGISTER:
            for start in range(0, len(arguments) - 2, 3):
                self._registers[int.from_bytes(arguments[start : start + 2], "big")] = arguments[start + 2]
            return bytes([code + 1])
        places = range(0, len(arguments) - 1, 2)
        return bytes(
            [code + 1, *(self._registers[int.from_bytes(arguments[at : at + 2], "big")] for at in places)]
        )

    def _activate(self, phone: Phone) -> bytes:
        self._active, self._asked = phone, False
        return _ACTIVATED

    def _phone_asks(self) -> bytes:
        phone = self._active
        if phone is None:
            return bytes([_GET_DATA + 1, _WRONG_STATE])
        question = phone.asks() if phone is self._phone else None
        if isinstance(question, bytes):
            self._asked = True
            return bytes([_GET_DATA + 1, 0]) + question
        self._phone = None if phone is self._phone else self._phone  # another one may be there already
        self._active = None
        return bytes([_GET_DATA + 1, _RELEASED if question is None else question])

    def _phone_hears(self, answer: bytes) -> bytes:
        phone = self._active
        if phone is None:
            return bytes([_SET_DATA + 1, _WRONG_STATE])
        if phone is not self._phone:
            self._active = None
            return bytes([_SET_DATA + 1, _RELEASED])
        if not self._asked:  # said twice, or to no question
            return bytes([_SET_DATA + 1, _NOT_NOW])
        self._asked = False
        phone.hears(answer)
        return bytes([_SET_DATA + 1, 0])
