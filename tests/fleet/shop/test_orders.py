"""Places in a slot: the last one goes to one of two, an expired charge frees its own, and money that came keeps it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import select

from content.money import Money
from content.references import reference_of
from fleet import tables
from fleet.payments.book import PHONE, Book, Entry
from fleet.payments.port import Charge, News
from fleet.shop.orders import CANCELLED, HOLD_MS, KEPT_MS, UNPAID_MS, Contact, Orders, Placed
from fleet.shop.reports import MOST_OF_ORDER, Reports
from fleet.store.store import Store
from mqtt.messages import Line
from tests.stores import store_url

pytestmark = pytest.mark.usefixtures("each_database")

START = 1_700_000_000_000
SLOT = "home:2026-11-23:1080-1200"
CONTACT = Contact(name="Ada", street="Lindenstr. 1", postcode="10115", city="Berlin")


class Shop:
    def __init__(self, store: Store) -> None:
        self.store, self.now = store, START
        self.orders = Orders(store, lambda: self.now)
        self.reports = Reports(store, lambda: self.now)
        self.book = Book(store, lambda: self.now)

    def wants(self, order: str) -> Placed:
        return Placed(
            order=order, way="home", kind="home", slot=SLOT, starts_ms=START + 20_000_000,
            until_ms=START + 27_000_000, closes_ms=START + 10_000_000, fee_minor=290,
        )  # fmt: skip

    def charge(self, order: str) -> str:
        """Open a charge for an order; returns its reference."""
        line = Line(gtin="09521100100113", name="Apples", quantity=1, price_minor=100, total_minor=100)
        entry = Entry(
            reference=reference_of(order, 0), kiosk="t/s/k", order=order, channel=PHONE, method="link", provider="bank",
            currency="EUR", minor=100, lines=(line,), version="v", ttl_s=900, asked_ms=self.now,
        )  # fmt: skip
        self.book.open(entry)
        return entry.reference

    def hears(self, reference: str, news: News) -> None:
        paid = Money(100, "EUR") if news is News.PAID else None
        self.book.heard(
            reference,
            Charge(id=reference, reference=reference, amount=Money(100, "EUR"), news=news, paid=paid),
        )


def named(number: int) -> str:
    return f"{number:015}"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    store = Store(store_url(tmp_path / "fleet.db"))
    yield Shop(store)
    store.close()


def test_of_many_who_want_the_last_places_as_many_get_one_as_there_are(shop: Shop) -> None:
    got: list[bool] = []
    gate = threading.Barrier(8)

    def buyer(number: int) -> None:
        gate.wait()
        got.append(shop.orders.hold(shop.wants(named(number)), capacity=3))

    threads = [threading.Thread(target=buyer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True] * 3
    assert shop.orders.taken(SLOT) == 3


def test_who_has_a_place_keeps_it_when_asking_again(shop: Shop) -> None:
    assert shop.orders.hold(shop.wants(named(1)), 1)
    assert shop.orders.hold(shop.wants(named(1)), 1)
    assert not shop.orders.hold(shop.wants(named(2)), 1)


def test_a_place_without_a_charge_is_free_again_after_a_while_or_when_given_up(shop: Shop) -> None:
    assert shop.orders.hold(shop.wants(named(1)), 1)
    shop.now += HOLD_MS
    assert shop.orders.hold(shop.wants(named(2)), 1)
    shop.orders.release(named(2))
    assert shop.orders.hold(shop.wants(named(3)), 1)


def test_a_place_is_held_while_paying_and_free_when_the_charge_expires(shop: Shop) -> None:
    assert shop.orders.hold(shop.wants(named(1)), 1)
    reference = shop.charge(named(1))
    shop.now += HOLD_MS * 3
    assert not shop.orders.hold(shop.wants(named(2)), 1), "somebody pays for it"
    shop.hears(reference, News.EXPIRED)
    assert shop.orders.hold(shop.wants(named(2)), 1)


def test_money_that_comes_late_keeps_its_place_even_as_one_too_many(shop: Shop) -> None:
    assert shop.orders.hold(shop.wants(named(1)), 1)
    reference = shop.charge(named(1))
    shop.hears(reference, News.EXPIRED)
    assert shop.orders.hold(shop.wants(named(2)), 1)
    shop.hears(reference, News.PAID)
    assert shop.orders.taken(SLOT) == 2
    assert not shop.orders.hold(shop.wants(named(3)), 1)


def test_an_order_only_goes_forwards_and_can_be_cancelled_until_somebody_begins(shop: Shop) -> None:
    placed = shop.wants(named(1))
    shop.orders.hold(placed, 0)
    assert shop.orders.can_cancel(placed)
    assert shop.orders.advance(named(1), "ready")
    assert not shop.orders.advance(named(1), "preparing")
    kept = shop.orders.get(named(1))
    assert kept is not None
    assert kept.progress == "ready"
    assert not shop.orders.can_cancel(kept)
    shop.orders.hold(placed, 0)
    assert shop.orders.get(named(1)) == structs.replace(kept, held_ms=shop.now + HOLD_MS), "no step back"
    shop.orders.cancelled(named(1))
    assert not shop.orders.advance(named(1), "ready")
    shop.now = placed.closes_ms
    assert not shop.orders.can_cancel(placed), "the cut-off is over"


def test_what_is_paid_is_to_be_prepared_with_where_it_goes(shop: Shop) -> None:
    for number in (1, 2):
        shop.orders.hold(shop.wants(named(number)), 0)
        shop.hears(shop.charge(named(number)), News.PAID if number == 1 else News.OPEN)
    shop.orders.send_to(named(1), CONTACT, START)
    ((placed, contact),) = shop.orders.to_prepare()
    assert (placed.order, contact) == (named(1), CONTACT)
    shop.orders.cancelled(named(1))
    assert shop.orders.to_prepare() == []
    assert shop.orders.get(named(1)) is not None
    assert shop.orders.get(named(1)).progress == CANCELLED  # type: ignore[union-attr]


def test_addresses_are_forgotten_when_their_time_is_over(shop: Shop) -> None:
    for number, news in ((1, News.PAID), (2, News.EXPIRED)):
        shop.orders.hold(shop.wants(named(number)), 0)
        shop.hears(shop.charge(named(number)), news)
        shop.orders.send_to(named(number), CONTACT, START)
    shop.orders.hold(shop.wants(named(3)), 0)
    shop.orders.send_to(named(3), CONTACT, START)
    assert shop.orders.erase() == 0
    shop.now += UNPAID_MS + HOLD_MS + 1
    assert shop.orders.erase() == 2, "nobody paid, and nobody even began to"
    assert shop.orders.contact(named(1)) == CONTACT
    shop.now = START + KEPT_MS
    assert shop.orders.erase() == 1
    assert shop.orders.contact(named(1)) is None
    with shop.store.read() as connection:
        assert not connection.execute(select(tables.contacts)).all()


def test_nothing_of_an_address_stays_in_the_file(shop: Shop, tmp_path: Path) -> None:
    name = "Zebedäus Quastenflosser"
    shop.orders.send_to(named(1), structs.replace(CONTACT, name=name), START)
    shop.now = START + KEPT_MS
    assert shop.orders.erase() == 1
    if shop.store.engine.dialect.name != "sqlite":
        return  # a row that is deleted stays in PostgreSQL's file until the vacuum: docs/store.md
    with shop.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert name.encode() not in (tmp_path / "fleet.db").read_bytes()


def test_a_report_is_kept_once_and_answered(shop: Shop) -> None:
    for _ in range(2):
        assert shop.reports.file(named(7), named(1), "damaged", " The eggs were broken. ")
    (report,) = shop.reports.of(named(1))
    assert (report.text, report.answer, shop.reports.waiting()) == ("The eggs were broken.", "", 1)
    assert shop.reports.answer(report.id, "We are sorry: your money is on its way.")
    assert shop.reports.of(named(1))[0].answer.startswith("We are sorry")
    assert shop.reports.open() == []
    assert not shop.reports.answer("nobody", "?")


def test_what_buyers_wrote_is_forgotten_when_their_address_is(shop: Shop, tmp_path: Path) -> None:
    wrote = "Zebedäus lives above the bakery"
    placed = shop.wants(named(1))
    shop.orders.hold(placed, 0)
    for number in (7, 8):
        shop.reports.file(named(number), named(1), "missing", wrote)
    shop.reports.file(named(9), named(2), "other", wrote)  # bought without choosing a slot
    shop.reports.answer(named(7), "Dear Zebedäus")
    shop.now = placed.until_ms + KEPT_MS - 1
    assert shop.reports.erase() == 1
    assert [report.text for report in (*shop.reports.of(named(1)), *shop.reports.of(named(2)))] == [
        wrote,
        wrote,
        "",
    ]
    shop.now += 1
    assert shop.reports.erase() == 2
    (left,) = shop.reports.of(named(1))
    assert (left.id, left.text, left.reason) == (named(8), "", "missing"), "nobody has answered it"
    assert [report.order for report in shop.reports.open()] == [named(1), named(2)]
    shop.reports.answer(named(8), "We are sorry.")
    assert shop.reports.erase() == 0, "its buyer can read the answer"
    shop.now += KEPT_MS
    assert shop.reports.erase() == 1
    if shop.store.engine.dialect.name != "sqlite":
        return  # PostgreSQL's files keep it until the vacuum has passed: docs/store.md
    with shop.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "Zebedäus".encode() not in (tmp_path / "fleet.db").read_bytes()


def test_an_order_has_so_many_reports_and_reasons_are_a_closed_list(shop: Shop) -> None:
    for number in range(MOST_OF_ORDER):
        assert shop.reports.file(named(number), named(1), "other", "x" * 5000)
    assert not shop.reports.file(named(99), named(1), "other", "")
    assert len(shop.reports.of(named(1))[0].text) == 1000
    with pytest.raises(ValueError, match="expected one of missing, wrong"):
        shop.reports.file(named(98), named(2), "weather", "")
