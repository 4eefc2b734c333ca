"""Offers with hours and caps on a phone: what the wall gives, the phone gives, at the same hours and as often."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from msgspec import structs

from content.model import Product, Sale
from content.money import Money
from content.schedule import Hours, Window
from fleet.broker.broker import Broker
from tests.phone_shop import MILK, Shop, dearer, phone_shop, restocked

pytestmark = pytest.mark.server
EVERY_DAY = tuple(range(7))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Shop]:
    with phone_shop(tmp_path_factory.mktemp("shop"), broker, "offers-1") as running:
        yield running


def hours_from_now(minutes: int) -> Hours:
    """Four hours of the day, every day, that begin so many minutes from now."""
    begins = (int(time.time()) // 60 + minutes) % 1440
    window = Window(days=EVERY_DAY, since=begins, until=(begins + 240) % 1440)
    return Hours(timezone="UTC", windows=(window,))


def milk(**more: object) -> Product:
    offer = structs.replace(Sale(Money(100, "EUR")), **more)
    return structs.replace(dearer(MILK, 129), further=(offer,))


def a_phone(shop: Shop) -> httpx.Client:
    return httpx.Client(base_url=shop.url, headers={"origin": shop.url}, trust_env=False, timeout=30)


def put(client: httpx.Client, quantity: int) -> str:
    form = {"gtin": MILK, "q": str(quantity), "kiosk": "offers-1", "spot": "21", "then": "basket"}
    answer = client.post("/basket?lang=en", data=form)
    return client.get(answer.headers["location"]).text if answer.status_code == 303 else answer.text


def test_an_offer_is_given_in_its_hours_alone(shop: Shop) -> None:
    with a_phone(shop) as phone:
        with restocked(shop, **{f"g{MILK}": milk(hours=hours_from_now(-60))}):
            page = phone.get(f"/p/{MILK}?lang=en", follow_redirects=True).text
            assert "€1.00" in page
            assert "€1.29" in page, "the normal price, struck through"
        with restocked(shop, **{f"g{MILK}": milk(hours=hours_from_now(360))}):
            assert "€1.00" not in phone.get(f"/p/{MILK}?lang=en", follow_redirects=True).text


def test_it_is_given_so_often_and_an_order_holds_so_many(shop: Shop) -> None:
    with restocked(shop, **{f"g{MILK}": milk(most=2, limit=3)}):
        with a_phone(shop) as phone:
            assert "€3.29" in put(phone, 3)
        with a_phone(shop) as phone:
            assert "€3.29" in put(phone, 9), "three of the nine: no order holds more"
