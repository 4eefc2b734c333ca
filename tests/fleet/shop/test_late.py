"""Money that comes after its slot was over or given to another buys the next one, once, and the buyer may say no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from content.slots import Slot, slots
from content.store import write_store
from fleet.catalogue import Catalogue
from fleet.payments.port import News
from fleet.shop.late import Late
from fleet.shop.orders import KEPT_MS, Placed
from fleet.store.store import Store
from tests.fleet.shop.test_orders import CONTACT, Shop, named
from tests.phone_shop import LOCKER, PRODUCTS, STORE
from tests.stores import store_url

pytestmark = pytest.mark.usefixtures("each_database")

NOON = int(datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) * 1000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    store = Store(store_url(tmp_path / "fleet.db"))
    one = Shop(store)
    one.now = NOON
    yield one
    store.close()


@pytest.fixture
def late(shop: Shop, tmp_path: Path) -> Iterator[Late]:
    write_store(tmp_path / "shop", STORE, PRODUCTS)
    catalogue = Catalogue(tmp_path / "shop")
    yield Late(shop.orders, catalogue)
    catalogue.close()


def first(shop: Shop, ahead: int = 0) -> Slot:
    return slots(LOCKER, STORE.timezone, shop.now // 1000)[ahead]


def placed(order: str, slot: Slot) -> Placed:
    return Placed(
        order=order, way="lockers", kind="locker", slot=slot.key, starts_ms=slot.starts * 1000,
        until_ms=slot.until * 1000, closes_ms=slot.closes * 1000, fee_minor=90,
    )  # fmt: skip


def expired(shop: Shop, number: int, slot: Slot) -> str:
    """An order that was begun and not paid in time; its reference."""
    assert shop.orders.hold(placed(named(number), slot), slot.capacity)
    shop.orders.send_to(named(number), CONTACT, slot.until * 1000)
    reference = shop.charge(named(number))
    shop.hears(reference, News.OPEN)
    shop.hears(reference, News.EXPIRED)
    return reference


def at(shop: Shop, number: int) -> Placed:
    found = shop.orders.get(named(number))
    assert found is not None
    return found


def test_a_place_somebody_else_has_taken_meanwhile_becomes_the_next_one(shop: Shop, late: Late) -> None:
    today, tomorrow = first(shop), first(shop, 1)
    reference = expired(shop, 1, today)
    for number in (2, 3):  # lockers have two places
        assert shop.orders.hold(placed(named(number), today), today.capacity)
        shop.hears(shop.charge(named(number)), News.PAID)
    shop.hears(reference, News.PAID)
    assert late.see_to() == 1
    moved = at(shop, 1)
    assert (moved.slot, moved.moved_ms) == (tomorrow.key, NOON)
    assert moved.fee_minor == 90, "what was paid is what it costs"
    assert (shop.orders.taken(today.key), shop.orders.taken(tomorrow.key)) == (2, 1)
    assert shop.orders.can_cancel(moved), "who does not like it gets the money back"
    assert late.see_to() == 0, "once"


def test_a_time_that_is_over_becomes_the_next_one_and_the_address_is_kept_for_it(
    shop: Shop, late: Late
) -> None:
    chosen = first(shop)
    reference = expired(shop, 1, chosen)
    shop.now = chosen.closes * 1000 + 3_600_000
    shop.hears(reference, News.PAID)
    assert late.see_to(named(1)) == 1
    moved = at(shop, 1)
    assert moved.starts_ms >= shop.now
    shop.now = moved.until_ms + KEPT_MS - 1
    shop.orders.erase()
    assert shop.orders.contact(named(1)) == CONTACT


def test_late_money_whose_place_is_still_free_keeps_it(shop: Shop, late: Late) -> None:
    chosen = first(shop)
    shop.hears(expired(shop, 1, chosen), News.PAID)
    assert late.see_to() == 0
    assert at(shop, 1).slot == chosen.key


def test_what_somebody_packs_or_has_left_is_not_moved(shop: Shop, late: Late) -> None:
    chosen = first(shop)
    reference = expired(shop, 1, chosen)
    shop.now = chosen.closes * 1000 + 3_600_000
    shop.hears(reference, News.PAID)
    assert shop.orders.advance(named(1), "preparing")
    assert late.see_to() == 0


def test_full_slots_are_passed_over(shop: Shop, late: Late) -> None:
    today, tomorrow, after = (first(shop, ahead) for ahead in range(3))
    reference = expired(shop, 1, today)
    for number, slot in enumerate((today, today, tomorrow, tomorrow), 2):
        assert shop.orders.hold(placed(named(number), slot), slot.capacity)
        shop.hears(shop.charge(named(number)), News.PAID)
    shop.hears(reference, News.PAID)
    assert late.see_to() == 1
    assert at(shop, 1).slot == after.key
