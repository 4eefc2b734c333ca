"""PN532 frames over its high speed UART (NXP UM0701-02, sections 6.2 and 7), without a wire.

A frame: 00 00 FF LEN LCS TFI PD0..PDn DCS 00, where LEN + LCS and TFI + PD + DCS are 0 modulo 256; TFI is D4 from host
and D5 from chip. The parser resynchronises by itself: extra preamble, noise and damaged frames cost one frame at most.

The sum does not see everything. A frame that lost a byte 00 shifts its own checksum into the data and has the sum 0 again,
with the postamble for a checksum; so a frame counts only when its postamble has come as well.
"""

from __future__ import annotations

from dataclasses import dataclass

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
WAKE_UP = bytes.fromhex("5555") + bytes(14)  # the chip starts in low-power mode and needs edges and time
TO_CHIP, TO_HOST, SYNTAX_ERROR = 0xD4, 0xD5, 0x7F
MOST = 265  # bytes of TFI and data of an extended frame

# What a PN532 is told on any wire (UM0701-02, 7.2 and 7.3.1); the rest is in pn532_commands.
GET_FIRMWARE_VERSION = bytes([0x02])
# MxRtyPassiveActivation = 1: a poll without a card ends after about 30 ms instead of never.
FEW_RETRIES = bytes([0x32, 0x05, 0xFF, 0x01, 0x01])
# AutoRFCA stays on, so that the next look turns the field on by itself: nfcpy sends this before every one.
FIELD_OFF = bytes([0x32, 0x01, 0x02])


@dataclass(frozen=True, slots=True)
class Ack:
    """The other end has the frame."""


@dataclass(frozen=True, slots=True)
class Nack:
    """The other end wants the frame again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The chip's error frame: it does not understand the command."""


@dataclass(frozen=True, slots=True)
class Data:
    """A good frame: direction and payload (command or response code first)."""

    tfi: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damaged:
    """Something frame-like with a wrong sum, or bytes between frames that are no preamble: said once per stretch."""


Frame = Ack | Nack | Refused | Data | Damaged


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


ERROR_FRAME = build(b"", SYNTAX_ERROR)


class Parser:
    """Feed bytes in any pieces; frames come out. Keeps at most one longest frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._noisy = False  # within a stretch that Damaged was said of

    @property
    def pending(self) -> bool:
        """Whether a frame was begun and is not whole yet."""
        return len(self._buffer) > 1

    def feed(self, data: bytes) -> list[Frame]:
        """Bytes that arrived; returns the frames they complete."""
        self._buffer += data
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            if not isinstance(frame, Damaged):
                self._noisy = False
                frames.append(frame)
            elif not self._noisy:
                self._noisy = True
                frames.append(frame)
        return frames

    def reset(self) -> None:
        """Forget what was begun."""
        self._buffer.clear()
        self._noisy = False

    def _next(self) -> Frame | None:
        start = self._buffer.find(b"\x00\xff")
        if start != 0:
            # A lone 00 at the end may be the first half of a start code.
            gone = start if start > 0 else len(self._buffer) - self._buffer.endswith(b"\x00")
            noise = any(self._buffer[:gone])
            del self._buffer[:gone]
            if noise:
                return Damaged()
            if start < 0:
                return None
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
        end = begin + length
        if len(head) < end + 2:
            return None
        body = bytes(head[begin:end])
        if (sum(body) + head[end]) & 0xFF or head[end + 1]:
            return self._take(2, Damaged())  # only the start code goes: a good frame may begin inside
        return self._whole(end + 1, body)  # the postamble stays: it may be the next start code's first half

    def _whole(self, count: int, body: bytes) -> Frame:
        if body[0] in (TO_CHIP, TO_HOST) and len(body) > 1:
            return self._take(count, Data(body[0], body[1:]))
        return self._take(count, Refused()) if body == b"\x7f" else self._take(2, Damaged())

    def _take(self, count: int, frame: Frame) -> Frame:
        del self._buffer[:count]
        return frame
