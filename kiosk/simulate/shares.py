"""A simulation over several processes: each has its share of the kiosks, all live in the same simulated time."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

from msgspec import structs

from kiosk.simulate.kiosk import Told
from kiosk.simulate.plan import Plan, Status
from kiosk.simulate.room import NoRoom
from kiosk.simulate.share import Share

STOP_S: Final = 15.0


class Part(Protocol):
    """What a simulation is made of: Share, or one in another process."""

    pid: int

    def start(self) -> None:
        """Plug all in."""

    def status(self) -> Status:
        """How it is."""

    def rest(self) -> None:
        """Let nothing more happen."""

    def stop(self) -> list[Told]:
        """End, and say what was done."""


def parts_of(plan: Plan, processes: int, *, apart: bool = False) -> Sequence[Part]:
    """The plan's kiosks, shared out; a single share is in this process, unless it is to be `apart`. Raises NoRoom."""
    if processes == 1 and not apart:
        return [Share(plan)]
    counts = [plan.count // processes + (number < plan.count % processes) for number in range(processes)]
    plans, first = [], plan.first
    for count in counts:
        plans.append(structs.replace(plan, count=count, first=first))
        first += count
    return [_Elsewhere(each) for each in plans if each.count]


class _Elsewhere:
    """A share in a process of its own, which ends when this one does."""

    def __init__(self, plan: Plan) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(plan, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.pid = self._process.pid or 0
        self._answer()

    def _ask(self, what: str) -> Any:
        self._pipe.send(what)
        return self._answer()

    def _answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise NoRoom("a process of the simulation died; see what it said") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start(self) -> None:
        self._ask("start")

    def status(self) -> Status:
        found: Status = self._ask("status")
        return found

    def rest(self) -> None:
        self._ask("rest")

    def stop(self) -> list[Told]:
        try:
            told: list[Told] = self._ask("stop")
        finally:
            self._pipe.close()
            self._process.join(STOP_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        return told


def _serve(plan: Plan, pipe: Connection) -> None:
    """The other process. It ends when told, or when the pipe does."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches everybody: the first process says what to do
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    try:
        share = Share(plan)
    except NoRoom as error:
        pipe.send(error)
        return
    pipe.send(None)
    while True:
        try:
            what = pipe.recv()
        except EOFError:
            share.stop()
            return
        pipe.send(getattr(share, what)())
        if what == "stop":
            return
