"""HID report descriptors: which bits of which report mean what. Source: HID 1.11, section 6.2.2; the limits are Linux'.

A descriptor is a program of items: main items make fields out of the global and local state before them. Usages here are
32 bits: the usage page above, the usage below (0x008C00FE is "decoded data" of the bar code scanner page).

Why not a library: hid-parser 0.1.0 goes on by one element where one usage stands for many (the 56 bytes of data), and
puts what follows into the data, in all four recorded descriptors of scanners.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from devices.errors import ProtocolError

MOST = 4096  # bytes of a descriptor (HID_MAX_DESCRIPTOR_SIZE)
MOST_REPORT_BITS = 16384 * 8  # of one report (HID_MAX_BUFFER_SIZE)
MOST_SIZE, MOST_COUNT = 256, 12288  # bits of an element; elements of a field (HID_MAX_USAGES)
MOST_PUSHED, MOST_NESTED = 16, 64

CONSTANT = 0x01  # bit of a main item's data

_MAIN, _GLOBAL, _LOCAL = 0, 1, 2
_KINDS = {0x8: "input", 0x9: "output", 0xB: "feature"}
_LONG = 0xFE


@dataclass(frozen=True, slots=True)
class Field:
    """`count` elements of `size` bits, the first at bit `bit` of its report's data (after the id, where there is one)."""

    kind: str  # input | output | feature
    report_id: int  # 0 where reports have none
    bit: int
    size: int
    count: int
    flags: int = 0
    usages: tuple[tuple[int, int], ...] = ()  # ranges, in the order of the elements
    collections: tuple[int, ...] = ()  # usages of what it stands in, outermost first
    logical: tuple[int, int] = (0, 0)  # least and greatest value

    @property
    def constant(self) -> bool:
        """Padding."""
        return bool(self.flags & CONSTANT)

    def usage(self, element: int) -> int:
        """What an element means, 0 where nothing is said; the last usage stands for all elements after it."""
        for first, last in self.usages:
            if element <= last - first:
                return first + element
            element -= last - first + 1
        return self.usages[-1][1] if self.usages else 0

    def has(self, usage: int) -> bool:
        """Whether one of its elements means that."""
        return any(first <= usage <= last for first, last in self.usages)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A parsed report descriptor. `applications` are the usages of its top-level collections."""

    fields: tuple[Field, ...]
    applications: tuple[int, ...]

    @property
    def numbered(self) -> bool:
        """Whether reports begin with their id."""
        return any(one.report_id for one in self.fields)

    def length(self, kind: str, report_id: int) -> int:
        """Bytes of a report, its id included where there is one; 0 for a report there is not."""
        ends = [
            one.bit + one.size * one.count
            for one in self.fields
            if one.kind == kind and one.report_id == report_id
        ]
        return (max(ends) + 7) // 8 + (1 if report_id else 0) if ends else 0

    def find(self, kind: str, usage: int) -> Iterator[Field]:
        """Fields that hold something."""
        return (one for one in self.fields if one.kind == kind and not one.constant and one.has(usage))


@dataclass(frozen=True, slots=True)
class _Globals:
    page: int = 0
    logical_min: int = 0
    logical_max: int = 0
    size: int = 0
    count: int = 0
    report_id: int = 0


@dataclass(slots=True)
class _Locals:
    usages: list[tuple[int, int, bool]] = field(default_factory=list)  # first, last, with a page of its own
    least: tuple[int, bool] | None = None  # an open Usage Minimum
    alternates: int = -1  # usages seen in an open delimiter; -1 outside


def _items(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, tag and data of each short item; long ones are passed over: none are defined."""
    at = 0
    while at < len(data):
        prefix, start = data[at], at + 1
        if prefix == _LONG:
            if start >= len(data):
                raise ProtocolError(f"report descriptor: byte {at}: a long item without a length")
            start, size = start + 2, data[start]
        else:
            size = (0, 1, 2, 4)[prefix & 3]
        if start + size > len(data):
            raise ProtocolError(
                f"report descriptor: byte {at}: an item of {size} bytes, and the end before them"
            )
        if prefix != _LONG:
            yield prefix >> 2 & 3, prefix >> 4, data[start : start + size]
        at = start + size


def _within(value: int, least: int, most: int, what: str) -> int:
    if least <= value <= most:
        return value
    raise ProtocolError(f"report descriptor: {what}: {value}; {least} to {most} may be")


