"""Command and answer APDUs (ISO 7816-4), as far as tags and readers need them: short ones."""

from __future__ import annotations

from dataclasses import dataclass

from devices.errors import ProtocolError

DONE = 0x9000


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: data and status word."""

    data: bytes
    status: int

    @property
    def done(self) -> bool:
        """The card did what it was told."""
        return self.status == DONE


def command(
    ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", *, expect: int | None = None, cla: int = 0
) -> bytes:
    """A short command APDU; `expect` is Le, 1 to 256, None for no answer data."""
    if len(data) > 255 or (expect is not None and not 1 <= expect <= 256):
        raise ValueError("a short APDU takes 255 bytes and gives 256")
    head = bytes([cla, ins, p1, p2])
    body = bytes([len(data)]) + data if data else b""
    return head + body + (b"" if expect is None else bytes([expect & 0xFF]))


def answer(raw: bytes) -> Answer:
    """Data and status word of an answer. Raises ProtocolError where it is too short for one."""
    if len(raw) < 2:
        raise ProtocolError(f"an APDU's answer of {len(raw)} bytes has no status word")
    return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))
