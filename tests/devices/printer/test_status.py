"""What a printer sends, in any pieces and with anything between, and what is believed of it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import escpos
from devices.protocol.escpos_status import (
    ANSWER_S,
    FORGET_S,
    GROUP_S,
    MOST,
    SETTLE_S,
    Answer,
    AutoStatus,
    Block,
    Cleared,
    Enquiry,
    Flow,
    InTurn,
    Processed,
    Reply,
    ReplyParser,
    Status,
    status_of_answers,
    status_of_group,
)
from devices.sim.escpos_machine import Condition, Machine

GROUP = bytes.fromhex("1800000f")
STATES = [Condition(*flags) for flags in product((False, True), repeat=5)]


def parse(*pieces: bytes) -> list[Reply]:
    parser, out = ReplyParser(), []
    for number, piece in enumerate(pieces):
        out += parser.feed(piece, number / 1000)
    return out


class TestReplies:
    def test_each_kind_is_told_by_its_bits(self) -> None:
        stream = (
            b"\x12" + GROUP + b"\x11\x13" + b"\x0c" + b"\x37\x22AbCd\x00" + b"\x37\x25\x00" + b"_TM-T88V\x00"
        )
        assert parse(stream) == [
            Answer(0x12), AutoStatus(GROUP), Flow(True), Flow(False), InTurn(0x0C), Processed(b"AbCd"), Cleared(),
            Block(0x5F, b"TM-T88V"),
        ]  # fmt: skip

    @given(
        st.lists(st.sampled_from([b"\x12", b"\x36", GROUP, b"\x37\x22o@`O\x00", b"\x37\x25\x00", b"\x11"])),
        st.integers(1, 9),
    )
    def test_pieces_do_not_matter(self, parts: list[bytes], size: int) -> None:
        stream = b"".join(parts)
        assert parse(*(stream[i : i + size] for i in range(0, len(stream), size))) == parse(stream)

    def test_flow_control_may_stand_inside_a_group_or_a_block(self) -> None:
        assert [one for one in parse(GROUP[:2] + b"\x13\x11" + GROUP[2:]) if not isinstance(one, Flow)] == [
            AutoStatus(GROUP)
        ]
        assert Processed(b"AAAA") in parse(b"\x37\x22AA\x13AA\x00")

    @pytest.mark.parametrize("lost", range(4))
    def test_a_group_that_lost_a_byte_costs_itself_alone(self, lost: int) -> None:
        parser = ReplyParser()
        damaged = GROUP[:lost] + GROUP[lost + 1 :]
        heard = parser.feed(damaged, 0.0) + parser.feed(b"\x16", 0.01)
        assert not any(isinstance(one, AutoStatus) for one in heard)
        assert heard[-1] == Answer(0x16)

    @pytest.mark.parametrize("lost", range(6))
    def test_a_process_id_that_lost_its_head_or_a_byte_is_never_an_answer(self, lost: int) -> None:
        for mark in (escpos.MARKS[:4], escpos.MARKS[-4:], bytes((escpos.MARKS[0], escpos.MARKS[-1])) * 2):
            whole = b"\x37\x22" + mark + b"\x00"
            heard = parse(whole[:lost] + whole[lost + 1 :])
            assert not any(isinstance(one, Answer | AutoStatus | Processed) for one in heard)

    def test_half_a_group_is_given_up(self) -> None:
        parser = ReplyParser()
        parser.feed(GROUP[:3], 0.0)
        assert parser.feed(b"\x0c", GROUP_S + 0.01) == [InTurn(0x0C)]
        assert parser.damaged == 1

    def test_noise_is_counted(self) -> None:
        parser = ReplyParser()
        assert parser.feed(b"\x80\xff\x15", 0.0) == []
        assert parser.garbage == 3

    @given(st.binary(max_size=400))
    def test_after_any_bytes_and_a_pause_all_is_well(self, noise: bytes) -> None:
        parser = ReplyParser()
        parser.feed(noise, 0.0)
        assert len(parser._open) <= MOST
        assert parser.feed(b"\x12" + GROUP, 1.0) == [Answer(0x12), AutoStatus(GROUP)]


class TestStates:
    @pytest.mark.parametrize("condition", STATES, ids=str)
    def test_both_ways_of_asking_say_the_same_of_all_32(self, condition: Condition) -> None:
        machine = Machine(lambda: 1.0, condition=condition)
        asked = status_of_answers(*(machine.answer(n) for n in (1, 2, 3, 4)))
        told = status_of_group(machine.group())
        assert asked == told
        assert (asked.no_paper, asked.cover_open) == (condition.no_paper, condition.cover_open)
        assert asked.cutter == condition.cutter_error
        assert asked.can_print == (not (condition.no_paper or condition.cover_open or condition.cutter_error))

    def test_the_worst_is_said(self) -> None:
        assert Status().name() == "ok"
        assert Status(paper_low=True).name() == "paper-low"
        assert Status(paper_low=True, no_paper=True, offline=True).name() == "no-paper"
        assert Status(no_paper=True, cover_open=True).name() == "cover-open"
        assert Status(broken=True, cover_open=True).name() == "broken"


class Far:
    """A printer that answers from a list, and a clock."""

    def __init__(self, stale: bytes = b"") -> None:
        self.now, self.enquiry, self.stale = 10.0, Enquiry(), list(stale)
        self.answers = {1: 0x1A, 2: 0x32, 3: 0x12, 4: 0x7E}  # out of paper

    def round(self, deaf: int = 0, seconds: float = 30.0) -> Status | None:
        """Ask until there is a status; the first `deaf` questions are not answered at once but stay on the line."""
        self.enquiry.ask()
        end = self.now + seconds
        while self.now < end:
            question = self.enquiry.outgoing(self.now)
            if question:
                self.stale.append(self.answers[question[2]])
                deaf -= 1
            if deaf < 0 and self.stale:
                status = self.enquiry.answer(self.stale.pop(0), self.now)
            else:
                status = self.enquiry.timeout(self.now)
            if status is not None:
                return status
            self.now += 0.01
        return None


class TestEnquiry:
    OUT = Status(offline=True, no_paper=True, paper_low=True)

    def test_a_round_is_four_questions(self) -> None:
        assert Far().round() == self.OUT

    @pytest.mark.parametrize("stale", [b"\x12", b"\x12\x12", b"\x16\x12\x12", b"\x12" * 4])
    def test_answers_of_an_earlier_session_are_not_believed(self, stale: bytes) -> None:
        far = Far(stale)
        assert far.round() == self.OUT
        assert far.enquiry.unasked >= 1

    @pytest.mark.parametrize("deaf", range(1, 7))
    def test_a_late_answer_is_not_taken_for_a_later_question(self, deaf: int) -> None:
        far = Far()
        assert far.round() == self.OUT
        far.answers[2] = 0x16
        far.answers[4] = 0x12
        assert far.round(deaf) == Status(offline=True, cover_open=True)

    def test_a_lost_answer_is_asked_for_again(self) -> None:
        far = Far()
        far.round()
        far.enquiry.ask()
        assert far.enquiry.outgoing(far.now)
        far.now += ANSWER_S
        assert far.round() == self.OUT

    def test_a_mute_printer_is_noticed(self) -> None:
        far = Far()
        assert far.round(deaf=99, seconds=ANSWER_S * 2 + FORGET_S + SETTLE_S) is None
        assert far.enquiry.misses >= 3


def test_no_picture_holds_a_real_time_command() -> None:
    rows = b"\x10\x04\x01\x10\x05\x02\x10\x14\x08\x10\x10\x04" * 4
    clean = b"".join(escpos.raster(96, rows))
    assert not any(word in clean[8:] for word in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))
    assert sum(a != b for a, b in zip(clean[8:], rows, strict=True)) == 16
