"""The wait before a reconnect: jittered from zero, bounded, and only forgotten after a connection that stood."""

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqtt.backoff import Backoff, station

DRAWS = st.floats(min_value=0, max_value=1, exclude_max=True)


@given(failures=st.integers(1, 10_000), draw=DRAWS)
def test_a_wait_is_never_longer_than_the_cap(failures: int, draw: float) -> None:
    assert 0 <= Backoff(base_s=0.5, cap_s=60).delay(failures, draw) <= 60


def test_the_ceiling_doubles() -> None:
    backoff = Backoff(base_s=0.5, cap_s=60)
    assert [backoff.delay(n, 0.5) for n in (1, 2, 3, 4, 9)] == [0.25, 0.5, 1.0, 2.0, 30.0]


def test_two_clients_that_throw_each_other_out_slow_down() -> None:
    backoff = Backoff(stable_s=10)
    failures = 0
    for _ in range(5):
        failures = backoff.failures_after(failures, stood_s=0.3)
    assert failures == 5
    assert backoff.failures_after(failures, stood_s=10.0) == 1


@given(failures=st.integers(1, 10_000), draw=DRAWS)
def test_a_crowd_is_back_in_twice_the_time_it_is_spread_over(failures: int, draw: float) -> None:
    waited = station(10).delay(failures, draw, crowd=True)
    assert (0 if failures == 1 else 10) <= waited <= 20
    assert station(10).delay(failures, draw) <= 20
    assert station(0) == Backoff()


@pytest.mark.parametrize("away_s", [1.0, 7.0, 40.0])
def test_a_crowd_never_tries_all_at_once(away_s: float) -> None:
    """A thousand lose the broker at the same moment, in virtual time."""
    dice, backoff = random.Random(1), station(10)
    tries: Counter[int] = Counter()
    last = 0.0
    for _ in range(1000):
        now, failures = backoff.delay(1, dice.random(), crowd=True), 1
        while now < away_s:
            tries[int(now)] += 1
            failures += 1
            now += backoff.delay(failures, dice.random(), crowd=True)
        tries[int(now)] += 1
        last = max(last, now)
    assert max(tries.values()) < 150
    assert last < away_s + 20


@pytest.mark.parametrize("seed", range(5))
def test_two_with_one_name_do_not_hammer(seed: int) -> None:
    """Whoever connects throws the other out. An hour of it, by paho's policy and by ours, in virtual time."""
    ours = takeovers(Backoff(), random.Random(seed).random)
    theirs = takeovers(Backoff(base_s=1.0, cap_s=1.0, stable_s=0.0), lambda: 1.0)
    assert ours < 300 < 3_000 < theirs


def takeovers(backoff: Backoff, draw: Callable[[], float]) -> int:
    """Connects of two clients with one id in an hour; a try takes 50 ms."""
    due, failures, up, since, connects, now = [0.0, 0.0], [0, 0], -1, 0.0, 0, 0.0
    while now < 3600:
        who = due.index(min(due))
        now = due[who] + 0.05
        other, connects = 1 - who, connects + 1
        if up == other:
            failures[other] = backoff.failures_after(failures[other], now - since)
            due[other] = now + backoff.delay(failures[other], draw())
        up, since, due[who] = who, now, math.inf
    return connects
