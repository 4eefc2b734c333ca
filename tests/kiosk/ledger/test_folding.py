"""Folding, as a pure decision: nothing is lost from any sum, no number is left out, money is never touched."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.ledger.folding import GAP_BYTES, fold
from mqtt.messages import Engaged, Gap, KioskEvent, RefundWanted, SaleMade, decode, encode
from tests.kiosk.ledger.events import HOUR, START, covered, play, runs, seen, sums

Rows = list[tuple[int, bytes]]


def rows_of(events: Sequence[KioskEvent], epoch: str = "e") -> Rows:
    return [
        (place, encode(msgspec.structs.replace(event, epoch=epoch, seq=place)))
        for place, event in enumerate(events, 1)
    ]


def folded(rows: Rows) -> Rows:
    """What an outbox holds afterwards."""
    left = dict(rows)
    for change in fold(rows):
        gone = [place for place in left if change.first <= place <= change.place]
        assert len(gone) == change.rows
        assert sum(len(left.pop(place)) for place in gone) == change.size
        left[change.place] = change.body
    return sorted(left.items())


def read(rows: Rows) -> list[KioskEvent]:
    return [decode(body, KioskEvent) for _, body in rows]


@given(runs())
@settings(max_examples=100, deadline=None)
def test_sums_and_numbers_stay_whatever_is_folded(events: list[KioskEvent]) -> None:
    before = rows_of(events)
    after = folded(before)
    assert sums(read(after)) == sums(read(before))
    assert covered(read(after)) == list(range(1, len(events) + 1))
    assert [(place, event.seq) for place, event in zip(dict(after), read(after), strict=True)] == [
        (place, place) for place in dict(after)
    ]


@given(runs())
@settings(max_examples=100, deadline=None)
def test_money_is_never_folded_and_folding_again_changes_nothing(events: list[KioskEvent]) -> None:
    before = rows_of(events)
    after = folded(before)
    money = [
        body
        for body, event in zip(dict(before).values(), events, strict=True)
        if isinstance(event, SaleMade | RefundWanted)
    ]
    assert [
        body for _, body in after if isinstance(decode(body, KioskEvent), SaleMade | RefundWanted)
    ] == money
    assert fold(after) == []
    assert sum(len(body) for _, body in after) <= sum(len(body) for _, body in before)


@given(runs(), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_folded_in_slices_it_comes_to_the_same_sums(events: list[KioskEvent], size: int) -> None:
    rows = rows_of(events)
    left: Rows = []
    for place, body in rows:  # as the ledger does: the last row of a slice begins the next
        left = left[:-size] + folded([*left[-size:], (place, body)])
    assert sums(read(left)) == sums(read(rows))
    assert covered(read(left)) == list(range(1, len(rows) + 1))


def test_a_run_ends_where_the_hour_the_epoch_or_the_numbers_do() -> None:
    hours = [play(START + HOUR // 2)] * 5 + [play(START + HOUR)] * 5
    assert [(c.first, c.place, c.events) for c in fold(rows_of(list(hours)))] == [(1, 5, 5), (6, 10, 5)]
    two = rows_of([play()] * 5) + [(place + 5, body) for place, body in rows_of([play()] * 5, "f")]
    assert [(c.first, c.place) for c in fold(two)] == [(1, 5), (6, 10)]
    torn = [row for row in rows_of([play()] * 10) if row[0] != 5]
    assert [(c.first, c.place) for c in fold(torn)] == [(1, 4), (6, 10)]


def test_impressions_belong_to_the_hour_they_were_seen_in_not_told_in() -> None:
    late = msgspec.structs.replace(seen(START - 1, [(1, 2, 3)]), wall_ms=START + 500)
    [one] = fold(rows_of([late] * 5))
    gap = decode(one.body, KioskEvent)
    assert isinstance(gap, Gap)
    assert gap.wall_ms // HOUR == gap.from_ms // HOUR == START // HOUR - 1
    assert gap.seen == (("dairy", 1, 10, 15),)


def test_a_gap_stays_small_enough_for_every_broker() -> None:
    events: list[KioskEvent] = [
        seen(
            START,
            [(facing, 1, 1000) for facing in range(first, first + 50)],
            aisle="an-aisle-of-32-characters-at-most",
        )
        for first in range(1, 1_000, 50)
        for _ in range(6)  # somebody stands there for so many minutes
    ]
    after = folded(rows_of(events))
    assert 1 < len(after) < len(events) / 2
    assert max(len(body) for _, body in after) <= GAP_BYTES
    assert sums(read(after)) == sums(events)
    assert fold(after) == []


def test_the_worst_clock_of_a_run_is_the_gaps() -> None:
    clocks = ["synced", "holdover", "synced", "something new"]
    [one] = fold(rows_of([msgspec.structs.replace(play(), clock=clock) for clock in clocks[:3]] * 3))
    assert decode(one.body, KioskEvent).clock == "holdover"
    [one] = fold(rows_of([msgspec.structs.replace(play(), clock=clock) for clock in clocks] * 3))
    assert decode(one.body, KioskEvent).clock == "something new"


def test_what_happened_at_an_uncertain_time_takes_no_other_out_of_its_hour() -> None:
    """The fleet counts a gap of an unsynced clock in the hour it comes in, be that days later."""
    clocks = ["unsynced"] * 4 + ["synced"] * 3 + ["holdover"] * 3
    found = read(folded(rows_of([msgspec.structs.replace(play(), clock=clock) for clock in clocks])))
    assert [(event.seq, event.clock) for event in found] == [(4, "unsynced"), (10, "holdover")]


def test_what_a_newer_program_wrote_and_what_would_not_shrink_is_left_alone() -> None:
    strange = [(place, b'{"type":"future","epoch":"e","seq":%d}' % place) for place in range(1, 9)]
    assert fold(strange) == []
    engaged = Engaged(epoch="", seq=0, wall_ms=START, mono_ms=1, boot="b", what="add")
    assert fold(rows_of([engaged])) == []
    assert fold([]) == []
