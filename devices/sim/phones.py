"""Phones to hold to a simulated reader that plays a tag: each asks what a real one asks, and opens what it gets.

A script is a generator: it yields the APDUs the phone sends, is sent the tag's answers, and returns the address it opens.
Where it yields a number, the chip tells that error of the visit (29: released, 13: format), and the visit is over.
"""

from __future__ import annotations

import threading
from collections.abc import Generator

from devices.protocol import ndef

Script = Generator[bytes | int, bytes, str]

APPLICATION = bytes.fromhex("00A4040007D276000085010100")
# An iPhone XR, recorded (tests/data/pn532): it looks for a DESFire card and Apple's wallet first.
_IPHONE_FIRST = (
    APPLICATION,
    APPLICATION,
    bytes.fromhex("9060000000"),
    bytes.fromhex("00A4040010A000000396564341FFFFFFFFFFFFFFFF00"),
    bytes.fromhex("9060000000"),
)
_SELECT_FILE = bytes.fromhex("00A4000C02")
_OK = b"\x90\x00"


class Phone:
    """One phone, held to the reader once. `opened` is what it got: an address, or "" where it could not read."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._next: bytes | int | None = None
        self._begun = False
        self.opened = ""
        self.asked = 0
        self.gone = threading.Event()

    def asks(self) -> bytes | int | None:
        """Its next question, an error of the chip's, or None: it has left."""
        if not self._begun:
            self._begun = True
            self._advance(None)
        if self._next is None or isinstance(self._next, int):
            self.gone.set()
        self.asked += isinstance(self._next, bytes)
        return self._next

    def hears(self, answer: bytes) -> None:
        """The tag's answer."""
        self._advance(answer)

    def _advance(self, answer: bytes | None) -> None:
        try:
            self._next = next(self._script) if answer is None else self._script.send(answer)
        except StopIteration as end:
            self._next, self.opened = None, end.value
            self.gone.set()


def android(piece: int = 255) -> Script:
    """By the NFC Forum's book: application, capability container, length, message in pieces of at most `piece` bytes."""
    if (yield APPLICATION) != _OK or (yield _SELECT_FILE + b"\xe1\x03") != _OK:
        return ""
    container = yield bytes.fromhex("00B000000F")
    if container[-2:] != _OK or len(container) != 17:
        return ""
    most, file = int.from_bytes(container[3:5], "big"), container[9:11]
    if (yield _SELECT_FILE + file) != _OK:
        return ""
    head = yield bytes.fromhex("00B0000002")
    if head[-2:] != _OK:
        return ""
    length, message = int.from_bytes(head[:2], "big"), b""
    while len(message) < length:
        want = min(most, piece, length - len(message))
        answer = yield bytes([0x00, 0xB0, *divmod(len(message) + 2, 256), want])
        if answer[-2:] != _OK or len(answer) < 3:
            return ""
        message += answer[:-2]
    return ndef.uri_of(ndef.decode(message)[0])  # Android opens the first record and no other


def iphone() -> Script:
    """What an iPhone XR was recorded to ask, then the same."""
    for question in _IPHONE_FIRST:
        answer = yield question
        if len(answer) < 2:
            return ""
    return (yield from android())


def leaves_after(questions: int) -> Script:
    """A hand that is too quick: gone after so many questions."""
    script, answer = android(piece=16), b""
    question = next(script)
    for _ in range(questions):
        answer = yield question
        question = script.send(answer)
    script.close()
    return ""


def fails(status: int) -> Script:
    """The chip tells an error in place of the first question: 29 (let go at once, comes again), 13 (format)."""
    yield status
    return ""
