"""Time, handed in: the kiosk's parts read no clock but the one they are given."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

from kiosk.clock.time_quality import (
    KERNEL_ERROR_MS,
    PLAUSIBLE_MS,
    Fix,
    Judged,
    Quality,
    better,
    judge,
    time_at,
)

STA_UNSYNC = 0x40  # <linux/timex.h>: nobody disciplines the clock
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
KERNEL_MS: Final = 1_000  # from one look at the kernel's state to the next
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """What time it is, and how far it can be believed. Every method may be called from any thread."""

    @property
    def boot(self) -> str:
        """Names this boot of the machine: monotonic times compare within it only."""

    def wall_ms(self) -> int:
        """Unix milliseconds, the best that is known; jumps when more is."""

    def mono_ms(self) -> int:
        """Milliseconds that never jump."""

    def quality(self) -> str:
        """`unsynced`, `holdover` or `synced`: kiosk.clock.time_quality says what they mean."""

    def off_ms(self) -> int:
        """How far the machine's own wall clock is ahead of the fleet's; 0 where nobody told."""


class _Timex(ctypes.Structure):
    """The beginning of struct timex, up to what is read here; the rest is room for the kernel to write to."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def kernel_disciplined() -> bool:
    """Whether some daemon keeps the kernel's clock in step (adjtimex(2)); False where the kernel cannot say."""
    timex = _Timex(modes=0)
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except AttributeError:  # not Linux
        return False
    return bool(state >= 0 and not timex.status & STA_UNSYNC)


class SystemClock:
    """The machine's clocks, and the fleet's time where nobody keeps the machine's in step (kiosk.clock.time_quality)."""

    def __init__(
        self, *, trusted: bool = False, disciplined: Callable[[], bool] = kernel_disciplined
    ) -> None:
        """`trusted`: something outside the system keeps its clock right, such as a battery or a container's host."""
        self._trusted, self._disciplined = trusted, disciplined
        self._lock = threading.Lock()
        self._best: Fix | None = None  # of the kernel's good times and of what was told
        self._told: Fix | None = None  # by the fleet
        self._looked: tuple[int, bool] | None = None  # when, and whether the kernel was disciplined

    @cached_property
    def boot(self) -> str:
        """See Clock; from random(4)'s boot_id, "unknown" where there is none."""
        try:
            return BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return "unknown"

    def wall_ms(self) -> int:
        """See Clock."""
        return self._judge().wall_ms

    def mono_ms(self) -> int:
        """See Clock."""
        return time.monotonic_ns() // 1_000_000

    def quality(self) -> Quality:
        """See Clock."""
        return self._judge().quality

    def off_ms(self) -> int:
        """See Clock."""
        told = self._told
        return 0 if told is None else _system_ms() - time_at(told, _steady_ms())

    def learn(self, at_ms: int, error_ms: int) -> None:
        """Somebody who has a clock says that it is `at_ms` now, at most `error_ms` off. Nonsense is not heard."""
        if at_ms < PLAUSIBLE_MS or error_ms < 0:
            return
        fix = Fix(_steady_ms(), at_ms, error_ms)
        with self._lock:
            self._told, self._best = better(self._told, fix), better(self._best, fix)

    def _judge(self) -> Judged:
        steady_ms, wall_ms = _steady_ms(), _system_ms()
        disciplined = self._kernel(steady_ms, wall_ms)
        return judge(
            disciplined=disciplined,
            trusted=self._trusted,
            best=self._best,
            steady_ms=steady_ms,
            wall_ms=wall_ms,
        )

    def _kernel(self, steady_ms: int, wall_ms: int) -> bool:
        """Whether it is disciplined, asked once a second; its good times are remembered for when it is not."""
        looked = self._looked
        if looked is not None and 0 <= steady_ms - looked[0] < KERNEL_MS:
            return looked[1]
        disciplined = self._disciplined()
        with self._lock:
            self._looked = steady_ms, disciplined
            if disciplined:
                self._best = Fix(steady_ms, wall_ms, KERNEL_ERROR_MS)
        return disciplined


def _system_ms() -> int:
    return time.time_ns() // 1_000_000


def _steady_ms() -> int:
    """Never steps, and goes on while the machine sleeps; the monotonic clock of Linux does not."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000
