"""Raw events go after some days; what they counted stays, and they never count again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from fleet import tables
from fleet.events.rows import Stored
from fleet.store import partitions
from fleet.store.partitions import DAY_MS
from fleet.store.retention import AT_ONCE, Retention
from fleet.store.store import Store
from tests.fleet.samples import stored
from tests.stores import store_url

pytestmark = pytest.mark.usefixtures("each_database")
TODAY = 1_780_000_000_000 // DAY_MS * DAY_MS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(store_url(tmp_path / "fleet.db"))


class Calendar:
    """The fleet's clock."""

    now = TODAY

    def __call__(self) -> int:
        return self.now


def came(seq: int, at_ms: int, kind: str = "sale") -> Stored:
    return msgspec.structs.replace(stored(seq, kind), received_ms=at_ms)


def count(store: Store, name: str) -> int:
    with store.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.metadata.tables[name])) or 0)


def test_what_came_before_the_last_days_goes_and_is_never_counted_again(store: Store) -> None:
    clock = Calendar()
    retention = Retention(store, clock, days=30)
    sent = []
    for number in range(40):
        clock.now = TODAY + number * DAY_MS
        retention.sweep()
        batch = [came(2 * number + 1, clock.now + 5), came(2 * number + 2, clock.now + 6, "play")]
        sent += batch
        store.commit(batch)
    assert count(store, "events") == 2 * 31, "30 days and today"
    before = {name: count(store, name) for name in ("sales", "sale_lines", "rollups", "events")}
    assert before["sales"] == 40
    assert store.commit(sent).new == (), "a kiosk that came back after weeks sends all of it again"
    assert {name: count(store, name) for name in before} == before
    assert store.upto("t/s/k1", "e1") == 80
    store.close()


def test_a_round_takes_small_steps_and_the_next_one_goes_on(store: Store) -> None:
    """What no day was made for goes row by row, on both databases."""
    clock = Calendar()
    store.commit([came(seq, TODAY - 50 * DAY_MS, "scan") for seq in range(1, AT_ONCE + 101)])
    assert Retention(store, clock, days=0).sweep() == 0, "0: for ever"
    assert Retention(store, clock, days=30).sweep() == AT_ONCE + 100
    assert count(store, "events") == 0
    store.close()


def test_days_are_made_ahead_and_a_day_that_has_events_elsewhere_gets_none(store: Store) -> None:
    if store.engine.dialect.name != "postgresql":
        store.close()
        return
    clock = Calendar()
    store.commit([came(1, TODAY + 2 * DAY_MS)])  # of a clock that ran ahead
    for _ in range(2):
        Retention(store, clock).sweep()
    with store.read() as connection:
        made = partitions.days(connection)
    there = [(day - partitions.day_of(TODAY)).days for day in made]
    assert there == [0, 1, 3, 4, 5, 6, 7]
    store.commit([came(2, TODAY + DAY_MS), came(3, TODAY + 2 * DAY_MS + 1)])
    with store.read() as connection:
        inside = f"SELECT count(*) FROM {partitions.name_of(made[1])}"
        assert connection.exec_driver_sql(inside).scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM events_rest").scalar() == 2
    store.close()


def test_a_restored_backup_shows_what_it_lacks(tmp_path: Path) -> None:
    """What was acknowledged after the backup is nowhere any more; the mark stays before it, and nothing is silently fine."""
    store = Store(store_url(tmp_path / "backup.db"))
    store.commit(
        [stored(seq) for seq in range(1, 6)]
    )  # 6 to 9 were stored after it, and forgotten by the kiosk
    assert store.commit([stored(10), stored(11)]).upto == {("t/s/k1", "e1"): 5}
    ahead = tables.ahead.c
    with store.read() as connection:
        assert connection.execute(select(ahead.first, ahead.last)).all() == [(10, 11)]
    store.close()
