"""Asks the fleet what time it is: after each connect and once an hour, a few times, so that a quick answer is among them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from kiosk.clock.clock import Clock
from kiosk.clock.time_quality import fix_of
from mqtt.messages import TimeTold, TimeWanted

SAMPLES: Final = 3
AGAIN_MS: Final = 3_600_000  # by then the error has grown by 0.36 s
USELESS_MS: Final = 10_000  # an answer that took longer says little

Learn = Callable[[int, int], None]  # Unix ms of this moment, and how far it can be off


class FleetTime:
    """For the line's thread. Every answer is passed on; whoever learns keeps the best (kiosk.clock.time_quality.better)."""

    def __init__(self, ask: Callable[[TimeWanted], bool], clock: Clock, learn: Learn) -> None:
        self._ask, self._clock, self._learn = ask, clock, learn
        self._asked: tuple[str, int] | None = None  # the id under way, and when
        self._left = 0
        self._last_ms: int | None = None

    def begin(self) -> None:
        """Ask now; what is under way is forgotten."""
        self._left, self._last_ms = SAMPLES, self._clock.mono_ms()
        self._next()

    def look(self) -> None:
        """Ask where it is time again."""
        if self._last_ms is not None and self._clock.mono_ms() - self._last_ms >= AGAIN_MS:
            self.begin()

    def told(self, answer: TimeTold) -> bool:
        """Take an answer. False where it is not to our last question, or took too long to be of use."""
        if self._asked is None or answer.id != self._asked[0]:
            return False
        now, asked_ms = self._clock.mono_ms(), self._asked[1]
        useful = now - asked_ms <= USELESS_MS
        if useful:
            self.between(asked_ms, answer.at_ms)
        self._next()
        return useful

    def between(self, asked_ms: int, at_ms: int) -> None:
        """The fleet's clock read `at_ms` at some moment after `asked_ms` (monotonic)."""
        now = self._clock.mono_ms()
        fix = fix_of(asked_ms, now, at_ms)
        self._learn(fix.at_ms + now - fix.steady_ms, fix.error_ms)

    def _next(self) -> None:
        self._asked = None
        if self._left <= 0:
            return
        self._left -= 1
        now, name = self._clock.mono_ms(), secrets.token_hex(8)
        wanted = TimeWanted(id=name, expires_ms=self._clock.wall_ms() + USELESS_MS, mono_ms=now)
        if self._ask(wanted):
            self._asked = name, now
