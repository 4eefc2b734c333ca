"""Zebra SSI, the packets: length, opcode, source, status, data, checksum (Simple Serial Interface Programmer's Guide 72E-40451).

The length counts all but the checksum; the checksum is the two's complement of the sum of what the length counts, 16 bits,
big endian. Nothing marks a packet's beginning: one whose checksum does not fit costs one byte, and the search goes on behind
it, so a good packet that a damaged length has swallowed is found again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devices.errors import ProtocolError

# Opcodes the decoder sends.
MULTIPACKET, RSM, REPLY_REVISION, DECODE_DATA, EVENT = 0x73, 0x80, 0xA4, 0xF3, 0xF6
# Opcodes of both, and of the host.
ACK, NAK, PARAM_SEND = 0xD0, 0xD1, 0xC6
MULTIPACKET_ACK, REQUEST_REVISION = 0x74, 0xA3
START_SESSION, STOP_SESSION, BEEP, LED_ON, LED_OFF, SCAN_ENABLE, SCAN_DISABLE = range(0xE4, 0xEB)
# Status bits.
RETRANSMIT, LASTING = 0x01, 0x08
# Why a packet was not acknowledged.
RESEND, DENIED = 0x01, 0x06
# Sources. The first of several segments has 02, in enioka_scan's capture.
DECODER, DECODER_FIRST, HOST = 0x00, 0x02, 0x04

MOST_DATA = 251  # bytes of data in a packet
PAUSE_S = 0.1  # silence in a packet after which its rest does not come


@dataclass(frozen=True, slots=True)
class Packet:
    """One whole packet."""

    opcode: int
    data: bytes = b""
    status: int = 0
    source: int = DECODER

    @property
    def again(self) -> bool:
        """Whether the sender says that it has sent it before."""
        return bool(self.status & RETRANSMIT)


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are no packet, up to the next good one or silence."""


def checksum(data: bytes) -> bytes:
    """The two bytes behind a packet."""
    return (-sum(data) & 0xFFFF).to_bytes(2, "big")


def build(opcode: int, data: bytes = b"", status: int = 0, source: int = HOST) -> bytes:
    """A whole packet. Raises ProtocolError for more than MOST_DATA bytes."""
    if len(data) > MOST_DATA:
        raise ProtocolError(f"an SSI packet holds {MOST_DATA} bytes, not {len(data)}")
    head = bytes([4 + len(data), opcode, source, status]) + data
    return head + checksum(head)


class Parser:
    """Feed bytes with the time they were read; packets come out. `sources` are those a packet may come from."""

    def __init__(self, sources: Collection[int] = (DECODER, DECODER_FIRST)) -> None:
        self._sources = frozenset(sources)
        self._buffer = bytearray()
        self._last = 0.0
        self._spoiled = False  # already told of

    def feed(self, data: bytes, now: float) -> list[Packet | Damaged]:
        """Bytes that were read at `now` (monotonic seconds)."""
        if not data:
            return self.timeout(now)
        self._last = now
        self._buffer += data
        return self._advance(final=False)

    def timeout(self, now: float) -> list[Packet | Damaged]:
        """After a read that found nothing: what is begun and not whole after PAUSE_S never will be."""
        if not self._buffer or now - self._last < PAUSE_S:
            return []
        found = self._advance(final=True)
        self._spoiled = False  # what comes after silence is damaged anew
        return found

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` is worth a call; None while nothing is begun."""
        return max(0.0, self._last + PAUSE_S - now) if self._buffer else None

    def reset(self) -> None:
        """Forget what was begun."""
        self._buffer.clear()
        self._spoiled = False

    def _advance(self, *, final: bool) -> list[Packet | Damaged]:
        found: list[Packet | Damaged] = []
        buffer, at = self._buffer, 0
        while at < len(buffer):
            size = self._size(at)
            if 0 < size <= len(buffer) - at:
                whole = bytes(buffer[at : at + size])
                if checksum(whole[:-2]) == whole[-2:]:
                    found.append(Packet(whole[1], whole[4:-2], whole[3], whole[2]))
                    self._spoiled = False
                    at += size
                    continue
            elif size and not final:
                break
            if not self._spoiled and buffer[at]:  # a zero byte is the wake-up
                self._spoiled = True
                found.append(Damaged())
            at += 1
        del buffer[:at]
        return found

    def _size(self, at: int) -> int:
        """How many bytes the packet there has, as far as can be told; 0 where none begins."""
        length = self._buffer[at]
        if length < 4 or (len(self._buffer) > at + 2 and self._buffer[at + 2] not in self._sources):
            return 0
        return length + 2
