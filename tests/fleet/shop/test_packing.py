"""What walls sold is on the packing list until it is handed over or given back: once, oldest first, by station."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs
from sqlalchemy.dialects import sqlite

from fleet import tables
from fleet.catalogue import Catalogue
from fleet.claims.handovers import UNDO_MS
from fleet.config import Config
from fleet.events.rows import Stored
from fleet.line import Line as FleetLine
from fleet.payments.book import Entry
from fleet.payments.port import News
from fleet.services import Services
from fleet.shop.packing import WallOrders, waiting
from fleet.shop.ratings import Ratings
from fleet.shop.visits import Visits
from fleet.store.store import Store
from fleet.web.app import create_app
from mqtt.messages import Line, SaleMade, encode
from tests.fleet.claiming import Till
from tests.fleet.payments.test_phone import APPLES, WINE, publish

pytestmark = pytest.mark.usefixtures("each_database")

DAY_MS = 86_400_000
HERE = {"origin": "http://localhost"}
FRUIT = Line(gtin=APPLES, name="Äpfel", quantity=2, price_minor=199, total_minor=300)
RIESLING = Line(gtin=WINE, name="雷司令", quantity=1, price_minor=950, total_minor=950)


class Station:
    """A till, the page over it, and walls that tell of their sales."""

    def __init__(self, folder: Path) -> None:
        publish(folder / "shop")
        self.till = Till(folder)
        self.catalogue = Catalogue(folder / "shop")
        self.walls = WallOrders(self.till.store, self.till.clock)
        self.app = create_app(
            Services(
                config=Config(data=folder), store=self.till.store, live=self.till.live,
                line=FleetLine("127.0.0.1", 1, "packing"), desk=self.till.desk, payments=self.till.desk,
                claims=self.till.claims, ratings=Ratings(self.till.store, self.till.clock),
                visits=Visits(self.till.store), clock=self.till.clock, catalogue=self.catalogue,
            )
        )  # fmt: skip

    def close(self) -> None:
        self.catalogue.close()
        self.till.close()

    def sells(self, kiosk: str = "demo/u8/K1", *lines: Line) -> Entry:
        """Somebody pays at a wall, which tells of it."""
        entry = self.till.order(News.OPEN, News.PAID)
        self.till.wall_sells(structs.replace(entry, kiosk=kiosk, lines=lines or (FRUIT,)))
        return entry

    def call(self, method: str = "GET", **more: Any) -> str:
        async def call() -> httpx.Response:
            here = httpx.ASGITransport(self.app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=here, base_url="http://localhost") as client:
                return await client.request(method, "/orders", follow_redirects=True, **more)

        return asyncio.run(call()).raise_for_status().text

    def says(self, order: str, step: str) -> str:
        return words(self.call("POST", data={"order": order, "lane": "wall", "step": step}, headers=HERE))

    def waiting(self) -> list[str]:
        return [sold.order for sold in self.walls.to_prepare(0).today]

    def rows(self) -> int:
        with self.till.store.read() as connection:
            return len(connection.execute(tables.packing.select()).all())


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = Station(tmp_path)
    yield opened
    opened.close()


def test_what_a_wall_sold_is_packed_and_leaves_the_list_when_it_is_handed_over(station: Station) -> None:
    entry = station.sells("demo/u8/K1", FRUIT, RIESLING)
    page = station.call()
    said = words(page)
    assert "The receipt says: At the counter by exit B." in said
    assert f"u8 {entry.order[:4]} wall K1 · paid " in said
    goods = "2 × Gala apples 1 × Riesling Check the age: 16 years or older."  # as staff say it
    assert f"{goods} Being packed Ready at the counter" in said
    assert entry.claim_code not in page, "a list of orders is not a list of keys to the goods"

    assert f" Being packed {goods} Ready at the counter" in station.says(entry.order, "preparing")
    assert f" Ready at the counter {goods} What buyers" in station.says(entry.order, "ready")
    assert f" Ready at the counter {goods} What buyers" in station.says(entry.order, "preparing"), (
        "never back"
    )

    _, done = station.till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    assert done
    assert station.waiting() == []
    assert entry.order not in station.call()


def test_a_hand_over_that_was_a_slip_is_on_the_list_again_and_one_that_was_none_is_swept(
    station: Station,
) -> None:
    entry = station.sells()
    station.till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    assert station.walls.sweep() == 0, "it may still be taken back"
    station.till.claims.undo(entry.claim_code, entry.order, "Mo", "wrong bag")
    assert station.waiting() == [entry.order]

    station.till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    station.till.clock.ahead_ms += UNDO_MS
    assert station.walls.sweep() == 1
    assert station.rows() == 0, "the table holds what waits, not all that was ever sold"


def test_what_is_given_back_leaves_the_list(station: Station) -> None:
    at_the_counter, by_the_provider, kept = station.sells(), station.sells(), station.sells()
    _, done = station.till.claims.give_back(at_the_counter.claim_code, at_the_counter.order, "Mo", "sold out")
    assert done
    station.till.book.news(by_the_provider.reference, News.WANT_REFUND, "dashboard")
    assert station.waiting() == [kept.order]
    station.till.book.news(by_the_provider.reference, News.REFUNDED, "dashboard")
    station.till.clock.ahead_ms += UNDO_MS
    assert station.walls.sweep() == 2
    assert station.waiting() == [kept.order]


def test_a_sale_that_is_told_of_twice_is_packed_once(station: Station) -> None:
    entry = station.sells()
    station.till.wall_sells(entry, seq=900)  # its ledger was restored, and it says so under another number
    station.till.wall_sells(entry, seq=900)
    assert station.waiting() == [entry.order]
    assert station.call().count(f'id="wall-{entry.order}"') == 1

    station.till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    station.till.clock.ahead_ms += UNDO_MS
    station.walls.sweep()
    station.till.wall_sells(entry, seq=901)
    assert station.waiting() == [], "and one that has left is not packed again"


def test_a_lost_walls_order_is_packed_once_its_code_is_used_and_when_the_wall_is_back(
    station: Station,
) -> None:
    entry = station.till.order(News.OPEN, News.PAID)
    assert station.waiting() == []
    station.till.claims.look(entry.claim_code)
    assert station.waiting() == [entry.order]
    station.till.wall_sells(entry)
    assert station.waiting() == [entry.order]


def test_phones_orders_have_their_own_list(station: Station) -> None:
    sold(station.till.store, order="0" * 15, channel="phone", received_ms=1)
    assert station.waiting() == []


def test_stations_come_by_name_the_oldest_first_and_other_days_by_themselves(station: Station) -> None:
    before = station.sells("demo/zoo/K9")
    station.till.clock.ahead_ms += 2 * DAY_MS
    first, other, second = (
        station.sells("demo/u8/K2"),
        station.sells("demo/hbf/K7"),
        station.sells("demo/u8/K1"),
    )
    page = station.call()
    places = [page.index(f'id="wall-{entry.order}"') for entry in (other, first, second, before)]
    assert places == sorted(places)
    assert places[2] < page.index('id="unclaimed"') < places[3]
    assert re.findall(r'class="station">(\w+)<', page) == ["hbf", "u8", "zoo"]


def test_a_walls_clock_counts_only_when_it_is_to_be_trusted(station: Station) -> None:
    now = 1_700_000_000_000
    for number, (clock, wall_ms) in enumerate(
        (("unsynced", 5), ("synced", now - 60_000), ("holdover", now + 9))
    ):
        sold(station.till.store, order=f"{number:015}", clock=clock, wall_ms=wall_ms, received_ms=now)
    said = {one.order[-1]: one.sold_ms - now for one in station.walls.to_prepare(0).today}
    assert said == {"0": 0, "1": -60_000, "2": 0}


def test_a_long_list_says_that_it_goes_on_and_is_read_by_its_index(station: Station) -> None:
    orders = [station.sells().order for _ in range(3)]
    found = station.walls.to_prepare(0, most=2)
    assert [one.order for one in found.today] == orders[:2]
    assert (found.more_today, found.more_earlier) == (True, False)
    if station.till.store.engine.dialect.name != "sqlite":
        return  # for so few rows PostgreSQL asks no index
    query = waiting(2).where(tables.packing.c.sold_ms >= 1).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )  # fmt: skip
    with station.till.store.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    assert any("packing USING INDEX packing_by_time" in step for step in plan), plan
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in plan), plan


def sold(store: Store, *, order: str, received_ms: int, kiosk: str = "demo/u8/K1", **more: Any) -> None:
    """A wall tells of a sale whose charge this fleet never saw."""
    said: dict[str, Any] = {
        "epoch": "e2", "seq": int(order) % 1_000 + 1, "wall_ms": 0, "mono_ms": 0, "boot": "b", "order": order,
        "reference": f"{order}0", "method": "link", "currency": "EUR", "total_minor": 300, "lines": (FRUIT,),
        "version": "v1",
    }  # fmt: skip
    sale = SaleMade(**said | more)
    item = Stored(
        kiosk=kiosk, epoch="e2", seq=sale.seq, body=encode(sale), event=sale, received_ms=received_ms
    )
    store.commit([item])
