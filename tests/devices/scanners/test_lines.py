"""Where a code begins and ends on a line, whatever stands in it and however it arrives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.lines import MOST, Code, Event, LineParser, Lines, surely_whole

VCARD = b"BEGIN:VCARD\r\nN:Li\r\nEND:VCARD"
ADDRESS = b"https://example.com/01/09506000134352"


def parse(*pieces: bytes, lines: Lines | None = None) -> list[bytes]:
    """The codes in pieces that arrive 1 ms apart, then silence."""
    parser = LineParser(lines)
    events: list[Event] = []
    for number, piece in enumerate(pieces):
        events += parser.feed(piece, 100 + number / 1000)
    events += parser.timeout(200)
    return [event.data for event in events if isinstance(event, Code)]


def at_once(data: bytes, lines: Lines | None = None) -> list[bytes]:
    """The codes that are told without waiting for a pause."""
    return [event.data for event in LineParser(lines).feed(data, 1.0) if isinstance(event, Code)]


class TestTheEnd:
    def test_what_can_only_be_whole_is_told_at_its_suffix(self) -> None:
        for code in (
            b"4006381333931",
            b"]E04006381333931",
            ADDRESS,
            b"]Q1" + ADDRESS,
            b"]C10109506000134352\x1d10A",
        ):
            assert len(at_once(code + b"\r")) == 1, code

    def test_what_may_go_on_waits_for_the_pause(self) -> None:
        for code in (b"4006381333930", b"WiFi", b"]C0ABC", b"https://example.com/a b"):
            assert at_once(code + b"\r\n") == []
            assert len(parse(code + b"\r\n")) == 1

    def test_a_vcard_is_one_code(self) -> None:
        assert parse(VCARD + b"\r\n") == parse(b"]Q1" + VCARD + b"\r") == [VCARD]

    def test_between_stx_and_etx_anything_is_told_at_once(self) -> None:
        assert at_once(b"\x02" + VCARD + b"\x03" + b"\x02two\r\x03\r\n") == [VCARD, b"two"]

    def test_codes_that_were_read_late_are_not_glued(self) -> None:
        assert at_once(b"4006381333931\r\n96385074\r\n") == [b"4006381333931", b"96385074"]
        assert at_once(b"]Q1first\r\n]Q1second\r\n]E04006381333931\r") == [
            b"first",
            b"second",
            b"4006381333931",
        ]

    def test_bytes_that_were_read_late_are_not_parted(self) -> None:
        parser = LineParser()
        assert parser.feed(b"FIRST HA", 1.0) == []
        assert parser.feed(b"LF", 9.0) == [], "nobody has seen the line silent in between"
        assert parser.timeout(9.1) == [Code(b"FIRST HALF", "FIRST HALF", "")]

    def test_half_a_code_of_a_scanner_that_ends_all_with_a_suffix_is_none(self) -> None:
        parser = LineParser()
        assert parser.feed(b"4006381333931\r\n", 1.0)
        assert parser.feed(b"HALF A C", 2.0) == parser.timeout(2.1) == []
        assert parser.feed(b"ODE\r\n", 2.2) == [], "the rest has come after a long pause"
        assert parser.timeout(2.3) == [Code(b"HALF A CODE", "HALF A CODE", "")]
        assert parser.feed(b"HALF A C", 3.0) == parser.timeout(3.5) == []
        assert parser.cut == 1
        assert parser.wait_s(3.5) is None

    def test_a_scanner_that_is_set_up_anew_without_suffix_is_believed(self) -> None:
        parser = LineParser()
        assert parser.feed(b"4006381333931\r", 1.0)
        assert parser.feed(b"4006381333931", 2.0) == []
        assert len(parser.timeout(2.5)) == 1
        assert parser.feed(b"K7Q2", 3.0) == []
        assert parser.timeout(3.05) == [Code(b"K7Q2", "K7Q2", "")]

    def test_a_scanner_set_up_without_embedded_line_ends_parts_at_each(self) -> None:
        assert at_once(b"ONE\r\nTWO\r\n", Lines(embedded=False)) == [b"ONE", b"TWO"]

    def test_other_suffixes_and_none(self) -> None:
        assert at_once(b"4006381333931\t", Lines(suffix=b"\t")) == [b"4006381333931"]
        assert at_once(b"4006381333931\r", Lines(suffix=b"")) == []
        assert parse(b"ONE\r", lines=Lines(suffix=b"")) == [b"ONE\r"]
        assert at_once(b"ONE\x03", Lines(suffix=b"\x03", embedded=False)) == [b"ONE"]

    def test_a_prefix_is_taken_off(self) -> None:
        lines = Lines(prefix=b"S1:")
        assert (
            at_once(b"S1:4006381333931\r", lines)
            == parse(b"4006381333931\r", lines=lines)
            == [b"4006381333931"]
        )

    def test_surely_whole_knows_check_digits(self) -> None:
        assert surely_whole(b"96385074")
        assert not surely_whole(b"96385075")
        assert not surely_whole(b"]E0")
        assert not surely_whole(b"")


class TestTheText:
    def code(self, data: bytes, lines: Lines | None = None) -> Code:
        (event,) = LineParser(lines).feed(b"\x02" + data + b"\x03", 1.0)
        assert isinstance(event, Code)
        return event

    def test_by_itself_and_as_set_up(self) -> None:
        assert self.code("牛奶".encode()).text == "牛奶"
        assert self.code("牛奶".encode("gb18030")).text == "牛奶"
        assert self.code(b"\xa9\xff").text == "©ÿ"
        assert self.code("é".encode("latin-1") + b"1", Lines(encoding="latin-1")).text == "é1"

    @pytest.mark.parametrize(
        ("sent", "aim", "text"), [("]E04006381333931", "]E0", "4006381333931"), ("]--x", "", "]--x")]
    )
    def test_an_aim_identifier_is_told_apart_from_a_bracket(self, sent: str, aim: str, text: str) -> None:
        code = self.code(sent.encode())
        assert (code.aim, code.text) == (aim, text)

    def test_the_bytes_are_kept(self) -> None:
        raw = "价".encode("gb18030") + b"\x1d\x00"
        assert self.code(raw).data == raw


class TestLaws:
    CONTENT = st.lists(
        st.sampled_from(
            [b"4006381333931", b"]Q1", b"]E0", b"AB", b"\r", b"\n", b"\r\n", b"\x02", b"\x03", ADDRESS]
        )
        | st.binary(max_size=6),
        max_size=12,
    ).map(b"".join)

    @given(
        CONTENT, st.lists(st.integers(1, 9), min_size=1, max_size=8), st.sampled_from([b"\r\n", b"\t", b""])
    )
    def test_pieces_do_not_matter(self, data: bytes, sizes: list[int], suffix: bytes) -> None:
        lines, pieces, start, turn = Lines(suffix=suffix), [], 0, 0
        while start < len(data):
            pieces.append(data[start : start + sizes[turn % len(sizes)]])
            start, turn = start + sizes[turn % len(sizes)], turn + 1
        assert parse(*pieces, lines=lines) == parse(data, lines=lines)

    @given(st.binary(max_size=300))
    def test_after_any_garbage_and_a_pause_a_code_is_read(self, garbage: bytes) -> None:
        parser = LineParser()
        parser.feed(garbage, 1.0)
        parser.timeout(2.0)
        assert parser.feed(b"]E04006381333931\r", 3.0) == [Code(b"4006381333931", "4006381333931", "]E0")]

    @given(st.lists(st.binary(min_size=1, max_size=3000), max_size=30))
    def test_memory_is_bounded(self, pieces: list[bytes]) -> None:
        parser = LineParser()
        for number, piece in enumerate(pieces):
            parser.feed(piece, number / 1000)
            assert len(parser._buffer) <= MOST

    def test_a_flood_is_dropped_and_counted(self) -> None:
        parser = LineParser()
        for number in range(40):
            assert parser.feed(b"x" * 1000, 1 + number / 1000) == []
        assert parser.timeout(9) == []
        assert parser.dropped == 1
        assert [*parser.feed(b"ok\r", 10), *parser.timeout(11)] == [Code(b"ok", "ok", "")]
