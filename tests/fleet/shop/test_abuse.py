"""What a stranger may try against the shop on a phone, and does not get."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from msgspec import structs

from content.references import reference_of
from fleet.broker.broker import Broker
from fleet.clock import now_ms
from fleet.payments.book import TOUCH, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.port import State
from fleet.shop.orders import Orders
from fleet.web.shop.lane import new_order, order_of
from mqtt.messages import Line
from tests.fleet.shop.test_trade import ADDRESS, Phone, buy
from tests.phone_shop import APPLES, MILK, Shop, form_of, pay, phone_shop

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


# --- pages that are kept for others -------------------------------------------------------------------------------


def test_what_one_asked_for_is_in_nobody_elses_page(stranger: Phone, phone: Phone) -> None:
    for path in ("/shop", f"/p/{APPLES}", "/shop/fruit"):
        assert stranger.get(f"{path}?lang=de&q=planted" + "x" * 3000).status_code == 200
        page = phone.get(f"{path}?lang=de").text
        assert "planted" not in page, path
    assert 'href="?q=3&amp;lang=ar"' in phone.get(f"/p/{APPLES}?q=3&lang=en").text
    assert 'href="?q=milk&amp;lang=ar"' in phone.get("/s?q=milk&lang=en").text


# --- guessing, flooding -------------------------------------------------------------------------------------------


def test_basket_codes_cannot_be_tried_out_nor_their_room_be_filled(phone: Phone, shop: Shop) -> None:
    phone.put_in(APPLES)
    made = phone.post("/basket/code?lang=en").headers["location"]
    guesser = {"x-forwarded-for": "198.51.100.77"}
    tried = [phone.get(f"/basket/code/{n:03}-000", headers=guesser).status_code for n in range(40)]
    assert tried[0] == 404
    assert tried[-1] == 429
    assert phone.get(made).status_code == 200, "others go on"
    flood = [phone.post("/basket/code?lang=en", headers=guesser).status_code for _ in range(60)]
    assert flood[-1] == 429
    assert phone.post("/basket/code?lang=en").status_code == 303


def test_a_qualifier_of_a_digital_link_writes_no_header(stranger: Phone) -> None:
    answer = stranger.get(f"/01/{APPLES}/10/a%3E;rel=x,%3Cb%22")
    assert answer.headers["link"].count("<") == 1
    assert answer.headers["link"].count(">") == 1


def test_a_shop_behind_tls_has_secure_cookies(
    tmp_path_factory: pytest.TempPathFactory, broker: Broker
) -> None:
    with (
        phone_shop(
            tmp_path_factory.mktemp("tls"), broker, "tls-1", public_url="https://shop.example"
        ) as behind,
        Phone(behind) as phone,
    ):
        public = {"host": "shop.example", "origin": "https://shop.example", "x-forwarded-for": "203.0.113.4"}
        form = {"gtin": APPLES, "q": "1", "kiosk": "", "spot": "0", "then": "basket"}
        assert "Secure" in phone.post("/basket", data=form, headers=public).headers["set-cookie"]
        assert "Secure" not in phone.post("/basket", data=form).headers["set-cookie"], "the demo's machine"
        link = phone.get(f"/01/{APPLES}", headers={"host": "evil.example"}).headers["link"]
        assert link.startswith("<https://shop.example/"), "whatever name it was asked for under"


# --- places -------------------------------------------------------------------------------------------------------


def test_one_client_holds_no_more_than_half_of_a_slot_without_paying(shop: Shop) -> None:
    """Five places at home: one who does not pay gets three, and others still get the rest."""
    with ExitStack() as stack:
        phones = [stack.enter_context(Phone(shop)) for _ in range(6)]
        for one in phones:
            one.put_in(APPLES, 4)
        found = re.findall(r'value="(home:[^"]+)"(?![^>]*disabled)', phones[0].get("/basket").text)
        later = str(found[-1])  # of another day than the other tests'
        forms = [form_of(one.go(later).text, "/checkout") | ADDRESS for one in phones]
        flood = {"x-forwarded-for": "198.51.100.99"}
        got = [
            one.post("/checkout?lang=en", data=form, headers=flood).status_code
            for one, form in zip(phones[:5], forms[:5], strict=True)
        ]
        assert got == [303, 303, 303, 409, 409]
        again = phones[0].post("/checkout?lang=en", data=forms[0], headers=flood)
        assert again.status_code == 303, "it is theirs"
        other = phones[5].post("/checkout?lang=en", data=forms[5])
        assert other.status_code == 303
        pay(other.headers["location"], shop.provider)


def test_the_same_number_twice_at_once_is_one_order_with_its_own_slot(shop: Shop) -> None:
    def send(phone: Phone, form: dict[str, str], gate: threading.Barrier) -> None:
        gate.wait()
        phone.post("/checkout?lang=en", data=form)

    for _ in range(4):
        with Phone(shop) as one, Phone(shop) as other:
            one.put_in(APPLES, 4)
            counter = form_of(one.go(one.slot_of("counter")).text, "/checkout")
            home = form_of(one.go(one.slot_of("home")).text, "/checkout") | ADDRESS
            home["order"] = counter["order"]
            other.cookies.update(one.cookies)
            gate = threading.Barrier(2)
            both = [
                threading.Thread(target=send, args=(phone, form, gate))
                for phone, form in ((one, counter), (other, home))
            ]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
            order = order_of(counter["order"])
            entry = desk_of(shop).book.get(reference_of(order, 0))
            placed = Orders(shop.fleet.store, now_ms).get(order)
            assert entry is not None
            assert placed is not None
            assert entry.minor == 600 + placed.fee_minor, "what is paid is what it is"
            desk_of(shop).cancel(entry)


def test_an_address_mended_before_paying_is_where_it_goes(phone: Phone, shop: Shop) -> None:
    phone.put_in(APPLES, 4)
    page = phone.go(phone.slot_of("home")).text
    phone.press_pay(page, **ADDRESS)
    bank = phone.press_pay(page, **(ADDRESS | {"street": "Lindenstr. 2"})).headers["location"]
    receipt = pay(bank, shop.provider).headers["location"]
    phone.get(receipt)
    phone.press_pay(page, **(ADDRESS | {"street": "Lindenstr. 3"}))
    assert "Lindenstr. 2" in phone.get(receipt).text
