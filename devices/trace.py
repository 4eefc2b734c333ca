"""What went over a wire, as a text file: recorded at a kiosk, read by a person, replayed by a test.

    # endcap trace 1
    # model: line-scanner
    # source: recorded from an Acme 2D, firmware 1.07
    # descriptor: 05 8C 09 02 ...                 report descriptor of a HID device, nowhere else
    0.000000 > 16 54 0D                           host to device, seconds since the trace began
    0.104512 < 39 35 32 31 0D 0A                  device to host: what one read gave
    0.204001 < ?12                                12 bytes, withheld: they may hold a card's number
    1.500000 ! Gone                               a read or write ended so (devices.errors)
    = Scan {"text": "9521", "aim": ""}            an event the bytes above must give, for tests

An expectation names the event (devices.events) and as many of its fields as matter, as JSON; bytes are hexadecimal.
Other lines that begin with # are remarks. Times never run backwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from devices.events import DeviceEvent

FIRST_LINE = "# endcap trace 1"
_MOVED = re.compile(r"(\d+(?:\.\d+)?) ([<>]) (?:\?(\d{1,9})|([0-9A-Fa-f ]*))")
_BROKE = re.compile(r"(\d+(?:\.\d+)?) ! ([A-Za-z]+)")
_EXPECTED = re.compile(r"= ([A-Za-z]+) (\{.*\})")


class BadTrace(ValueError):
    """A file is no trace; says which line and what was expected."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes that went over the wire. Where they were withheld, `data` is empty and `withheld` how many there were."""

    at_s: float
    to_host: bool
    data: bytes
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Broke:
    """The wire failed: `error` is the family's name, e.g. Gone."""

    at_s: float
    error: str


@dataclass(frozen=True, slots=True)
class Expected:
    """An event that the bytes before it must give; `fields` as in JSON."""

    event: str
    fields: dict[str, object]

    def fits(self, event: DeviceEvent) -> bool:
        """Whether it is that event, as far as fields are given."""
        if type(event).__name__ != self.event:
            return False
        return all(_plain(getattr(event, name, None)) == value for name, value in self.fields.items())


Line = Moved | Broke | Expected


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole trace."""

    model: str
    source: str
    lines: tuple[Line, ...]
    descriptor: bytes = b""

    @property
    def moved(self) -> tuple[Moved, ...]:
        """What went over the wire, both ways."""
        return tuple(line for line in self.lines if isinstance(line, Moved))

    @property
    def to_host(self) -> tuple[Moved, ...]:
        """What the device said."""
        return tuple(line for line in self.moved if line.to_host)

    @property
    def expected(self) -> tuple[Expected, ...]:
        """What it must give."""
        return tuple(line for line in self.lines if isinstance(line, Expected))


def read_trace(path: Path) -> Trace:
    """The trace in a file. Raises BadTrace."""
    try:
        return parse_trace(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadTrace(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadTrace(f"{path}: {error}") from None


def parse_trace(text: str) -> Trace:
    """The trace a text is. Raises BadTrace."""
    rows = text.split("\n")  # not splitlines: JSON leaves U+0085 and the like in strings
    if not rows or rows[0].rstrip() != FIRST_LINE:
        raise BadTrace(f"line 1: expected {FIRST_LINE!r}")
    head = {"model": "", "source": "", "descriptor": ""}
    lines: list[Line] = []
    now = 0.0
    for number, row in enumerate(rows[1:], 2):
        row = row.strip()
        if row.startswith("#"):
            key, colon, value = row[1:].partition(":")
            if colon and key.strip() in head:
                head[key.strip()] = value.strip()
        elif row:
            line = _line(row, number)
            if not isinstance(line, Expected):
                if line.at_s < now:
                    raise BadTrace(f"line {number}: time runs backwards, {line.at_s:g} s after {now:g} s")
                now = line.at_s
            lines.append(line)
    return Trace(head["model"], head["source"], tuple(lines), _bytes(head["descriptor"], "descriptor"))


def head_of(model: str, source: str, descriptor: bytes = b"") -> str:
    """A trace's first lines, with their line ends."""
    rows = [FIRST_LINE, f"# model: {model}", f"# source: {' '.join(source.split())}"]
    if descriptor:
        rows.append(f"# descriptor: {_hex(descriptor)}")
    return "".join(f"{row}\n" for row in rows)


def line_of(line: Line) -> str:
    """One line as it stands in the file, without its line end."""
    match line:
        case Moved(at_s, to_host, data, withheld):
            return f"{at_s:.6f} {'<' if to_host else '>'} {f'?{withheld}' if withheld else _hex(data)}"
        case Broke(at_s, error):
            return f"{at_s:.6f} ! {error}"
        case Expected(event, fields):
            return f"= {event} {json.dumps(fields, ensure_ascii=False)}"


def expected_of(event: DeviceEvent, *fields: str) -> Expected:
    """The expectation of an event, by the fields named."""
    return Expected(type(event).__name__, {name: _plain(getattr(event, name)) for name in fields})


def write_trace(path: Path, trace: Trace) -> None:
    """Write a whole trace."""
    body = "".join(f"{line_of(line)}\n" for line in trace.lines)
    path.write_text(head_of(trace.model, trace.source, trace.descriptor) + body, encoding="utf-8")


Sink = Callable[[Line], None]


def matched(expected: Iterable[Expected], events: Iterable[DeviceEvent]) -> str:
    """ "Nothing ("") where the events are those expected, one for one and in order; else what differs, in a sentence."""
    wanted, had = list(expected), list(events)
    for number, (want, event) in enumerate(zip(wanted, had, strict=False), 1):
        if not want.fits(event):
            return f"event {number}: expected {line_of(want)[2:]}, got {event}"
    if len(wanted) > len(had):
        return f"event {len(had) + 1}: expected {line_of(wanted[len(had)])[2:]}, got nothing more"
    return (
        f"event {len(wanted) + 1}: expected nothing more, got {had[len(wanted)]}"
        if len(had) > len(wanted)
        else ""
    )


def _line(row: str, number: int) -> Line:
    if found := _MOVED.fullmatch(row):
        at_s, way, withheld, data = found.groups()
        return Moved(float(at_s), way == "<", _bytes(data or "", f"line {number}"), int(withheld or 0))
    if found := _BROKE.fullmatch(row):
        return Broke(float(found[1]), found[2])
    if found := _EXPECTED.fullmatch(row):
        try:
            return Expected(found[1], json.loads(found[2]))
        except ValueError as error:
            raise BadTrace(f"line {number}: after {found[1]} expected JSON: {error}") from None
    raise BadTrace(
        f"line {number}: expected `SECONDS < HEX`, `SECONDS > HEX`, `SECONDS ! ERROR` or `= EVENT {{...}}`, got {row[:60]!r}"
    )


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _bytes(text: str, where: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadTrace(f"{where}: expected pairs of hexadecimal digits, got {text[:60]!r}") from None
