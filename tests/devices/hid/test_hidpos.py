"""Bar code scanners' reports: recorded ones, and ones that are a little wrong."""

from __future__ import annotations

import pytest

from devices.errors import ProtocolError
from devices.protocol import hidpos_layout
from devices.protocol.hidpos import GAP_S, MOST, HidPosParser, Message
from devices.protocol.hidpos_layout import (
    ERROR_BEEP,
    GOOD_BEEP,
    HONEYWELL,
    INITIATE_READ,
    MICROSCAN,
    NEWLAND,
    OFFSET_1,
    PREVENT_READ,
    RESET,
    Channel,
    Layout,
    Outputs,
    layouts,
)
from tests.devices.hid.hid_data import DESCRIPTORS, HIDPOS, REPORTS, descriptor

JIELI, NO_COUNT, COUNTED = "firmware_jieli", "no_count", "counted_nul"


def parse(layout: Layout, *reports: bytes, aim: str = "") -> list[tuple[str, str]]:
    """Text and AIM of what reports say that come at once, then silence."""
    parser = HidPosParser([layout])
    found = [message for number, one in enumerate(reports) for message in parser.feed(one, number / 1000)]
    return [(one.text, one.aim) for one in found + parser.timeout(60.0)]


def report(
    layout: Layout, data: bytes, *, aim: bytes = b"]Q1", more: bool = False, count: int | None = None
) -> bytes:
    """One report, as the layout has it."""
    made = bytearray(layout.length)
    made[0] = layout.report_id
    made[layout.data[0] : layout.data[0] + len(data)] = data
    if layout.count is not None:
        made[layout.count] = len(data) if count is None else count
    for at, byte in zip(layout.aim, aim, strict=False):
        made[at] = byte
    if layout.continued:
        made[layout.continued[0]] |= more << layout.continued[1]
    return bytes(made)


class TestLayouts:
    @pytest.mark.parametrize("name", HIDPOS)
    def test_they_follow_from_recorded_descriptors(self, name: str) -> None:
        (layout,) = layouts(descriptor(name))
        for key, expected in DESCRIPTORS[name]["expect"].items():
            found = {
                "report_id": layout.report_id,
                "count_byte": layout.count,
                "aim_bytes": list(layout.aim),
                "data": list(layout.data),
                "vendor": list(layout.vendor),
                "continued_bit": list(layout.continued or ()),
                "report_len": layout.length,
            }
            assert found[key] == expected, key

    def test_that_of_honeywell_is_what_its_descriptor_says(self) -> None:
        assert layouts(descriptor(JIELI)) == (HONEYWELL,)

    def test_a_keyboard_is_told_to_be_one(self) -> None:
        for fallback in ([], [HONEYWELL]):
            with pytest.raises(ProtocolError, match="set up as a keyboard"):
                layouts(descriptor("keyboard"), fallback)
        hidden_beside = descriptor("keyboard") + bytes.fromhex("06 00 FF 09 01 A1 01 C0")
        assert layouts(hidden_beside, [HONEYWELL]) == (HONEYWELL,)

    def test_a_vendor_defined_descriptor_needs_a_table(self) -> None:
        hidden = bytes.fromhex("06 00 FF 09 01 A1 01 85 02 75 08 95 3F 09 01 81 02 C0")
        with pytest.raises(ProtocolError, match="no HID-POS scanner"):
            layouts(hidden)
        assert layouts(hidden, [NEWLAND]) == (NEWLAND,)
        assert layouts(descriptor(NO_COUNT), [NEWLAND]) != (NEWLAND,), "what a device says goes first"

    def test_reports_without_ids(self) -> None:
        plain = bytes.fromhex("05 8C 09 02 A1 01 75 08 95 08 09 FE 81 02 05 01 09 3B 95 01 81 02 C0")
        (layout,) = layouts(plain)
        assert (layout.data, layout.count, layout.length) == ((0, 8), 8, 9)
        assert parse(layout, b"12345678\x05") == [("12345", "")]

    def test_data_across_bytes_are_refused(self) -> None:
        odd = bytes.fromhex("05 8C 09 02 A1 01 75 01 95 01 09 FF 81 02 75 08 95 08 09 FE 81 02 C0")
        with pytest.raises(ProtocolError, match="whole bytes"):
            layouts(odd)


