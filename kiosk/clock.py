"""Time, handed in: the kiosk's parts read no clock but the one they are given."""

from __future__ import annotations

import ctypes
import time
from functools import cached_property
from pathlib import Path
from typing import Protocol

STA_UNSYNC = 0x40  # <linux/timex.h>: nobody disciplines the clock
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What time it is, and how far it can be believed. Every method may be called from any thread."""

    @property
    def boot(self) -> str:
        """Names this boot of the machine: monotonic times compare within it only."""

    def wall_ms(self) -> int:
        """Unix milliseconds; may jump."""

    def mono_ms(self) -> int:
        """Milliseconds that never jump."""

    def quality(self) -> str:
        """`unsynced`, `holdover` (was synced once in this run) or `synced`: a Raspberry Pi has no clock battery."""


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


class SystemClock:
    """The machine's clocks."""

    def __init__(self, *, trusted: bool = False) -> None:
        """`trusted`: something outside the system keeps its clock right, such as a battery or a container's host."""
        self._was_synced = trusted
        self._libc = ctypes.CDLL(None)

    @cached_property
    def boot(self) -> str:
        """See Clock; from random(4)'s boot_id, "unknown" where there is none."""
        try:
            return BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return "unknown"

    def wall_ms(self) -> int:
        """See Clock."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """See Clock."""
        return time.monotonic_ns() // 1_000_000

    def quality(self) -> str:
        """See Clock; the kernel knows whether some daemon keeps its clock in step (adjtimex(2))."""
        if self._disciplined():
            self._was_synced = True
            return "synced"
        return "holdover" if self._was_synced else "unsynced"

    def _disciplined(self) -> bool:
        timex = _Timex(modes=0)
        try:
            state = self._libc.adjtimex(ctypes.byref(timex))
        except AttributeError:  # not Linux
            return False
        return bool(state >= 0 and not timex.status & STA_UNSYNC)
