"""The tag we play: read as the NFC Forum says, asked what phones were recorded to ask, and told nonsense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.tag4_emulator import MOST_MESSAGE, MOST_READ, Tag4Emulator

RECORDED = Path(__file__).parents[2] / "data" / "pn532" / "card_emulation.json"
MESSAGE = bytes.fromhex("d1010d5504") + b"example.org/"
APPLICATION = bytes.fromhex("00A4040007D276000085010100")
CC, NDEF = bytes.fromhex("00A4000C02E103"), bytes.fromhex("00A4000C02E104")


def read(offset: int, length: int) -> bytes:
    return bytes([0x00, 0xB0, *divmod(offset, 256), length])


def well_behaved(tag: Tag4Emulator, most: int = 255) -> bytes:
    """What a phone does by the book: application, CC, NDEF length, NDEF in pieces."""
    assert tag.answer(APPLICATION) == b"\x90\x00"
    assert tag.answer(CC) == b"\x90\x00"
    container = tag.answer(read(0, 15))
    assert container[-2:] == b"\x90\x00"
    piece = min(int.from_bytes(container[3:5], "big"), most)
    assert container[7:9] == b"\x04\x06"
    assert container[13:15] == b"\x00\xff", "read by all, written by none"
    file, size = container[9:11], int.from_bytes(container[11:13], "big")
    assert tag.answer(bytes.fromhex("00A4000C02") + file) == b"\x90\x00"
    length = int.from_bytes(tag.answer(read(0, 2))[:2], "big")
    assert length + 2 <= size
    out = b""
    while len(out) < length:
        answer = tag.answer(read(2 + len(out), min(piece, length - len(out))))
        assert answer[-2:] == b"\x90\x00"
        out += answer[:-2]
    return out


class TestAReaderByTheBook:
    @pytest.mark.parametrize("size", [1, 50, 82, 83, 84, 85, 300, 4000])
    def test_reads_the_whole_message_in_pieces(self, size: int) -> None:
        message = bytes(range(256)) * 16
        tag = Tag4Emulator(message[:size])
        assert well_behaved(tag) == message[:size]
        assert tag.complete

    def test_the_older_application_is_answered_too(self) -> None:
        assert Tag4Emulator(MESSAGE).answer(bytes.fromhex("00A4040007D276000085010000")) == b"\x90\x00"

    def test_half_a_message_is_not_complete(self) -> None:
        tag = Tag4Emulator(MESSAGE)
        for command in (APPLICATION, NDEF, read(0, 2), read(2, len(MESSAGE) - 1)):
            tag.answer(command)
        assert not tag.complete
        tag.answer(read(1 + len(MESSAGE), 1))
        assert tag.complete

    def test_a_message_too_long_for_a_tag_is_refused(self) -> None:
        Tag4Emulator(bytes(MOST_MESSAGE))
        with pytest.raises(ValueError, match="32765"):
            Tag4Emulator(bytes(MOST_MESSAGE + 1))


class TestWhatPhonesAskBesides:
    def test_the_recorded_iphone_gets_an_answer_to_all_it_asks_and_then_the_message(self) -> None:
        tag = Tag4Emulator(MESSAGE)
        asked = [
            bytes.fromhex(pdu)[2:]
            for way, pdu in json.loads(RECORDED.read_text())["seeed111_iphone_xr"]["pdus"]
            if way == "r" and pdu.startswith("8700")
        ]
        assert len(asked) == 5
        assert [tag.answer(apdu).hex() for apdu in asked] == ["9000", "9000", "6d00", "6a82", "6d00"]
        assert well_behaved(tag) == MESSAGE

    @pytest.mark.parametrize(
        ("apdu", "status"),
        [
            ("", "6700"),
            ("00A404", "6700"),
            ("00A4040007D27600", "6700"),  # says more than it brings
            ("00A40400", "6a82"),
            ("00A4000C02E103", "6a82"),  # a file before the application
            ("00B0000002", "6986"),  # a read before a file
            ("00D60000020000", "6986"),
            ("00CA000000", "6d00"),
            ("9060000000", "6d00"),
            ("80CA9F7F00", "6d00"),
            ("00A404000BA00000039656434100", "6700"),
        ],
    )
    def test_each_gets_its_status(self, apdu: str, status: str) -> None:
        assert Tag4Emulator(MESSAGE).answer(bytes.fromhex(apdu)).hex() == status


class TestBounds:
    def selected(self) -> Tag4Emulator:
        tag = Tag4Emulator(MESSAGE)
        tag.answer(APPLICATION)
        tag.answer(NDEF)
        return tag

    @pytest.mark.parametrize("offset", [len(MESSAGE) + 2, 0x100, 0x7FFF, 0x8000, 0xFFFF])
    def test_a_read_behind_the_end_is_refused(self, offset: int) -> None:
        assert self.selected().answer(read(offset, 1)).hex() == "6b00"

    def test_a_read_over_the_end_gives_what_there_is(self) -> None:
        assert self.selected().answer(read(2, 250)) == MESSAGE + b"\x90\x00"

    def test_no_length_and_extended_length(self) -> None:
        tag = self.selected()
        assert tag.answer(bytes.fromhex("00B00000")) == b"\x90\x00"
        assert tag.answer(bytes.fromhex("00B00002000003")) == MESSAGE[:3] + b"\x90\x00"
        assert tag.answer(bytes.fromhex("00B00002000000")) == MESSAGE + b"\x90\x00"
        assert tag.answer(bytes.fromhex("00B0000200")) == MESSAGE + b"\x90\x00"

    def test_writing_is_refused(self) -> None:
        tag = self.selected()
        assert tag.answer(bytes.fromhex("00D60000020000")).hex() == "6982"
        assert well_behaved(tag) == MESSAGE

    @given(st.lists(st.binary(max_size=300) | st.sampled_from([APPLICATION, CC, NDEF]), max_size=30))
    def test_whatever_is_asked_it_answers_with_a_status_and_works_on(self, apdus: list[bytes]) -> None:
        tag = Tag4Emulator(MESSAGE)
        for apdu in apdus:
            assert 2 <= len(tag.answer(apdu)) <= MOST_READ + 2
        assert well_behaved(tag) == MESSAGE

    @given(
        st.binary(min_size=1, max_size=600),
        st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=40),
    )
    def test_it_is_complete_only_when_every_byte_was_given(
        self, message: bytes, reads: list[tuple[int, int]]
    ) -> None:
        tag, got = Tag4Emulator(message), dict[int, int]()
        file = len(message).to_bytes(2, "big") + message
        tag.answer(APPLICATION)
        tag.answer(NDEF)
        for offset, length in reads:
            piece = tag.answer(read(offset, length))[:-2]
            got |= dict(enumerate(piece, offset))
        assert all(file[place] == byte for place, byte in got.items())
        assert tag.complete == (len(got) == len(file))
