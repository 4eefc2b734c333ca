"""Host commands of scanners that send lines, family by family: what to send, and how an answer looks on the line.

A command that the family has not is b"". An answer is found where one may stand, between two codes: `answer` says how
many bytes it takes, NONE, or MORE while it cannot be told. Single-byte answers are looked for only while one is awaited.

Changes are asked for in the volatile way wherever there is one: flash wears out, and a kiosk triggers all day.
"""

from __future__ import annotations

import re
from typing import Protocol

NONE, MORE = 0, -1
ACK, ENQ, NAK = 0x06, 0x05, 0x15
_SOH, _STX, _ETX, _EOT = b"\x01", b"\x02", b"\x03", b"\x04"
MOST_ANSWER = 1024  # bytes of an answer; Datalogic's health report is the longest


class Commands(Protocol):
    """A family's commands. Pure."""

    def trigger(self, on: bool) -> bytes:
        """Begin to read, or cease."""

    def signal(self, good: bool) -> bytes:
        """Say yes or no to the person before it."""

    def heartbeat(self) -> bytes:
        """Ask for a sign of life."""

    def answered(self, command: bytes) -> bool:
        """Whether the family answers that command at all."""

    def answer(self, data: bytes, awaited: bytes) -> int:
        """The size of the answer at the beginning of `data`: NONE, MORE or so many bytes. `awaited` is b"" for none."""

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """Whether an answer can be the one to that command."""

    def good(self, answer: bytes) -> bool:
        """Whether an answer says yes."""


class Honeywell:
    """Honeywell, Hand Held Products and Metrologic engines: SYN T CR, SYN U CR, SYN BEL CR (N3680 guide p. 144, 1900 guide).

    Triggers are not answered. Menu commands (SYN M CR menu "!") are echoed with ACK, ENQ or NAK before the last sign.
    """

    def trigger(self, on: bool) -> bytes:
        """SYN T CR or SYN U CR; the scanner must be in Manual/Serial Trigger Mode."""
        return b"\x16T\r" if on else b"\x16U\r"

    def signal(self, good: bool) -> bytes:
        """SYN BEL CR; there is no sound for no."""
        return b"\x16\x07\r" if good else b""

    def heartbeat(self) -> bytes:
        """It has none."""
        return b""

    def menu(self, command: bytes, *, lasting: bool = False) -> bytes:
        """SYN M CR command "!" for now, or "." for good."""
        return b"\x16M\r" + command + (b"." if lasting else b"!")

    def answered(self, command: bytes) -> bool:
        """Menu commands are."""
        return command.startswith(b"\x16M\r")

    def answer(self, data: bytes, awaited: bytes) -> int:
        """TAGSUBdata, then ACK, ENQ or NAK, then the sign the command ended with; only the awaited command's own echo."""
        if not self.answered(awaited):
            return NONE
        tag = awaited[3:9].upper()
        head = data[: len(tag)].upper()
        if head != tag[: len(head)]:
            return NONE
        found = re.search(rb"[\x05\x06\x15][.!,;]", data[:MOST_ANSWER])
        if found:
            return found.end() if data[found.end() - 1] == awaited[-1] else NONE
        return MORE if len(data) < MOST_ANSWER and b"\r" not in data else NONE

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """By the tag it echoes."""
        return self.answered(asked) and answer[:6].upper() == asked[3:9].upper()[: len(answer[:6])]

    def good(self, answer: bytes) -> bool:
        """ACK."""
        return answer[-2] == ACK


class Datalogic:
    """Datalogic single letters (Magellan 800i PRG p. 153, PowerScan PRG appendix E, knowledge base KA-01506).

    E and D enable and disable (a presentation scanner reads while enabled); with `software_trigger` (PowerScan, Gryphon)
    T and X pull and release the trigger. B beeps, F is "not on file", i h s are answered SOH STX ... ETX EOT.
    """

    def __init__(self, *, software_trigger: bool = False) -> None:
        self._on, self._off = (b"T", b"X") if software_trigger else (b"E", b"D")

    def trigger(self, on: bool) -> bytes:
        """E or D, or T or X."""
        return self._on if on else self._off

    def signal(self, good: bool) -> bytes:
        """B. Of F, three quick beeps, the PowerScan guide says that it disables the scanner as well: enable it again."""
        return b"B" if good else b"FE"

    def heartbeat(self) -> bytes:
        """s, status."""
        return b"s"

    def answered(self, command: bytes) -> bool:
        """i, h and s are."""
        return command in (b"i", b"h", b"s")

    def answer(self, data: bytes, awaited: bytes) -> int:
        """SOH STX ... ETX EOT, awaited or late: no code begins so."""
        if data[:2] != (_SOH + _STX)[: len(data)]:
            return NONE
        end = data.find(_ETX + _EOT)
        if end >= 0:
            return end + 2
        return MORE if len(data) < MOST_ANSWER else NONE

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """They say not what they answer."""
        return self.answered(asked)

    def good(self, answer: bytes) -> bool:
        """Whether nothing in it has failed."""
        return b"FAIL" not in answer


class CipherLab:
    """CipherLab 1664 (guide, appendix II): E, D, and #@//// CR for a beep. Nothing is answered."""

    def trigger(self, on: bool) -> bytes:
        """E or D."""
        return b"E" if on else b"D"

    def signal(self, good: bool) -> bytes:
        """#@//// CR; there is no sound for no."""
        return b"#@////\r" if good else b""

    def configure(self, parameter: str) -> bytes:
        """#@nnnnnn CR, e.g. 109952 lists the code identifiers."""
        return b"#@" + parameter.encode("ascii") + b"\r"

    def heartbeat(self) -> bytes:
        """It has none."""
        return b""

    def answered(self, command: bytes) -> bool:
        """None is."""
        return False

    def answer(self, data: bytes, awaited: bytes) -> int:
        """There is none."""
        return NONE

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """There is none."""
        return False

    def good(self, answer: bytes) -> bool:
        """There is none."""
        return False


class De2120:
    """DE2120 and its kin: "^_^" command "." answered by ACK or NAK, one byte (sparkfun/DE2120_Py).

    That library reads "the next byte" for the answer, which eats a code's first one; here an answer stands between
    codes, and only while one is awaited.
    """

    def trigger(self, on: bool) -> bytes:
        """^_^SCAN. or ^_^SLEEP."""
        return b"^_^SCAN." if on else b"^_^SLEEP."

    def signal(self, good: bool) -> bytes:
        """It has none."""
        return b""

    def heartbeat(self) -> bytes:
        """It has none."""
        return b""

    def answered(self, command: bytes) -> bool:
        """All are."""
        return command.startswith(b"^_^")

    def answer(self, data: bytes, awaited: bytes) -> int:
        """06 or 15."""
        return 1 if awaited and data[0] in (ACK, NAK) else NONE

    def belongs(self, answer: bytes, asked: bytes) -> bool:
        """They say not what they answer."""
        return True

    def good(self, answer: bytes) -> bool:
        """ACK."""
        return answer == bytes([ACK])
