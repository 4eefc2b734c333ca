"""The store: the same events in any order, in any batches and however often leave the same rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.events import rollups
from fleet.events.rows import Stored, plain
from fleet.store.store import Store
from mqtt.messages import Health, Presence
from tests.fleet.samples import KINDS, deliveries, event, stored
from tests.stores import store_url

OF_EVENTS = (
    "events",
    "sales",
    "sale_lines",
    "refunds_wanted",
    "folded",
    "streams",
    "ahead",
)
_numbers = itertools.count()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(store_url(tmp_path / "fleet.db"))
    yield opened
    opened.close()


def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Sums are rows that are added up by whoever reads them: how many there are depends on how the events came."""
    with store.read() as connection:
        found = {
            name: sorted(tuple(row) for row in connection.execute(select(tables.metadata.tables[name])))
            for name in OF_EVENTS
        }
        return found | {
            "rollups": sorted((*key, *value) for key, value in rollups.stored(connection).items())
        }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=deliveries())
def test_any_order_and_repetition_leaves_the_same_rows(tmp_path: Path, batches: list[list[Stored]]) -> None:
    as_sent = Store(store_url(tmp_path / f"{next(_numbers)}.db"))
    once = Store(store_url(tmp_path / f"{next(_numbers)}.db"))
    new = [item.place for batch in batches for item in as_sent.commit(batch).new]
    unique = {item.place: item for batch in batches for item in batch}
    once.commit(list(unique.values()))
    assert contents(as_sent) == contents(once)
    assert sorted(new) == sorted(unique), "every event is new exactly once"
    for kiosk, epoch in {item.stream for item in unique.values()}:
        there = {item.seq for item in unique.values() if item.stream == (kiosk, epoch)}
        complete = next(seq for seq in itertools.count() if seq + 1 not in there)
        assert as_sent.upto(kiosk, epoch) == once.upto(kiosk, epoch) == complete
    as_sent.close()
    once.close()


def test_the_high_water_mark_waits_for_the_gap_to_close(store: Store) -> None:
    stream = ("t/s/k1", "e1")
    assert store.commit([stored(1), stored(2), stored(4), stored(5)]).upto == {stream: 2}
    assert store.commit([stored(5)]).upto == {stream: 2}
    assert store.commit([stored(3)]).upto == {stream: 5}


def test_every_kind_of_event_leaves_its_rows(store: Store) -> None:
    store.commit([stored(seq, kind) for seq, kind in enumerate(KINDS, 1)])
    rows = contents(store)
    assert {name: len(found) for name, found in rows.items()} == {
        "events": 6, "sales": 1, "sale_lines": 1, "refunds_wanted": 1, "folded": 0, "rollups": 6, "streams": 1, "ahead": 0,
    }  # fmt: skip


def test_what_came_first_at_a_place_stands(store: Store) -> None:
    """A faulty kiosk that uses a number twice cannot turn a sale into something else."""
    store.commit([stored(1, "sale")])
    assert store.commit([stored(1, "play")]).new == ()
    rows = contents(store)
    assert len(rows["sales"]) == 1
    assert [row[2] for row in rows["rollups"]] == ["sale:EUR"]


def test_a_commit_that_fails_leaves_nothing(store: Store) -> None:
    broken = Stored(kiosk="t/s/k1", epoch="e1", seq=2, body=b"", event=None, received_ms=2**70)
    with pytest.raises(OverflowError):
        store.commit([stored(1), broken])
    assert contents(store)["events"] == []
    assert store.upto("t/s/k1", "e1") == 0


def test_an_error_does_not_quote_what_it_could_not_store(store: Store) -> None:
    with pytest.raises(SQLAlchemyError) as error, store.write() as connection:
        connection.execute(insert(tables.sales).values(kiosk="k", epoch="e", seq=1, claim_code="K7Q2-9MXT"))
    assert "sales" in str(error.value)
    assert "K7Q2" not in str(error.value)


def test_open_pages_are_told_of_a_sale_without_its_claim_code() -> None:
    sale = event(1, claim_code="K7Q2-9MXT")
    told = plain(Stored(kiosk="t/s/k1", epoch="e1", seq=1, body=b"", event=sale, received_ms=1))
    assert (told["type"], told["order"]) == ("sale", "O1")
    assert "claim_code" not in told


def test_it_remembers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'fleet.db'}"
    first = Store(url)
    first.commit([stored(1)])
    first.close()
    second = Store(url)
    assert second.upto("t/s/k1", "e1") == 1
    second.close()


def test_presence_and_health_do_not_wipe_each_other_out(store: Store) -> None:
    store.presence("t/s/k1", Presence(state="selling", boot="b1", since_ms=5, view="wall"), seen_ms=10)
    store.health(
        "t/s/k1", Health(wall_ms=11, devices={"scanner": "ready"}, counters={"sales": 2}), seen_ms=12
    )
    store.presence("t/s/k1", Presence(state="lost", boot="b1", since_ms=5), seen_ms=13)
    with store.read() as connection:
        row = connection.execute(select(tables.kiosks)).one()
    assert (row.state, row.seen_ms, row.devices) == ("lost", 13, '{"scanner": "ready"}')


def test_presence_the_broker_repeats_is_not_a_sign_of_life(store: Store) -> None:
    word = Presence(state="selling", boot="b1", since_ms=5)
    store.presence("t/s/k1", word, seen_ms=10)
    store.presence("t/s/k1", word, seen_ms=99)
    with store.read() as connection:
        assert connection.scalar(select(tables.kiosks.c.seen_ms)) == 10
    store.commit([stored(1)])
    with store.read() as connection:
        assert connection.scalar(select(tables.kiosks.c.seen_ms)) == 10, "the fleet wrote that event itself"
    store.commit([stored(2)], heard=True)
    with store.read() as connection:
        row = connection.execute(select(tables.kiosks)).one()
    assert (row.state, row.seen_ms) == ("selling", 1), "an event is one, by the fleet's clock"


def test_poison_is_one_row_however_often_it_comes(store: Store) -> None:
    assert store.keep_aside("k1/t/s/k/up/ev", b"not json", "malformed", now_ms=1)
    assert store.keep_aside("k1/t/s/k/up/ev", b"not json", "malformed", now_ms=2)
    with store.read() as connection:
        row = connection.execute(select(tables.poison)).one()
    assert (row.times, row.first_ms, row.last_ms, row.payload) == (2, 1, 2, b"not json")
