"""Runs a script of devices.technician.guide with a device on the bench, a person before it, and whatever glass there is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devices.technician.guide import Command, Heard, Script, Show, Verdict, Wait
from devices.technician.workbench import Workbench

SLICE_S = 0.2  # between two looks at the terminal


class Terminal(Protocol):
    """Where the technician types."""

    def say(self, show: Show, number: int, steps: int) -> None:
        """A step."""

    def note(self, text: str) -> None:
        """Something besides."""

    def answer(self) -> str:
        """yes or no, where one was typed; "" otherwise. Never waits."""


@dataclass
class Run:
    """One test under way."""

    device: str
    bench: Workbench
    terminal: Terminal
    steps: int
    clock: Callable[[], float] = time.monotonic
    number: int = 0
    _shown: str = ""
    _asks: bool = False
    _glass: bool = True

    def play(self, script: Script) -> Verdict:
        """Lead through it. Raises OSError where the agent ends meanwhile."""
        came: object = None
        try:
            while True:
                ask = script.send(came)
                came = self._do(ask)
        except StopIteration as end:
            verdict: Verdict = end.value
        self._tell(verdict)
        return verdict

    def _do(self, ask: Show | Command | Wait) -> object:
        match ask:
            case Show():
                self._show(ask)
                return None
            case Command(what=what, fields=fields):
                return self.bench.command(what, fields)
            case Wait(patience_s=patience_s):
                return self._wait(patience_s)

    def _show(self, show: Show) -> None:
        if show.step not in ("wait", self._shown):
            self.number = min(self.number + 1, self.steps)
        self._shown, self._asks = show.step, show.asks
        self.terminal.say(show, max(1, self.number), self.steps)
        self._on_glass(show.step, show.code, asks=show.asks, detail=show.detail, patience_s=180.0)

    def _tell(self, verdict: Verdict) -> None:
        if verdict.outcome in ("passed", "failed"):
            detail = " ".join(part for part in (verdict.found, verdict.remedy) if part)
            self._on_glass(verdict.outcome, detail=detail, patience_s=20.0)

    def _on_glass(
        self, step: str, code: str = "", *, asks: bool = False, detail: str = "", patience_s: float
    ) -> None:
        if not self._glass:
            return
        why = self.bench.show(
            {"step": step, "code": code, "number": max(1, self.number), "steps": self.steps, "asks": asks,
             "detail": detail, "patience_s": patience_s}
        )  # fmt: skip
        if why:
            self._glass = False
            self.terminal.note(why)

    def _wait(self, patience_s: float) -> Heard:
        end = self.clock() + patience_s
        while (left := end - self.clock()) > 0:
            heard = self.bench.next(min(left, SLICE_S))
            if heard is not None:
                return heard
            if self._asks and (answer := self.terminal.answer()):
                return {"answer": answer}
        return None
