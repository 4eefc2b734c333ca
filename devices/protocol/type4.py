"""Type 4 tags (NFC Forum Type 4 Tag 2.0 and mapping 3.0): an application, a capability file, an NDEF file.

Phones play this kind of tag, DESFire and NTAG 424 cards are it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from devices.errors import ProtocolError
from devices.protocol import apdu
from devices.protocol.ndef import MOST_MESSAGE

AID_V2, AID_V1 = bytes.fromhex("D2760000850101"), bytes.fromhex("D2760000850100")
CAPABILITY_FILE = bytes.fromhex("E103")
MOST_READ = 240  # bytes per READ BINARY: with header and status it fits any reader's buffer
LEAST_MLE = 15  # mapping 2.0, table 4
_SELECT, _READ = 0xA4, 0xB0
_NDEF_FILE, _EXTENDED_FILE = 0x04, 0x05  # control TLVs
_END_OF_FILE, _WRONG_LE = 0x6282, 0x6C00

Bytes = Generator[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Capability:
    """What the capability file says: where the message is, how long its length is, how much one READ BINARY gives."""

    file: bytes
    size: int
    length_size: int  # of the NLEN field: 2, or 4 in an extended file
    most_read: int
    readable: bool


def read() -> Generator[bytes, bytes, bytes | None]:
    """The NDEF message, b"" where the tag is empty, None where it is not made for NDEF. Raises ProtocolError."""
    p2 = yield from _application()
    if p2 is None:
        return None
    yield from _select_file(CAPABILITY_FILE, p2)
    length = int.from_bytes((yield from _bytes(0, LEAST_MLE, LEAST_MLE))[:2], "big")
    if not LEAST_MLE <= length <= 255:
        raise ProtocolError(f"type 4 tag: a capability file of {length} bytes, 15 to 255 were expected")
    raw = yield from _bytes(0, length, LEAST_MLE)
    capability = capability_of(raw)
    if not capability.readable:
        return None
    yield from _select_file(capability.file, p2)
    head = capability.length_size
    size = int.from_bytes((yield from _bytes(0, head, capability.most_read)), "big")
    if size > min(MOST_MESSAGE, capability.size - head):
        raise ProtocolError(
            f"type 4 tag: a message of {size} bytes in a file of {capability.size}; at most {MOST_MESSAGE} are read"
        )
    return (yield from _bytes(head, size, capability.most_read))


def _application() -> Generator[bytes, bytes, int | None]:
    """Select the NDEF application; how files are selected in it (P2), None where there is none."""
    if apdu.answer((yield apdu.command(_SELECT, 4, 0, AID_V2, expect=256))).done:
        return 0x0C
    if apdu.answer((yield apdu.command(_SELECT, 4, 0, AID_V1))).done:
        return 0x00
    return None


def _select_file(file: bytes, p2: int) -> Generator[bytes, bytes, None]:
    selected = apdu.answer((yield apdu.command(_SELECT, 0, p2, file)))
    if not selected.done:
        raise ProtocolError(f"type 4 tag: its file {file.hex()} cannot be selected ({selected.status:04X})")


def capability_of(raw: bytes) -> Capability:
    """What a capability file says. Raises ProtocolError."""
    version, most_read = raw[2], int.from_bytes(raw[3:5], "big")
    if not 1 <= version >> 4 <= 3:
        raise ProtocolError(
            f"type 4 tag: mapping version {version >> 4}.{version & 15}, 1.x to 3.x were expected"
        )
    if most_read < LEAST_MLE:
        raise ProtocolError(f"type 4 tag: it gives {most_read} bytes at a time, {LEAST_MLE} are the least")
    at = 7
    while at + 2 <= len(raw):
        tag, size = raw[at], raw[at + 1]
        value = raw[at + 2 : at + 2 + size]
        at += 2 + size
        if (tag, size, len(value)) == (_NDEF_FILE, 6, 6):
            return Capability(
                value[:2], int.from_bytes(value[2:4], "big"), 2, min(most_read, MOST_READ), value[4] == 0
            )
        if (tag, size, len(value)) == (_EXTENDED_FILE, 8, 8):
            return Capability(
                value[:2], int.from_bytes(value[2:6], "big"), 4, min(most_read, MOST_READ), value[6] == 0
            )
    raise ProtocolError("type 4 tag: its capability file names no NDEF file")


def _bytes(start: int, count: int, most: int) -> Bytes:
    """`count` bytes of the selected file from `start`, `most` at a time. Raises ProtocolError where the file ends before."""
    got = bytearray()
    while len(got) < count:
        at, want = start + len(got), min(most, count - len(got))
        given = apdu.answer((yield apdu.command(_READ, at >> 8, at & 0xFF, expect=want)))
        if given.status & 0xFF00 == _WRONG_LE and 0 < given.status & 0xFF < want:
            want = given.status & 0xFF  # it has only so many, and gives them when asked for just those
            given = apdu.answer((yield apdu.command(_READ, at >> 8, at & 0xFF, expect=want)))
        if given.status not in (apdu.DONE, _END_OF_FILE):
            raise ProtocolError(f"type 4 tag: no {want} bytes at {at} ({given.status:04X})")
        if not 1 <= len(given.data) <= want:
            raise ProtocolError(f"type 4 tag: {len(given.data)} bytes at {at}, {want} were asked for")
        got += given.data
    return bytes(got)
