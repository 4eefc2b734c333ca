"""Tells the agent what was drawn: a release is kept only when the wall that shows it is known to be on the glass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from kiosk.link.link import Drawn

OFTEN_S: Final = 5.0  # between two words
SOON_S: Final = 0.5  # as long as no product was seen


class Witness:
    """Counts frames. Two comparisons a frame; the products are counted only when a word is due. Main thread only."""

    def __init__(
        self,
        tell: Callable[[Drawn], None],
        facings: Callable[[], int],
        later: Callable[[Callable[[float], None], float], Any],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`facings`: how many products are on the glass now, 0 where something is still missing there. `later(call, seconds)`."""
        self._tell, self._facings, self._later, self._now = tell, facings, later, now
        self._version, self._slide, self._frames, self._most = "", "", 0, 0
        self._due, self._waits = 0.0, False

    def frame(self, version: str, slide: str = "") -> None:
        """One was shown, of a shop's content in this state; `slide`: of the attract loop. Each new slide is told at once."""
        if version != self._version:
            self._version, self._frames, self._most, self._due = version, 0, 0, 0.0
        if slide != self._slide:
            self._slide, self._due = slide, 0.0
        self._frames += 1
        if (rest := self._due - self._now()) <= 0:
            self._say()
        elif not self._waits:  # it may be the last frame for long
            self._waits = True
            self._later(self._look, rest)

    def _look(self, _dt: float) -> None:
        self._waits = False
        self._say()

    def _say(self) -> None:
        self._most = max(self._most, self._facings())
        self._due = self._now() + (OFTEN_S if self._most else SOON_S)
        self._tell(Drawn(self._version, self._frames, self._most, self._slide))
