"""The machine's clocks, as far as a test can know them."""

from __future__ import annotations

import time

from kiosk.clock import Clock, SystemClock


def test_the_clock_tells_time_in_milliseconds_and_how_far_to_believe_it() -> None:
    clock: Clock = SystemClock()
    before, wall = clock.mono_ms(), time.time_ns() // 1_000_000
    assert wall <= clock.wall_ms()
    assert before <= clock.mono_ms()
    assert clock.quality() in {"unsynced", "synced"}, "a clock that was never in step holds nothing over"
    assert clock.boot == SystemClock().boot, "one boot, one name"
