"""The outbox: nothing is forgotten, little is on its way, and patience has an end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.fleet_line.outbox import (
    PATIENCE_MS,
    WINDOW,
    Outbox,
    acked,
    again,
    look_again_ms,
    overdue,
    room,
    sent,
)


def test_a_few_batches_go_out_and_then_it_waits_for_the_fleet() -> None:
    outbox = Outbox()
    for number in range(1, WINDOW + 1):
        assert room(outbox)
        outbox = sent(outbox, 50 * number, now_ms=number)
    assert not room(outbox)
    outbox = acked(outbox, 120, now_ms=100)
    assert (outbox.acked, outbox.ends) == (120, (150, 200)), "two whole batches have arrived"
    assert room(outbox)


def test_without_an_ack_everything_goes_again_more_and_more_patiently() -> None:
    outbox = sent(Outbox(acked=10, sent=10), 60, now_ms=1000)
    waits = []
    now = 1000
    for _ in range(6):
        wait = look_again_ms(outbox, now)
        assert wait is not None
        waits.append(wait)
        now += wait
        outbox = overdue(outbox, now)
        assert outbox.sent == 10
        outbox = sent(outbox, 60, now)
    assert waits == [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]
    outbox = acked(outbox, 60, now)
    assert outbox.patience_ms == 2 * 195_000, "it was on its way for so long, one way or another"
    outbox = acked(sent(outbox, 110, now), 110, now + 100)
    assert outbox.patience_ms == 195_000, "which is forgotten by halves"
    assert look_again_ms(outbox, now) is None


def test_patience_counts_from_the_last_progress() -> None:
    outbox = sent(sent(Outbox(), 50, now_ms=0), 100, now_ms=4_000)
    outbox = acked(outbox, 50, now_ms=4_500)
    assert look_again_ms(outbox, 4_500) == 9_000, "twice what the last one took"


def test_what_goes_again_goes_alone_until_somebody_takes_it() -> None:
    outbox = again(sent(Outbox(), 50, now_ms=0), now_ms=1_000)
    batches = []
    while room(outbox):
        outbox = sent(outbox, outbox.sent + 50, 1_000)
        batches.append(outbox.sent)
    assert batches == [50]
    for wanted in (2, 4, 4):
        outbox = acked(outbox, outbox.sent, 1_100)
        while room(outbox):
            outbox = sent(outbox, outbox.sent + 50, 1_100)
        assert len(outbox.ends) == wanted


@pytest.mark.parametrize("takes_ms", [200, 4_000, 12_000, 25_000, 50_000])
def test_a_slow_fleet_is_not_buried_under_repetitions(takes_ms: int) -> None:
    """One batch after the other, each `takes_ms` long, repetitions as well: what is not new delays what is."""
    outbox, now, free_ms, stored, published = Outbox(), 0, 0, 0, 0
    coming: list[tuple[int, int]] = []  # when it is taken, its last number
    while outbox.acked < 60 * 50:
        while room(outbox) and outbox.sent < 60 * 50:
            outbox, published = sent(outbox, outbox.sent + 50, now), published + 1
            free_ms = max(free_ms, now) + takes_ms
            coming.append((free_ms, outbox.sent))
        wait = look_again_ms(outbox, now)
        assert wait is not None
        now = min(now + wait, coming[0][0] if coming else now + wait)
        while coming and coming[0][0] <= now:
            _, last = coming.pop(0)
            stored = max(stored, last) if last <= stored + 50 else stored
            outbox = acked(outbox, stored, now)
        if look_again_ms(outbox, now) == 0:
            outbox = overdue(outbox, now)
    assert published <= 60 * 1.25


def test_an_ack_that_says_the_same_again_is_a_sign_of_life() -> None:
    outbox = sent(acked(sent(Outbox(), 50, 0), 50, 10), 100, 20)
    assert look_again_ms(acked(outbox, 50, 4_000), 4_000) == PATIENCE_MS[0]
    assert acked(outbox, 50, 4_000).sent == 100


def test_an_ack_that_comes_twice_or_late_changes_nothing() -> None:
    outbox = acked(sent(Outbox(), 50, 0), 50, 10)
    assert acked(outbox, 50, 20) is outbox
    assert acked(outbox, 7, 20) is outbox


@settings(deadline=None)
@given(st.lists(st.sampled_from(["send", "ack", "lost", "late"]), max_size=60), st.data())
def test_whatever_happens_no_event_is_skipped(script: list[str], data: st.DataObject) -> None:
    outbox, stored, now = Outbox(), 0, 0  # stored: what the fleet has, without gaps
    for what in script:
        now += 1000
        if what == "send" and room(outbox):
            first, last = outbox.sent + 1, outbox.sent + data.draw(st.integers(1, 50))
            assert first <= stored + 1 or outbox.ends, "a gap would open"
            if data.draw(st.booleans()) and first <= stored + 1:
                stored = max(stored, last)
            outbox = sent(outbox, last, now)
        elif what == "ack":
            outbox = acked(outbox, stored, now)
        elif what == "lost":
            outbox = again(outbox, now)
        elif what == "late":
            outbox = overdue(outbox, now)
        assert outbox.acked <= stored
        assert outbox.sent >= outbox.acked
        assert len(outbox.ends) <= WINDOW
