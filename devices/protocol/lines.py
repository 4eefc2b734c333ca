"""Scanners that send a line per code: over RS-232 or USB CDC, with a suffix or a pause at the end.

A QR code may itself contain CR and LF (a vCard), so the suffix alone does not end every code. A code ends

- at ETX where it began with STX: exact for any content, hence the set-up to advise;
- at its suffix, at once, where what stands before it can be nothing but a whole code (`surely_whole`): GTINs, web
  addresses, symbologies that hold no line ends; or where the next code's AIM identifier, or an awaited answer, follows;
- else at a pause: a scanner sends one code back to back, and 30 ms of silence part two. A pause counts only where it
  was seen: bytes that were read late were not sent late, so `feed` alone never ends a code by time.

A scanner that has ended a sure code with a suffix ends all with it. What then stops short of one is waited for ten times
as long, and dropped as cut off: half a code before an unplug is no code. A sure code without suffix ends that belief.

Answers to commands come on the same line. They are looked for only between codes, and only as the command family
says (devices.protocol.commands): an answer eats no byte of a code, and a code answers no command.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from devices.errors import ProtocolError
from devices.protocol.commands import MORE, Commands
from devices.protocol.gs1.check import GTIN_LENGTHS, has_check_digit

GAP_S = 0.03  # silence that ends a code
CUT_S = 0.3  # silence that ends a code of which the suffix is missing
ANSWER_S = 1.0  # the slowest answers seen take some 100 ms
MOST = 8192  # bytes of one code; a QR code holds at most 2,953
MOST_AWAITED = 16

_STX, _ETX = 0x02, 0x03
# Symbologies that hold digits or GS1 data and no line end: EAN/UPC, DataBar, Codabar, Code 11, ITF, MSI, 2 of 5.
_NO_LINE_ENDS = frozenset(b"EeFHIMRS")
_GS1 = (b"]C1", b"]d2", b"]Q3", b"]J1")


@dataclass(frozen=True, slots=True)
class Code:
    """One code: bytes as they came, text, AIM identifier ("]Q1") or ""."""

    data: bytes
    text: str
    aim: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A command was answered: `good` or refused. `asked` is the command, b"" for an answer nobody waits for."""

    asked: bytes
    data: bytes
    good: bool


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A command was not answered in time."""

    asked: bytes


Event = Code | Answer | Unanswered


@dataclass(frozen=True, slots=True)
class Lines:
    """How a scanner is set up to send a code.

    `suffix`: the characters of which any run ends a code, b"" for none. `prefix` is taken off where it stands.
    `encoding`: of the text; "" is UTF-8, else GB18030, else Latin-1. `embedded`: a code may hold its own suffix; without it each suffix
    ends a code.
    """

    suffix: bytes = b"\r\n"
    prefix: bytes = b""
    encoding: str = ""
    gap_s: float = GAP_S
    embedded: bool = True


def text_of(data: bytes, encoding: str = "") -> str:
    """By `encoding` where it fits; else UTF-8, else GB18030 (the default of Chinese engines), else Latin-1, which takes any byte."""
    for each in (encoding, "utf-8", "gb18030"):
        try:
            if each:
                return data.decode(each)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def aim_of(data: bytes) -> bytes:
    """The AIM identifier `data` begins with, or b"". ISO/IEC 15424: "]", a letter for the symbology, a modifier of 0-9 A-Z a-z."""
    if len(data) > 3 and data[:1] == b"]" and data[1:3].isalnum() and data[1:2].isalpha():
        return data[:3]
    return b""


def code_of(data: bytes, lines: Lines | None = None) -> Code:
    """Take prefix, suffix, STX, ETX and the AIM identifier off a code. FNC1's stand-in GS (0x1D) stays in the text."""
    lines = lines or _PLAIN
    body = data.rstrip(lines.suffix + b"\x03") if lines.suffix else data.rstrip(b"\x03")
    body = body.lstrip(b"\x02")
    body = body.removeprefix(lines.prefix)
    aim = aim_of(body)
    body = body[len(aim) :]
    return Code(body, text_of(body, lines.encoding), aim.decode("ascii"))


def surely_whole(data: bytes) -> bool:
    """Whether what stands before a suffix is a whole code whatever may follow: it cannot go on with a line end.

    GTINs by their check digit, GS1 data and numeric symbologies by their AIM identifier, web addresses.
    """
    aim = aim_of(data)
    body = data[len(aim) :]
    if aim:
        if aim[1] in _NO_LINE_ENDS or aim in _GS1:
            return bool(body)
    elif body.isdigit():
        return len(body) in GTIN_LENGTHS and has_check_digit(body.decode("ascii"))
    return body[:8].lower().startswith((b"http://", b"https://")) and all(
        0x21 <= byte < 0x7F for byte in body
    )


class _Awaited(NamedTuple):
    asked: bytes
    until: float


