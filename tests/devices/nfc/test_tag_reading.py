"""Tags are read to their end, whatever their maker thought of, and a tag that lies is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError, Timeout
from devices.protocol import ndef, own_app, tag_reading, type4
from devices.protocol.tag_reading import TagContent, Target
from devices.sim.tags import Card, Phone, Type2Tag, Type4Tag

UID = bytes.fromhex("04a1b2c3d4e5f6")
PAGE = ndef.encode([ndef.uri_record("https://shop.example/01/09521100100410")])


def read(card: Card, aid: bytes | None = None) -> TagContent:
    def exchange(data: bytes) -> bytes:
        answer = card.answer(data)
        if answer is None:
            raise Timeout("the tag is silent")
        return answer

    return tag_reading.run(tag_reading.read(card.target, aid=aid), exchange)


def questions(card: Card) -> list[bytes]:
    """What a tag is asked."""
    asked: list[bytes] = []

    def exchange(data: bytes) -> bytes:
        asked.append(data)
        return card.answer(data) or b""

    tag_reading.run(tag_reading.read(card.target, aid=None), exchange)
    return asked


class TestType2:
    def test_a_shelf_label(self) -> None:
        assert read(Type2Tag.with_message(UID, PAGE)) == TagContent("type-2", PAGE)

    @given(st.integers(1, 870))
    def test_any_length_over_the_edges_of_pages_and_reads(self, size: int) -> None:
        message = bytes(number * 7 & 0xFF for number in range(size))
        assert read(Type2Tag.with_message(UID, message, size=888)) == TagContent("type-2", message)

    def test_every_page_is_read_once(self) -> None:
        asked = questions(Type2Tag.with_message(UID, bytes(100)))
        assert asked == [bytes([0x30, page]) for page in range(0, 32, 4)]

    def test_null_and_unknown_blocks_are_passed_over(self) -> None:
        before = b"\x00\x00" + b"\xfd\x03abc" + b"\x00"
        assert read(Type2Tag.with_message(UID, PAGE, before)).message == PAGE

    def test_lock_and_reserved_bytes_within_the_message_are_no_part_of_it(self) -> None:
        # Lock bytes: page 8 byte 2, 24 bits; reserved: page 10 byte 0, 5 bytes; both in pages of 4 (2^2)
        before = bytes([0x01, 3, 0x82, 24, 0x22, 0x02, 3, 0xA0, 5, 0x02])
        plain = Type2Tag.with_message(UID, PAGE, before, size=128).memory
        locked = plain[:34] + b"LLL" + plain[34:37] + b"RRRRR" + plain[37:]
        assert read(Type2Tag(UID, locked[: len(plain)])) == TagContent("type-2", PAGE)

    def test_an_empty_tag_and_a_ticket(self) -> None:
        assert read(Type2Tag.with_message(UID, b"")) == TagContent("type-2", b"")
        assert read(Type2Tag(UID, bytes(64))) == TagContent("none", b"")
        assert read(Type2Tag(UID, bytes(12) + b"\xe1\x10\x06\x00" + bytes(64))) == TagContent("type-2", b"")
        assert read(Type2Tag(UID, bytes(12) + b"\xe1\x10\x06\xf0" + bytes(64))) == TagContent("none", b"")

    @pytest.mark.parametrize(
        ("head", "data", "why"),
        [
            ("e1200600", "00", "mapping version 2.0"),
            ("e1100100", "030a", "behind the data area"),
            ("e1100600", "0103a05022" + "0102aa", "control block of 2"),
            ("e1100100", "03ff0100", "behind the data area"),
            ("e110ff00", "03ff0800", "beyond the first sector"),
            ("e110ff00", "03ff2001", "at most 8192"),
            ("e110ff00", "0103f0080f" * 17, "16 lock"),
        ],
    )
    def test_a_tag_that_lies_is_refused(self, head: str, data: str, why: str) -> None:
        memory = (bytes(12) + bytes.fromhex(head + data)).ljust(2200, b"\x00")
        with pytest.raises(ProtocolError, match=why):
            read(Type2Tag(UID, memory))

    def test_a_message_that_would_run_into_the_cards_number_is_refused(self) -> None:
        memory = UID.ljust(12, b"\x00") + bytes.fromhex("e1101200" + "032e") + bytes(38)
        with pytest.raises(ProtocolError, match="card's number"):
            read(Type2Tag(UID, memory))

    def test_half_an_answer_is_refused(self) -> None:
        with pytest.raises(ProtocolError, match="page 0 has 4 bytes"):
            tag_reading.run(
                tag_reading.read(Target(UID, b"\x00\x44", 0, b""), aid=None), lambda data: bytes(4)
            )


class TestType4:
    @pytest.mark.parametrize("aid", [type4.AID_V2, type4.AID_V1])
    def test_both_mappings(self, aid: bytes) -> None:
        assert read(Type4Tag(UID, PAGE, aid=aid)) == TagContent("type-4", PAGE)

    @given(st.integers(0, 1500), st.integers(15, 300), st.booleans())
    def test_any_length_in_pieces_of_any_size(self, size: int, most_read: int, extended: bool) -> None:
        message = bytes(number * 7 & 0xFF for number in range(size))
        card = Type4Tag(UID, message, most_read=most_read, extended=extended)
        assert read(card) == TagContent("type-4", message)
        assert all(
            (question[4] or 256) <= most_read for question in questions(card) if question[:2] == b"\x00\xb0"
        )

    def test_a_bank_card_is_no_tag(self) -> None:
        assert read(Type4Tag(UID, PAGE, aid=b"1PAY.SYS.DDF01")) == TagContent("none", b"")
        assert read(Card(UID, sel_res=0x18)) == TagContent("none", b"")

    def test_a_file_that_says_less_than_it_was_asked_for(self) -> None:
        class Sparing(Type4Tag):
            """Gives 10 bytes at a time: with a warning, or refusing more."""

            def answer(self, data: bytes) -> bytes | None:
                if data[:2] == b"\x00\xb0" and data[4] > 10:
                    if data[4] % 2:
                        return b"\x6c\x0a"
                    return (super().answer(data[:4] + b"\x0a") or b"")[:-2] + b"\x62\x82"
                return super().answer(data)

        assert read(Sparing(UID, PAGE)) == TagContent("type-4", PAGE)

    def test_a_file_that_ends_early(self) -> None:
        card = Type4Tag(UID, PAGE)
        card.files[b"\xe1\x04"] = card.files[b"\xe1\x04"][:20]
        with pytest.raises(ProtocolError, match="6B00"):
            read(card)

    @pytest.mark.parametrize(
        ("file", "content", "why"),
        [
            ("e103", "000e20003b00ff0406e10400800000ff", "capability file of 14"),
            ("e103", "000f00003b00ff0406e104008000ff", "mapping version 0.0"),
            ("e103", "000f20000e00ff0406e104008000ff", "14 bytes at a time"),
            ("e103", "000f20003b00ff0306e104008000ff", "names no NDEF file"),
            ("e103", "000f20003b00ff0406e1ff008000ff", "e1ff cannot be selected"),
            ("e104", "0100", "256 bytes in a file of"),
        ],
    )
    def test_a_tag_that_lies_is_refused(self, file: str, content: str, why: str) -> None:
        card = Type4Tag(UID, PAGE)
        card.files[bytes.fromhex(file)] = bytes.fromhex(content).ljust(40, b"\x00")
        with pytest.raises(ProtocolError, match=why):
            read(card)

    def test_a_tag_kept_from_readers(self) -> None:
        card = Type4Tag(UID, PAGE)
        card.files[b"\xe1\x03"] = bytes.fromhex("000f20003b00ff0406e10400808000")
        assert read(card) == TagContent("none", b"")


class TestOwnApplication:
    def test_a_phone_with_it(self) -> None:
        assert read(Phone(UID, b"K7Q2"), own_app.AID) == TagContent("hce", b"K7Q2")

    def test_a_phone_without_it_is_a_tag(self) -> None:
        assert read(Type4Tag(UID, PAGE), own_app.AID) == TagContent("type-4", PAGE)

    def test_nobody_is_asked_for_it_unless_wished(self) -> None:
        assert read(Phone(UID, b"K7Q2", PAGE)) == TagContent("type-4", PAGE)

    @pytest.mark.parametrize(
        ("answers", "why"),
        [
            (["9000"], "speaks nothing"),
            (["009000"], "speaks 00"),
            (["019000", "6985"], "no message"),
            (["019000", "9000"], "version none"),
            (["019000", "02419000"], "version 02"),
            (["019000", "019000"], "0 bytes"),
            (["019000", "01" + "41" * 241 + "9000"], "241 bytes"),
            (["90"], "no status word"),
        ],
    )
    def test_nonsense_is_refused(self, answers: list[str], why: str) -> None:
        left = [bytes.fromhex(answer) for answer in answers]
        with pytest.raises(ProtocolError, match=why):
            tag_reading.run(
                tag_reading.read(Phone(UID, b"x").target, aid=own_app.AID), lambda data: left.pop(0)
            )


@given(
    st.sampled_from([0x00, 0x08, 0x20, 0x28]),
    st.lists(st.binary(max_size=40), max_size=300),
    st.binary(max_size=300),
)
def test_whatever_a_tag_says_it_is_read_or_refused(sel_res: int, answers: list[bytes], last: bytes) -> None:
    left = list(answers)
    try:
        content = tag_reading.run(
            tag_reading.read(Target(UID, b"\x00\x44", sel_res, b""), aid=own_app.AID),
            lambda data: left.pop(0) if left else last + b"\x90\x00",
        )
    except ProtocolError:
        return
    assert len(content.message) <= ndef.MOST_MESSAGE


def test_a_cards_number_is_in_no_repr() -> None:
    assert UID.hex() not in repr(Target(UID, b"\x00\x44", 0, b"")).replace("\\x", "")
