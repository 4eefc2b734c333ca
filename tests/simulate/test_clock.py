"""Simulated clocks: fast, a little wrong, and never backwards unless somebody sets them."""

from __future__ import annotations

import pytest

from kiosk.simulate.clock import DriftingClock, Era, Fault

START = 1_795_392_000_000


class Hands:
    """A monotonic clock that is moved by hand."""

    ns = 0

    def __call__(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9)


def test_a_minute_passes_in_a_second() -> None:
    hands = Hands()
    era = Era(START, 60.0, hands)
    hands.pass_s(1)
    assert era.true_ms() == START + 60_000
    assert era.real_s(START + 120_000) == pytest.approx(1.0)
    assert era.real_s(START) == 0.0
    with pytest.raises(ValueError, match="more than 0"):
        Era(START, 0.0)


def test_a_clock_drifts_while_nobody_sets_it_and_is_right_when_somebody_does() -> None:
    hands = Hands()
    clock = DriftingClock(Era(START, 1.0, hands), Fault(drift_ppm=100))
    hands.pass_s(1_000)
    assert (clock.quality(), clock.off_ms()) == ("synced", 0)
    clock.sync(False)
    hands.pass_s(1_000)
    assert (clock.quality(), clock.off_ms()) == ("holdover", 100)
    assert clock.wall_ms() == START + 2_000_000 + 100
    clock.sync(True)
    assert (clock.quality(), clock.off_ms()) == ("synced", 0)


def test_a_clock_without_a_battery_starts_behind_and_jumps_when_it_is_set() -> None:
    hands = Hands()
    clock = DriftingClock(Era(START, 1.0, hands), Fault(behind_ms=3_600_000, unset_s=30))
    assert (clock.quality(), clock.wall_ms()) == ("unsynced", START - 3_600_000)
    before = clock.mono_ms()
    hands.pass_s(31)
    assert (clock.quality(), clock.wall_ms()) == ("synced", START + 31_000)
    assert clock.mono_ms() - before == 31_000


def test_a_boot_begins_the_monotonic_clock_anew_under_another_name() -> None:
    hands = Hands()
    clock = DriftingClock(Era(START, 1.0, hands))
    boot = clock.boot
    hands.pass_s(5)
    clock.restart()
    assert clock.mono_ms() == 0
    assert clock.boot != boot
