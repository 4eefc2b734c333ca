"""An NFC Forum Type 4 tag that a phone reads (NFC Forum Type 4 Tag, mapping version 2.0), as a function of what it is asked.

Two files: the capability container E103 and the NDEF file E104 (two bytes of length, then the message), both read-only.
Phones ask for much else first: an iPhone selects its wallet's application and asks for a DESFire version (recorded,
tests/data/pn532). Each of those is answered with "not found" or "no such instruction", and the phone goes on.
"""

from __future__ import annotations

from typing import Final

NDEF_APPLICATIONS: Final = (bytes.fromhex("D2760000850101"), bytes.fromhex("D2760000850100"))  # mapping 2, 1
CC_FILE, NDEF_FILE = 0xE103, 0xE104
MOST_READ: Final = (
    0x54  # MLe: with two bytes of status and the block's own it fits the smallest usual frame of 96
)
MOST_MESSAGE: Final = 0x7FFF - 2  # READ BINARY's offset has 15 bits

OK: Final = bytes.fromhex("9000")
WRONG_LENGTH: Final = bytes.fromhex("6700")
NOT_ALLOWED: Final = bytes.fromhex("6986")  # no file is selected
READ_ONLY: Final = bytes.fromhex("6982")
NOT_FOUND: Final = bytes.fromhex("6A82")
OUT_OF_FILE: Final = bytes.fromhex("6B00")
NO_SUCH_INSTRUCTION: Final = bytes.fromhex("6D00")

_SELECT, _READ, _UPDATE = 0xA4, 0xB0, 0xD6


def capability_container(size: int) -> bytes:
    """The CC file of a read-only tag whose NDEF file takes `size` bytes, its length field among them."""
    control = (
        NDEF_FILE.to_bytes(2, "big") + size.to_bytes(2, "big") + b"\x00\xff"
    )  # read by all, written by none
    body = b"\x20" + MOST_READ.to_bytes(2, "big") + b"\x00\x34" + bytes([0x04, len(control)]) + control
    return (len(body) + 2).to_bytes(2, "big") + body


class Tag4Emulator:
    """One visit of one phone. `message` is a whole NDEF message of at most MOST_MESSAGE bytes (else ValueError)."""

    def __init__(self, message: bytes) -> None:
        if len(message) > MOST_MESSAGE:
            raise ValueError(f"a Type 4 tag holds {MOST_MESSAGE} bytes of NDEF, not {len(message)}")
        ndef = len(message).to_bytes(2, "big") + message
        self._files = {CC_FILE: capability_container(len(ndef)), NDEF_FILE: ndef}
        self._application = False  # whether ours is the selected one
        self._file: int | None = None
        self._unread = set(range(len(ndef)))

    @property
    def complete(self) -> bool:
        """Whether every byte of the NDEF file has been asked for and given."""
        return not self._unread

    def answer(self, apdu: bytes) -> bytes:
        """What the tag says to a command APDU (ISO 7816-4), however broken: data and two bytes of status."""
        if len(apdu) < 4:
            return WRONG_LENGTH
        split = _body(apdu)
        if apdu[0] != 0x00 or apdu[1] not in (_SELECT, _READ, _UPDATE):
            return NO_SUCH_INSTRUCTION
        if split is None:
            return WRONG_LENGTH
        data, expected = split
        if apdu[1] == _SELECT:
            return self._select(apdu[2], data)
        if self._file is None:
            return NOT_ALLOWED
        if apdu[1] == _UPDATE:
            return READ_ONLY
        return self._read(self._file, apdu[2] * 256 + apdu[3], expected)

    def _select(self, how: int, what: bytes) -> bytes:
        if how == 0x04:
            if what not in NDEF_APPLICATIONS:
                return NOT_FOUND  # and what is selected stays so
            self._application, self._file = True, None
            return OK
        file = int.from_bytes(what, "big")
        if not (how == 0x00 and self._application and len(what) == 2 and file in self._files):
            return NOT_FOUND
        self._file = file
        return OK

    def _read(self, file: int, offset: int, expected: int) -> bytes:
        """READ BINARY: at most what was asked for, what the CC allows and what there is; never past the end."""
        content = self._files[file]
        if offset >= len(content):  # also any short file identifier: its highest bit is set
            return OUT_OF_FILE
        piece = content[offset : offset + min(expected, MOST_READ)]
        if file == NDEF_FILE:
            self._unread.difference_update(range(offset, offset + len(piece)))
        return piece + OK


def _body(apdu: bytes) -> tuple[bytes, int] | None:
    """Data and expected length (Le; 0 where there is none) of a command APDU, short or extended; None where it is neither."""
    rest = apdu[4:]
    if not rest:
        return b"", 0
    if len(rest) == 1:
        return b"", rest[0] or 256
    if (
        rest[0] or len(rest) == 2
    ):  # short: a data field of rest[0] bytes (an empty one is no case of ISO 7816)
        return _cut(rest[0], rest[1:], 1)
    count = int.from_bytes(rest[1:3], "big")
    if len(rest) == 3:
        return b"", count or 65536
    return _cut(count, rest[3:], 2)


def _cut(count: int, rest: bytes, width: int) -> tuple[bytes, int] | None:
    """`count` bytes of data, then nothing or Le in `width` bytes, where 0 is the most there is."""
    if not count or len(rest) not in (count, count + width):
        return None
    if len(rest) == count:
        return rest, 0
    return rest[:count], int.from_bytes(rest[count:], "big") or 256**width
