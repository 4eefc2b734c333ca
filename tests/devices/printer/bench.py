"""A print session and a printer's works joined by a line without time of its own: the clock is turned by hand."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from random import Random

from devices.protocol import escpos
from devices.protocol.escpos_job import PrintSession
from devices.protocol.escpos_terms import Abilities, Finished, Happening, StatusNow
from devices.sim.escpos_machine import Firmware, Machine, Mark

FULL = Abilities(("process-id", "in-turn"), auto_status=True, clears=True)
PLAIN = Abilities()
FENCED = Abilities(("in-turn",))
SMALL = Abilities(("in-turn",), room=128)
MUTE_ON_PAPER = Abilities(("status",))


def receipt(job: str, lines: int = 6) -> list[bytes]:
    """A job whose every line names it."""
    body = [escpos.text(f"{job} line {n}") for n in range(lines)]
    return [*body, escpos.text(f"{job} code") + escpos.FEED_AND_CUT]


class Bench:
    """The kiosk's end and the printer's end."""

    def __init__(self, can: Abilities = FULL, firmware: Firmware | None = None, seed: int = 0) -> None:
        self.now = 100.0
        self._random = Random(seed)
        self.can = can
        self.machine = Machine(lambda: self.now, firmware or Firmware())
        self.on_line = bytearray()  # from the printer, not heard yet
        self.happened: list[Happening] = []
        self.reads = True  # whether the line takes bytes at all
        self.takes: Callable[[bytes], int] = len  # how many of those that are due
        self.counted: Counter[str] = Counter()  # of sessions that are over
        self.session = self._open("")

    def _open(self, residue: str) -> PrintSession:
        return PrintSession(
            self.can, lambda: bytes(self._random.choice(escpos.MARKS) for _ in range(4)), residue
        )

    def replug(self) -> None:
        """The cable out and in again: what is on the line is lost, the residue is kept as the driver's note keeps it."""
        self.happened += self.session.lost()
        self.on_line.clear()
        self.counted += Counter(self.session.counts())
        self.session = self._open(self.session.residue)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False, step: float = 0.02) -> None:
        """Turn the clock."""
        end = self.now + seconds
        while self.now < end and not until():
            self.turn()
            if self.session.mute:  # the driver raises Timeout, and its supervisor opens the line anew
                self.replug()
            self.now += step

    def turn(self) -> None:
        """Let both ends do what they would do at this moment."""
        self.happened += self.session.turn(self.now)
        for _ in range(50):
            data = self.session.outgoing()
            took = min(self.takes(data), self.machine.room()) if self.reads else 0
            if took:
                self.on_line += self.machine.hear(data[:took])
                self.session.sent(took, self.now)
            self.on_line += self.machine.run()
            heard, self.on_line = bytes(self.on_line), bytearray()
            if heard:
                self.happened += self.session.feed(heard, self.now)
            if not took and not heard:
                break

    def print(self, job: str, lines: int = 6) -> None:
        """Hand in a job."""
        assert self.session.print(job, receipt(job, lines))

    def outcome(self, job: str, within: float = 60.0) -> str | None:
        """Its reason ("" is printed), None where none was told."""
        self.run(within, lambda: job in self.finished())
        return self.finished().get(job)

    def set(self, **flags: bool | int | None) -> None:
        """Do something to the printer, and let it say so if it does that by itself."""
        self.machine.condition = replace(self.machine.condition, **flags)  # type: ignore[arg-type]

    def finished(self) -> dict[str, str]:
        """Each job's outcome."""
        out: dict[str, str] = {}
        for one in self.happened:
            if isinstance(one, Finished):
                assert one.job not in out, f"{one.job} has two outcomes"
                out[one.job] = one.reason
        return out

    def states(self) -> list[str]:
        """What the printer was said to be, in turn."""
        return [one.status.name() for one in self.happened if isinstance(one, StatusNow)]


def lines_of(strip: list[Mark]) -> list[str]:
    """The text on a strip of paper."""
    return [str(mark) for mark in strip if str(mark)]


def whole(machine: Machine, job: str, lines: int = 6) -> int:
    """How many whole receipts of a job are there: all its lines in order and its code, on one strip that was cut off."""
    wanted = [*(f"{job} line {n}" for n in range(lines)), f"{job} code"]
    count = 0
    for strip in deque(machine.receipts):
        text = lines_of(strip)
        count += any(
            text[start : start + len(wanted)] == wanted for start in range(len(text) - len(wanted) + 1)
        )
    return count
