"""A station's day is pure: a seed gives the same again, and what it comes to is what is said of it."""

from __future__ import annotations

import random
import statistics

import pytest

from kiosk.simulate.day import (
    MINUTE_MS,
    Bought,
    Did,
    Seen,
    events_per_minute,
    happenings,
    is_open,
    passers_per_minute,
    poisson,
)

MONDAY = 1_795_392_000_000 // MINUTE_MS  # 2026-11-23 00:00 UTC
RUSH, NIGHT, SATURDAY = MONDAY + 8 * 60, MONDAY + 3 * 60, MONDAY + 5 * 1440


def test_a_seed_gives_the_same_minute_again_and_another_gives_another() -> None:
    first = happenings(1, "t/s/K1", RUSH)
    assert first == happenings(1, "t/s/K1", RUSH)
    assert first != happenings(2, "t/s/K1", RUSH)
    assert first != happenings(1, "t/s/K2", RUSH)
    assert [at for at, _ in first] == sorted(at for at, _ in first)


def test_nobody_is_there_at_night() -> None:
    assert not is_open(NIGHT)
    assert happenings(1, "t/s/K1", NIGHT) == []
    assert events_per_minute(NIGHT) == 0


def test_a_working_day_has_two_rushes_and_a_weekend_has_none() -> None:
    assert passers_per_minute(RUSH) > 3 * passers_per_minute(MONDAY + 11 * 60)
    assert passers_per_minute(MONDAY + 17 * 60 + 30) > 3 * passers_per_minute(MONDAY + 14 * 60)
    assert passers_per_minute(SATURDAY + 8 * 60) < passers_per_minute(RUSH) / 3


def test_local_time_may_be_ahead() -> None:
    assert passers_per_minute(MONDAY + 23 * 60, zone_minutes=9 * 60) == passers_per_minute(RUSH)
    assert is_open(NIGHT, zone_minutes=120)


@pytest.mark.parametrize("busy", [0.1, 1.0])
def test_the_rates_that_are_said_are_those_that_come(busy: float) -> None:
    counted = [len(happenings(seed, "t/s/K1", RUSH, busy=busy)) for seed in range(800)]
    said = events_per_minute(RUSH, busy=busy)
    assert statistics.mean(counted) == pytest.approx(said, abs=6 * statistics.stdev(counted) / 800**0.5)


def test_poisson_counts_have_the_mean_and_the_variance_they_should() -> None:
    dice = random.Random(3)
    for mean in (0.5, 7.0, 200.0):
        counts = [poisson(dice, mean) for _ in range(4_000)]
        assert statistics.mean(counts) == pytest.approx(mean, rel=0.08)
        assert statistics.variance(counts) == pytest.approx(mean, rel=0.15)
    assert poisson(dice, 0.0) == 0


def test_who_buys_has_started_and_put_something_into_the_basket() -> None:
    deeds = [deed for seed in range(60) for _, deed in happenings(seed, "t/s/K1", RUSH)]
    bought = [deed for deed in deeds if isinstance(deed, Bought)]
    assert bought
    assert all(pieces > 0 and item.price_minor > 0 for deed in bought for item, pieces in deed.basket)
    assert sum(isinstance(deed, Did) and deed.what == "start" for deed in deeds) > len(bought)
    assert all(times > 0 and ms > 0 for deed in deeds if isinstance(deed, Seen) for _, times, ms in deed.seen)
