"""One job, one receipt: whatever happens to paper, cover, cable and power."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.protocol import escpos
from devices.protocol.escpos_terms import Abilities
from devices.sim.escpos_machine import Condition, Firmware
from tests.devices.printer.bench import FULL, MUTE_ON_PAPER, PLAIN, SMALL, Bench, lines_of, whole

CLONE = Firmware(process_ids=False, auto_status=False, clears=False)
BLIND = Firmware(process_ids=False, in_turn=False, auto_status=False, clears=False)
KINDS = pytest.mark.parametrize(
    ("can", "firmware", "way"),
    [
        (FULL, Firmware(), "process-id"),
        (FULL, CLONE, "in-turn"),
        (PLAIN, CLONE, "in-turn"),
        (PLAIN, BLIND, "status"),
        (MUTE_ON_PAPER, BLIND, "status"),
    ],
)


@KINDS
def test_a_receipt_is_on_paper_when_it_is_said_to_be(can: Abilities, firmware: Firmware, way: str) -> None:
    bench = Bench(can, firmware)
    bench.print("A")
    assert bench.outcome("A") == ""
    assert bench.session.way == way
    assert whole(bench.machine, "A") == 1
    assert lines_of(bench.machine.receipts[0]) == [*(f"A line {n}" for n in range(6)), "A code"]


def test_printed_is_said_only_when_the_mechanism_is_done() -> None:
    bench = Bench()
    bench.run(1.0)
    bench.machine.stopped = True
    bench.print("A")
    bench.run(10.0)
    assert bench.finished() == {}
    for _ in range(40):
        bench.on_line += bench.machine.drain(5)
        bench.run(0.3)
        if bench.finished():
            break
        assert not bench.machine.receipts or "A" not in bench.finished()
    assert bench.finished() == {"A": ""}
    assert whole(bench.machine, "A") == 1


@KINDS
@pytest.mark.parametrize("paper", range(1, 7))
def test_paper_ends_in_the_body_so_the_half_is_void_and_the_job_can_be_printed_anew(
    can: Abilities, firmware: Firmware, way: str, paper: int
) -> None:
    bench = Bench(can, firmware)
    bench.run(4.0)
    bench.machine.condition.paper = paper
    bench.print("A")
    reason = bench.outcome("A")
    if paper == 6:  # just enough for the body: it ends at the seal, and the printer may still resume
        assert reason in ("no-paper", "unsure")
    else:
        assert reason == "no-paper"
    assert whole(bench.machine, "A") == 0
    bench.machine.condition = Condition()
    bench.run(8.0)
    if reason == "no-paper":
        bench.print("A2")
        assert bench.outcome("A2") == ""
        assert whole(bench.machine, "A") == 0
        assert whole(bench.machine, "A2") == 1
        assert lines_of(bench.machine.receipts[-1])[0] == "A2 line 0", "the half is parted from the new one"
        assert any("* VOID *" in lines_of(strip) for strip in bench.machine.receipts[:-1])


def test_paper_ends_in_the_seal_and_the_printer_itself_resumes() -> None:
    bench = Bench()
    bench.run(4.0)
    bench.machine.condition.paper = 6
    bench.print("A")
    bench.run(5.0)
    assert bench.finished() == {}
    assert bench.states()[-1] == "no-paper"
    bench.machine.condition = Condition()
    assert bench.outcome("A") == ""
    assert whole(bench.machine, "A") == 1


def test_paper_that_does_not_come_back_leaves_the_seal_unsure_and_nothing_for_the_next_buyer() -> None:
    bench = Bench()
    bench.run(4.0)
    bench.machine.condition.paper = 6
    bench.print("A")
    assert bench.outcome("A") == "unsure"
    bench.machine.condition = Condition()
    bench.print("B")
    assert bench.outcome("B") == ""
    assert whole(bench.machine, "A") == 0
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


@pytest.mark.parametrize("taken", [0, 3, 40, 400])
@KINDS
def test_a_seal_the_printer_did_not_take_in_time_is_kept_from_whoever_stands_there_later(
    can: Abilities, firmware: Firmware, way: str, taken: int
) -> None:
    bench = Bench(can, firmware)
    bench.run(4.0)
    seal = b"".join([*escpos.raster(384, bytes(48 * 20)), escpos.text("A code"), escpos.FEED_AND_CUT])
    assert bench.session.print("A", [escpos.text("A line"), seal])

    def stops(data: bytes) -> int:
        """How much of it is taken: of the seal its first bytes, and nothing from then on."""
        before, begun, _ = data.partition(seal)
        bench.reads = bench.reads and not begun
        return len(before) + taken if begun else len(data)

    bench.takes = stops
    assert bench.outcome("A", 90.0) == "unsure"
    bench.print("next")
    assert bench.outcome("next", 30.0) == "offline"
    bench.run(60.0)
    bench.reads, bench.takes = True, len
    bench.run(10.0)
    bench.print("B")
    assert bench.outcome("B") == ""
    strips = [*bench.machine.receipts, bench.machine.hanging]
    assert not any({"A code", "next code"} & set(lines_of(strip)) for strip in strips)
    assert whole(bench.machine, "B") == 1
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


@pytest.mark.parametrize("later", [n * 0.02 for n in range(25)])
def test_a_question_due_when_the_hold_ends_is_not_taken_for_a_seal_that_is_not_taken(later: float) -> None:
    bench = Bench(PLAIN, CLONE)
    bench.run(4.0)
    bench.machine.condition.paper = 6
    bench.print("A")
    bench.run(19.0)
    bench.now += later
    assert bench.outcome("A") == "unsure"
    bench.run(0.1)
    assert bench.machine.room() > CLONE.buffer - len(escpos.FLUSH), "no white space was sent"


def test_a_cover_opened_for_a_look_costs_the_half_and_is_said() -> None:
    bench = Bench(FULL, Firmware(lines_s=10))
    bench.run(4.0)
    bench.print("A", 40)
    bench.run(1.0)
    bench.machine.condition.cover_open = True
    assert bench.outcome("A") == "cover-open"
    bench.machine.condition.cover_open = False
    bench.print("B")
    assert bench.outcome("B") == ""
    assert whole(bench.machine, "A", 40) == 0


def test_a_knife_that_jams_is_unsure_and_goes_on_once_somebody_was_there() -> None:
    bench = Bench()
    bench.run(4.0)
    bench.machine.condition.cutter = True
    bench.print("A")
    assert bench.outcome("A") == "unsure"
    assert bench.states()[-1] == "cutter-error" or "cutter-error" in bench.states()
    bench.machine.condition.cutter = False
    bench.machine.condition.cover_open = True
    bench.run(5.0)
    bench.machine.condition.cover_open = False
    bench.run(10.0)
    bench.print("B")
    assert bench.outcome("B") == ""
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


def _jam(bench: Bench) -> None:
    bench.run(4.0)
    bench.machine.condition.cutter = True
    bench.print("A")
    assert bench.outcome("A") == "unsure"
    bench.machine.condition.cutter = False  # the cause is gone; that it is must be told


def _jammed(bench: Bench) -> bool:
    return bench.machine.condition.cutter_error


def _visit(bench: Bench) -> None:
    bench.machine.condition.cover_open = True
    bench.run(6.0)
    bench.machine.condition.cover_open = False
    bench.run(5.0)


@pytest.mark.parametrize("clears", [True, False])
def test_a_jammed_knife_does_not_move_before_somebody_was_at_the_cover(clears: bool) -> None:
    bench = Bench(FULL, Firmware(clears=clears))
    _jam(bench)
    bench.print("B")
    assert bench.outcome("B") == "cutter-error"
    bench.run(60.0, step=0.1)
    assert _jammed(bench)
    _visit(bench)
    assert not _jammed(bench)
    bench.print("C")
    assert bench.outcome("C") == ""
    assert [whole(bench.machine, job) for job in "ABC"] == [1, 0, 1], "A hung out, and was cut off at last"


@pytest.mark.parametrize(
    ("can", "firmware", "wait_s"), [(FULL, Firmware(), 12 * 3600), (FULL, CLONE, 900), (PLAIN, CLONE, 900)]
)
def test_a_jam_that_waits_long_for_somebody_does_not_fill_the_buffer_with_questions(
    can: Abilities, firmware: Firmware, wait_s: float
) -> None:
    bench = Bench(can, firmware)
    _jam(bench)
    bench.run(wait_s, step=1.0)
    assert bench.session.watched
    _visit(bench)
    bench.print("B")
    assert bench.outcome("B") == ""
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


def test_a_small_buffer_is_not_full_of_questions_while_a_seal_is_held() -> None:
    bench = Bench(SMALL, replace(CLONE, buffer=128))
    bench.run(4.0)
    bench.machine.condition.cutter = True
    bench.print("A")
    bench.run(10.0)
    bench.machine.condition.cutter = False
    _visit(bench)
    bench.run(15.0)
    bench.print("B")
    assert bench.outcome("B") == ""
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


def test_a_jam_that_cannot_be_watched_any_more_is_said_and_ends_at_the_power_switch() -> None:
    bench = Bench(SMALL, replace(CLONE, buffer=128))
    _jam(bench)
    bench.run(300.0, step=0.1)
    _visit(bench)
    assert not bench.session.watched
    bench.machine.power(on=False)
    bench.machine.power(on=True)
    bench.run(3.0)
    bench.print("B")
    assert bench.outcome("B") == ""
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


@KINDS
def test_power_lost_in_the_middle_is_lost_and_the_next_one_begins_on_its_own(
    can: Abilities, firmware: Firmware, way: str
) -> None:
    bench = Bench(can, firmware)
    bench.run(4.0)
    bench.machine.stopped = True
    bench.print("A")
    bench.run(0.2)
    bench.on_line += bench.machine.drain(4)
    bench.machine.power(on=False)
    bench.run(3.0, lambda: bench.session.mute)
    bench.replug()
    assert bench.finished()["A"] in ("lost", "offline", "unsure")
    bench.machine.stopped = False
    bench.machine.power(on=True)
    bench.run(3.0)
    bench.print("B")
    assert bench.outcome("B") == ""
    assert whole(bench.machine, "A") == 0
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


def test_a_printer_that_stops_reading_is_offline_and_finishes_the_command_it_was_sent_half_of() -> None:
    bench = Bench(PLAIN, Firmware(process_ids=False, auto_status=False, clears=False, buffer=600))
    bench.run(4.0)
    bench.machine.stopped = True
    picture = escpos.raster(384, bytes(48 * 40))
    assert bench.session.print("A", [*picture, escpos.text("A code") + escpos.FEED_AND_CUT])
    assert bench.outcome("A") == "offline"
    assert bench.session.outgoing()
    bench.machine.stopped = False
    bench.run(10.0)
    bench.print("B")
    assert bench.outcome("B") == ""
    assert whole(bench.machine, "B") == 1
    assert not any("A code" in lines_of(strip) for strip in bench.machine.receipts)
    assert lines_of(bench.machine.receipts[-1])[0] == "B line 0"


def test_what_an_earlier_session_left_is_parted_before_anything_else() -> None:
    bench = Bench()
    bench.machine.hear(escpos.text("somebody's name") + escpos.raster(576, bytes(72 * 48))[0][:100])
    bench.session.residue = "void"
    bench.run(5.0)
    assert lines_of(bench.machine.receipts[0])[:1] == ["somebody's name"]
    assert "* VOID *" in lines_of(bench.machine.receipts[0])
    assert bench.session.residue == ""


def test_a_drawer_is_kicked_between_jobs_and_not_when_nobody_can_see_it() -> None:
    bench = Bench()
    bench.session.aside(escpos.kick())
    bench.run(5.0)
    assert bench.machine.kicks == 1
    bench.machine.condition.cover_open = True
    bench.run(5.0)
    bench.session.aside(escpos.kick(5))
    bench.run(5.0)
    bench.machine.condition.cover_open = False
    bench.run(5.0)
    assert bench.machine.kicks == 1


def test_jobs_wait_their_turn_and_not_too_many_of_them() -> None:
    bench = Bench()
    for n in range(16):
        bench.print(f"J{n}")
    assert not bench.session.print("J16", [b"x"])
    bench.outcome("J15", 200)
    assert list(bench.finished()) == [f"J{n}" for n in range(16)]
    assert set(bench.finished().values()) == {""}


def test_a_warm_head_is_waited_for() -> None:
    bench = Bench(FULL, Firmware(lines_s=20))
    bench.run(4.0)
    bench.print("A", 40)
    bench.run(0.5)
    bench.machine.condition.hot = True
    bench.run(4.0)
    bench.machine.condition.hot = False
    assert bench.outcome("A") == ""
    assert whole(bench.machine, "A", 40) == 1
