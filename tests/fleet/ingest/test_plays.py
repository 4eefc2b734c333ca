"""Proof of play: by creative, booking and minute exactly what kiosks wrote, however it comes; clocks and durations."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.events import plays, rollups
from fleet.events.reading import contradiction
from fleet.events.rows import Stored
from fleet.store.store import Store
from kiosk.ledger.folding import fold
from mqtt.messages import AdvertPlayed, Gap, KioskEvent, Showing, decode, encode
from tests.fleet.ingest.streams import CAME, deliveries, gap, of
from tests.fleet.ingest.test_rollups import empty
from tests.fleet.samples import event

MINUTE = CAME // 60_000
STEP = importlib.import_module("fleet.store.migrations.versions.0012_plays")


@st.composite
def written(draw: st.DrawFn) -> list[KioskEvent]:
    """What a kiosk wrote: plays of some bookings, and other things between them."""
    found: list[KioskEvent] = []
    for seq in range(1, draw(st.integers(2, 25))):
        if draw(st.integers(0, 9)) == 0:
            found.append(event(seq, draw(st.sampled_from(("sale", "engagement")))))
            continue
        drawn = draw(st.booleans())
        found.append(
            AdvertPlayed(
                epoch="e1", seq=seq, wall_ms=CAME - draw(st.integers(-90_000, 200_000)), mono_ms=seq, boot="b",
                clock=draw(st.sampled_from(("synced", "synced", "holdover", "unsynced"))), advert=draw(st.sampled_from("ab")),
                shown_ms=draw(st.integers(1, 12_000)), creative=draw(st.sampled_from(("", "c1", "c2"))),
                name="Autumn", booking=draw(st.sampled_from(("", "B-1"))), ended=draw(st.sampled_from(("end", "person"))),
                drawn=drawn, touched=drawn and draw(st.booleans()), how_ms=draw(st.integers(0, 8_000)),
            )
        )  # fmt: skip
    return found


def full_card(events: list[KioskEvent], upto: int) -> list[KioskEvent]:
    """The same after a full card has folded what stood at places up to `upto`."""
    rows = {each.seq: encode(each) for each in events}
    for change in fold([row for row in rows.items() if row[0] <= upto]):
        for place in range(change.first, change.place + 1):
            rows.pop(place, None)
        rows[change.place] = change.body
    return [decode(body, KioskEvent) for _, body in sorted(rows.items())]


def by_booking(events: list[KioskEvent]) -> Counter[tuple[str, ...]]:
    """Sums of what was written, by everything but the moment."""
    found: Counter[tuple[str, ...]] = Counter()
    for each in events:
        if isinstance(each, AdvertPlayed):
            trusted = "unsynced" if each.clock == "unsynced" else "trusted"
            key = (each.advert, each.creative, each.booking, trusted)
            figures = (1, each.shown_ms, each.how_ms, each.drawn, each.ended == "person", each.touched)
            for name, figure in zip(plays.FIGURES, figures, strict=True):
                found[*key, name] += int(figure)
    return +found


def in_store(store: Store) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    with store.read() as connection:
        assert plays.differences(connection) == []
        for place, figures in plays.stored(connection).items():
            trusted = "unsynced" if place.clock == "unsynced" else "trusted"
            what = place.showing
            for name, figure in zip(plays.FIGURES, figures, strict=True):
                found[what.advert, what.creative, what.booking, trusted, name] += figure
    return +found


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_sums_are_what_kiosks_wrote_folded_repeated_and_out_of_order(
    store: Store, data: st.DataObject
) -> None:
    events = data.draw(written())
    sent = full_card(events, data.draw(st.integers(0, len(events))))
    empty(store)
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM plays")
    for batch in data.draw(deliveries([of(each) for each in sent])):
        store.commit(batch)
    assert in_store(store) == by_booking(events)


@settings(max_examples=25, deadline=None)
@given(events=written(), came=st.integers(-200_000, 200_000))
def test_by_creative_they_are_the_sums_by_advert(events: list[KioskEvent], came: int) -> None:
    items = [of(each, came=CAME + came) for each in full_card(events, len(events) // 2)]
    shown: Counter[tuple[object, ...]] = Counter()
    for place, figures in plays.sums_of(items).items():
        for name, figure in zip(("times", "amount"), figures, strict=False):
            shown[place.kiosk, place.minute, place.showing.advert, name] += figure
    told: Counter[tuple[object, ...]] = Counter()
    for (kiosk, minute, kind, key), figures in rollups.sums_of(items).items():
        if kind == "play":
            told.update(
                {(kiosk, minute, key, "times"): figures[0], (kiosk, minute, key, "amount"): figures[1]}
            )
    assert shown == told


def test_a_clock_that_is_set_while_a_slide_is_up_moves_the_play_and_never_stretches_it() -> None:
    """Up at 1970, down today: the wall clock stepped by 53 years in eight seconds."""
    made = event(1, "play", clock="synced", wall_ms=CAME - 1, began_ms=5, began_mono_ms=1000, shown_ms=8000)
    assert [(place.minute, figures[1]) for place, figures in plays.sums_of([of(made)]).items()] == [
        ((CAME - 1) // 60_000, 8000)
    ]


def test_a_play_of_a_clock_nobody_vouches_for_is_of_the_minute_it_came_in_and_says_so() -> None:
    ahead = event(1, "play", clock="unsynced", wall_ms=CAME * 9)
    [place] = plays.sums_of([of(ahead)])
    assert (place.minute, place.clock) == (MINUTE, "unsynced")


def test_a_gap_of_an_older_program_counts_under_its_advert_alone() -> None:
    sums = plays.sums_of([of(gap(3, 6))])
    assert {place.showing: figures[:2] for place, figures in sums.items()} == {
        plays.What("spring"): [4, 32_000]
    }


def test_a_gap_of_a_program_between_counts_each_play_once() -> None:
    """Some of what it folded was told by creative, and some was a gap of before."""
    some = (Showing(advert="spring", creative="c1", times=3, shown_ms=20_000, drawn=2),)
    sums = plays.sums_of([of(gap(3, 6, showings=some))])
    assert {place.showing.creative: figures[:2] for place, figures in sums.items()} == {
        "c1": [3, 20_000], "": [1, 12_000]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("showing", "why"),
    [
        (Showing(advert="spring", times=5), "more than its plays"),
        (Showing(advert="other", times=1), "more than its plays"),
        (Showing(advert="spring", times=1, drawn=2), "confirmed"),
        (Showing(advert="spring", times=1, touched=2), "confirmed"),
    ],
)
def test_a_gap_that_says_more_by_creative_than_it_has_is_kept_aside(showing: Showing, why: str) -> None:
    wrong = gap(3, 6, showings=(showing,))
    assert isinstance(wrong, Gap)
    assert why in contradiction(wrong)


def test_what_was_played_is_known_when_picture_and_events_are_gone(store: Store) -> None:
    made = event(1, "play", creative="5f" * 32, name="Breakfast", booking="B-7", clock="synced")
    store.commit([of(made)])
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM events")
    with store.read() as connection:
        [place] = plays.stored(connection)
    assert (place.showing.creative, place.showing.name, place.showing.booking) == (
        "5f" * 32,
        "Breakfast",
        "B-7",
    )


def test_a_database_of_before_gets_them_from_its_events(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    items: list[Stored] = [of(event(1, "play", creative="c1")), of(gap(2, 4))]
    store.commit(items)
    with store.write() as connection:
        for statement in (
            "DROP TABLE plays",
            "DROP TABLE showings",
            f"UPDATE alembic_version SET version_num = '{STEP.down_revision}'",
        ):
            connection.exec_driver_sql(statement)
    store.close()
    again = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    with again.read() as connection:
        assert plays.stored(connection) == plays.sums_of(items)
    again.close()
