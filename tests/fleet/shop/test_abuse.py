"""What a stranger may try against the shop on a phone, and does not get."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from msgspec import structs

from content.references import reference_of
from fleet.broker import Broker
from fleet.payments.book import TOUCH, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.port import State
from fleet.web.shop.lane import new_order, order_of
from mqtt.messages import Line
from tests.fleet.shop.test_trade import Phone, buy
from tests.phone_shop import APPLES, MILK, Shop, form_of, phone_shop

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Shop]:
    with phone_shop(tmp_path_factory.mktemp("abuse"), broker, "trade-1") as running:
        yield running


@pytest.fixture
def phone(shop: Shop) -> Iterator[Phone]:
    with Phone(shop) as client:
        yield client


@pytest.fixture
def stranger(shop: Shop) -> Iterator[Phone]:
    with Phone(shop) as client:
        yield client


def desk_of(shop: Shop) -> PaymentDesk:
    assert shop.fleet.payments is not None
    return shop.fleet.payments


# --- order numbers ------------------------------------------------------------------------------------------------


def test_what_stands_on_a_bank_statement_opens_nobodys_order(
    phone: Phone, stranger: Phone, shop: Shop
) -> None:
    page = buy(phone, shop)
    entry = desk_of(shop).book.get(reference_of(order_of(page.removeprefix("/o/")), 0))
    assert entry is not None
    said = re.search(r'<p class="quiet">Order <bdi dir="ltr">(\w+)</bdi>', phone.get(page).text)
    assert said
    assert said[1] == entry.order, "what the shop calls it, what the bank has, and a wall is told"
    for public in (entry.order, entry.reference, entry.reference[:15].lower()):
        assert stranger.get(f"/o/{public}").status_code == 404
        assert stranger.post(f"/o/{public}/cancel").status_code == 404
    stranger.put_in(MILK)
    form = form_of(stranger.go().text, "/checkout")
    stranger.post("/checkout", data=form | {"order": entry.order})
    left = desk_of(shop).book.get(entry.reference)
    assert left is not None
    assert (left.state, left.claim_code) == (entry.state, entry.claim_code)
    contact = phone.get(page).text
    assert "Lovelace" in contact


def test_a_page_somebody_kept_from_before_still_opens(phone: Phone, shop: Shop) -> None:
    page = buy(phone, shop, "counter")
    entry = desk_of(shop).book.get(reference_of(order_of(page.removeprefix("/o/")), 0))
    assert entry is not None
    number = new_order()
    early = structs.replace(
        entry, reference=reference_of(number, 0), order=number, charge_id="early", sale_seq=0, settled="",
        return_url=f"{shop.url}/o/{number}?lang=en",
    )  # fmt: skip
    desk_of(shop).book.open(early)
    assert phone.get(f"/o/{number}").status_code == 200


def test_a_walls_payment_is_not_called_off_by_a_phone_that_saw_its_code(phone: Phone, shop: Shop) -> None:
    order = new_order()
    line = Line(gtin=MILK, name="Milk", quantity=1, price_minor=129, total_minor=129)
    desk = desk_of(shop)
    wall = desk.open(
        Entry(
            reference=reference_of(order, 0), kiosk=str(shop.wall.address), order=order, channel=TOUCH, method="link",
            provider=desk.provider_of("link"), currency="EUR", minor=129, lines=(line,), version="v", ttl_s=120,
            asked_ms=shop.fleet.services.clock(),
        )
    )  # fmt: skip
    assert isinstance(wall, Entry)
    phone.put_in(APPLES)
    form = form_of(phone.go().text, "/checkout") | {"order": order}
    phone.post("/checkout", data=form)
    left = desk.book.get(wall.reference)
    assert left is not None
    assert left.state is State.ASKING
