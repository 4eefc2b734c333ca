"""The model of capacity: arithmetic that can be checked by hand."""

from __future__ import annotations

import pytest

from kiosk.simulate.capacity import Costs, Machines, a_day, ceiling, events_s

COSTS = Costs(broker_us=100, ingest_us=200, broker_idle_us=10)


def test_the_scarcer_program_is_the_ceiling() -> None:
    assert ceiling(COSTS, Machines(), 0) == 5_000
    assert ceiling(COSTS, Machines(ingest_cores=4), 0) == 10_000
    assert ceiling(COSTS, Machines(ingest_cores=4), 50_000) == 5_000
    assert ceiling(COSTS, Machines(), 200_000) == 0


def test_within_the_ceiling_nothing_waits() -> None:
    day = a_day(1_000, COSTS, Machines())
    assert day.longest_wait_s == 0
    assert day.peak_events_s == pytest.approx(max(events_s(1_000, minute) for minute in range(1440)))
    assert day.broker_cores == pytest.approx(day.peak_events_s * 100e-6 + 0.01)
    assert day.ingest_cores == pytest.approx(day.peak_events_s * 200e-6)


def test_beyond_it_the_rush_waits_and_the_evening_works_it_off() -> None:
    few, many = a_day(1_000, COSTS, Machines()), a_day(30_000, COSTS, Machines())
    assert many.events == pytest.approx(30 * few.events)
    assert many.peak_events_s > ceiling(COSTS, Machines(), 30_000)
    assert many.longest_wait_s > 60


def test_an_outage_is_worked_off_faster_by_more_workers() -> None:
    morning = (8 * 60, 30)
    alone = a_day(10_000, COSTS, Machines(), outage=morning)
    four = a_day(10_000, COSTS, Machines(ingest_cores=4), outage=morning)
    assert alone.drained_min > four.drained_min > 0
    assert alone.longest_wait_s > four.longest_wait_s >= 30 * 60


def test_a_fleet_that_is_too_small_never_ends() -> None:
    assert a_day(200_000, COSTS, Machines()).longest_wait_s == float("inf")


def test_an_outage_that_a_day_does_not_work_off_says_so() -> None:
    assert a_day(25_000, COSTS, Machines(), outage=(8 * 60, 30)).drained_min < float("inf")
    assert a_day(60_000, COSTS, Machines(), outage=(8 * 60, 30)).drained_min == float("inf")


def test_what_is_said_at_coming_back_may_take_longer_than_coming_back() -> None:
    costs = Costs(broker_us=100, ingest_us=200, came_us=5_000, store_us=300)
    few, many = a_day(1_000, costs, Machines()), a_day(10_000, costs, Machines(broker_cores=4))
    assert few.heard_s == few.back_s == 24
    assert (many.back_s, many.heard_s) == (24, 50)
    assert many.store_cores == pytest.approx(many.peak_events_s * 300e-6)
