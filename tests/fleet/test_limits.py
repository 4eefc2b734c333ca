"""Token buckets: nobody gets more than the rule gives, and nobody waits longer than it was told."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.limits import MINUTE_MS, AtOnce, Bucket, Limits, Rule, client_key, take

RULES = st.builds(Rule, st.integers(1, 50).map(float), st.sampled_from([0.5, 1.0, 6.0, 60.0, 900.0]))


@given(rule=RULES, gaps=st.lists(st.integers(-5_000, 120_000), max_size=200))
def test_never_more_than_the_burst_and_what_time_has_brought(rule: Rule, gaps: list[int]) -> None:
    bucket, now, taken = Bucket(rule.burst, 0), 0, 0
    highest = 0
    for gap in gaps:
        now = max(0, now + gap)  # the clock may be set back
        highest += max(0, gap)
        bucket, wait_ms = take(bucket, rule, now)
        taken += wait_ms == 0
        assert 0 <= bucket.tokens <= rule.burst
    assert taken <= rule.burst + highest * rule.per_minute / MINUTE_MS + 1e-6


@given(rule=RULES, tokens=st.floats(0, 1, exclude_max=True), now=st.integers(0, 2**40))
def test_who_waits_as_told_is_let_through(rule: Rule, tokens: float, now: int) -> None:
    bucket, wait_ms = take(Bucket(tokens, now), rule, now)
    assert wait_ms > 0
    assert bucket.tokens == tokens  # asking in vain costs nothing
    _, wait_ms = take(bucket, rule, now + wait_ms + 1)
    assert wait_ms == 0


def test_one_key_does_not_pay_for_another() -> None:
    limits = Limits(Rule(2, 60))
    assert [limits.take("a", 0) for _ in range(3)] == [0, 0, 1000]
    assert limits.take("b", 0) == 0
    limits.give_back("a", 0)
    assert limits.take("a", 0) == 0


def test_what_was_not_used_fills_no_bucket_over_its_brim() -> None:
    limits = Limits(Rule(1, 60))
    limits.give_back("a", 0)
    assert limits.take("a", 0) == 0
    assert limits.take("a", 0) > 0


def test_memory_is_bounded() -> None:
    limits = Limits(Rule(1, 1), most_keys=10)
    for number in range(1000):
        assert limits.take(f"k{number}", 0) == 0
    assert limits.take("k999", 0) > 0  # the latest are remembered


def test_threads_share_a_bucket_fairly() -> None:
    limits, through = Limits(Rule(25, 1)), list[int]()

    def knock() -> None:
        through.extend(limits.take("door", 0) for _ in range(20))

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert through.count(0) == 25


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_clients_are_told_apart_by_what_they_cannot_change_at_will(host: str, key: str) -> None:
    assert client_key(host) == key


def test_only_so_many_are_inside_at_once_and_each_makes_room_again() -> None:
    doors = AtOnce(2)
    with doors.enter("bank") as first, doors.enter("bank") as second, doors.enter("bank") as third:
        assert (first, second, third) == (True, True, False)
        with doors.enter("other") as elsewhere:
            assert elsewhere
    with pytest.raises(RuntimeError), doors.enter("bank"):
        raise RuntimeError("it failed inside")
    with doors.enter("bank") as one, doors.enter("bank") as other:
        assert one
        assert other