class TestRecorded:
    @pytest.mark.parametrize("name", [NO_COUNT, COUNTED])
    def test_reports_beside_their_descriptors(self, name: str) -> None:
        for one in DESCRIPTORS[name]["reports"]:
            parser = HidPosParser(layouts(descriptor(name)))
            found = parser.feed(bytes.fromhex(one["hex"]), 0.0)
            assert (not found) == one["continued"]
            data = bytes.fromhex(one["data_hex"]) if "data_hex" in one else one["data"].encode()
            (message,) = found or parser.timeout(1.0)
            assert (message.data, message.aim) == (data, one["aim"])

    def test_a_voyager_answers_a_command(self) -> None:
        recorded = REPORTS["honeywell_voyager1602g_REVINF"]
        parser = HidPosParser([HONEYWELL])
        answer, done = [one for text in recorded["reports"] for one in parser.feed(bytes.fromhex(text), 0.0)]
        assert answer.text == recorded["expected_text"]
        assert answer.aim == "]X0"
        assert (done.data, done.aim, done.vendor) == (b"REVINF\x06.", "]Z6", b"6\0")
        assert not done.scanned

    def test_a_boarding_pass(self) -> None:
        recorded = REPORTS["accessis_lsr118_boarding_pass"]
        reports = [bytes.fromhex(one) for one in recorded["reports"]]
        assert parse(HONEYWELL, *reports) == [(recorded["expected"], "]Q0")]

    def test_a_microscan_example_of_its_manual(self) -> None:
        # The manual counts 11 bytes and prints 10.
        assert parse(MICROSCAN, bytes.fromhex(REPORTS["microscan_examples"]["reports"][0])) == [
            ("A]00237493", "")
        ]


class TestEnds:
    TEXT = bytes(range(32, 127)) * 2

    def pieces(self, data: bytes, layout: Layout = HONEYWELL) -> list[bytes]:
        size = layout.data[1]
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        return [report(layout, part, more=number < len(parts) - 1) for number, part in enumerate(parts)]

    def test_a_code_of_many_reports(self) -> None:
        assert parse(HONEYWELL, *self.pieces(self.TEXT)) == [(self.TEXT.decode(), "]Q1")]

    def test_firmware_that_announces_more_and_has_none_is_ended_by_silence(self) -> None:
        parser = HidPosParser([HONEYWELL])
        assert parser.feed(report(HONEYWELL, b"x" * 56, more=True), 10.0) == []
        assert parser.wait_s(10.0) == pytest.approx(GAP_S)
        assert parser.timeout(10.0 + GAP_S / 2) == []
        (message,) = parser.timeout(10.0 + GAP_S)
        assert message == Message(b"x" * 56, "x" * 56, "]Q1", b"\0\0")
        assert parser.wait_s(10.0 + GAP_S) is None
        assert parser.unended == 1

    def test_a_lost_last_report_does_not_glue_the_next_code_on(self) -> None:
        parser = HidPosParser([HONEYWELL])
        parser.feed(self.pieces(self.TEXT)[0], 1.0)
        assert len(parser.timeout(1.2)) == 1
        assert [one.text for one in parser.feed(report(HONEYWELL, b"next"), 1.5)] == ["next"]

    def test_nor_at_once_where_it_is_of_another_symbology(self) -> None:
        parser = HidPosParser([HONEYWELL])
        parser.feed(report(HONEYWELL, b"x" * 56, more=True), 1.0)
        found = parser.feed(report(HONEYWELL, b"9521234500015", aim=b"]E0"), 1.001)
        assert [(one.text, one.aim) for one in found] == [("x" * 56, "]Q1"), ("9521234500015", "]E0")]

    def test_reports_that_waited_while_the_program_was_busy_are_one_code(self) -> None:
        parser = HidPosParser([HONEYWELL])
        found = [
            one
            for number, piece in enumerate(self.pieces(self.TEXT))
            for one in parser.feed(piece, number * 5.0)
        ]
        assert [one.data for one in found] == [self.TEXT]

    def test_an_empty_last_report_ends_a_code(self) -> None:
        last = report(HONEYWELL, b"")
        assert parse(HONEYWELL, report(HONEYWELL, b"x" * 56, more=True), last, last) == [("x" * 56, "]Q1")]

    def test_without_a_flag_a_full_report_is_continued(self) -> None:
        assert parse(MICROSCAN, *self.pieces(self.TEXT, MICROSCAN)) == [(self.TEXT.decode(), "")]
        assert parse(MICROSCAN, *self.pieces(b"x" * 124, MICROSCAN)) == [("x" * 124, "")]

    def test_unplugged_in_the_middle(self) -> None:
        parser = HidPosParser([HONEYWELL])
        parser.feed(report(HONEYWELL, b"x" * 56, more=True), 1.0)
        parser.reset()
        assert [one.text for one in parser.feed(report(HONEYWELL, b"next"), 1.0)] == ["next"]

    def test_a_code_without_end_is_dropped_and_the_next_one_read(self) -> None:
        parser = HidPosParser([HONEYWELL])
        for number in range(1000):
            assert parser.feed(report(HONEYWELL, b"x" * 56, more=True), number / 1000) == []
            assert parser._begun is not None
            assert len(parser._begun.data) <= MOST
        assert parser.timeout(5.0) == []
        assert parser.dropped == 1
        assert parser.feed(report(HONEYWELL, b"next"), 6.0)[0].text == "next"


