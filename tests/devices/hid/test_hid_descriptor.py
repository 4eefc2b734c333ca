"""What a HID device says of its reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError
from devices.protocol import hid_descriptor
from devices.protocol.hid_descriptor import parse
from tests.devices.hid.hid_data import descriptor


class TestKeyboard:
    """The boot keyboard's descriptor (HID 1.11, appendix B.1) and what follows from it."""

    KEYBOARD = parse(descriptor("keyboard"))

    def test_its_report_has_eight_bytes_and_no_id(self) -> None:
        assert self.KEYBOARD.applications == (0x00010006,)
        assert not self.KEYBOARD.numbered
        assert self.KEYBOARD.length("input", 0) == 8
        assert self.KEYBOARD.length("output", 0) == 0

    def test_ranges_of_usages_are_given_out_in_order(self) -> None:
        modifiers, padding, keys = self.KEYBOARD.fields
        assert [modifiers.usage(bit) for bit in (0, 7)] == [0x000700E0, 0x000700E7]
        assert padding.constant
        assert (keys.size, keys.count, keys.logical) == (8, 6, (0, 0x65))
        assert keys.has(0x00070028)


@pytest.mark.parametrize(
    ("hexes", "expected"),
    [
        ("05 01 09 02 A1 01 A4 05 09 75 08 95 02 09 01 81 02 B4 75 04 95 01 09 30 81 02 C0",
         [(0, 8, 2, 0x90001), (16, 4, 1, 0x10030)]),  # pop brings page, size and count back
        ("05 01 09 02 A1 01 75 08 95 01 0B FE 00 8C 00 81 02 C0", [(0, 8, 1, 0x8C00FE)]),  # a usage with its own page
        ("05 01 09 02 A1 01 75 08 95 01 09 FE 05 8C 81 02 C0", [(0, 8, 1, 0x8C00FE)]),  # the page after the usage
        ("05 01 09 02 A1 01 75 08 95 01 A9 01 09 30 09 31 A9 00 81 02 C0", [(0, 8, 1, 0x10030)]),  # the preferred one
        ("FE 02 F0 AA BB 05 01 09 02 A1 01 75 08 95 01 09 30 81 02 C0", [(0, 8, 1, 0x10030)]),  # a long item
        ("05 01 09 02 A1 01 75 08 95 03 09 30 09 31 81 02 C0", [(0, 8, 3, 0x10030)]),
    ],
)  # fmt: skip
def test_programs_of_items(hexes: str, expected: list[tuple[int, int, int, int]]) -> None:
    found = parse(bytes.fromhex(hexes)).fields
    assert [(one.bit, one.size, one.count, one.usage(0)) for one in found] == expected


def test_the_last_usage_stands_for_the_rest_and_none_for_nothing() -> None:
    field = parse(bytes.fromhex("05 01 A1 00 75 08 95 03 09 30 09 31 81 02 C0")).fields[0]
    assert [field.usage(n) for n in range(4)] == [0x10030, 0x10031, 0x10031, 0x10031]
    field = parse(bytes.fromhex("05 01 A1 00 75 08 95 03 81 02 C0")).fields[0]
    assert field.usage(0) == 0


def test_reports_are_counted_each_by_itself() -> None:
    parsed = parse(
        bytes.fromhex("05 01 A1 01 75 08 85 01 95 02 81 02 91 02 85 02 95 03 81 02 85 01 95 01 81 02 C0")
    )
    assert [(one.report_id, one.bit) for one in parsed.fields if one.kind == "input"] == [
        (1, 0),
        (2, 0),
        (1, 16),
    ]
    assert parsed.length("input", 1) == 4
    assert parsed.length("input", 2) == 4
    assert parsed.length("output", 1) == 3


@pytest.mark.parametrize(
    ("hexes", "said"),
    [
        ("05", "an item of 1 bytes"),
        ("27 00 00", "an item of 4 bytes"),
        ("FE", "long item"),
        ("FE 05 00 01", "an item of 5 bytes"),
        ("C0", "closed that is not open"),
        ("A1 01", "not closed"),
        ("B4", "a pop without a push"),
        ("85 00", "report id: 0"),
        ("76 00 10", "bits of an element: 4096"),
        ("97 FF FF FF 7F", "elements of a field"),
        ("19 05 29 03", "usages from"),
        ("A9 00", "delimiters"),
        ("A4" * 17, "pushes: 17"),
        ("A1 01" * 65, "collections within each other"),
        ("76 00 01 96 FF 0F 81 02", "longer than 16 KiB"),
        ("00" * 4097, "4097 bytes"),
    ],
)
def test_garbage_is_a_protocol_error_that_says_where(hexes: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        parse(bytes.fromhex(hexes))


@given(st.binary(max_size=512))
def test_any_bytes_are_a_descriptor_or_a_protocol_error(data: bytes) -> None:
    try:
        parsed = parse(data)
    except ProtocolError:
        return
    for field in parsed.fields:
        assert field.size * field.count <= hid_descriptor.MOST_REPORT_BITS
        assert field.usage(field.count) >= 0
        assert parsed.length(field.kind, field.report_id) <= 16385
