"""Visits from walls: counted, written down, and joined with what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from fleet.payments.book import PHONE, Book, Entry
from fleet.shop.visits import MOST_WAITING, Row, Visits
from fleet.store.store import Store
from mqtt.messages import Line
from tests.stores import store_url

pytestmark = pytest.mark.usefixtures("each_database")

WALL = "t/s/wall-1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    kept = Store(store_url(tmp_path / "fleet.db"))
    yield kept
    kept.close()


def order(number: int, attribution: str, settled: str) -> Entry:
    name = f"ORDER{number:010}"
    line = Line(gtin="09521100100113", name="Apples", quantity=1, price_minor=1, total_minor=1)
    return Entry(
        reference=f"{name}0", kiosk=WALL, order=name, channel=PHONE, method="link", provider="sandbox", currency="EUR",
        minor=1, lines=(line,), version="v", ttl_s=60, asked_ms=1, attribution=attribution, settled=settled,
    )  # fmt: skip


def test_opened_and_ordered_stand_in_one_row(store: Store) -> None:
    visits, book = Visits(store), Book(store, lambda: 1)
    for mark in ("signed.10.17.5.3", "signed.10.17.5.3", "signed.11.17.5.3", "tampered.11.17.0.0"):
        visits.opened(WALL, mark)
    for number, (mark, settled) in enumerate(
        [("signed.10.17.5.3", "sold"), ("signed.11.17.5.3", "sale"), ("signed.11.17.5.3", ""), ("", "sold")]
    ):
        book.open(structs.replace(order(number, mark, settled)))
    assert visits.rows(since_day=0) == [
        Row(kiosk=WALL, attribution="signed", facing=17, release=5, advert=3, opened=3, ordered=2),
        Row(kiosk=WALL, attribution="tampered", facing=17, release=0, advert=0, opened=1, ordered=0),
    ]
    assert [(row.opened, row.ordered) for row in visits.rows(since_day=11)] == [(1, 1), (1, 0)]


def test_what_waits_is_written_at_the_end(store: Store) -> None:
    visits = Visits(store)
    visits.start()
    visits.opened(WALL, "none.10.17.0.0")
    visits.close()
    assert [row.opened for row in Visits(store).rows(0)] == [1]


def test_made_up_places_cannot_fill_the_memory(store: Store) -> None:
    visits = Visits(store)
    for facing in range(MOST_WAITING + 50):
        visits.opened(WALL, f"none.10.{facing}.0.0")
    rows = visits.rows(0)
    assert len(rows) <= MOST_WAITING + 1
    assert sum(row.opened for row in rows) == MOST_WAITING + 50
