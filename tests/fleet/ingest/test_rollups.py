"""Roll-ups: what came late, twice or out of order is in them exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from fleet import tables
from fleet.events import event_store, rollups
from fleet.events.rollups import MINUTE_MS
from fleet.events.rows import Stored
from fleet.store.store import Store
from mqtt.messages import AdvertPlayed, FacingsSeen
from tests.fleet.ingest.streams import CAME, deliveries, gap, histories, of
from tests.fleet.samples import event

MINUTE = CAME // MINUTE_MS


def empty(store: Store) -> None:
    with store.write() as connection:
        for name in (
            "sale_lines",
            "sales",
            "refunds_wanted",
            "packing",
            "folded",
            "rollups",
            "ahead",
            "streams",
            "events",
        ):
            connection.execute(delete(tables.metadata.tables[name]))  # fmt: skip


def sums(store: Store) -> rollups.Sums:
    with store.read() as connection:
        assert rollups.differences(connection) == []
        return rollups.stored(connection)


class Crash(Exception):
    """The power goes before the commit."""


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_in_any_order_they_are_what_the_events_say(store: Store, data: st.DataObject) -> None:
    """Late, twice, out of order, in any batches, with the power going away in between."""
    history: list[Stored] = data.draw(histories())
    empty(store)
    batches: list[list[Stored]] = data.draw(deliveries(history))
    crashes: list[bool] = data.draw(st.lists(st.booleans(), min_size=len(batches), max_size=len(batches)))
    for batch, crash in zip(batches, crashes, strict=True):
        if batch and crash:
            with pytest.raises(Crash):
                event_store.commit(cast(Store, Fails(store)), batch)
        store.commit(batch)
    found = sums(store)
    references: dict[str, list[Stored]] = {}
    for item in history:
        references.setdefault(getattr(item.event, "reference", None) or str(item.place), []).append(item)
    once = [item for items in references.values() for item in items[:1]]
    wanted = rollups.sums_of(once)
    for kind in ("play", "impression", "engagement", "scan"):
        assert {key: value for key, value in found.items() if key[2] == kind} == {
            key: value for key, value in wanted.items() if key[2] == kind
        }
    sold = [value for key, value in found.items() if key[2] == "sale:EUR"]
    assert sum(times for times, _ in sold) == len(
        {item.event.reference for item in history if item.type == "sale"}  # type: ignore[union-attr]
    )


class Fails:
    """The store, whose transactions do all of their work and never happen."""

    def __init__(self, store: Store) -> None:
        self.insert = store.insert
        self._store = store

    @contextmanager
    def write(self, *, beside: bool = False) -> Iterator[Connection]:
        with self._store.write(beside=beside) as connection:
            yield connection
            raise Crash


def test_an_event_counts_at_the_minute_a_trusted_clock_says(store: Store) -> None:
    def play(seq: int, clock: str, wall_ms: int) -> Stored:
        made = AdvertPlayed(
            epoch="e1",
            seq=seq,
            wall_ms=wall_ms,
            mono_ms=1,
            boot="b",
            clock=clock,
            advert=clock,
            shown_ms=10,
        )
        return of(made)

    hour = 3_600_000
    store.commit(
        [play(1, "synced", CAME - hour), play(2, "unsynced", 0), play(3, "holdover", CAME + 9 * hour)]
    )
    assert sums(store) == {
        ("t/s/k1", MINUTE - 60, "play", "synced"): [1, 10],
        ("t/s/k1", MINUTE, "play", "unsynced"): [1, 10],
        ("t/s/k1", MINUTE, "play", "holdover"): [1, 10],
    }, "a clock that is ahead of the fleet's counts as the fleet's"


def test_impressions_count_per_facing_at_the_minute_they_name(store: Store) -> None:
    seen = FacingsSeen(
        epoch="e1", seq=1, wall_ms=CAME, mono_ms=1, boot="b", clock="synced", aisle="dairy", minute=MINUTE - 2,
        seen=((7, 2, 400), (8, 1, 90), (7, 1, 100)),
    )  # fmt: skip
    store.commit([of(seen)])
    assert sums(store) == {
        ("t/s/k1", MINUTE - 2, "impression", "dairy/7"): [3, 500],
        ("t/s/k1", MINUTE - 2, "impression", "dairy/8"): [1, 90],
    }


def test_what_was_folded_counts_as_it_was(store: Store) -> None:
    folded = gap(
        1, 9, counts={"play": 4, "impressions": 2, "engagement": 2, "scan": 1}, plays=(("spring", 4, 32_000),),
        seen=(("dairy", 7, 2, 900),), lost=3,
    )  # fmt: skip
    store.commit([of(folded)])
    minute = (CAME - 400_000) // MINUTE_MS
    assert sums(store) == {
        ("t/s/k1", minute, "play", "spring"): [4, 32_000],
        ("t/s/k1", minute, "impression", "dairy/7"): [2, 900],
        ("t/s/k1", minute, "engagement", ""): [2, 0],
        ("t/s/k1", minute, "scan", ""): [1, 0],
    }


def test_a_key_of_any_length_and_any_letters_counts(store: Store) -> None:
    for seq, name in enumerate(("a\tb\nc\\d\r", "x" * 5000, "乳製品", "\\N"), 1):
        store.commit([of(event(seq, "play", advert=name))])
    assert len(sums(store)) == 4


def test_verify_names_what_differs(store: Store) -> None:
    store.commit([of(event(1, "play")), of(event(2, "scan"))])
    with store.write() as connection:
        connection.execute(update(tables.rollups).where(tables.rollups.c.kind == "play").values(times=7))
        assert [(key[2], there, wanted) for key, there, wanted in rollups.differences(connection)] == [
            ("play", [7, 8000], [1, 8000])
        ]


def test_what_is_no_longer_kept_is_not_compared(store: Store) -> None:
    """Raw events go after some weeks, their sums stay."""
    store.commit([of(event(1, "play", clock="synced")), of(event(2, "play"), came=CAME + 86_400_000)])
    with store.write() as connection:
        connection.execute(delete(tables.events).where(tables.events.c.seq == 1))
        assert rollups.differences(connection), "compared from the beginning"
        assert rollups.differences(connection, CAME + 3_600_000) == []
        assert len(connection.execute(select(tables.rollups)).all()) == 2