class TestOddReports:
    def test_nul_aim_bytes_are_no_aim(self) -> None:
        assert parse(HONEYWELL, report(HONEYWELL, b"12", aim=b"\0\0\0")) == [("12", "")]

    def test_a_count_of_more_than_there_is(self) -> None:
        parser = HidPosParser([HONEYWELL])
        assert parser.feed(report(HONEYWELL, b"12", count=200), 0.0)[0].data == b"12"
        assert parser.miscounted == 1

    def test_a_report_cut_short(self) -> None:
        assert parse(HONEYWELL, report(HONEYWELL, b"12")[:7]) == [("12", "]Q1")]

    def test_what_is_no_report_of_ours_is_counted(self) -> None:
        parser = HidPosParser([HONEYWELL])
        for strange in (b"", b"\x02", b"\x07" + bytes(63)):
            assert parser.feed(strange, 0.0) == []
        assert parser.strange == 3

    def test_one_longer_than_it_should_be(self) -> None:
        assert parse(HONEYWELL, report(HONEYWELL, b"12") + b"junk") == [("12", "]Q1")]

    def test_an_aim_identifier_one_byte_later(self) -> None:
        parser = HidPosParser([HONEYWELL, OFFSET_1])
        assert parser.feed(report(OFFSET_1, b"12"), 0.0)[0].text == "12"
        assert parser.feed(report(HONEYWELL, b"34"), 0.0)[0].text == "34"

    def test_an_aim_identifier_among_the_data(self) -> None:
        assert parse(NEWLAND, report(NEWLAND, b"]E09521234500015")) == [("9521234500015", "]E0")]

    def test_gs_and_other_control_characters_stay(self) -> None:
        gs1 = b"\x1d0195212345000153\x1d10AB\r\n"
        assert HidPosParser([HONEYWELL]).feed(report(HONEYWELL, gs1), 0.0)[0].data == gs1


class TestOutputs:
    def test_buttons_are_where_the_descriptor_has_them(self) -> None:
        outputs = Outputs(descriptor(JIELI))
        bits = DESCRIPTORS[JIELI]["trigger_report"]["bits"]
        usages = {
            "power_on_reset": RESET,
            "prevent_read": PREVENT_READ,
            "initiate_read": INITIATE_READ,
            "error_beep": ERROR_BEEP,
            "good_beep": GOOD_BEEP,
        }
        for name, usage in usages.items():
            assert outputs.button(usage) == bytes([4, 1 << bits[name]])
        assert outputs.redirect() == b"\xfe\x01"

    def test_a_scanner_without_buttons(self) -> None:
        outputs = Outputs(descriptor(NO_COUNT))
        assert outputs.button(INITIATE_READ) is None
        assert outputs.redirect() is None
        assert outputs.channel is None

    def test_commands_go_out_as_they_were_recorded(self) -> None:
        channel = Outputs(descriptor("firmware_hhp_rem")).channel
        assert channel == Channel(0xFD)
        (report,) = Channel(0xFD).reports(b"\x16M\rREVINF.")
        assert report[:13] == bytes.fromhex("FD 0A 16 4D 0D 52 45 56 49 4E 46 2E 00")
        assert len(report) == 64

    def test_long_commands_take_several_reports(self) -> None:
        reports = Channel(4).reports(bytes(130))
        assert [one[1] for one in reports] == [62, 62, 6]

    def test_buttons_in_reports_without_ids(self) -> None:
        plain = bytes.fromhex("05 8C 09 02 A1 01 75 01 95 08 09 5E 09 5F 09 60 91 02 C0")
        assert Outputs(plain).button(hidpos_layout.INITIATE_READ) == b"\x00\x04"
