"""Grow GM65, GM805, Newland EM engines and modules built on them: binary commands on the line codes come on.

Command: 7E 00 type length address data check. Answer: 02 00 type 01 data check. The check is CRC-16/XMODEM (poly 1021,
init 0) over type to data, or AB CD for none. Sources: Newland NLS-EM3095 manual p. 19, Hamlet HBCS2D100W manual 8.4, GM65
manual; checked against their three answers and the heartbeat's 30 1A.
"""

from __future__ import annotations

import binascii

from devices.errors import ProtocolError
from devices.protocol.commands import MORE, NONE

READ, WRITE, SAVE, BEAT = 0x07, 0x08, 0x09, 0x0A
TRIGGER_REGISTER = 0x0002  # bit 0: begin to read
NO_CHECK = b"\xab\xcd"
SUCCESS, BAD_CHECK, BAD_COMMAND = 0x00, 0x01, 0x03


def check(data: bytes) -> bytes:
    """CRC-16/XMODEM, big endian."""
    return binascii.crc_hqx(data, 0).to_bytes(2, "big")


def command(kind: int, address: int, data: bytes, *, checked: bool = True) -> bytes:
    """A command of 1 to 255 data bytes. Raises ProtocolError beyond that, or for an address over 16 bits."""
    if not 1 <= len(data) <= 255 or not 0 <= address <= 0xFFFF or not 0 <= kind <= 0xFF:
        raise ProtocolError(f"no GM65 command: {kind:#x} at {address:#x}, {len(data)} bytes")
    body = bytes([kind, len(data)]) + address.to_bytes(2, "big") + data
    return b"\x7e\x00" + body + (check(body) if checked else NO_CHECK)


HEARTBEAT = command(BEAT, 0, b"\x00")  # answered 03 00 00 01 00 33 31


class Gm65:
    """The family's commands (devices.protocol.commands.Commands). It reads on command once it is set to command trigger mode."""

    def trigger(self, on: bool) -> bytes:
        """Write the trigger register: in RAM, nothing is saved to flash."""
        return command(WRITE, TRIGGER_REGISTER, b"\x01" if on else b"\x00")

    def signal(self, good: bool) -> bytes:
        """It has none."""
        return b""

    def heartbeat(self) -> bytes:
        """7E 00 0A 01 00 00 00 30 1A."""
        return HEARTBEAT

    def answered(self, asked: bytes) -> bool:
        """All are."""
        return asked.startswith(b"\x7e\x00")

    def answer(self, data: bytes, awaited: bytes) -> int:
        """02 00 or, to the heartbeat, 03 00; a result, a length, data, and a check that fits. Awaited or late: no code begins so."""
        if data[0] not in (0x02, 0x03) or data[1:2] not in (b"", b"\x00"):
            return NONE
        if data[2:3] and data[2] > 0x0F:
            return NONE
        if len(data) < 4:
            return MORE
        size = 4 + data[3] + 2
        if data[3] == 0:
            return NONE
        if len(data) < size:
            return MORE
        return size if data[size - 2 : size] in (check(data[2 : size - 2]), NO_CHECK) else NONE

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """03 to the heartbeat, 02 to all else."""
        return (answer[0] == 0x03) == (asked == HEARTBEAT)

    def good(self, answer: bytes) -> bool:
        """Success."""
        return answer[2] == SUCCESS
