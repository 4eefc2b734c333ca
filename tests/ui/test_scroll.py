"""A shelf under a finger: positions and speeds, with times that are handed in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.scroll import Scroller


def on_shelf(limit: float = 10_000, offset: float = 1_000) -> Scroller:
    s = Scroller(slop=16)
    s.place(offset, limit)
    return s


def test_a_trembling_finger_still_taps() -> None:
    s = on_shelf()
    s.press(0.0, 500)
    assert not s.drag(0.05, 507)
    assert not s.dragging
    assert not s.release(0.1)
    assert s.offset == 1_000


def test_the_shelf_follows_without_a_jump() -> None:
    s = on_shelf()
    s.press(0.0, 500)
    s.drag(0.02, 480)
    assert s.offset == 1_000
    s.drag(0.04, 430)
    assert s.offset == 1_050


def test_a_flick_glides_about_as_far_as_its_speed_says() -> None:
    s = on_shelf()
    s.press(0.0, 900)
    for i in range(1, 11):
        s.drag(i * 0.01, 900 - i * 20)  # 2000 px/s
    assert s.release(0.1)
    assert s.speed == pytest.approx(2_000, rel=0.1)
    while s.step(1 / 60):
        pass
    assert 1_000 + 600 < s.offset < 1_000 + 1_000


def test_a_finger_that_rests_before_it_leaves_does_not_fling() -> None:
    s = on_shelf()
    s.press(0.0, 900)
    for i in range(1, 11):
        s.drag(i * 0.01, 900 - i * 20)
    assert not s.release(0.6)


def test_late_frames_do_not_swallow_a_fling() -> None:
    s = on_shelf()
    s.press(0.0, 900)
    s.drag(0.12, 700)
    s.drag(0.24, 500)
    assert s.release(0.36)


def test_a_touch_stops_a_glide_and_is_no_tap() -> None:
    s = on_shelf()
    s.push(500)
    assert s.press(0.0, 300)
    assert not s.moving
    assert s.dragging


@given(st.lists(st.floats(-3_000, 3_000), max_size=30), st.floats(0, 5_000))
def test_it_never_leaves_the_shelf(pushes: list[float], limit: float) -> None:
    s = on_shelf(limit, 0)
    for distance in pushes:
        s.push(distance)
        for _ in range(3):
            s.step(0.1)
            assert 0 <= s.offset <= s.limit
