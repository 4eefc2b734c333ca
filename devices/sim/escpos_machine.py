"""The works of an ESC/POS printer without its cable: a buffer, a mechanism that prints from it, and the paper that comes out.

It follows Epson's reference where printers differ: real-time commands are looked for in everything that is received, pictures
included, and are kept in the buffer all the same; a printer that stopped keeps its buffer and goes on when it can; power off loses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

# How many bytes follow the first two of a command.
_ARGUMENTS = {
    b"\x1b@": 0, b"\x1bt": 1, b"\x1ba": 1, b"\x1bE": 1, b"\x1bM": 1, b"\x1b!": 1, b"\x1bd": 1, b"\x1bJ": 1, b"\x1b2": 0,
    b"\x1b3": 1, b"\x1bp": 3, b"\x1b-": 1, b"\x1bR": 1, b"\x1d!": 1, b"\x1dB": 1, b"\x1dL": 2, b"\x1dW": 2, b"\x1da": 1,
    b"\x1dr": 1, b"\x1dI": 1, b"\x10\x04": 1, b"\x10\x05": 1,
}  # fmt: skip
_CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
LINE_DOTS = 24  # a line of text is as long as so many rows of a picture


@dataclass(frozen=True, slots=True)
class Picture:
    """What GS v 0 put on paper: one bit a dot, 1 is black."""

    width: int
    rows: bytes
    centred: bool = False
    scale: int = 1

    def __str__(self) -> str:
        return f"[picture {self.width} x {len(self.rows) * 8 // self.width} dots]"


@dataclass(frozen=True, slots=True)
class Text:
    """A line of letters."""

    text: str
    centred: bool = False
    size: int = 1
    bold: bool = False

    def __str__(self) -> str:
        return self.text


Mark = Picture | Text


@dataclass
class _Drawing:
    """A picture under way."""

    stride: int
    rows: int
    scale: int
    dots: bytearray = field(default_factory=bytearray)

    @property
    def done(self) -> int:
        return len(self.dots) // self.stride


@dataclass
class Condition:
    """What somebody did to the printer; set at will, in the middle of a job too."""

    no_paper: bool = False
    paper_low: bool = False
    cover_open: bool = False
    cutter: bool = False  # the next cut will jam
    cutter_error: bool = False
    broken: bool = False
    hot: bool = False
    paper: int | None = None  # lines of paper that are left; None is a full roll

    @property
    def prints(self) -> bool:
        """Whether the mechanism moves."""
        return not (self.no_paper or self.cover_open or self.cutter_error or self.broken or self.hot)


@dataclass(frozen=True)
class Firmware:
    """What this printer knows of ESC/POS, and how large its buffer is."""

    process_ids: bool = True
    in_turn: bool = True
    auto_status: bool = True
    clears: bool = True
    answers: bool = True  # DLE EOT
    buffer: int = 4096
    lines_s: float | None = None  # None prints at once
    boot_s: float = 1.5


@dataclass
class Machine:
    """`hear` takes at most `room()` bytes and gives the reply; `run` lets it print until `now`."""

    clock: Callable[[], float]
    firmware: Firmware = field(default_factory=Firmware)
    condition: Condition = field(default_factory=Condition)
    stopped: bool = False  # by the test: the mechanism moves only when it is told (`drain`)
    receipts: list[list[Mark]] = field(default_factory=list)
    hanging: list[Mark] = field(default_factory=list)
    kicks: int = 0

    def __post_init__(self) -> None:
        self._buffer = bytearray()
        self._tail = b""  # the last bytes received, in which a real-time command may begin
        self._drawing: _Drawing | None = None
        self._auto = False
        self._told = b""
        self._on = True
        self._ready_at = 0.0  # of the clock: booted
        self._free_at = 0.0  # of the clock: the mechanism's next line
        self._style = {"centred": False, "size": 1, "bold": False}

    # --- the line ---------------------------------------------------------------------------------------------

    def room(self) -> int:
        """Bytes it would take; a printer that is off takes what comes and loses it."""
        return self.firmware.buffer - len(self._buffer) if self._alive() else self.firmware.buffer

    def hear(self, data: bytes) -> bytes:
        """Take bytes, at most `room()`; what it says at once."""
        if not self._alive():
            return b""
        reply = bytearray()
        for byte in data:
            self._buffer.append(byte)
            self._tail = self._tail[-9:] + bytes((byte,))
            reply += self._real_time()
        return bytes(reply) + self.run()

    def run(self) -> bytes:
        """Print as far as time, paper and cover allow; what it says meanwhile."""
        reply = bytearray(self._news())
        while not self.stopped and self._alive() and self._in_time() and self._step(reply):
            reply += self._news()
        return bytes(reply)

    def drain(self, lines: int) -> bytes:
        """Print so many lines or commands although it is `stopped`."""
        reply = bytearray(self._news())
        for _ in range(lines):
            if not (self._alive() and self._step(reply)):
                break
            reply += self._news()
        return bytes(reply)

    def power(self, on: bool) -> None:
        """Switch it; what was in its buffer is lost, what hangs out stays."""
        if on != self._on:
            self._forget()
            self._tail, self._auto = b"", False
            self._style = {"centred": False, "size": 1, "bold": False}
            self._ready_at = self.clock() + self.firmware.boot_s
            self.condition.cutter_error = self.condition.broken = False
        self._on = on

    def _forget(self) -> None:
        self._buffer.clear()
        self._drawn()

    def _alive(self) -> bool:
        return self._on and self.clock() >= self._ready_at

    def _in_time(self) -> bool:
        return self.firmware.lines_s is None or self.clock() >= self._free_at

    # --- what it says -----------------------------------------------------------------------------------------

    def _real_time(self) -> bytes:
        tail, seen = self._tail, self.condition
        if self.firmware.clears and tail.endswith(_CLEAR):
            self._forget()
            seen.cutter_error &= seen.cutter  # as DLE ENQ 2 does
            self._tail = b""
            return b"\x37\x25\x00" + self._news()
        if tail[-3:-1] == b"\x10\x05" and tail[-1] == 2 and seen.cutter_error and not seen.cutter:
            seen.cutter_error = False
            self._forget()
            return self._news()
        if tail[-3:-1] == b"\x10\x04" and self.firmware.answers and 1 <= tail[-1] <= 4:
            return bytes((self.answer(tail[-1]),))
        return b""

    def answer(self, question: int) -> int:
        """The byte that answers DLE EOT."""
        seen = self.condition
        match question:
            case 1:
                return 0x12 | (0x00 if seen.prints else 0x08)
            case 2:
                error = seen.cutter_error or seen.broken or seen.hot
                return 0x12 | seen.cover_open * 0x04 | seen.no_paper * 0x20 | error * 0x40
            case 3:
                return 0x12 | seen.cutter_error * 0x08 | seen.broken * 0x20 | seen.hot * 0x40
            case _:
                return 0x12 | (seen.paper_low or seen.no_paper) * 0x0C | seen.no_paper * 0x60

    def group(self) -> bytes:
        """The four bytes of Automatic Status Back."""
        seen = self.condition
        return bytes(
            (
                0x10 | (not seen.prints) * 0x08 | seen.cover_open * 0x20,
                seen.cutter_error * 0x08 | seen.broken * 0x20 | seen.hot * 0x40,
                (seen.paper_low or seen.no_paper) * 0x03 | seen.no_paper * 0x0C,
                0x0F,
            )
        )

    def _news(self) -> bytes:
        group = self.group()
        if not self._auto or group == self._told:
            return b""
        self._told = group
        return group

    # --- what it does -----------------------------------------------------------------------------------------

    def _step(self, reply: bytearray) -> bool:
        """Do the buffer's first command; False where it is not whole, or cannot be done now."""
        buffer = self._buffer
        if self._drawing is not None:
            return self._rows(self._drawing)
        if not buffer:
            return False
        if buffer[0] in (0x10, 0x1B, 0x1D):
            return len(buffer) > 1 and self._command(bytes(buffer[:2]), reply)
        if buffer[0] == 0:
            del buffer[0]
            return True
        return self._line()

    def _line(self) -> bool:
        end = next((i for i, byte in enumerate(self._buffer) if byte in (0x0A, 0x10, 0x1B, 0x1D)), -1)
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        if not self._paper(1):
            return False
        del self._buffer[: end + (self._buffer[end] == 0x0A)]
        self.hanging.append(Text(line.replace(b"\0", b"").decode("cp858", "replace"), **self._style))  # type: ignore[arg-type]
        return True

    def _paper(self, lines: int) -> bool:
        """Move the paper; False where there is none to move."""
        seen = self.condition
        if seen.paper is not None and seen.paper <= 0:
            seen.no_paper = True
        if not seen.prints:
            return False
        if seen.paper is not None:
            seen.paper -= lines
        if self.firmware.lines_s:
            self._free_at = max(self._free_at, self.clock()) + lines / self.firmware.lines_s
        return True

    def _command(self, head: bytes, reply: bytearray) -> bool:
        match head:
            case b"\x1dv":
                return self._picture()
            case b"\x1dV":
                return self._cut()
            case b"\x1d(" | b"\x1b(":
                return self._long(reply)
            case b"\x10\x14":
                size = 10 if len(self._buffer) > 2 and self._buffer[2] == 8 else 5
            case _:
                size = 2 + _ARGUMENTS.get(head, 0)
        if len(self._buffer) < size:
            return False
        if head == b"\x1dr" and not self.condition.prints:
            return False  # its turn comes when the printer is online again
        arguments = bytes(self._buffer[2:size])
        del self._buffer[:size]
        self._obey(head, arguments, reply)
        return True

    def _obey(self, head: bytes, arguments: bytes, reply: bytearray) -> None:
        match head:
            case b"\x1b@":
                self._auto = False
                self._style = {"centred": False, "size": 1, "bold": False}
            case b"\x1ba":
                self._style["centred"] = arguments == b"\x01"
            case b"\x1bE":
                self._style["bold"] = arguments == b"\x01"
            case b"\x1d!":
                self._style["size"] = 1 + (arguments[0] & 7)
            case b"\x1bp":
                self.kicks += 1
            case b"\x1dr" if self.firmware.in_turn:
                reply.append(self.group()[2])
            case b"\x1da" if self.firmware.auto_status:
                self._auto, self._told = arguments[0] != 0, b""
            case _:
                pass

    def _long(self, reply: bytearray) -> bool:
        """A command that says its length."""
        if len(self._buffer) < 5:
            return False
        size = 5 + int.from_bytes(self._buffer[3:5], "little")
        if len(self._buffer) < size or not self.condition.prints:
            return False
        whole = bytes(self._buffer[:size])
        del self._buffer[:size]
        if whole[:7] == b"\x1d(H\x06\x0000" and self.firmware.process_ids:
            reply += b"\x37\x22" + whole[7:] + b"\x00"
        return True

    def _picture(self) -> bool:
        """The head of GS v 0: its rows are printed as they come, so that one may be longer than the buffer."""
        if len(self._buffer) < 8:
            return False
        stride = int.from_bytes(self._buffer[4:6], "little")
        rows = int.from_bytes(self._buffer[6:8], "little")
        if stride and rows:
            self._drawing = _Drawing(stride, rows, 2 if self._buffer[3] & 3 == 3 else 1)
        del self._buffer[:8]
        return True

    def _rows(self, drawing: _Drawing) -> bool:
        """The rows that are here, to the next line of text's length; False where none is, or it cannot be printed."""
        line = LINE_DOTS // drawing.scale
        rows = min(
            drawing.rows - drawing.done, line - drawing.done % line, len(self._buffer) // drawing.stride
        )
        size = rows * drawing.stride
        if not rows or not self._paper(0 if drawing.done % line else 1):
            return False
        drawing.dots += self._buffer[:size]
        del self._buffer[:size]
        if drawing.done == drawing.rows:
            self._drawn()
        return True

    def _drawn(self) -> None:
        """What there is of a picture is on paper."""
        drawing, self._drawing = self._drawing, None
        if drawing is not None and drawing.dots:
            centred = bool(self._style["centred"])
            self.hanging.append(Picture(drawing.stride * 8, bytes(drawing.dots), centred, drawing.scale))

    def _cut(self) -> bool:
        size = 4 if len(self._buffer) > 2 and self._buffer[2] in (0x41, 0x42) else 3
        if len(self._buffer) < size or not self._paper(1):
            return False
        del self._buffer[:size]
        if self.condition.cutter:
            self.condition.cutter_error = True
            return True
        self._tear()
        return True

    def _tear(self) -> None:
        if self.hanging:
            self.receipts.append(self.hanging)
            del self.receipts[:-200]
        self.hanging = []
