"""Whatever is scanned, whatever the scanner's reports or layout look like: the same comes out; and garbage breaks nothing."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError
from devices.protocol import hidpos, wedge
from devices.protocol.aim import split
from devices.protocol.hidpos import GAP_S, HidPosParser
from devices.protocol.hidpos_layout import HONEYWELL, MICROSCAN, NEWLAND, OFFSET_1, Layout, Outputs, layouts
from devices.protocol.key_layouts import LAYOUTS
from devices.protocol.lines import text_of
from devices.protocol.wedge import RECORD, WedgeParser
from devices.sim.hidpos import never_ending, reports_of
from devices.sim.keyboard import key_events_of

AIMS = st.sampled_from(["", "]Q1", "]E0", "]C1", "]d2"])


def described(size: int, *, numbered: bool, count: bool, aim: bool, flag: bool, count_last: bool) -> bytes:
    """A report descriptor with or without each of the things makers leave out."""
    counter = bytes.fromhex("05 01 09 3B 75 08 95 01 81 02") if count else b""
    parts = [
        bytes.fromhex("05 8C 09 02 A1 01 15 00 26 FF 00"),
        bytes.fromhex("85 02") if numbered else b"",
        b"" if count_last else counter,
        bytes.fromhex("05 8C 75 08 95 03 09 FB 09 FC 09 FD 81 02") if aim else b"",
        bytes.fromhex("05 8C 75 08 96") + struct.pack("<H", size) + bytes.fromhex("09 FE 82 02 01"),
        counter if count_last else b"",
        bytes.fromhex("75 01 95 01 09 FF 81 02 75 07 81 03") if flag else b"",
        b"\xc0",
    ]
    return b"".join(parts)


@st.composite
def scanners(draw: st.DrawFn) -> Layout:
    """A layout as it follows from a descriptor, or one of the table."""
    if draw(st.booleans()):
        return draw(st.sampled_from([HONEYWELL, NEWLAND, MICROSCAN, OFFSET_1]))
    choices: dict[str, Any] = {
        name: draw(st.booleans()) for name in ("numbered", "count", "aim", "flag", "count_last")
    }
    (layout,) = layouts(described(draw(st.integers(1, 200)), **choices))
    return layout


class TestHidPos:
    @given(scanners(), st.binary(min_size=1, max_size=700), AIMS, st.booleans(), st.data())
    def test_what_is_scanned_comes_out(
        self, layout: Layout, data: bytes, aim: str, endless: bool, rest: st.DataObject
    ) -> None:
        if layout.count is None:
            data = data.replace(b"\0", b"0")  # NULs are padding there
        if layout.aim:
            expected = (data, text_of(data), aim)
        else:  # it comes in front of the data, or what is in front of them looks like it
            found, text = split(text_of(aim.encode() + data))
            expected = ((aim.encode() + data)[len(found) :], text, found)
        reports = reports_of(data, aim, layout)
        if endless and layout.continued == (layout.length - 1, 0):
            reports = [one for one in never_ending(reports) if isinstance(one, bytes)]
        parser, now, messages = HidPosParser([layout]), 0.0, []
        for report in reports:
            messages += parser.feed(report, now)
            now += rest.draw(st.floats(0, GAP_S * 0.9))
            messages += parser.timeout(now)
        messages += parser.timeout(now + GAP_S)
        assert [(one.data, one.text, one.aim) for one in messages if one.data] == [expected] * bool(
            expected[0]
        )
        assert parser.wait_s(now + GAP_S) is None

    @given(scanners(), st.lists(st.binary(max_size=80), max_size=200))
    def test_garbage_is_counted_and_the_next_code_read(self, layout: Layout, garbage: list[bytes]) -> None:
        parser = HidPosParser([layout])
        for number, report in enumerate(garbage):
            for message in parser.feed(report, number / 1000):
                assert 0 < len(message.data) <= hidpos.MOST
        parser.timeout(60.0)
        (message,) = [
            *(one for report in reports_of("9521234500015", "", layout) for one in parser.feed(report, 61.0)),
            *parser.timeout(62.0),
        ]
        assert message.text == "9521234500015"

    @given(st.binary(max_size=300), st.lists(st.binary(max_size=70), max_size=20))
    def test_any_bytes_as_descriptor_and_reports(self, descriptor: bytes, reports: list[bytes]) -> None:
        try:
            found = layouts(descriptor, [HONEYWELL])
            outputs = Outputs(descriptor)
        except ProtocolError:
            return
        outputs.button(0x008C0060)
        parser = HidPosParser(found)
        for report in reports:
            parser.feed(report, 0.0)


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, str]:
    """A layout's name and a text it can type."""
    name = draw(st.sampled_from(sorted(LAYOUTS)))
    alphabet = [*LAYOUTS[name].strokes, "\n", "\t", "\x1d", "\x1e", "\x04"]
    return name, draw(st.text(st.sampled_from(alphabet), min_size=1, max_size=200))


class TestWedge:
    @given(typed(), st.integers(1, 40))
    def test_what_is_typed_comes_out_however_it_is_read(self, what: tuple[str, str], records: int) -> None:
        name, text = what
        stream = b"".join(key_events_of(text, LAYOUTS[name]))
        parser, messages, size = WedgeParser(LAYOUTS[name]), [], records * RECORD.size
        for start in range(0, len(stream), size):
            messages += parser.feed(stream[start : start + size], 0.0)
        messages += parser.timeout(1.0)
        aim, rest = split(text)
        assert [(one.text, one.aim) for one in messages] == [(rest, aim)] * bool(rest)

    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 2)), max_size=400), st.binary(max_size=200))
    def test_garbage_breaks_nothing_and_the_next_code_is_read(
        self, keys: list[tuple[int, int]], noise: bytes
    ) -> None:
        parser = WedgeParser()
        for code, value in keys:
            for message in parser.feed(RECORD.pack(1, 0, 1, code, value), 0.0):
                assert len(message.text) <= wedge.MOST
        parser.feed(noise, 0.0)
        parser.timeout(60.0)
        found = [one for piece in key_events_of("9521234500015") for one in parser.feed(piece, 61.0)]
        assert [one.text for one in [*found, *parser.timeout(62.0)]] == ["9521234500015"]
