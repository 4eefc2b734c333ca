"""How fast and when a kiosk may fetch: a rate in KiB/s, and hours of the local day."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from kiosk.fetching.errors import FetchError

DAY: Final = 1440  # minutes
BURST_S: Final = 0.5  # how long unused rate is saved up
NAP_S: Final = 0.5


def is_open(window: tuple[int, int] | None, minute: int) -> bool:
    """Whether a minute of the local day lies within hours that may go over midnight; None: always, so are equal ends."""
    if window is None or window[0] == window[1]:
        return True
    since, until = window
    return since <= minute < until if since < until else minute >= since or minute < until


class Pace:
    """A token bucket all sources share. `wait` is called by the fetching thread, the rest from any."""

    def __init__(
        self,
        kib_s: int = 0,
        mono: Callable[[], float] = time.monotonic,
        stopped: threading.Event | None = None,
    ) -> None:
        """`kib_s`: 0 is as fast as it goes. `stopped`: ends a wait with FetchError stopped."""
        self.kib_s = kib_s
        self._mono, self._stopped = mono, stopped or threading.Event()
        self._at, self._have = mono(), 0.0

    def wait(self, count: int) -> None:
        """`count` bytes came: return when the next may."""
        if self._stopped.is_set():
            raise FetchError("stopped")
        rate = self.kib_s * 1024
        if rate <= 0:
            return
        now = self._mono()
        self._have = min(rate * BURST_S, self._have + (now - self._at) * rate) - count
        self._at = now
        while self._have <= -1:  # less than a byte is no debt
            if self._stopped.wait(min(NAP_S, -self._have / rate)):
                raise FetchError("stopped")
            rate = self.kib_s * 1024  # it may have been changed meanwhile
            if rate <= 0:
                self._have = 0
                return
            now = self._mono()
            self._have += (now - self._at) * rate
            self._at = now
