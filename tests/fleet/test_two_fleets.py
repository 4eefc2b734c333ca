"""Two fleets on one PostgreSQL, at the same moment: what can happen once happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from content.references import reference_of
from fleet import tables
from fleet.live import Hub
from fleet.merchant import Merchant
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.methods import take_now
from fleet.payments.port import Charge, News, State
from fleet.shop.orders import Orders, Placed
from fleet.store.store import Store
from mqtt.messages import PhoneSale
from tests.fleet.claiming import MILK, WALL, Till
from tests.fleet.payments import direct
from tests.fleet.samples import stored
from tests.postgres import Cluster
from tests.stores import store_url
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("on_postgresql")
T = TypeVar("T")
TIMES = 5


@pytest.fixture
def tills(tmp_path: Path) -> Iterator[list[Till]]:
    """Two programs: each its own connections, one database."""
    opened = [Till(tmp_path) for _ in range(2)]
    yield opened
    for till in opened:
        till.close()


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Run all of them from the same moment on."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_a_claim_code_at_two_counters_hands_over_once(tills: list[Till]) -> None:
    for _ in range(TIMES):
        entry = tills[0].order(News.OPEN, News.PAID)
        tills[0].wall_sells(entry)
        done = at_once(
            *(partial(till.claims.hand_over, entry.claim_code, entry.order, "Mo") for till in tills)
        )
        assert sorted(new for _, new in done) == [False, True]
        with tills[0].store.read() as connection:
            decided = select(func.count()).where(tables.decisions.c.order == entry.order)
            assert connection.scalar(decided) == 1, "one of both did it"


def test_a_payment_told_of_by_webhook_and_by_a_look_at_once_is_one_change(tills: list[Till]) -> None:
    for _ in range(TIMES):
        entry = tills[0].order(News.OPEN)
        changes = at_once(
            *(partial(till.book.news, entry.reference, News.WANT_REFUND, "late") for till in tills)
        )
        assert sum(change.before.state is not change.after.state for change in changes) <= 1


def test_two_charges_of_one_phone_order_paid_at_once_are_one_sale_and_one_refund(tills: list[Till]) -> None:
    for number in range(TIMES):
        order = f"9{number:014}"
        both = [
            tills[0].book.open(
                Entry(
                    reference=reference_of(order, attempt), kiosk=WALL, order=order, channel=PHONE, method="link",
                    provider="sandbox", currency="EUR", minor=1250, lines=(MILK,), version="v1", ttl_s=180,
                    asked_ms=tills[0].clock(),
                )
            )
            for attempt in range(2)
        ]  # fmt: skip
        paid = [
            Charge(id=f"c{each.reference}", reference=each.reference, news=News.PAID, amount=each.amount, paid=each.amount)
            for each in both
        ]  # fmt: skip
        changes = at_once(
            *(
                partial(till.book.heard, charge.reference, charge)
                for till, charge in zip(tills, paid, strict=True)
            )
        )
        assert sorted(change.after.settled for change in changes) == ["refund", "sale"]
        [other] = [change.after for change in changes if change.after.settled == "refund"]
        assert (other.state, other.reason) == (State.REFUNDING, "already-sold")


def test_a_webhook_and_a_look_at_one_charge_at_once_are_one_sale(tmp_path: Path) -> None:
    """The webhook reaches one program, the poller of the other looks at that moment."""
    first = direct.Till(tmp_path)
    second = Store(store_url(tmp_path / "fleet.db"))
    methods = {"link": take_now("link", first.provider, Merchant(name="Shop"))}
    desk = PaymentDesk(second, methods, lambda _, m: first.told.append(m), Hub(), first.clock)
    for number in range(1, TIMES + 1):
        reference = first.asked_by_phone(number)
        first.paid(reference)
        body = f"{first.entry(reference).charge_id} {reference}".encode()
        at_once(
            partial(first.desk.webhook, "sandbox", {"from": "the bank"}, body), partial(desk.look, reference)
        )
        with second.read() as connection:
            sold = select(func.count()).where(tables.sales.c.reference == reference)
            assert connection.scalar(sold) == 1
        assert second.upto(str(direct.KIOSK), "phone") == number
    assert sum(isinstance(message, PhoneSale) for message in first.told) == TIMES, "each wall is told once"
    desk.close()
    second.close()
    first.close()


def test_the_last_place_of_a_slot_is_given_once(tills: list[Till]) -> None:
    for number in range(TIMES):
        got = at_once(*(partial(_hold, till, f"8{number:013}{which}") for which, till in enumerate(tills)))
        assert sorted(got) == [False, True]
        got = at_once(*(partial(_hold, till, f"7{number:013}{which}", 0) for which, till in enumerate(tills)))
        assert got == [True, True], "any number"


def _hold(till: Till, order: str, capacity: int = 1) -> bool:
    starts = 1_900_000_000_000
    placed = Placed(
        order=order, way="home", kind="home", slot=f"slot {order[:-1]}", starts_ms=starts, until_ms=starts + 1,
        closes_ms=starts,
    )  # fmt: skip
    return Orders(till.store, till.clock).hold(placed, capacity)


def test_phone_sales_of_one_kiosk_get_numbers_of_their_own(tills: list[Till]) -> None:
    """A lost wall's orders are sold by the fleet when their codes are used: their stream has no gap and no number twice."""
    entries = [tills[0].order(News.OPEN, News.PAID) for _ in range(6)]
    at_once(
        *(
            partial(tills[number % 2].claims.hand_over, entry.claim_code, entry.order, "Mo")
            for number, entry in enumerate(entries)
        )
    )
    with tills[0].store.read() as connection:
        column = tables.charges.c
        given = select(column.sale_seq).where(column.reference.in_([entry.reference for entry in entries]))
        numbers = sorted(connection.scalars(given))
    assert numbers == list(range(1, 7))
    assert tills[0].store.upto(entries[0].kiosk, "phone") == 6


def test_the_same_events_through_two_workers_at_once_are_stored_once(tmp_path: Path) -> None:
    workers = [Store(store_url(tmp_path / "fleet.db")) for _ in range(2)]
    batches = [[stored(seq) for seq in range(first, first + 20)] for first in range(1, 101, 10)]
    for batch in batches:
        done = at_once(*(partial(worker.commit, batch) for worker in workers))
        assert len({item.place for each in done for item in each.new}) == sum(len(each.new) for each in done)
    with workers[0].read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.events)) == 110
        assert connection.scalar(select(func.count()).select_from(tables.sales)) == 110
    assert workers[0].upto("t/s/k1", "e1") == 110
    for worker in workers:
        worker.close()


def test_a_fleet_goes_on_when_its_server_was_killed_and_is_back(own_postgres: Cluster) -> None:
    store = Store(own_postgres.url(own_postgres.create()))
    store.commit([stored(1)])
    own_postgres.kill()
    with pytest.raises(OperationalError):
        store.commit([stored(2)])
    own_postgres.start()

    def again() -> bool:
        try:
            return store.commit([stored(2)]).upto == {("t/s/k1", "e1"): 2}
        except OperationalError:
            return False

    wait_until(again, "the store to go on")
    assert store.upto("t/s/k1", "e1") == 2
    store.close()
