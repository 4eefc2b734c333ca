"""Any jobs and any mishaps: at most one whole receipt a job, exactly one where Printed is said, and nobody else's lines on it."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devices.sim.escpos_machine import Firmware
from tests.devices.printer.bench import FENCED, FULL, SMALL, Bench, lines_of, whole

PRINTERS = (
    (FULL, Firmware()),
    (FULL, Firmware(lines_s=4)),
    (FULL, Firmware(clears=False, auto_status=False, lines_s=6)),
    (FULL, Firmware(process_ids=False, clears=False, lines_s=4)),
    (FENCED, Firmware(process_ids=False, auto_status=False, clears=False)),
    (SMALL, Firmware(process_ids=False, auto_status=False, clears=False, lines_s=5, buffer=128)),
)


class Life(RuleBasedStateMachine):
    """A printer in a station."""

    @initialize(printer=st.sampled_from(PRINTERS), seed=st.integers(0, 99))
    def unpack(self, printer: tuple[object, Firmware], seed: int) -> None:
        can, firmware = printer
        self.bench = Bench(can, firmware, seed)  # type: ignore[arg-type]
        self.jobs: list[str] = []
        self.bench.run(4.0)

    @precondition(lambda self: len(self.jobs) < 8)
    @rule()
    def somebody_buys(self) -> None:
        job = f"J{len(self.jobs)}"
        if self.bench.session.waiting < 3:
            self.jobs.append(job)
            self.bench.print(job, 3)

    @precondition(lambda self: len(self.jobs) < 8)
    @rule(
        before=st.floats(0.0, 4.0),
        mishap=st.sampled_from(["paper", "cover", "power", "blink", "cable", "knife", "hot", "deaf"]),
        after=st.sampled_from([0.0, 0.3, 2.0, 8.0]),
    )
    def a_mishap_in_the_middle(self, before: float, mishap: str, after: float) -> None:
        self.somebody_buys()
        self.bench.run(before)
        match mishap:
            case "paper":
                self.paper_will_end(0)
            case "cover":
                self.cover(True)
            case "power":
                self.power_cut()
            case "blink":
                self.power_blinks()
            case "cable":
                self.cable_out_and_in()
            case "knife":
                self.knife(True)
            case "hot":
                self.head(True)
            case _:
                self.line(False)
        self.bench.run(after)

    @rule()
    def somebody_sees_to_it(self) -> None:
        self.cover(True)
        self.new_paper()
        self.knife(False)
        self.head(False)
        self.power_back()
        self.line(True)
        self.mechanism(False)
        self.bench.run(1.0)
        self.cover(False)
        self.bench.run(1.0)

    @rule(seconds=st.sampled_from([0.02, 0.1, 0.3, 0.6, 1.0, 2.5]))
    def time_passes(self, seconds: float) -> None:
        self.bench.run(seconds)

    @rule(seconds=st.sampled_from([10.0, 25.0]))
    def much_time_passes(self, seconds: float) -> None:
        self.bench.run(seconds, step=0.05)

    @rule(lines=st.integers(0, 9))
    def paper_will_end(self, lines: int) -> None:
        self.bench.set(paper=lines)

    @rule()
    def new_paper(self) -> None:
        self.bench.set(paper=None, no_paper=False, paper_low=False)

    @rule(is_open=st.booleans())
    def cover(self, is_open: bool) -> None:
        self.bench.set(cover_open=is_open)

    @rule(jams=st.booleans())
    def knife(self, jams: bool) -> None:
        self.bench.set(cutter=jams)

    @rule(hot=st.booleans())
    def head(self, hot: bool) -> None:
        self.bench.set(hot=hot)

    @rule()
    def power_cut(self) -> None:
        self.bench.machine.power(on=False)

    @rule()
    def power_back(self) -> None:
        self.bench.machine.power(on=True)

    @rule()
    def power_blinks(self) -> None:
        self.bench.machine.power(on=False)
        self.bench.machine.power(on=True)

    @rule()
    def cable_out_and_in(self) -> None:
        self.bench.replug()

    @rule(reads=st.booleans())
    def line(self, reads: bool) -> None:
        self.bench.reads = reads

    @rule(stands=st.booleans())
    def mechanism(self, stands: bool) -> None:
        self.bench.machine.stopped = stands

    @rule(lines=st.integers(1, 6))
    def moves_a_little(self, lines: int) -> None:
        self.bench.on_line += self.bench.machine.drain(lines)

    @invariant()
    def one_job_one_receipt(self) -> None:
        if not hasattr(self, "bench"):
            return
        finished = self.bench.finished()
        for job in self.jobs:
            there, reason = whole(self.bench.machine, job, 3), finished.get(job)
            assert there <= 1, f"{job} is there {there} times"
            if reason == "":
                assert there == 1, f"{job} is said to be printed"
            if reason not in (None, "", "unsure"):
                assert there == 0, f"{job} is {reason}, and may be printed anew"

    @invariant()
    def nobody_gets_anothers_lines(self) -> None:
        if not hasattr(self, "bench"):
            return
        for strip in self.bench.machine.receipts:
            named = set(re.findall(r"J\d", "\n".join(lines_of(strip))))
            assert len(named) <= 1, f"one strip for {named}"

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        bench = self.bench
        bench.machine.stopped, bench.reads = False, True
        bench.set(paper=None, no_paper=False, cover_open=True, cutter=False, hot=False)
        bench.machine.power(on=True)
        bench.run(6.0)
        bench.set(cover_open=False)
        bench.run(60.0, step=0.05)
        if not bench.session.watched:
            full = bench.machine.room() < bench.machine.firmware.buffer // 2
            assert full or not bench.machine.condition.cutter_error, "it is given up too early"
            bench.machine.power(on=False)
            bench.machine.power(on=True)
            bench.run(60.0, step=0.05)
        bench.print("J9", 3)
        assert bench.outcome("J9", 200) == "", "it does not come to itself"
        self.jobs.append("J9")
        self.one_job_one_receipt()
        self.nobody_gets_anothers_lines()


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