class LineParser:
    """Feed bytes with the time they were read; codes and answers come out. What is too long to be a code is dropped and counted."""

    def __init__(self, lines: Lines | None = None, commands: Commands | None = None) -> None:
        self._lines = lines or _PLAIN
        self._commands = commands
        self._buffer = bytearray()  # begins where a code or an answer may begin
        self._seen = 0  # up to here no suffix has ended a code
        self._last = 0.0
        self._skipping = False
        self._has_suffix = False  # seen behind a code that was sure
        self._awaited: deque[_Awaited] = deque()
        self.dropped = 0  # codes too long to be one
        self.cut = 0  # codes that stopped before their suffix
        self.stray = 0  # answers nobody waited for

    @property
    def awaiting(self) -> bool:
        """Whether a command is not answered yet; the next one is better sent when it is."""
        return bool(self._awaited)

    def expect(self, asked: bytes, now: float) -> None:
        """A command was sent that the family answers. Raises ProtocolError where too many wait."""
        if len(self._awaited) >= MOST_AWAITED:
            raise ProtocolError(f"{MOST_AWAITED} commands are not answered yet")
        self._awaited.append(_Awaited(asked, now + ANSWER_S))

    def feed(self, data: bytes, now: float) -> list[Event]:
        """Bytes that were read at `now` (monotonic seconds); returns what is complete."""
        if not data:
            return self.timeout(now)
        self._last = now
        if self._skipping:
            return []
        self._buffer += data
        events = self._advance()
        if len(self._buffer) > MOST:
            self._skipping = True
            self._clear()
        return events

    def timeout(self, now: float) -> list[Event]:
        """What silence until `now` has completed: call it after a read that has found nothing."""
        events: list[Event] = []
        if (self._buffer or self._skipping) and now - self._last >= self._patience_s():
            if self._skipping:
                self._skipping = False
                self.dropped += 1
            else:
                events += self._paused(bytes(self._buffer))
            self._clear()
        while self._awaited and self._awaited[0].until <= now:
            events.append(Unanswered(self._awaited.popleft().asked))
        return events

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` is worth a call; None while nothing is begun or awaited."""
        due = [self._last + self._patience_s()] if self._buffer or self._skipping else []
        due += [self._awaited[0].until] if self._awaited else []
        return max(0.0, min(due) - now) if due else None

    def reset(self) -> None:
        """Forget what was begun: the wire was cut."""
        self._clear()
        self._skipping = False
        self._awaited.clear()

    def _patience_s(self) -> float:
        """How much silence ends what is in the buffer."""
        return max(self._lines.gap_s, CUT_S) if self._stops_short() else self._lines.gap_s

    def _stops_short(self) -> bool:
        """Whether a suffix is to come that is not here."""
        if not self._has_suffix or self._skipping:
            return False
        return self._buffer[-1] != _ETX and self._buffer[-1] not in self._lines.suffix

    def _paused(self, data: bytes) -> list[Event]:
        """What a pause has ended."""
        if not self._stops_short():
            return self._code(data)
        if surely_whole(data.removeprefix(self._lines.prefix)):
            self._has_suffix = False
            return self._code(data)
        self.cut += 1
        return []

    def _clear(self) -> None:
        self._buffer.clear()
        self._seen = 0

    def _advance(self) -> list[Event]:
        events: list[Event] = []
        while self._buffer:
            size = self._answer_at(0)
            if size == MORE:
                break
            if size:
                events.append(self._answer(bytes(self._buffer[:size])))
            elif not (size := self._code_end()):
                break
            else:
                events += self._code(bytes(self._buffer[:size]))
            del self._buffer[:size]
            self._seen = 0
        return events

    def _answer_at(self, start: int) -> int:
        """The size of the answer that stands there; 0 for none, MORE where it cannot be told yet."""
        if self._commands is None:
            return 0
        awaited = self._awaited[0].asked if self._awaited else b""
        return self._commands.answer(bytes(self._buffer[start : start + MOST]), awaited)

    def _answer(self, data: bytes) -> Event:
        assert self._commands is not None
        good = self._commands.good(data)
        if self._awaited and self._commands.belongs(data, self._awaited[0].asked):
            return Answer(self._awaited.popleft().asked, data, good)
        self.stray += 1
        return Answer(b"", data, good)

    def _code_end(self) -> int:
        """How many bytes the first code takes with its suffix; 0 where its end is not known yet."""
        buffer, suffix = self._buffer, self._lines.suffix
        begin = len(buffer) - len(buffer.lstrip(suffix)) if suffix else 0
        if begin:
            return begin  # the rest of the last code's suffix
        if buffer[0] == _STX:
            return buffer.find(_ETX) + 1
        place = self._seen
        while (place := _first_of(buffer, suffix, place)) >= 0:
            self._seen = place
            end = place
            while end < len(buffer) and buffer[end] in suffix:
                end += 1
            ends = self._ends(bytes(buffer[:place]), end)
            if ends is None:
                break
            if ends:
                return end
            place = end
        return 0

    def _ends(self, body: bytes, end: int) -> bool | None:
        """Whether a code ends with the suffix behind `body`; what comes next begins at `end` and may be needed to tell."""
        body = body.removeprefix(self._lines.prefix)
        if surely_whole(body):
            self._has_suffix = True
            return True
        if not self._lines.embedded:
            return True
        follows = bytes(self._buffer[end : end + 4])
        if not follows:
            return None
        if aim_of(body):
            if aim_of(follows):
                return True
            if len(follows) < 4 and aim_of(follows + b"]A00"[len(follows) :]):
                return None
        answer = self._answer_at(end) if self._awaited else 0
        return None if answer == MORE else answer > 0

    def _code(self, data: bytes) -> list[Event]:
        code = code_of(data, self._lines)
        return [code] if code.data else []


def _first_of(buffer: bytearray, any_of: bytes, start: int) -> int:
    """Where the first of some bytes stands, -1 for nowhere."""
    places = [place for byte in any_of if (place := buffer.find(byte, start)) >= 0]
    return min(places, default=-1)


_PLAIN = Lines()
