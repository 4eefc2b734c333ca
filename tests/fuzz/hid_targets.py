"""Parsers of USB HID under a hail of bytes: descriptors, bar code scanners' reports, keys. See tests.fuzz.device_targets."""

from __future__ import annotations

from devices.protocol import hid_descriptor, hidpos, hidpos_layout, key_layouts, wedge
from devices.sim import keyboard
from tests.fuzz.device_targets import pieces, target

_SCANNER = bytes.fromhex(
    "058c0902a1018502150026ff007508950109fb810209fc810209fd8102953809fe82020175019501250109ff810275078103c0"
)


@target("hid-descriptor", b"\x40" + _SCANNER + b"\x02]E05901234123457", b"\x10" + _SCANNER[:40])
def hid_report_descriptor(data: bytes) -> None:
    """A descriptor is read within Linux' limits or refused; a scanner with it reads reports of any kind."""
    if not data:
        return
    cut = 1 + data[0]
    parsed = hid_descriptor.parse(data[1:cut])
    for one in parsed.fields:
        assert one.size * one.count <= hid_descriptor.MOST_REPORT_BITS
        one.usage(one.count)
    hidpos_layout.Outputs(data[1:cut]).button(hidpos_layout.INITIATE_READ)
    parser = hidpos.HidPosParser(hidpos_layout.layouts(data[1:cut], [hidpos_layout.HONEYWELL]))
    for report in pieces(data[cut:]):
        parser.feed(report, 1.0)
    parser.timeout(2.0)


@target("hidpos", b"\x00\x02\x38]Q1" + b"x" * 58 + b"\x01", b"\xff\x02\x05]E012345")
def hidpos_reports(data: bytes) -> None:
    """A code behind any reports and a silence is read; what is kept is bounded."""
    layouts = (hidpos_layout.HONEYWELL, hidpos_layout.OFFSET_1, hidpos_layout.MICROSCAN)
    parser, now = hidpos.HidPosParser(layouts), 0.0
    for piece in pieces(data):
        now += 0.01 if piece[0] & 1 else 1.0
        for read in (*parser.timeout(now), *parser.feed(piece, now)):
            assert 0 < len(read.data) <= hidpos.MOST
    parser.timeout(now + 1.0)
    good = b"\x02\x0d]E04006381333931"
    assert [(one.aim, one.text) for one in parser.feed(good.ljust(64, b"\0"), now + 2.0)] == [
        ("]E0", "4006381333931")
    ]


@target("wedge", b"\x00" + bytes.fromhex("012a01021e01021e00022a00021c01021c00"), b"\x11\x01\x1d\x01")
def wedge_keys(data: bytes) -> None:
    """Keys in threes of bytes (time, key, value); a code behind any of them and a silence is read."""
    parser, stamp = wedge.WedgeParser(key_layouts.FR), 10_000_000
    for at in range(0, len(data) - 2, 3):
        stamp += data[at] * 1000
        kind, value = (wedge.SYN, 0) if data[at + 2] == 0xFF else (wedge.KEY, data[at + 2] & 3)
        record = wedge.RECORD.pack(stamp // 1_000_000, stamp % 1_000_000, kind, data[at + 1], value)
        for read in parser.feed(record, stamp / 1e6):
            assert 0 < len(read.text) <= 2 * wedge.MOST
    parser.feed(data[:23], stamp / 1e6)
    parser.timeout(stamp / 1e6 + 1.0)
    events = keyboard.key_events_of("Crème", key_layouts.FR, at_us=stamp + 2_000_000)
    found = parser.feed(b"".join(events), stamp / 1e6 + 2.0) + parser.timeout(stamp / 1e6 + 9.0)
    assert [one.text for one in found] == ["Crème"]
