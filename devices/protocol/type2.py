"""Type 2 tags (NFC Forum Type 2 Tag 1.2; NTAG21x, MIFARE Ultralight): pages of 4 bytes, TLV blocks from page 4 on."""

from __future__ import annotations

from collections.abc import Generator

from devices.errors import ProtocolError
from devices.protocol.ndef import MOST_MESSAGE

READ = 0x30  # answers four pages, 16 bytes
_MAGIC = 0xE1
_NULL, _LOCK, _MEMORY, _NDEF, _END = 0x00, 0x01, 0x02, 0x03, 0xFE
_DATA = 16  # byte address of page 4: the data area's first
_MOST_AREAS = 16  # lock and reserved areas a tag may declare; real ones have one of each
_SECTOR = 1024  # READ reaches one sector; behind it lie other sectors, or the first one's copy


class _Memory:
    """A tag's bytes by their address, read as needed: 16 at a time, each once."""

    def __init__(self) -> None:
        self._pages: dict[int, bytes] = {}

    @property
    def number(self) -> bytes:
        """The two pages with the card's number, as far as they were read."""
        return self._pages.get(0, b"")[:8]

    def byte(self, address: int) -> Generator[bytes, bytes, int]:
        block, offset = divmod(address, 16)
        if block not in self._pages:
            answer = yield bytes([READ, block * 4])
            if len(answer) != 16:
                raise ProtocolError(f"type 2 tag: page {block * 4} has {len(answer)} bytes, not 16")
            self._pages[block] = answer
        return self._pages[block][offset]


class _DataArea:
    """The data area as a stream, without the lock and reserved bytes that lie in it."""

    def __init__(self, memory: _Memory, size: int) -> None:
        self._memory, self._end = memory, _DATA + size
        self._at = _DATA
        self._reserved: list[range] = []

    @property
    def ended(self) -> bool:
        self._skip()
        return self._at >= self._end

    def reserve(self, first: int, count: int) -> None:
        if len(self._reserved) == _MOST_AREAS:
            raise ProtocolError(f"type 2 tag: more than {_MOST_AREAS} lock and reserved areas")
        self._reserved.append(range(first, first + count))

    def take(self, count: int) -> Generator[bytes, bytes, bytes]:
        taken = bytearray()
        for _ in range(count):
            if self.ended:
                raise ProtocolError(f"type 2 tag: a block ends behind the data area (byte {self._end})")
            if self._at >= _SECTOR:
                raise ProtocolError("type 2 tag: a block reaches beyond the first sector")
            taken.append((yield from self._memory.byte(self._at)))
            self._at += 1
        return bytes(taken)

    def _skip(self) -> None:
        # Each pass leaves one area behind for good, so there are at most as many as areas.
        while area := next((area for area in self._reserved if self._at in area), None):
            self._at = area.stop


def read() -> Generator[bytes, bytes, bytes | None]:
    """The NDEF message, b"" where the tag is empty, None where it is not made for NDEF. Raises ProtocolError."""
    memory = _Memory()
    capability = bytearray()
    for address in range(12, 16):
        capability.append((yield from memory.byte(address)))
    magic, version, size, access = capability
    if magic != _MAGIC:
        return None
    if version >> 4 != 1:
        raise ProtocolError(f"type 2 tag: mapping version {version >> 4}.{version & 15}, 1.x was expected")
    if access >> 4:
        return None  # it is kept from readers
    area = _DataArea(memory, size * 8)
    while not area.ended:
        (tag,) = yield from area.take(1)
        if tag == _END:
            break
        if tag == _NULL:
            continue
        length = yield from _length(area)
        if tag == _NDEF:
            if length > MOST_MESSAGE:
                raise ProtocolError(
                    f"type 2 tag: an NDEF message of {length} bytes; at most {MOST_MESSAGE} are read"
                )
            message = yield from area.take(length)
            if any(memory.number) and memory.number in message:
                # READ goes round at the memory's end, and the capability bytes promise more than there is.
                raise ProtocolError(
                    "type 2 tag: its message runs over the memory's end into the card's number"
                )
            return message
        value = yield from area.take(length)
        if tag in (_LOCK, _MEMORY):
            _reserve(area, tag, value)
    return b""


def _length(area: _DataArea) -> Generator[bytes, bytes, int]:
    (short,) = yield from area.take(1)
    if short != 0xFF:
        return short
    return int.from_bytes((yield from area.take(2)), "big")


def _reserve(area: _DataArea, tag: int, value: bytes) -> None:
    """Position (page, byte), size (bits of locks, bytes of memory; 0 is 256) and page size of a control block, 2.3.2 and 2.3.3."""
    if len(value) != 3:
        raise ProtocolError(f"type 2 tag: a control block of {len(value)} bytes, 3 were expected")
    first = (value[0] >> 4) * (1 << (value[2] & 15)) + (value[0] & 15)
    size = value[1] or 256
    area.reserve(first, (size + 7) // 8 if tag == _LOCK else size)
