"""A price shown is a price honoured; one that cannot have been shown is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from content.fulfilment import Fulfilment, Kind
from content.memory import MemoryStore
from content.model import Aisle, MultiBuy, Product, Sale, Store
from content.money import Money
from content.store import OpenStore, write_store
from fleet.payments.prices import differs
from mqtt.messages import Line
from tests.fleet.payments.direct import Till

MILK, TEA = "09521100100113", "04006381333931"
NOW = 1_700_000_000
HOME = Fulfilment(key="home", kind=Kind.HOME, names={"en": "Home"}, windows=(), fee=Money(290, "EUR"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenStore]:
    facts = Store(
        key="s", names={"en": "S"}, currency="EUR", languages=(), aisles=(Aisle(key="a", names={"en": "A"}),),
        version="r7", fulfilments=(HOME,),
    )  # fmt: skip
    sale = Sale(Money(400, "EUR"), until=NOW - 600)
    write_store(
        tmp_path / "store",
        facts,
        [
            Product(gtin=MILK, names={"en": "Milk"}, aisle="a", facing=1, price=Money(500, "EUR"), sale=sale),
            Product(
                gtin=TEA, names={"en": "Tea"}, aisle="a", facing=2, price=Money(200, "EUR"),
                offer=MultiBuy(2, Money(300, "EUR")),
            ),
        ],
    )  # fmt: skip
    opened = OpenStore(tmp_path / "store")
    yield opened
    opened.close()


def line(gtin: str, quantity: int, price: int, total: int) -> Line:
    return Line(gtin=gtin, name="x", quantity=quantity, price_minor=price, total_minor=total)


def test_a_delivery_costs_what_the_store_says(store: OpenStore) -> None:
    version = store.store.version
    assert differs([line(MILK, 1, 500, 500), line("", 1, 290, 290)], "EUR", version, store, NOW) == ""
    wrong = differs([line("", 1, 291, 291)], "EUR", version, store, NOW)
    assert wrong == "x: 291 asked, and no way to get the goods costs that"


def test_what_a_wall_may_honestly_show_fits(store: OpenStore) -> None:
    version = store.store.version
    for lines in (
        [line(MILK, 2, 500, 1000)],
        [line(MILK, 1, 400, 400)],  # the sale ended ten minutes ago, the basket is older
        [line(TEA, 3, 200, 500), line(MILK, 1, 500, 500)],
    ):
        assert differs(lines, "EUR", version, store, NOW) == ""
    assert differs([line(MILK, 1, 1, 1)], "EUR", "an older release", store, NOW) == "", "right by its own"


def test_an_offer_that_came_and_went_while_somebody_chose_fits(tmp_path: Path) -> None:
    sale = Sale(Money(400, "EUR"), since=NOW - 1200, until=NOW - 900)
    facts = Store(key="s", names={}, currency="EUR", languages=(), aisles=(Aisle(key="a", names={}),))
    milk = Product(gtin=MILK, names={}, aisle="a", facing=1, price=Money(500, "EUR"), sale=sale)
    store = MemoryStore(facts, [milk])
    version = store.store.version
    assert differs([line(MILK, 2, 400, 800)], "EUR", version, store, NOW) == ""
    assert differs([line(MILK, 2, 400, 800)], "EUR", version, store, NOW + 3600) != ""


@pytest.mark.parametrize(
    ("wrong", "currency", "says"),
    [
        (line(MILK, 1, 1, 1), "EUR", "1 asked"),
        (line(TEA, 2, 200, 400), "EUR", "400 asked"),
        (line(MILK, 1, 500, 500), "CHF", "costs EUR, not CHF"),
        (line("00000000000000", 1, 500, 500), "EUR", "is not in release"),
    ],
)
def test_what_no_wall_can_have_shown_is_said(store: OpenStore, wrong: Line, currency: str, says: str) -> None:
    assert says in differs([wrong], currency, store.store.version, store, NOW)


def test_the_desk_counts_it_and_sells_all_the_same(store: OpenStore, tmp_path: Path) -> None:
    till = Till(tmp_path, catalogue=lambda *_: store)
    assert till.status(till.asked(1)).state == "created"
    assert till.desk.counters.other_prices == 0, "of a release the fleet does not know"
    till.version = store.store.version
    assert till.status(till.asked(2)).state == "created"
    till.price = 499
    assert till.status(till.asked(3)).state == "created"
    till.asked(3)
    assert till.desk.counters.other_prices == 1
    till.close()
