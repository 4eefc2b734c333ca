"""Where things stand in the reports of a USB bar code scanner (HID usage page 0x8C), by its own report descriptor.

Source: HID Point of Sale Usage Tables 1.02, and descriptors of public firmware (tests/data/hidpos). Makers differ in length,
count byte, AIM bytes and flags; the descriptor says all of it. Where a maker hides behind a vendor-defined one, a table helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devices.errors import ProtocolError
from devices.protocol.hid_descriptor import Descriptor, Field, parse

VENDOR_PAGES = 0xFF00  # usage pages from here on are makers' own
SCANNER, KEYBOARD = 0x008C0002, 0x00010006  # applications
BYTE_COUNT = 0x0001003B
SYMBOLOGY = (0x008C00FB, 0x008C00FC, 0x008C00FD)  # the three characters of the AIM identifier
DATA, CONTINUED = 0x008C00FE, 0x008C00FF
RESET, PREVENT_READ, INITIATE_READ = 0x008C005E, 0x008C005F, 0x008C0060
ERROR_BEEP, GOOD_BEEP = 0x008C0085, 0x008C0086
# The page FF66 of Honeywell and those who copied it: commands as on its serial line.
COMMAND_COUNT, COMMAND, REDIRECT = 0xFF660021, 0xFF660022, 0xFF660003


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of input report. Offsets are in bytes from the report's first, which is its id where it has one."""

    report_id: int
    length: int
    data: tuple[int, int]  # offset, size
    count: int | None = None  # offset of how many bytes of `data` count; else its NULs at the end do not
    aim: tuple[int, ...] = ()
    continued: tuple[int, int] | None = None  # offset, bit; else a full report is continued
    vendor: tuple[int, ...] = ()  # the maker's own symbology bytes


HONEYWELL = Layout(
    2, 64, (5, 56), count=1, aim=(2, 3, 4), continued=(63, 0), vendor=(61, 62)
)  # Access-IS too
OFFSET_1 = Layout(2, 64, (6, 56), count=2, aim=(3, 4, 5), continued=(63, 0), vendor=(62,))
NEWLAND = Layout(2, 64, (2, 56), count=1, continued=(63, 0), vendor=(62,))
MICROSCAN = Layout(1, 64, (2, 62), count=1)


def layouts(descriptor: bytes, fallback: Sequence[Layout] = ()) -> tuple[Layout, ...]:
    """The layouts of a device's reports; `fallback` where its descriptor says nothing of scanned data. Raises ProtocolError
    where there is none, with the way out.
    """
    parsed = parse(descriptor)
    found = tuple(_layout(parsed, data) for data in parsed.find("input", DATA))
    if found:
        return found
    hides = any(one >> 16 >= VENDOR_PAGES for one in parsed.applications)
    if KEYBOARD in parsed.applications and not hides:
        raise ProtocolError(
            "it is set up as a keyboard: scan the HID-POS code of its manual, or configure a wedge model"
        )
    if not fallback:
        raise ProtocolError("its report descriptor has no scanned data: it is no HID-POS scanner")
    return tuple(fallback)


def _layout(parsed: Descriptor, data: Field) -> Layout:
    start = 1 if data.report_id else 0
    if data.bit % 8 or data.size * data.count % 8:
        raise ProtocolError(f"report {data.report_id}: its data do not stand on whole bytes")
    fields = [
        one
        for one in parsed.fields
        if one.kind == "input" and one.report_id == data.report_id and not one.constant and one is not data
    ]

    def places(wanted: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            start + (one.bit + one.size * element) // 8
            for one in fields
            for element in range(min(one.count, 16))
            if one.size == 8 and one.bit % 8 == 0 and one.usage(element) in wanted
        )

    flags = [one for one in fields if one.has(CONTINUED)]
    counts = places((BYTE_COUNT,))
    vendor = [one for one in fields if one.size == 8 and any(first >= 0xFF000000 for first, _ in one.usages)]
    return Layout(
        data.report_id,
        parsed.length("input", data.report_id),
        (start + data.bit // 8, data.size * data.count // 8),
        counts[0] if counts else None,
        places(SYMBOLOGY)[:3],
        (start + flags[0].bit // 8, flags[0].bit % 8) if flags else None,
        tuple(start + one.bit // 8 + element for one in vendor for element in range(min(one.count, 4))),
    )


@dataclass(frozen=True, slots=True)
class Channel:
    """An output report that carries commands: id, count, at most `size` bytes."""

    report_id: int
    size: int = 62

    def reports(self, command: bytes) -> list[bytes]:
        """A command in as many reports as it needs."""
        pieces = [command[at : at + self.size] for at in range(0, len(command), self.size)]
        return [bytes([self.report_id, len(one)]) + one.ljust(self.size, b"\0") for one in pieces]


class Outputs:
    """What a scanner can be told, by its descriptor."""

    def __init__(self, descriptor: bytes, channel: Channel | None = None) -> None:
        self._parsed = parse(descriptor)
        self.channel = self._channel() or channel

    def button(self, usage: int) -> bytes | None:
        """The output report that has one bit set: read, cease, beep. None where it has no such bit."""
        for one in self._parsed.find("output", usage):
            element = next(number for number in range(one.count) if one.usage(number) == usage)
            length = self._parsed.length("output", one.report_id)
            bit = one.bit + element * one.size
            report = bytearray(length if one.report_id else length + 1)  # 0 stands for "no id"
            report[0] = one.report_id
            report[1 + bit // 8] |= 1 << bit % 8
            return bytes(report)
        return None

    def redirect(self) -> bytes | None:
        """The feature report that makes a Honeywell send its scans here and not as keys."""
        for one in self._parsed.find("feature", REDIRECT):
            return bytes([one.report_id, 1])
        return None

    def _channel(self) -> Channel | None:
        for count in self._parsed.find("output", COMMAND_COUNT):
            for data in self._parsed.find("output", COMMAND):
                if data.report_id == count.report_id and (count.bit, data.bit) == (0, 8):
                    return Channel(data.report_id, data.size * data.count // 8)
        return None
