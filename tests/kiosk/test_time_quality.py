"""How far a clock can be believed: whatever is heard, the error that is claimed is never smaller than the true one."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kiosk.clock.time_quality import (
    DRIFT_PPM,
    HOLDOVER_MS,
    SYNCED_MS,
    Fix,
    better,
    error_at,
    fix_of,
    judge,
    quality_of,
    time_at,
)

DAY = 86_400_000
T0 = 1_800_000_000_000
HEARD = st.tuples(  # after how long, on the way there, on the way back
    st.integers(0, 2 * DAY), st.integers(0, 20_000), st.integers(0, 20_000)
)


@dataclass
class World:
    """A true time, and a steady clock that runs wrong by a constant rate."""

    drift_ppm: float
    steady_ms: int = 0

    @property
    def true_ms(self) -> float:
        return T0 + self.steady_ms * (1 + self.drift_ppm / 1e6)


@given(
    drift=st.floats(-DRIFT_PPM * 0.9, DRIFT_PPM * 0.9),
    heard=st.lists(HEARD, min_size=1, max_size=10),
    later=st.integers(0, 10 * DAY),
)
def test_the_claimed_error_is_never_smaller_than_the_true_one(
    drift: float, heard: list[tuple[int, int, int]], later: int
) -> None:
    world, best = World(drift), None
    for wait, there, back in heard:
        world.steady_ms += wait
        asked = world.steady_ms
        world.steady_ms += there
        said = int(world.true_ms)
        world.steady_ms += back
        best = better(best, fix_of(asked, world.steady_ms, said))
    assert best is not None
    world.steady_ms += later
    off = abs(time_at(best, world.steady_ms) - world.true_ms)
    assert off <= error_at(best, world.steady_ms) + 3, (
        "whole milliseconds, and a round trip has drift of its own"
    )


@given(error=st.integers(0, 100_000), ages=st.lists(st.integers(0, 30 * DAY), min_size=2, max_size=20))
def test_quality_only_gets_worse_with_age(error: int, ages: list[int]) -> None:
    order = ("synced", "holdover", "unsynced")
    fix = Fix(0, T0, error)
    ranks = [order.index(quality_of(error_at(fix, age))) for age in sorted(ages)]
    assert ranks == sorted(ranks)


@given(step=st.integers(-50 * 365 * DAY, 50 * 365 * DAY), age=st.integers(0, DAY))
def test_no_step_of_the_systems_clock_moves_a_time_that_was_told(step: int, age: int) -> None:
    fix = Fix(1_000, T0, 50)
    here = judge(disciplined=False, trusted=False, best=fix, steady_ms=1_000 + age, wall_ms=T0 + age)
    stepped = judge(
        disciplined=False, trusted=False, best=fix, steady_ms=1_000 + age, wall_ms=T0 + age + step
    )
    assert here == stepped
    assert here.wall_ms == T0 + age


@given(wall=st.integers(0, 2 * T0), error=st.integers(0, DAY))
def test_a_disciplined_clock_is_not_corrected(wall: int, error: int) -> None:
    told = judge(disciplined=True, trusted=False, best=Fix(0, T0, error), steady_ms=0, wall_ms=wall)
    assert (told.wall_ms, told.quality) == (wall, "synced")


def test_without_anybodys_word_the_systems_clock_is_all_there_is() -> None:
    told = judge(disciplined=False, trusted=False, best=None, steady_ms=5, wall_ms=T0)
    assert (told.wall_ms, told.quality) == (T0, "unsynced")


def test_a_trusted_clock_holds_for_ever() -> None:
    told = judge(disciplined=False, trusted=True, best=Fix(0, T0 + 99, 0), steady_ms=900 * DAY, wall_ms=T0)
    assert (told.wall_ms, told.quality) == (T0, "holdover")


def test_what_each_quality_means_in_time() -> None:
    fix = Fix(0, T0, 50)  # a round trip of 100 ms
    assert quality_of(error_at(fix, 9_500_000)) == "synced", "2 h 38 min: asked every hour it stays so"
    assert quality_of(error_at(fix, 9_600_000)) == "holdover"
    assert quality_of(error_at(fix, int(6.9 * DAY))) == "holdover"
    assert quality_of(error_at(fix, 7 * DAY)) == "unsynced"
    assert quality_of(SYNCED_MS) == "synced"
    assert quality_of(HOLDOVER_MS) == "holdover"
    assert quality_of(HOLDOVER_MS + 1) == quality_of(None) == "unsynced"


def test_the_quick_answer_is_kept_and_a_contradiction_is_believed() -> None:
    quick, slow = Fix(1_000, T0, 10), Fix(2_000, T0 + 1_300, 400)
    assert better(quick, slow) == quick
    assert better(slow, quick) == quick
    set_right = Fix(3_000, T0 + 3_600_000, 400)
    assert better(quick, set_right) == set_right, "the fleet's clock was an hour wrong, and somebody set it"
