"""Whether an adopted wall is well, and when a staged one may come: both judged from facts alone."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from kiosk.adopting.health import Facts, Verdict, begin, faults_of, judge, watch
from kiosk.adopting.moment import DAY_MS, is_due
from kiosk.adopting.slots import Staged, Wall
from mqtt.commands import ON_THE_GLASS

WINDOW = 300_000
GOOD = Facts(
    mono_ms=0,
    showing=True,
    frames=90,
    facings=4,
    screens=1,
    connected=1,
    ready=frozenset({"scanner", "printer"}),
)


def after(ms: int, start: Facts = GOOD, **now: Any) -> Verdict:
    """The verdict `ms` after an adoption, with what has changed since."""
    found = judge(watch(begin(start), structs.replace(start, mono_ms=ms, **now)), WINDOW)
    assert (found.kind == "unwell") == (found.reason in ON_THE_GLASS), "or a roll-out would forget it"
    return found


def test_a_wall_is_well_when_it_was_seen_for_the_window() -> None:
    assert after(WINDOW - 1).kind == "wait"
    assert after(WINDOW).kind == "well"


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({"faults": 1}, "faults"),
        ({"unanswered": 3}, "unreadable"),
        ({"connected": 4}, "screen-restarts"),
    ],
)
def test_what_fails_is_unwell_at_once(now: dict[str, Any], reason: str) -> None:
    verdict = after(5, **now)
    assert (verdict.kind, verdict.reason) == ("unwell", reason)
    assert verdict.detail


def test_a_view_that_cannot_be_made_closes_the_wall_and_is_no_reason_to_wait() -> None:
    faults = faults_of({"steps-failed": 1, "views-failed": 2, "effects-failed": 4})
    assert faults == 3, "an effect may fail for want of a disk"
    assert after(5, showing=False, faults=faults).reason == "faults"


def test_what_failed_before_is_not_held_against_it() -> None:
    start = structs.replace(GOOD, faults=7, unanswered=9, connected=12)
    assert after(WINDOW, start).kind == "well"


@pytest.mark.parametrize(
    ("now", "reason"), [({"frames": 0, "facings": 0}, "no-frames"), ({"facings": 0}, "no-facings")]
)
def test_a_wall_that_nobody_saw_is_unwell_when_the_window_is_over(now: dict[str, Any], reason: str) -> None:
    assert after(WINDOW - 1, **now).kind == "wait"
    assert after(WINDOW, **now).reason == reason


def test_without_any_screen_nothing_is_known_of_the_release() -> None:
    start = structs.replace(GOOD, frames=0, facings=0, screens=0, connected=0)
    assert after(99 * WINDOW, start).kind == "wait"
    came = watch(begin(start), structs.replace(start, mono_ms=99 * WINDOW, screens=1, connected=1))
    assert judge(came, WINDOW).kind == "wait", "it has the window, too"
    drew_nothing = watch(came, structs.replace(came.last, mono_ms=100 * WINDOW))
    assert judge(drew_nothing, WINDOW).reason == "no-frames"
    left = watch(came, structs.replace(came.last, mono_ms=100 * WINDOW, screens=0))
    assert judge(left, WINDOW).reason == "no-frames", "one came, and drew nothing"


def test_a_live_change_at_the_end_of_the_window_is_not_held_against_a_release() -> None:
    trial = watch(
        begin(structs.replace(GOOD, frames=0, facings=0)), structs.replace(GOOD, mono_ms=WINDOW - 1)
    )
    anew = structs.replace(GOOD, mono_ms=WINDOW, frames=0, facings=0)  # the screen begins to count anew
    assert judge(watch(trial, anew), WINDOW).kind == "well"


def test_a_screen_that_is_being_started_again_is_waited_for() -> None:
    trial = watch(begin(GOOD), structs.replace(GOOD, mono_ms=WINDOW - 1))
    away = watch(trial, structs.replace(GOOD, mono_ms=WINDOW, screens=0))
    assert judge(away, WINDOW).kind == "wait"
    back = watch(away, structs.replace(GOOD, mono_ms=WINDOW + 1, connected=2, frames=0, facings=0))
    assert judge(back, WINDOW).kind == "well"


def test_a_device_that_went_has_the_window_twice_to_come_back() -> None:
    gone = frozenset({"scanner"})
    assert after(WINDOW, ready=gone).kind == "wait"
    verdict = after(2 * WINDOW, ready=gone)
    assert (verdict.reason, verdict.detail) == ("devices", "ready before, and not now: printer")
    assert after(2 * WINDOW, ready=GOOD.ready | {"reader"}).kind == "well"


def test_time_counts_only_while_the_wall_is_to_be_seen() -> None:
    trial = begin(GOOD)
    for ms, showing in ((WINDOW - 10, True), (WINDOW, False), (9 * WINDOW, False), (9 * WINDOW + 5, True)):
        trial = watch(trial, structs.replace(GOOD, mono_ms=ms, showing=showing))
    assert trial.shown_ms == WINDOW - 10
    assert judge(watch(trial, structs.replace(GOOD, mono_ms=9 * WINDOW + 15)), WINDOW).kind == "well"


# --- the moment -----------------------------------------------------------------------------------------------

WALL = Wall("demo-000001", "0" * 16)
NOON = 1_800_000_000


def test_without_a_signed_moment_it_is_at_once() -> None:
    assert is_due(Staged(WALL, 0), 0, None, 0)


def test_an_absolute_moment_is_kept_and_a_slow_clock_makes_it_late() -> None:
    staged = Staged(WALL, 0, at=NOON)
    assert not is_due(staged, NOON * 1000 - 1, 720, DAY_MS)
    assert is_due(staged, NOON * 1000, None, 0)
    assert not is_due(staged, 1000, None, 99 * DAY_MS), "a clock that starts in 1970"


@pytest.mark.parametrize(
    ("window", "minute", "due"),
    [
        ((60, 240), 59, False), ((60, 240), 60, True), ((60, 240), 239, True), ((60, 240), 240, False),
        ((1380, 60), 1379, False), ((1380, 60), 1380, True), ((1380, 60), 0, True), ((1380, 60), 60, False),
    ],
)  # fmt: skip
def test_local_hours_may_go_over_midnight(window: tuple[int, int], minute: int, due: bool) -> None:
    assert is_due(Staged(WALL, 0, window=window), NOON * 1000, minute, 0) is due


def test_both_must_hold() -> None:
    staged = Staged(WALL, 0, at=NOON, window=(60, 240))
    assert not is_due(staged, NOON * 1000 - 1, 100, 0)
    assert not is_due(staged, NOON * 1000, 50, 0)
    assert is_due(staged, NOON * 1000, 100, 0)


def test_without_a_clock_a_day_of_running_has_had_every_hour() -> None:
    staged = Staged(WALL, 0, window=(60, 240))
    assert not is_due(staged, 0, None, DAY_MS - 1)
    assert is_due(staged, 0, None, DAY_MS)
