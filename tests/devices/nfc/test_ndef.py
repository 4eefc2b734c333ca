from __future__ import annotations

import ndef as ndeflib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError
from devices.protocol import ndef
from devices.protocol.ndef import Record

TYPED = st.sampled_from([ndef.WELL_KNOWN, ndef.MEDIA, ndef.ABSOLUTE_URI, ndef.EXTERNAL])
RECORDS = st.one_of(
    st.builds(Record, st.just(ndef.EMPTY), st.just(b""), st.just(b"")),
    st.builds(Record, st.just(ndef.UNKNOWN), st.just(b""), st.binary(max_size=300), st.binary(max_size=9)),
    st.builds(
        Record, TYPED, st.binary(min_size=1, max_size=20), st.binary(max_size=300), st.binary(max_size=9)
    ),
)
ADDRESSES = st.sampled_from(ndef.PREFIXES).flatmap(
    lambda prefix: st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60).map(
        lambda rest: prefix + rest
    )
)


def chunked(record: Record, sizes: list[int]) -> bytes:
    """One record as a message in chunks of those sizes and the rest."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(record.payload[at : at + size])
        at += size
    pieces.append(record.payload[at:])
    message = b""
    for number, piece in enumerate(pieces):
        first, last = number == 0, number == len(pieces) - 1
        flags = (
            (0x80 if first else 0)
            | (0x40 if last else 0x20)
            | 0x10
            | (record.tnf if first else ndef.UNCHANGED)
        )
        kind = record.type if first else b""
        message += bytes([flags, len(kind), len(piece)]) + kind + piece
    return message


class TestAddresses:
    def test_a_product_page(self) -> None:
        record = ndef.uri_record("https://shop.example/01/09521100100410")
        assert record == Record(ndef.WELL_KNOWN, b"U", b"\x04shop.example/01/09521100100410")
        assert ndef.encode([record])[:5].hex() == "d1011f5504"
        assert ndef.first_uri(ndef.encode([record])) == "https://shop.example/01/09521100100410"

    @given(ADDRESSES)
    def test_what_is_written_is_read_by_us_and_by_ndeflib(self, uri: str) -> None:
        message = ndef.encode([ndef.uri_record(uri)])
        assert ndef.first_uri(message) == uri
        # ndeflib percent-decodes addresses as IRIs: its raw data are what was written
        (theirs,) = ndeflib.message_decoder(message)
        assert b"".join(ndeflib.message_encoder([theirs]))[:4] == message[:4]

    def test_the_prefixes_are_those_of_the_standard(self) -> None:
        assert list(ndef.PREFIXES) == list(ndeflib.uri.UriRecord._prefix_strings)

    def test_the_first_address_counts_wherever_it_stands(self) -> None:
        poster = ndef.smart_poster("https://a.example/", [("de", "Milch"), ("zh", "牛奶")])
        message = ndef.encode([ndef.text_record("Milk"), poster, ndef.uri_record("https://b.example/")])
        assert ndef.first_uri(message) == "https://a.example/"
        assert [ndef.text_of(part) for part in ndef.decode(poster.payload)[1:]] == [
            ("de", "Milch"),
            ("zh", "牛奶"),
        ]

    def test_a_reserved_prefix_code_stands_for_nothing(self) -> None:
        assert ndef.uri_of(Record(ndef.WELL_KNOWN, b"U", b"\x24shop.example")) == "shop.example"

    @pytest.mark.parametrize(
        ("payload", "why"),
        [(b"", "prefix code"), (b"\x04\xff\xfe", "UTF-8"), (b"\x04shop.example/\r\nX", "control characters")],
    )
    def test_a_broken_address_is_refused(self, payload: bytes, why: str) -> None:
        with pytest.raises(ProtocolError, match=why):
            ndef.uri_of(Record(ndef.WELL_KNOWN, b"U", payload))

    def test_a_poster_in_a_poster_does_not_recurse(self) -> None:
        poster = ndef.smart_poster("https://a.example/")
        for _ in range(50):
            poster = Record(ndef.WELL_KNOWN, b"Sp", ndef.encode([poster]))
        with pytest.raises(ProtocolError, match="0 URI records"):
            ndef.uri_of(poster)


class TestTexts:
    def test_both_encodings(self) -> None:
        assert ndef.text_of(ndef.text_record("Milk", "en-GB")) == ("en-GB", "Milk")
        assert ndef.text_of(Record(ndef.WELL_KNOWN, b"T", b"\x82en" + "Mlk€".encode("utf-16"))) == (
            "en",
            "Mlk€",
        )

    @pytest.mark.parametrize("payload", [b"", b"\x05en", b"\x42enx", b"\x02en\xff"])
    def test_a_broken_text_is_refused(self, payload: bytes) -> None:
        with pytest.raises(ProtocolError, match="text record"):
            ndef.text_of(Record(ndef.WELL_KNOWN, b"T", payload))


class TestMessages:
    @given(st.lists(RECORDS, min_size=1, max_size=6))
    def test_what_is_written_is_read(self, records: list[Record]) -> None:
        assert ndef.decode(ndef.encode(records)) == records

    @given(
        RECORDS.filter(lambda record: record.tnf != ndef.EMPTY and not record.id),
        st.lists(st.integers(0, 50), max_size=4),
    )
    def test_a_record_in_chunks_is_one_record(self, record: Record, sizes: list[int]) -> None:
        record = Record(record.tnf, record.type, record.payload[:255])
        assert ndef.decode(chunked(record, sizes)) == [record]

    @given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
    def test_no_piece_of_a_message_is_a_message(self, records: list[Record], data: st.DataObject) -> None:
        message = ndef.encode(records)
        with pytest.raises(ProtocolError):
            ndef.decode(message[: data.draw(st.integers(0, len(message) - 1))])

    @given(st.binary(max_size=80))
    def test_any_bytes_are_read_or_refused_and_ndeflib_agrees(self, data: bytes) -> None:
        try:
            ours = ndef.decode(data)
        except ProtocolError:
            return
        if any(record.tnf == ndef.RESERVED for record in ours) or data[0] & 0x20:
            return  # ndeflib refuses the reserved format, which the standard has read as unknown, and joins no chunks
        if any(record.tnf in (ndef.MEDIA, ndef.ABSOLUTE_URI) or not record.type.isascii() for record in ours):
            return  # ndeflib decodes types as text
        theirs = list(ndeflib.message_decoder(data, known_types={}))
        assert [(record.data, record.name.encode("latin-1")) for record in theirs] == [
            (r.payload, r.id) for r in ours
        ]

    @pytest.mark.parametrize(
        ("message", "why"),
        [
            ("", "no records"),
            ("51010055", "begin flag missing"),
            ("9101015500910101" + "5500", "begin flag again"),
            ("d101015500d1010155" + "00", "end flag too early"),
            ("91010155" + "00", "end flag missing"),
            ("d1010255" + "00", "ends at byte 6"),
            ("c101ffffffff55", "ends at byte"),
            ("d100", "header takes 3 bytes"),
            ("d0000155", "empty record with content"),
            ("d10000", "no type"),
            ("d5010055", "a type where there must be none"),
            ("d60000", "a chunk of no record"),
            ("b1010155005101015500", "within another"),
            ("f101015500", "within a chunked record"),
        ],
    )
    def test_nonsense_is_refused_with_its_place(self, message: str, why: str) -> None:
        with pytest.raises(ProtocolError, match=why):
            ndef.decode(bytes.fromhex(message))

    def test_a_flood_of_records_is_refused(self) -> None:
        with pytest.raises(ProtocolError, match="64 records"):
            ndef.decode(b"\x90\x00\x00" + b"\x10\x00\x00" * 100 + b"\x50\x00\x00")
        with pytest.raises(ProtocolError, match="at most 8192"):
            ndef.decode(bytes(9000))

    def test_what_makes_no_message_is_not_written(self) -> None:
        for records in ([], [Record(ndef.UNCHANGED, b"", b"")], [Record(ndef.MEDIA, b"", b"x")]):
            with pytest.raises(ProtocolError):
                ndef.encode(records)
        with pytest.raises(ProtocolError, match="8192"):
            ndef.encode([ndef.mime_record("text/plain", bytes(9000))])
