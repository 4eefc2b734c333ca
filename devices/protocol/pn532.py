"""PN532 frames over its high speed UART (NXP UM0701-02, sections 6.2 and 7), without a wire.

A frame: 00 00 FF LEN LCS TFI PD0..PDn DCS 00, where LEN + LCS and TFI + PD + DCS are 0 modulo 256; TFI is D4 from host
and D5 from chip. The parser resynchronises by itself: extra preamble, noise and damaged frames cost one frame at most.
"""

from __future__ import annotations

from dataclasses import dataclass

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
WAKE_UP = bytes.fromhex("5555") + bytes(14)  # the chip starts in low-power mode and needs edges and time
TO_CHIP, TO_HOST = 0xD4, 0xD5
MOST = 265  # bytes of TFI and data of an extended frame

GET_FIRMWARE_VERSION = bytes([0x02])
SAM_CONFIGURATION = bytes([0x14, 0x01, 0x00])  # normal mode, no timeout
# MxRtyPassiveActivation = 1: a poll without a card ends after about 30 ms instead of never.
FEW_RETRIES = bytes([0x32, 0x05, 0xFF, 0x01, 0x01])
LIST_ONE_TYPE_A = bytes([0x4A, 0x01, 0x00])
FIELD_OFF = bytes([0x32, 0x01, 0x00])


@dataclass(frozen=True, slots=True)
class Ack:
    """The other end has the frame."""


@dataclass(frozen=True, slots=True)
class Nack:
    """The other end wants the frame again."""


@dataclass(frozen=True, slots=True)
class Data:
    """A good frame: direction and payload (command or response code first)."""

    tfi: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """Something frame-like with a wrong sum: worth a NACK."""


Frame = Ack | Nack | Data | Damaged


def build(payload: bytes, tfi: int = TO_CHIP) -> bytes:
    """A normal frame around `payload` (at most 254 bytes), or an extended one (at most 264)."""
    body = bytes([tfi]) + payload
    if len(body) > MOST:
        raise ValueError(f"a PN532 frame takes {MOST - 1} bytes, not {len(payload)}")
    checksum = bytes([-sum(body) & 0xFF, 0])
    if len(body) <= 255:
        return b"\x00\x00\xff" + bytes([len(body), -len(body) & 0xFF]) + body + checksum
    high, low = divmod(len(body), 256)
    return b"\x00\x00\xff\xff\xff" + bytes([high, low, -(high + low) & 0xFF]) + body + checksum


class Parser:
    """Feed bytes in any pieces; frames come out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Bytes that arrived; returns the frames they complete."""
        self._buffer += data
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def reset(self) -> None:
        """Forget what was begun."""
        self._buffer.clear()

    def _next(self) -> Frame | None:
        start = self._buffer.find(b"\x00\xff")
        if start < 0:
            del self._buffer[
                : max(0, len(self._buffer) - 1)
            ]  # a lone 00 may be the first half of a start code
            return None
        del self._buffer[:start]
        head = self._buffer
        if len(head) < 4:
            return None
        if head[2:4] == b"\x00\xff":
            return self._take(4, Ack())
        if head[2:4] == b"\xff\x00":
            return self._take(4, Nack())
        if head[2:4] == b"\xff\xff":
            if len(head) < 7:
                return None
            length, begin, good = head[4] * 256 + head[5], 7, sum(head[4:7]) & 0xFF == 0
        else:
            length, begin, good = head[2], 4, (head[2] + head[3]) & 0xFF == 0
        if not good or not 1 <= length <= MOST:
            return self._take(2, Damaged())
        if len(head) < begin + length + 1:
            return None
        body = bytes(head[begin : begin + length])
        if (sum(body) + head[begin + length]) & 0xFF:
            return self._take(2, Damaged())  # only the start code goes: a good frame may begin inside
        return self._take(begin + length + 1, Data(body[0], body[1:]))

    def _take(self, count: int, frame: Frame) -> Frame:
        del self._buffer[:count]
        return frame


def uid_of(response: bytes) -> bytes | None:
    """The UID in the answer to LIST_ONE_TYPE_A (4B NbTg Tg SENS_RES(2) SEL_RES NFCIDLength NFCID...), None for no card."""
    if len(response) < 2 or response[0] != 0x4B or response[1] == 0:
        return None
    if len(response) < 7:
        return None
    length = response[6]
    uid = response[7 : 7 + length]
    return bytes(uid) if length in (4, 7, 10) and len(uid) == length else None
