from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import ProtocolError, Timeout
from devices.protocol import acr122, ccid
from devices.protocol.ccid import Answer, Event, Host, MoreTime, MoreToCome, Refused


def reply(
    seq: int,
    data: bytes = b"",
    *,
    kind: int = 0x80,
    status: int = 0,
    error: int = 0x81,
    chain: int = 0,
    slot: int = 0,
) -> bytes:
    return bytes([kind]) + len(data).to_bytes(4, "little") + bytes([slot, seq, status, error, chain]) + data


def asked(data: bytes = b"\xff\x00\x48\x00\x00") -> Host:
    """A host that has sent its first transfer, bSeq 1."""
    host = Host()
    assert host.transfer(data)[6] == 1
    return host


class TestQuestions:
    def test_the_recorded_bytes_but_for_the_number(self) -> None:
        host = Host(seq=0xFF)  # the next is 0, as nfcpy and libnfc send always
        assert host.transfer(acr122.VERSION).hex() == "6f050000000000000000ff00480000"
        assert Host(seq=0xFF).power_on().hex() == "62000000000000000000"
        assert (
            Host(seq=0xFF).transfer(acr122.parameters(acr122.QUIET)).hex() == "6f050000000000000000ff00517f00"
        )
        assert Host(seq=0xFF).transfer(acr122.READY).hex() == "6f090000000000000000ff00400e0400000000"
        direct = acr122.direct(bytes.fromhex("3205000102"))
        assert Host(seq=0xFF).transfer(direct).hex() == "6f0b0000000000000000ff00000006d43205000102"

    def test_numbers_count_and_come_round(self) -> None:
        host = Host(slot=1)
        assert [host.slot_status()[5:7] for _ in range(257)] == [
            bytes([1, (n + 1) & 0xFF]) for n in range(257)
        ]

    def test_what_is_too_long_is_not_sent(self) -> None:
        with pytest.raises(ProtocolError, match="takes 1024 bytes"):
            Host().transfer(bytes(1025))
        with pytest.raises(ValueError, match="254 bytes"):
            acr122.direct(bytes(255))


class TestAnswers:
    def test_data_and_whether_a_card_is_there(self) -> None:
        assert asked().feed(reply(1, b"ACR122U215", status=2)) == [Answer(b"ACR122U215", 2)]

    def test_an_error_number_without_a_failure_says_nothing(self) -> None:
        # nfcpy issue 105: bError FE in a good answer of firmware 215
        host = Host(seq=0xFF)
        host.transfer(acr122.VERSION)
        (answer,) = host.feed(bytes.fromhex("800a000000000002fe0041435231323255323135"))
        assert answer == Answer(b"ACR122U215", 2)

    @pytest.mark.parametrize(
        "stale",
        [
            reply(0, b"old"),
            reply(2, b"?"),
            reply(1, b"", kind=0x81),
            reply(1, b"x", slot=1),
            reply(1, b"x", kind=0x83),
        ],
    )
    def test_an_answer_to_something_else_is_dropped_and_counted(self, stale: bytes) -> None:
        host = asked()
        assert host.feed(stale) == []
        assert host.feed(reply(1, b"right")) == [Answer(b"right", 0)]
        assert host.stale == 1

    def test_a_second_answer_is_stale(self) -> None:
        host = asked()
        assert host.feed(reply(1, b"right") + reply(1, b"again")) == [Answer(b"right", 0)]
        assert host.stale == 1

    @pytest.mark.parametrize(("size", "taken"), [(54, False), (55, True)])
    def test_one_number_less_is_taken_after_a_long_question_only(self, size: int, taken: bool) -> None:
        host = asked(bytes(size))
        assert host.feed(reply(0, b"late")) == ([Answer(b"late", 0, doubtful=True)] if taken else [])

    def test_more_time(self) -> None:
        host = asked()
        assert host.feed(reply(1, status=0x80, error=3)) == [MoreTime(3)]
        assert host.feed(reply(1, b"done")) == [Answer(b"done", 0)]

    @pytest.mark.parametrize("status", [0x00, 0x41])
    def test_an_empty_answer_with_fe_is_a_mute_card(self, status: int) -> None:
        (refused,) = asked().feed(reply(1, status=status, error=0xFE))
        assert isinstance(refused, Refused)
        assert refused.mute
        assert str(refused) == "the card is mute"

    def test_slot_status_with_fe_is_no_error(self) -> None:
        host = Host()
        host.slot_status()
        assert host.feed(reply(1, kind=0x81, status=2, error=0xFE)) == [Answer(b"", 2)]

    @pytest.mark.parametrize(
        ("error", "text"),
        [(0xE0, "slot busy"), (0x05, "bad parameter at byte 5"), (0xC1, "error C1"), (0, "not supported")],
    )
    def test_errors_have_words(self, error: int, text: str) -> None:
        (refused,) = asked().feed(reply(1, status=0x40, error=error))
        assert text in str(refused)

    def test_a_long_answer_in_three_parts(self) -> None:
        host = asked()
        assert host.feed(reply(1, b"one ", chain=1)) == [MoreToCome()]
        assert host.proceed()[6:10].hex() == "02001000"
        assert host.feed(reply(2, b"two ", chain=3)) == [MoreToCome()]
        host.proceed()
        assert host.feed(reply(3, b"three", chain=2)) == [Answer(b"one two three", 0)]

    @pytest.mark.parametrize("chains", [(2,), (3,), (1, 1), (1, 4)])
    def test_parts_out_of_order_are_refused(self, chains: tuple[int, ...]) -> None:
        host, events = asked(), list[Event]()
        for number, chain in enumerate(chains):
            events = host.feed(reply(number + 1, b"x", chain=chain))
            host.proceed()
        assert isinstance(events[-1], Refused)

    def test_an_endless_answer_is_refused(self) -> None:
        host = asked()
        events = host.feed(reply(1, bytes(1000), chain=1))
        number = 1
        while isinstance(events[0], MoreToCome):
            host.proceed()
            number += 1
            events = host.feed(reply(number, bytes(1000), chain=3))
        assert isinstance(events[0], Refused)
        assert number == 5

    def test_an_answers_bytes_are_in_no_repr(self) -> None:
        (answer,) = asked().feed(reply(1, b"\x04\xa1\xb2\xc3secret"))
        assert "secret" not in repr(answer)


