"""The operator's figures are true: what went back is no turnover, on the day it went back, whoever gave it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from content.money import Money
from fleet.claims.handovers import GIVEN_BACK, Handover
from fleet.events.rows import Stored
from fleet.payments.book import HANDED_OVER, Entry
from fleet.payments.port import Charge, News
from fleet.reports.proof import prove
from fleet.reports.summary import summary
from fleet.reports.turnover import Turnover
from mqtt.messages import encode
from tests.fleet.claiming import MILK, Till
from tests.fleet.samples import event

pytestmark = pytest.mark.usefixtures("each_database")

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """A time in Berlin as Unix ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    one = Till(tmp_path)
    yield one
    one.close()


def sold(till: Till, paid: int = 1250) -> Entry:
    entry = till.order(News.OPEN, News.PAID, paid=paid)
    till.wall_sells(entry)
    return till.book.sold_at_wall(entry.reference)


def leaves(till: Till, entry: Entry, outcome: str, at_ms: int) -> None:
    _, new = till.claims.handovers.enter(
        Handover(
            order=entry.order, outcome=outcome, reference=entry.reference, kiosk=entry.kiosk, currency=entry.currency,
            minor=entry.minor, at_ms=at_ms, who="Ada", why="cancelled",
        )
    )  # fmt: skip
    assert new


def given_back(till: Till, entry: Entry) -> None:
    """As the desk does it: wanted, asked for, done."""
    till.book.want_refund(entry.reference, "cancelled")
    till.book.given(till.book.giving(entry.reference))


def test_an_order_given_back_is_no_turnover_and_no_bestseller(till: Till) -> None:
    kept, collected, back = (sold(till) for _ in range(3))
    leaves(till, collected, HANDED_OVER, till.clock())
    leaves(till, back, GIVEN_BACK, till.clock())
    on_its_way = summary(till.store, till.clock())
    given_back(till, back)
    done = summary(till.store, till.clock())
    for figures in (on_its_way, done):
        assert figures.turnover == (Turnover("EUR", 3, 3750, 1, 1250, 2500),), "counted once, begun or done"
        assert [(top.gtin, top.quantity) for top in figures.top] == [(MILK.gtin, 4)]
        assert figures.sales == 3, "it was a sale all the same"
    assert prove(till.store).holds
    assert kept.order not in (collected.order, back.order)


def test_what_a_provider_gave_back_by_itself_is_no_turnover_either(till: Till) -> None:
    whole, part = sold(till), sold(till)
    till.book.heard(
        whole.reference,
        Charge(id=whole.charge_id, reference=whole.reference, news=News.REFUNDED, amount=whole.amount,
               paid=whole.amount, refunded_minor=1250),
    )  # fmt: skip
    till.book.heard(
        part.reference,
        Charge(id=part.charge_id, reference=part.reference, news=News.PAID, amount=part.amount,
               paid=part.amount, refunded_minor=250),
    )  # fmt: skip
    (row,) = summary(till.store, till.clock()).turnover
    assert (row.total_minor, row.returned_minor, row.net_minor) == (2500, 1500, 1000)


def test_a_surplus_is_no_turnover_and_sending_it_back_takes_none_away(till: Till) -> None:
    entry = till.order(News.OPEN)
    till.wall_sells(entry)
    twice = Money(2500, "EUR")
    till.book.heard(
        entry.reference,
        Charge(id=entry.charge_id, reference=entry.reference, news=News.PAID, amount=entry.amount, paid=twice),
    )  # fmt: skip
    (before,) = summary(till.store, till.clock()).turnover
    till.book.sold_at_wall(entry.reference)
    till.book.given(till.book.giving(entry.reference))
    (after,) = summary(till.store, till.clock()).turnover
    assert before == after == Turnover("EUR", 1, 1250, 0, 0, 1250)


def test_days_are_the_shops_also_the_one_of_25_hours(till: Till) -> None:
    times = ("2026-10-24T23:59:59", "2026-10-25T00:00:00", "2026-10-25T23:59:59", "2026-10-26T00:00:00")
    for number, text in enumerate(times, 1):
        sale = event(number, order=f"{number:015}")
        till.store.commit(
            [
                Stored(
                    kiosk="t/s/k1",
                    epoch="e1",
                    seq=number,
                    body=encode(sale),
                    event=sale,
                    received_ms=at(text),
                )
            ]
        )
    back = Handover(
        order=f"{1:015}", outcome=GIVEN_BACK, reference="R1", kiosk="t/s/k1", currency="EUR", minor=258,
        at_ms=at("2026-10-26T10:00:00"), who="Ada",
    )  # fmt: skip
    till.claims.handovers.enter(back)
    days = summary(till.store, at("2026-10-26T12:00:00"), timezone="Europe/Berlin").days
    assert [(day.date, day.sales, day.total_minor, day.returned_minor, day.net_minor) for day in days] == [
        ("2026-10-26", 1, 258, 258, 0), ("2026-10-25", 2, 516, 0, 516), ("2026-10-24", 1, 258, 0, 258),
    ]  # fmt: skip
    assert [
        day.date for day in summary(till.store, at("2026-11-08T00:00:00"), timezone="Europe/Berlin").days
    ] == ["2026-10-26"], "fourteen days, today among them"


def test_a_wall_refund_is_on_the_way_only_until_it_is_back(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID)
    wanted = structs.replace(event(1, "refund"), order=entry.order, reference=entry.reference)
    till.store.commit(
        [Stored(kiosk=entry.kiosk, epoch="e1", seq=1, body=encode(wanted), event=wanted, received_ms=1)]
    )
    assert summary(till.store, till.clock()).refunds == 1
    given_back(till, entry)
    assert summary(till.store, till.clock()).refunds == 0
