"""The outbox: nothing is forgotten, little is on its way, and patience has an end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.outbox import PATIENCE_MS, WINDOW, Outbox, acked, again, look_again_ms, overdue, room, sent


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
    assert outbox.patience_ms == PATIENCE_MS[0]
    assert look_again_ms(outbox, now) is None


def test_patience_counts_from_the_last_progress() -> None:
    outbox = sent(sent(Outbox(), 50, now_ms=0), 100, now_ms=4_000)
    outbox = acked(outbox, 50, now_ms=4_500)
    assert look_again_ms(outbox, 4_500) == 5_000


def test_an_ack_that_comes_twice_or_late_changes_nothing() -> None:
    outbox = acked(sent(Outbox(), 50, 0), 50, 10)
    assert acked(outbox, 50, 20) is outbox
    assert acked(outbox, 7, 20) is outbox


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
