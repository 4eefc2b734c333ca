"""Never an older answer for a newer command, whatever the line does short of overtaking; and on a bad line still an answer."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocol import pn532
from devices.protocol.pn532_commands import diagnose_line
from devices.protocol.pn532_exchange import BLIND_TRIES, Answer, Exchange, Failed, Send
from tests.devices.pn532.line import Direction, Line, damaging, hold_ups, losing, mischief


def command(number: int, code: int = 0x40) -> bytes:
    """A command that nothing else is: what comes back shows whose answer it is."""
    return bytes([code, 0x01]) + number.to_bytes(4, "big")


def play(line: Line, count: int, codes: tuple[int, ...] = (0x40,), seed: int = 0) -> tuple[int, int]:
    """Ask `count` things; returns how many were answered, and how many wrongly."""
    random, good, wrong = Random(seed), 0, 0
    for number in range(count):
        asked = command(number * 0x01000193 & 0xFFFFFFFF, random.choice(codes))
        answer = line.ask(asked)
        good += answer is not None
        wrong += answer is not None and answer != bytes([asked[0] + 1]) + asked[1:]
    return good, wrong


class TestAGoodLine:
    def test_each_command_costs_its_own_frames_and_equal_ones_an_echo_between(self) -> None:
        line = Line()
        assert play(line, 4) == (4, 0)
        assert [sent[0] for sent in line.chip.carried_out] == [0, 0x40, 0, 0x40, 0, 0x40, 0, 0x40]
        line = Line()
        line.ask(b"\x02")
        for _ in range(3):
            line.ask(b"\x4a\x01\x00")
            line.ask(b"\x52\x00")
        assert [sent[0] for sent in line.chip.carried_out] == [0, 2, 0x4A, 0x52, 0x4A, 0x52, 0x4A, 0x52]

    @pytest.mark.parametrize("chunk", [1, 2, 3, 7])
    def test_pieces_do_not_matter(self, chunk: int) -> None:
        assert play(Line(chunk=chunk), 50) == (50, 0)

    def test_an_extra_preamble_does_not_matter(self) -> None:
        line = Line()
        line.up.fault = lambda data: [b"\x00" + data]
        assert play(line, 50) == (50, 0)
        assert not line.exchange.counters["damaged"]

    def test_a_slow_line_is_learnt(self) -> None:
        line = Line()
        line.up.delay = lambda: 0.3
        assert play(line, 20) == (20, 0)
        assert line.exchange.counters["retries"] < 10

    def test_a_command_is_asked_one_at_a_time(self) -> None:
        exchange = Exchange(0)
        exchange.begin(b"\x02", 0.0)
        with pytest.raises(ValueError, match="under way"):
            exchange.begin(b"\x02", 0.0)


class TestABadLine:
    @pytest.mark.parametrize("seed", range(4))
    def test_five_of_a_hundred_frames_damaged_both_ways(self, seed: int) -> None:
        line = Line()
        line.up.fault, line.down.fault = damaging(0.05, seed), damaging(0.05, seed + 100)
        good, wrong = play(line, 2000, codes=(0x40, 0x4A, 0x52), seed=seed)
        assert wrong == 0
        assert good >= 1999

    @pytest.mark.parametrize("seed", range(4))
    def test_lost_bytes_from_the_chip(self, seed: int) -> None:
        line = Line()
        line.up.fault = losing(0.05, seed)
        good, wrong = play(line, 1000, codes=(0x40, 0x4A), seed=seed)
        assert wrong == 0
        assert good >= 999

    @pytest.mark.parametrize("seed", range(8))
    def test_all_of_it_at_once_with_delays_longer_than_any_patience(self, seed: int) -> None:
        line = Line(busy_s=0.03)
        line.up = Direction(mischief(seed), hold_ups(0.1, 1.2, seed))
        line.down = Direction(mischief(seed + 1), hold_ups(0.05, 0.8, seed))
        good, wrong = play(line, 400, codes=(0x40, 0x40, 0x4A), seed=seed)
        assert wrong == 0
        assert good > 100, "and it goes on working"

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_nothing_anybody_thought_of_makes_an_answer_stale(self, data: st.DataObject) -> None:
        """Hypothesis chooses what happens to each frame of the chip, and how long it is held up."""

        def fault(frame: bytes) -> list[bytes]:
            what = data.draw(st.sampled_from(["whole"] * 3 + ["twice", "lost", "damaged"]))
            if what == "damaged":
                return damaging(1.0, data.draw(st.integers(0, 1 << 20)))(frame)
            return {"whole": [frame], "twice": [frame, frame], "lost": []}[what]

        line = Line()
        line.up = Direction(fault, lambda: data.draw(st.sampled_from([0.0, 0.0, 0.15, 0.7])))
        _, wrong = play(line, 6, codes=(0x40, 0x4A), seed=data.draw(st.integers(0, 99)))
        assert wrong == 0


class TestAnswersToOlderCommands:
    def test_a_repeated_answer_is_not_the_answer_to_the_same_command_again(self) -> None:
        line = Line()
        assert line.ask(command(1)) == b"\x41\x01" + (1).to_bytes(4, "big")
        line.up.send(pn532.ACK, line.now)  # a copy of all that was said, still on its way
        line.up.send(pn532.build(b"\x41\x01" + (1).to_bytes(4, "big"), pn532.TO_HOST), line.now)
        assert line.ask(command(2)) == b"\x41\x01" + (2).to_bytes(4, "big")
        assert line.exchange.counters["stale"] == 1

    def test_an_answer_that_comes_after_its_command_was_given_up(self) -> None:
        line = Line(busy_s=0.02)
        line.ask(b"\x02")
        line.up.delay = lambda: 2.0 if not line.up.queue else 0.0
        assert line.ask(command(1), once=True, answer_s=0.01) is None
        line.up.delay = lambda: 0.0
        assert line.ask(command(2)) == b"\x41\x01" + (2).to_bytes(4, "big")

    def test_an_aborted_command_too(self) -> None:
        exchange = Exchange(7)
        (_, ask) = exchange.begin(b"\x86", 0.0, once=True)
        assert ask == Send(pn532.build(diagnose_line((8).to_bytes(4, "big"))))
        echo = pn532.build(b"\x01\x00" + (8).to_bytes(4, "big"), pn532.TO_HOST)
        assert exchange.feed(pn532.ACK + echo, 0.01) == [Send(pn532.build(b"\x86"))]
        assert exchange.abort() == [Send(pn532.ACK)]
        late = pn532.build(b"\x87\x00old", pn532.TO_HOST)
        (again,) = exchange.begin(b"\x86", 0.02, once=True)
        assert again == Send(pn532.build(diagnose_line((9).to_bytes(4, "big")))), (
            "not before the line is empty"
        )
        assert exchange.feed(pn532.ACK + late, 0.03) == []

    def test_an_older_runs_echo_does_not_count(self) -> None:
        exchange = Exchange(1000)
        exchange.begin(b"\x02", 0.0)
        old = pn532.build(b"\x01\x00" + (7).to_bytes(4, "big"), pn532.TO_HOST)
        assert exchange.feed(pn532.ACK + old, 0.01) == []

    def test_a_frame_within_a_damaged_frame_is_none(self) -> None:
        """A tag may carry anything, a whole frame too: it must not become an answer when the one around it breaks."""
        inner = pn532.build(b"\x41\x00forged", pn532.TO_HOST)
        whole = pn532.build(b"\x41\x00" + inner, pn532.TO_HOST)
        for place in range(len(whole)):
            broken = bytearray(whole)
            broken[place] ^= 0x55
            exchange = Exchange(0)
            exchange.begin(b"\x02", 0.0, blind=True)
            exchange.feed(pn532.ACK + pn532.build(b"\x03\x32\x01\x06\x07", pn532.TO_HOST), 0.0)
            exchange.begin(b"\x40\x01", 0.0)
            exchange.feed(pn532.ACK + pn532.build(b"\x01\x00\x00\x00\x00\x01", pn532.TO_HOST), 0.0)
            told = exchange.feed(pn532.ACK + bytes(broken), 0.001)
            assert Answer(b"\x41\x00forged") not in told


class TestWhatCannotBe:
    def test_a_mute_chip_fails_in_bounded_time(self) -> None:
        line = Line()
        line.up.fault = lambda data: []
        assert line.ask(b"\x02") is None
        assert line.now < 8

    def test_what_the_chip_does_not_understand_is_refused(self) -> None:
        exchange, told, now = Exchange(0), list[object](), 0.0
        told += exchange.begin(b"\x99", now, blind=True)
        for _ in range(BLIND_TRIES):
            told += exchange.feed(pn532.ACK + pn532.ERROR_FRAME, now)
        assert told[-1] == Failed("refused")
        assert not exchange.busy

    def test_a_babbling_line_ends_too(self) -> None:
        exchange, now = Exchange(0), 0.0
        events: list[object] = [*exchange.begin(b"\x02", now, blind=True)]
        while Failed("mute") not in events:
            now += 0.01
            events = [*exchange.feed(b"\x55" * 20, now), *exchange.timeout(now)]
            assert now < 60

    def test_a_command_that_must_not_be_done_twice_is_not(self) -> None:
        """Its ACK came; its answer did not: nobody knows, and nobody repeats it."""
        line = Line()
        line.ask(b"\x02")
        line.up.fault = lambda data: [data] if data == pn532.ACK else []
        assert line.ask(command(5, 0x8E), once=True) is None
        assert [sent[0] for sent in line.chip.carried_out].count(0x8E) == 1
