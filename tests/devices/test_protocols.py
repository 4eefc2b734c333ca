from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import escpos, lines, pn532
from devices.protocol.pn532 import Ack, Damaged, Data, Nack


class TestLines:
    def parse(self, *pieces: bytes) -> list[lines.Code]:
        """Pieces that arrive 1 ms apart, then silence."""
        parser, codes = lines.LineParser(), []
        for number, piece in enumerate(pieces):
            codes += parser.feed(piece, 100 + number / 1000)
        codes += parser.timeout(200)
        assert all(isinstance(code, lines.Code) for code in codes)
        return [code for code in codes if isinstance(code, lines.Code)]

    def test_a_barcode_with_suffix(self) -> None:
        assert self.parse(b"4006381333931\r\n") == [lines.Code(b"4006381333931", "4006381333931", "")]

    def test_an_aim_identifier_is_told_apart(self) -> None:
        (code,) = self.parse(b"]E04006381333931\r")
        assert (code.aim, code.text) == ("]E0", "4006381333931")

    def test_a_bracket_that_is_no_aim_identifier_stays(self) -> None:
        assert self.parse(b"]--x\r")[0].text == "]--x"

    def test_a_vcard_with_line_ends_inside_is_one_code(self) -> None:
        (code,) = self.parse(b"BEGIN:VCARD\r\nN:Li\r\nEND:VCARD\r\n")
        assert code.text == "BEGIN:VCARD\r\nN:Li\r\nEND:VCARD"

    def test_group_separators_survive(self) -> None:
        assert "\x1d" in self.parse(b"]C10109506000134352\x1d10ABC\r")[0].text

    def test_chinese_engines_speak_gb18030(self) -> None:
        assert self.parse("牛奶".encode("gb18030") + b"\r")[0].text == "牛奶"

    def test_a_pause_parts_two_codes(self) -> None:
        parser = lines.LineParser()
        assert parser.feed(b"ONE", 1.0) == []
        assert parser.timeout(1.1) == [lines.Code(b"ONE", "ONE", "")]
        assert parser.feed(b"TWO", 1.2) == []
        assert parser.timeout(1.3) == [lines.Code(b"TWO", "TWO", "")]

    def test_a_flood_is_dropped_and_counted(self) -> None:
        parser = lines.LineParser()
        for i in range(40):
            assert parser.feed(b"x" * 1000, 1 + i / 1000) == []
        assert parser.timeout(9) == []
        assert parser.dropped == 1
        assert [*parser.feed(b"ok\r", 10), *parser.timeout(11)] == [lines.Code(b"ok", "ok", "")]

    @given(st.binary(max_size=200), st.integers(1, 20))
    def test_pieces_do_not_matter(self, data: bytes, size: int) -> None:
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        assert self.parse(*pieces) == self.parse(data)


class TestPn532:
    def test_the_manuals_example_frame(self) -> None:
        # UM0701-02: SAMConfiguration, normal mode
        assert pn532.build(bytes.fromhex("140100")).hex() == "0000ff04fcd4140100" + "17" + "00"

    @given(st.binary(min_size=1, max_size=264), st.binary(max_size=5), st.integers(1, 7))
    def test_what_is_built_is_read_back_after_noise_in_any_pieces(
        self, payload: bytes, noise: bytes, size: int
    ) -> None:
        stream = noise.replace(b"\xff", b"\x01") + pn532.ACK + pn532.build(payload, pn532.TO_HOST)
        parser, frames = pn532.Parser(), []
        for start in range(0, len(stream), size):
            frames += parser.feed(stream[start : start + size])
        assert frames[-2:] == [Ack(), Data(pn532.TO_HOST, payload)]

    def test_extra_preamble_is_legal(self) -> None:
        assert pn532.Parser().feed(b"\x00\x00\x00" + pn532.build(b"\x02")) == [Data(pn532.TO_CHIP, b"\x02")]

    def test_a_damaged_frame_costs_one_frame(self) -> None:
        good = pn532.build(b"\x03\x32\x01\x06\x07", pn532.TO_HOST)
        bad = bytearray(good)
        bad[8] ^= 0x10
        frames = pn532.Parser().feed(bytes(bad) + good)
        assert Damaged() in frames
        assert frames[-1] == Data(pn532.TO_HOST, b"\x03\x32\x01\x06\x07")

    def test_nack(self) -> None:
        assert pn532.Parser().feed(pn532.NACK) == [Nack()]

    @given(st.binary(max_size=2000))
    def test_any_bytes_at_all_leave_a_parser_that_works(self, noise: bytes) -> None:
        parser = pn532.Parser()
        parser.feed(noise)
        parser.feed(bytes(600))  # more than the longest frame that noise may have begun
        assert parser.feed(pn532.build(b"\x02"))[-1] == Data(pn532.TO_CHIP, b"\x02")

    def test_too_long_a_command_is_refused(self) -> None:
        with pytest.raises(ValueError, match="264"):
            pn532.build(bytes(265))


class TestEscPos:
    def test_a_picture_goes_in_whole_bands(self) -> None:
        bands = escpos.raster(16, bytes(2 * 100))
        assert [len(band) - 8 for band in bands] == [96, 96, 8]
        assert all(band.startswith(b"\x1dv0\x00\x02\x00") for band in bands)

    def test_a_ragged_picture_is_refused(self) -> None:
        with pytest.raises(ValueError, match="whole rows"):
            escpos.raster(12, bytes(8))