class _Parser:
    def __init__(self) -> None:
        self.globals = _Globals()
        self.pushed: list[_Globals] = []
        self.locals = _Locals()
        self.collections: list[int] = []
        self.applications: list[int] = []
        self.fields: list[Field] = []
        self.bits: dict[tuple[str, int], int] = {}  # used up so far, by kind and report

    def parse(self, data: bytes) -> Descriptor:
        for kind, tag, body in _items(data):
            if kind == _MAIN:
                self._main(tag, body)
                self.locals = _Locals()
            elif kind == _GLOBAL:
                self._global(tag, body)
            elif kind == _LOCAL:
                self._local(tag, body)
        if self.collections:
            raise ProtocolError(f"report descriptor: {len(self.collections)} collections are not closed")
        return Descriptor(tuple(self.fields), tuple(self.applications))

    def _main(self, tag: int, body: bytes) -> None:
        if tag == 0xA:
            usage = self._usages()[0][0] if self.locals.usages else 0
            if not self.collections:
                self.applications.append(usage)
            self.collections.append(usage)
            _within(len(self.collections), 1, MOST_NESTED, "collections within each other")
        elif tag == 0xC:
            if not self.collections:
                raise ProtocolError("report descriptor: a collection is closed that is not open")
            self.collections.pop()
        elif tag in _KINDS:
            self._field(_KINDS[tag], int.from_bytes(body, "little"))

    def _field(self, kind: str, flags: int) -> None:
        now = self.globals
        key = (kind, now.report_id)
        bit = self.bits.get(key, 0)
        self.bits[key] = bit + now.size * now.count
        if self.bits[key] > MOST_REPORT_BITS:
            raise ProtocolError(f"report descriptor: {kind} report {now.report_id} is longer than 16 KiB")
        if now.size and now.count:
            logical = (now.logical_min, now.logical_max)
            self.fields.append(
                Field(
                    kind, now.report_id, bit, now.size, now.count, flags,
                    tuple(self._usages()), tuple(self.collections), logical,
                )
            )  # fmt: skip

    def _global(self, tag: int, body: bytes) -> None:
        now, value = self.globals, int.from_bytes(body, "little")
        signed = int.from_bytes(body, "little", signed=True)
        match tag:
            case 0x0:
                self.globals = replace(now, page=value & 0xFFFF)
            case 0x1:
                self.globals = replace(now, logical_min=signed)
            case 0x2:  # signed only where the minimum is: 25 FF is 255 beside a minimum of 0
                self.globals = replace(now, logical_max=signed if now.logical_min < 0 else value)
            case 0x7:
                self.globals = replace(now, size=_within(value, 0, MOST_SIZE, "bits of an element"))
            case 0x8:
                self.globals = replace(now, report_id=_within(value, 1, 255, "report id"))
            case 0x9:
                self.globals = replace(now, count=_within(value, 0, MOST_COUNT, "elements of a field"))
            case 0xA | 0xB:
                self._push_or_pop(tag)
            case _:  # exponents and units say nothing about where a bit is
                pass

    def _push_or_pop(self, tag: int) -> None:
        if tag == 0xA:
            self.pushed.append(self.globals)
            _within(len(self.pushed), 1, MOST_PUSHED, "pushes")
        elif self.pushed:
            self.globals = self.pushed.pop()
        else:
            raise ProtocolError("report descriptor: a pop without a push")

    def _local(self, tag: int, body: bytes) -> None:
        now = self.locals
        paged = len(body) == 4
        value = int.from_bytes(body, "little") + (0 if paged else self.globals.page << 16)
        match tag:
            case 0x0:
                self._usage(value, value, paged)
            case 0x1:
                now.least = (value, paged)
            case 0x2 if now.least is not None:
                least, least_paged = now.least
                now.least = None
                if value < least:
                    raise ProtocolError(f"report descriptor: usages from {least:#x} to {value:#x}")
                self._usage(least, value, paged or least_paged)
            case 0xA:
                opening = value & 1
                if bool(opening) == (now.alternates >= 0):
                    raise ProtocolError("report descriptor: delimiters that do not match")
                now.alternates = 0 if opening else -1
            case _:  # designators and strings
                pass

    def _usage(self, first: int, last: int, paged: bool) -> None:
        if self.locals.alternates > 0:  # of alternative usages the first is the preferred one
            return
        if self.locals.alternates == 0:
            self.locals.alternates = 1
        self.locals.usages.append((first, last, paged))

    def _usages(self) -> list[tuple[int, int]]:
        """The usages of a main item. A page that was declared after all of them is theirs, as in Linux since 4.20."""
        found = list(self.locals.usages)
        page = self.globals.page << 16
        for index in range(len(found) - 1, -1, -1):
            first, last, paged = found[index]
            if paged:
                continue
            if first & ~0xFFFF == page:
                break
            found[index] = (page | first & 0xFFFF, page | last & 0xFFFF, paged)
        return [(first, last) for first, last, _ in found]


def parse(data: bytes) -> Descriptor:
    """The fields of a report descriptor. Raises ProtocolError where it is none, or larger than Linux would take."""
    if len(data) > MOST:
        raise ProtocolError(f"report descriptor: {len(data)} bytes; at most {MOST}")
    return _Parser().parse(data)
