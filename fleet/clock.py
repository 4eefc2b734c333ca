"""The fleet's own clock, in Unix milliseconds. Handed in, so that tests and replays have theirs."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
