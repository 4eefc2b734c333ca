"""The wait before a reconnect: jittered from zero, bounded, and only forgotten after a connection that stood."""

from hypothesis import given
from hypothesis import strategies as st

from mqtt.backoff import Backoff

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