class TestStream:
    @given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 80))
    def test_pieces_do_not_matter(self, data: list[bytes], size: int) -> None:
        stream = b"".join(reply(number, piece) for number, piece in enumerate(data))
        parser, found = ccid.Parser(), []
        for start in range(0, len(stream), size):
            found += parser.feed(stream[start : start + size])
        assert [(one.seq, one.data) for one in found] == list(enumerate(data))

    def test_what_is_no_reply_costs_its_transfer(self) -> None:
        parser = ccid.Parser()
        assert parser.feed(b"garbage that is no reply") == []
        assert parser.feed(b"\x80\xff\xff\xff\xff\x00\x01\x00\x00\x00") == []
        assert parser.damaged == 2
        assert [one.data for one in parser.feed(reply(1, b"good"))] == [b"good"]


class TestPseudoApdus:
    def test_what_the_recorded_firmware_answered(self) -> None:
        assert acr122.version(b"ACR122U215") == "ACR122U215"
        acr122.parameters_set(b"\x7f", 0x7F)
        acr122.parameters_set(b"\x90\x7f", 0x7F)
        acr122.lamps_set(b"\x90\x02")
        assert acr122.chip_answer(bytes.fromhex("d50783839000"), 0x06) == bytes.fromhex("078383")

    def test_the_answer_before_is_none_of_these(self) -> None:
        recorded = [b"ACR122U215", b"\x3b\x00", b"\x90\x7f", b"\x90\x02", bytes.fromhex("d5339000")]
        checks: tuple[Callable[[bytes], object], ...] = (
            acr122.version,
            acr122.atr,
            lambda answer: acr122.parameters_set(answer, 0x7F),
            acr122.lamps_set,
            lambda answer: acr122.chip_answer(answer, 0x32),
        )
        for number, check in enumerate(checks):
            for other, answer in enumerate(recorded):
                if number == other:
                    check(answer)
                else:
                    with pytest.raises(ProtocolError):
                        check(answer)

    @pytest.mark.parametrize(
        ("answer", "why"),
        [("6300", "failed"), ("637f", "does not know"), ("6a81", "6A81"), ("90", "status word")],
    )
    def test_a_failure_has_words(self, answer: str, why: str) -> None:
        with pytest.raises(ProtocolError, match=why):
            acr122.chip_answer(bytes.fromhex(answer), 0x4A)

    def test_a_mute_chip_is_a_timeout(self) -> None:
        with pytest.raises(Timeout):
            acr122.chip_answer(b"\x63\x01", 0x4A)
