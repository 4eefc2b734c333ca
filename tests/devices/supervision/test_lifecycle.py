"""What becomes of a device, as stories and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.supervision.lifecycle import (
    LONGEST_PAUSE_S,
    LOOK_S,
    RESET_AT,
    YOUNG,
    Happening,
    Life,
    Step,
    step,
)

MISSING, THERE, OPENED = Happening.MISSING, Happening.THERE, Happening.OPENED
GONE, MUTE, BARRED, WRONG = Happening.GONE, Happening.MUTE, Happening.BARRED, Happening.WRONG


def story(*happenings: Happening) -> tuple[list[str], list[float]]:
    """The states that were told, and all pauses."""
    life, told, pauses = Life(), [], []
    for happening in happenings:
        after = step(life, happening)
        life = after.life
        pauses.append(after.pause_s)
        if after.tell:
            told.append(life.state)
    return told, pauses


@pytest.mark.parametrize(
    ("happenings", "told"),
    [
        ((MISSING, MISSING, THERE, OPENED), ["absent", "opening", "ready"]),
        ((THERE, OPENED, GONE, MISSING, THERE, OPENED), ["opening", "ready", "lost", "absent", "opening", "ready"]),
        ((THERE, OPENED, GONE, THERE, OPENED), ["opening", "ready", "lost", "ready"]),
        # pulled while it was being opened: absent, not failed
        ((THERE, GONE, MISSING), ["opening", "absent"]),
        # a network printer that is off refuses again and again, and is told of once
        ((THERE, GONE, THERE, GONE, THERE, GONE, THERE, OPENED), ["opening", "absent", "ready"]),
        ((THERE, WRONG, THERE, WRONG, THERE, OPENED), ["opening", "failed", "ready"]),
        ((THERE, OPENED, MUTE, THERE, MUTE, THERE, OPENED), ["opening", "ready", "failed", "ready"]),
        # udev has not set the node's owner yet
        ((THERE, BARRED, THERE, BARRED, THERE, OPENED), ["opening", "ready"]),
        ((THERE, BARRED) * (YOUNG + 1), ["opening", "failed"]),
    ],
)  # fmt: skip
def test_stories(happenings: tuple[Happening, ...], told: list[str]) -> None:
    assert story(*happenings)[0] == told


def test_tries_become_rarer_up_to_two_seconds_and_a_replug_begins_anew() -> None:
    assert story(*(THERE, WRONG) * 8)[1][1::2] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert story(THERE, WRONG, THERE, WRONG, MISSING, THERE, WRONG)[1] == [0, 0.05, 0, 0.1, LOOK_S, 0, 0.05]


def test_a_mute_device_is_reset_at_the_third_try_and_not_at_every_one() -> None:
    life, resets = Life(), []
    for number in range(1, 100):
        after = step(step(life, THERE).life, MUTE)
        life = after.life
        if after.reset:
            resets.append(number)
    assert resets == [3, 35, 67, 99]
    assert not step(step(life, OPENED).life, MUTE).reset, "it has spoken in between"


def test_a_device_that_worked_for_a_while_is_opened_again_at_once() -> None:
    worn = Life("ready", tries=9, told="ready")
    assert step(worn, GONE, steady=True).pause_s == 0.05
    assert step(worn, GONE).pause_s == LOOK_S, "one that flickers is not opened a hundred times a second"


@given(st.lists(st.tuples(st.sampled_from(Happening), st.booleans())))
def test_laws(happenings: list[tuple[Happening, bool]]) -> None:
    life, last_told = Life(), ""
    for happened, steady in happenings:
        after: Step = step(life, happened, steady)
        life = after.life
        assert 0 <= after.pause_s <= LONGEST_PAUSE_S
        assert after.pause_s > 0 or happened in (THERE, OPENED), "nothing loops without a pause"
        assert after.reset <= (happened is MUTE and life.mute >= RESET_AT)
        if after.tell:
            assert life.state != last_told, "the same state is never told twice"
            last_told = life.state
        assert (life.state == "ready") == (happened is OPENED)
        if happened is GONE:
            assert life.state in ("lost", "absent"), "what was pulled has not failed"
