"""Newland's ASCII commands (FM430, FM530, HR52, EM3000 series): 7E 01 "0000" @|#|* TAG SUB data 3B 03.

"@" is kept in flash, "#" until power-off. The answer begins 02 01 "0000", repeats the command, and has ACK, NAK or ENQ
before 3B 03. Sources: FM530 guide p. 141, HR52 guide p. 234; SCNTRG is the tag Newland's guides give for the trigger,
not seen in a recorded exchange here.
"""

from __future__ import annotations

from devices.errors import ProtocolError
from devices.protocol.commands import ACK, ENQ, MORE, MOST_ANSWER, NAK, NONE

_ASK, _SAY, _END = b"\x7e\x01", b"\x02\x01", b";\x03"


def command(setting: bytes, *, lasting: bool = False) -> bytes:
    """A setting such as b"SCNTRG1", or a query such as b"C11*". Raises ProtocolError where it would not be one command."""
    if not setting or _END in setting or not setting.isascii():
        raise ProtocolError(f"no Newland command: {setting!r}")
    return _ASK + b"0000" + (b"@" if lasting else b"#") + setting + _END


class Newland:
    """The family's commands (devices.protocol.commands.Commands)."""

    def trigger(self, on: bool) -> bytes:
        """SCNTRG1 or SCNTRG0, until power-off."""
        return command(b"SCNTRG1" if on else b"SCNTRG0")

    def signal(self, good: bool) -> bytes:
        """It has none."""
        return b""

    def heartbeat(self) -> bytes:
        """It has none that all firmware knows."""
        return b""

    def answered(self, asked: bytes) -> bool:
        """All are."""
        return asked.startswith(_ASK)

    def answer(self, data: bytes, awaited: bytes) -> int:
        """02 01 ... 3B 03, awaited or late: no code begins so."""
        if data[:2] != _SAY[: len(data)]:
            return NONE
        end = data.find(_END)
        if end >= 0:
            return end + 2 if data[end - 1] in (ACK, ENQ, NAK) else NONE
        return MORE if len(data) < MOST_ANSWER else NONE

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """By the first tag and sub-tag it repeats."""
        return answer[2:13] == asked[2:13][: len(answer[2:13])] if len(answer) > 9 else False

    def good(self, answer: bytes) -> bool:
        """ACK."""
        return answer[-3] == ACK
