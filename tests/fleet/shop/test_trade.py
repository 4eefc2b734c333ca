"""Basket, carry-over, checkout and order on a phone, over HTTP, with the real fleet, broker and provider."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import update

from content.carry import pack
from content.links import basket_link
from content.references import parse_basket_code, parse_claim, reference_of
from fleet import tables
from fleet.broker.broker import Broker
from fleet.payments.port import State
from fleet.reports.summary import summary
from fleet.web.shop.lane import order_of
from mqtt.messages import CodeWanted
from mqtt.topics import Address
from tests.phone_shop import APPLES, GONE, ICE, MILK, WINE, Shop, dearer, form_of, pay, phone_shop, restocked
from tests.servers import wait_until

pytestmark = pytest.mark.server
ADDRESS = {
    "name": "Ada Lovelace",
    "street": "Lindenstr. 1",
    "postcode": "10115",
    "city": "Berlin",
    "phone": "",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Shop]:
    with phone_shop(tmp_path_factory.mktemp("shop"), broker, "trade-1") as running:
        yield running


class Phone(httpx.Client):
    """A phone with a cookie jar that follows redirects within the shop."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(
            base_url=shop.url,
            headers={"accept-language": "en", "origin": shop.url},
            trust_env=False,
            timeout=20,
        )
        self.shop = shop

    def put(self, gtin: str, quantity: int = 1, **more: str) -> httpx.Response:  # type: ignore[override]
        form = {"gtin": gtin, "q": str(quantity), "kiosk": "trade-1", "spot": "17", "then": "basket"} | more
        return self.post("/basket?lang=en", data=form)

    def put_in(self, gtin: str, quantity: int = 1, **more: str) -> str:
        """Put something in; the basket's page."""
        answer = self.put(gtin, quantity, **more)
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"]).text

    def go(self, slot: str = "") -> httpx.Response:
        """From the basket to the page where one pays."""
        form = form_of(self.get("/basket?lang=en").text, '/basket?lang=en" id')
        answer = self.post("/basket?lang=en", data=form | ({"slot": slot} if slot else {}))
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def press_pay(self, page: str, **more: str) -> httpx.Response:
        return self.post("/checkout?lang=en", data=form_of(page, "/checkout") | more)

    def slot_of(self, way: str) -> str:
        page = self.get("/basket?lang=en").text
        found = re.findall(rf'name="slot" value="({way}:[^"]+)"(?![^>]*disabled)', page)
        return str(found[0])


@pytest.fixture
def phone(shop: Shop) -> Iterator[Phone]:
    with Phone(shop) as client:
        yield client


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


# --- the basket ---------------------------------------------------------------------------------------------------


def test_a_basket_adds_up_as_the_wall_does_and_says_what_each_way_costs(phone: Phone) -> None:
    phone.put_in(APPLES, 3)
    page = words(phone.put_in(WINE))
    for said in (
        "Gala apples", "€4.99", "Riesling", "€7.99", "Goods €12.98", "You save €2.48", "For 16 and over",
        "Counter by exit B free", "Total €12.98", "Home delivery + €2.90", "Total €15.88",
        "Lockers at Mill Bridge", "Not with Riesling: nobody checks an ID there.",
    ):  # fmt: skip
        assert said in page, said


def test_a_form_sent_again_because_its_answer_was_lost_puts_in_once(phone: Phone) -> None:
    phone.put(APPLES, 2)
    kept = dict(phone.cookies)
    for _ in range(2):
        phone.cookies.clear()
        phone.cookies.update(kept)
        phone.put(APPLES, 1)
    assert 'name="q" value="4"' in phone.get("/basket").text, "three, and a button for a fourth"


def test_numbers_are_set_and_lines_leave(phone: Phone) -> None:
    phone.put_in(APPLES)
    phone.put_in(MILK)
    phone.post("/basket", data={"act": "set", "gtin": APPLES, "q": "5"})
    assert "€7.99" in phone.get("/basket").text, "two pairs and one"
    phone.post("/basket", data={"act": "set", "gtin": APPLES, "q": "0"})
    page = phone.get("/basket").text
    assert "Gala apples" not in page
    assert "Milk" in page
    phone.post("/basket", data={"act": "set", "gtin": MILK, "q": "0"})
    assert "Your basket is empty" in phone.get("/basket").text
    assert "basket" not in phone.cookies


def test_the_cookie_is_for_us_alone_and_says_nothing_of_whose_it_is(phone: Phone) -> None:
    cookie = phone.put(APPLES).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert re.fullmatch(r"basket=1:trade-1:17:[0-9A-Z]{15}:\d+:\d+", cookie.split(";")[0])


@pytest.mark.parametrize(
    "cookie", ["", "1", "1:a:0:x:1:1", "2:a:0:000000000000000:1:1", "1:" * 300, "\u00e9"]
)
def test_a_cookie_that_is_none_is_an_empty_basket(shop: Shop, cookie: str) -> None:
    answer = httpx.get(
        f"{shop.url}/basket", headers={b"cookie": f"basket={cookie}".encode("latin-1")}, trust_env=False
    )
    assert "Your basket is empty" in answer.text


def test_a_price_that_changed_since_is_said_and_asked_for_again(phone: Phone, shop: Shop) -> None:
    phone.put_in(MILK, 2)
    with restocked(shop, **{f"g{MILK}": dearer(MILK, 149)}):
        page = phone.get("/basket?lang=en").text
        assert "It was €2.58 when you put it in." in page
        assert "Something has changed" in page
        answer = phone.post("/basket?lang=en", data=form_of(page, '/basket?lang=en" id') | {"minor": "258"})
        assert answer.status_code == 409
        assert "The price has changed" in answer.text
        assert "It was €2.58" not in phone.get("/basket").text, "now it has been seen"
    assert "now it costs less" in phone.get("/basket").text


def test_what_sold_out_since_is_said_and_not_charged(phone: Phone, shop: Shop) -> None:
    phone.put_in(MILK)
    phone.put_in(APPLES)
    with restocked(shop, **{f"g{APPLES}": None}):
        page = phone.get("/basket").text
        assert "No longer on the shelf" in page
        assert "Goods €1.29" in words(page)
        page = phone.go().text
        assert "Milk" in page
        assert "Gala apples" not in page


def test_sold_out_goods_cannot_be_put_in(phone: Phone) -> None:
    answer = phone.put(GONE)
    assert answer.status_code == 409
    assert "Something has just sold out" in answer.text


# --- carried ------------------------------------------------------------------------------------------------------


def test_a_walls_basket_opens_with_its_lines_also_later_and_only_once(phone: Phone, shop: Shop) -> None:
    link = basket_link(shop.url, "trade-1", pack([(APPLES, 2), (MILK, 1)]), token="0123456789ABCDEF")
    path = link.removeprefix(shop.url.upper())
    for _ in range(3):
        page = words(phone.get(path).text)
        assert "Goods €4.29" in page
    assert "Goods €4.29" in words(phone.get("/basket").text)


def test_a_walls_basket_beside_another_is_asked_for(phone: Phone) -> None:
    phone.put_in(WINE)
    path = f"/TRADE-1/0/B/{pack([(APPLES, 2)])}"
    page = phone.get(path)
    assert "There is already a basket on this phone." in page.text
    assert "€10.99" in page.text, "what both cost together"
    for _ in range(2):
        phone.post(path, data={"act": "join"})
    assert "Goods €10.99" in words(phone.get("/basket").text)
    phone.post(path, data={"act": "instead"})
    assert "Goods €3.00" in words(phone.get("/basket").text)


@pytest.mark.parametrize("digits", ["1", "0" * 17, pack([("00012345678905", 1)])])
def test_a_walls_basket_nobody_can_read_is_said(phone: Phone, digits: str) -> None:
    answer = phone.get(f"/trade-1/0/b/{digits}")
    assert answer.status_code == 404
    assert "We cannot read this basket" in answer.text


def test_the_basket_says_what_is_to_be_paid_and_leads_back_to_the_shelf(phone: Phone, shop: Shop) -> None:
    page = phone.put_in(MILK)
    assert 'Continue to pay <bdi id="go-total">€1.29</bdi>' in page, "the counter is free"
    locker = re.search(r'value="(lockers:[^"]+)"', page)
    assert locker is not None
    page = phone.get(f"/basket?lang=en&slot={locker[1]}").text
    assert 'Continue to pay <bdi id="go-total">€2.19</bdi>' in page

    def back(*, came_from: str) -> str:
        found = re.search(
            r'<p class="back"><a href="([^"]+)">Keep shopping',
            phone.get("/basket?lang=en", headers={"referer": came_from}).text,
        )
        assert found is not None
        return html.unescape(found[1])

    aisle = "/trade-1/17/shop/fruit?lang=en"
    assert back(came_from=f"{shop.url}/trade-1/17/shop?lang=de") == "/trade-1/17/shop?lang=en"
    assert back(came_from=f"{shop.url}/trade-1/17/s?q=red+wine&lang=de") == "/trade-1/17/s?q=red+wine&lang=en"
    for other in (
        f"{shop.url}/trade-1/17/01/{MILK}",
        "http://elsewhere.example/shop",
        "http://[",
        "",
        f"{shop.url}//x/shop",
    ):
        assert back(came_from=other) == aisle
    assert phone.get(aisle).status_code == 200


def test_a_page_says_the_station_and_never_the_walls_own_name(phone: Phone) -> None:
    def header(address: str) -> str:
        return phone.get(address).text.split("</header>")[0].split("</head>")[1]

    assert "<bdi>Mühlbrücke</bdi>" in header("/trade-1/17/shop?lang=de")
    assert "<bdi>" not in header("/shop?lang=de"), "at no wall"
    assert ">trade-1<" not in header(f"/trade-1/17/01/{MILK}?lang=en")


def test_a_basket_goes_to_a_wall_by_six_characters(phone: Phone, shop: Shop) -> None:
    phone.put_in(APPLES, 2)
    answer = phone.post("/basket/code?lang=en")
    page = phone.get(answer.headers["location"])
    found = re.search(r'<bdi dir="ltr">(\w{3}-\w{3})</bdi>', page.text)
    assert found
    assert parse_basket_code(found[1]) == found[1]
    assert "for 30 more minutes" in page.text
    asked = CodeWanted(id="1", expires_ms=1 << 60, code=found[1].lower().replace("-", " "))
    answer_at_wall = shop.fleet.codes.answer(Address("t", "s", "another-wall"), asked)
    assert (answer_at_wall.kind, answer_at_wall.basket) == ("basket", ((APPLES, 2),))
    assert phone.get("/basket/code/000-000").status_code == 404


# --- paying -------------------------------------------------------------------------------------------------------


def order_in(receipt: str) -> str:
    """The name of an order's page."""
    return urlsplit(receipt).path.split("/")[2]


def charge_of(order: str) -> str:
    """The reference of the order whose page has that name."""
    return reference_of(order_of(order), 0)


def test_from_a_basket_to_a_receipt_at_the_counter(phone: Phone, shop: Shop) -> None:
    phone.put_in(APPLES, 3)
    phone.put_in(MILK)
    page = phone.go()
    assert "Pay €6.28" in page.text
    answer = phone.press_pay(page.text)
    bank = answer.headers["location"]
    assert bank.startswith(shop.provider.url)
    receipt = pay(bank, shop.provider).headers["location"]
    text = phone.get(receipt).text
    code = re.search(r'<p class="code"><bdi dir="ltr">(.*?)</bdi>', text)
    assert code
    assert parse_claim(code[1]) == code[1]
    for said in ("Thank you", "Gala apples", "Milk", "€6.28", "Counter by exit B", "Being prepared"):
        assert said in text
    assert "Your basket is empty" in phone.get("/basket").text, "it is bought"
    order = order_in(receipt)
    wait_until(
        lambda: [note for note in shop.wall.notices if note.order == order_of(order)],
        "the wall to say thank you",
    )
    entry = shop.fleet.payments.book.get(charge_of(order)) if shop.fleet.payments else None
    assert entry is not None
    assert [line.quantity for line in entry.lines] == [3, 1]


def test_home_delivery_with_its_fee_and_address_kept_apart(phone: Phone, shop: Shop) -> None:
    phone.put_in(APPLES, 4)
    page = phone.go(phone.slot_of("home"))
    assert "Pay €8.90" in page.text
    refused = phone.press_pay(page.text, **(ADDRESS | {"postcode": "20095", "city": ""}))
    assert refused.status_code == 422
    for said in (
        "We do not deliver there",
        "Please fill this in.",
        'value="Ada Lovelace"',
        'aria-invalid="true"',
    ):
        assert said in refused.text
    answer = phone.press_pay(refused.text, **ADDRESS)
    assert answer.status_code == 303, answer.text
    receipt = pay(answer.headers["location"], shop.provider).headers["location"]
    text = words(phone.get(receipt).text)
    assert "Delivered to: Ada Lovelace, Lindenstr. 1, 10115 Berlin" in text
    assert "Home delivery €2.90" in text
    order = order_in(receipt)
    wait_until(
        lambda: [note for note in shop.wall.notices if note.order == order_of(order)],
        "the wall to say thank you",
    )
    assert "Lovelace" not in "".join(str(note) for note in shop.wall.notices), "a wall hears of no address"
    entry = shop.fleet.payments.book.get(charge_of(order)) if shop.fleet.payments else None
    assert entry is not None
    assert (entry.minor, sum(line.total_minor for line in entry.lines)) == (890, 890)
    assert all("delivery" not in top.name for top in summary(shop.fleet.store, 0).top)
    calendar = phone.get(f"/o/{order}/slot.ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in calendar.content.split(b"\r\n"))


def test_the_same_form_however_often_and_from_wherever_is_one_order(phone: Phone, shop: Shop) -> None:
    phone.put_in(MILK)
    page = phone.go().text
    banks = {phone.press_pay(page).headers["location"] for _ in range(3)}
    again = phone.get("/checkout?lang=en").text
    banks.add(phone.press_pay(again).headers["location"])
    phone.cookies.clear()
    banks.add(phone.press_pay(page).headers["location"])
    assert len(banks) == 1
    receipt = pay(banks.pop(), shop.provider).headers["location"]
    assert phone.press_pay(page).headers["location"] == f"/o/{order_in(receipt)}?lang=en"


def test_what_was_begun_is_called_off_when_the_basket_changes(phone: Phone, shop: Shop) -> None:
    phone.put_in(MILK)
    page = phone.go().text
    order = form_of(page, "/checkout")["order"]
    phone.press_pay(page)
    phone.put_in(APPLES)
    desk = shop.fleet.payments
    assert desk is not None
    entry = desk.book.get(charge_of(order))
    assert entry is not None
    assert entry.state is State.CANCELLED
    fresh = phone.go().text
    assert form_of(fresh, "/checkout")["order"] != order
    assert phone.press_pay(page).headers["location"].startswith(f"/o/{order}"), (
        "the old form knows how it ended"
    )


def test_another_way_under_the_same_number_is_looked_at_first(phone: Phone, shop: Shop) -> None:
    phone.put_in(APPLES, 4)
    phone.press_pay(phone.go().text)
    other = phone.get(f"/checkout?slot={phone.slot_of('lockers')}&lang=en").text
    answer = phone.press_pay(other)
    assert answer.status_code == 409
    assert "that was called off" in answer.text
    assert phone.press_pay(answer.text).headers["location"].startswith(shop.provider.url)


def test_a_total_that_is_not_the_one_shown_is_said(phone: Phone) -> None:
    phone.put_in(MILK)
    answer = phone.press_pay(phone.go().text, minor="1")
    assert answer.status_code == 409
    assert "The total has changed" in answer.text
    assert "Pay €1.29" in answer.text


def test_declined_leaves_the_basket_to_try_again(phone: Phone, shop: Shop) -> None:
    phone.put_in(MILK)
    page = phone.go().text
    back = pay(phone.press_pay(page).headers["location"], shop.provider, "decline").headers["location"]
    text = phone.get(back).text
    assert "Nothing was taken" in text
    assert 'href="/basket?lang=en"' in text
    again = phone.go().text
    assert form_of(again, "/checkout")["order"] != order_in(back)
    assert phone.press_pay(again).headers["location"].startswith(shop.provider.url)


def test_whoever_sent_another_amount_reads_what_arrived_and_holds_a_code(phone: Phone, shop: Shop) -> None:
    bank = {"base_url": shop.provider.url, "headers": {"origin": shop.provider.url}, "trust_env": False}
    with httpx.Client(**bank) as person:  # type: ignore[arg-type]
        person.post("/faults", data={"fault": ["too-little"]})
    phone.put_in(APPLES)
    answer = phone.press_pay(phone.go().text)
    order = pay(answer.headers["location"], shop.provider).headers["location"]
    wait_until(lambda: "Your money was given back" in phone.get(order).text)
    page = words(phone.get(order).text)
    assert "Total €1.99 Arrived €1.98" in page
    assert re.search(r"Your claim code \w{4}-\w{4} Keep it until your money is back", page)
    assert "Back to the basket" in page, "which is still there to be paid in another way"


def test_two_want_the_last_place_and_one_is_told_before_paying(shop: Shop) -> None:
    with Phone(shop) as first, Phone(shop) as second, Phone(shop) as third:
        pages = []
        for one in (first, second, third):
            one.put_in(APPLES, 4)
            pages.append(one.go(one.slot_of("lockers")).text)
        answers = [one.press_pay(page) for one, page in zip((first, second, third), pages, strict=True)]
        taken = [answer.status_code for answer in answers]
        assert taken.count(303) <= 2
        assert answers[-1].status_code == 409
        assert "The last place of that time has just gone" in answers[-1].text
        assert "Nothing" not in answers[0].text


def test_goods_that_cannot_be_had_that_way_are_not_sold_that_way(phone: Phone) -> None:
    phone.put_in(ICE)
    page = words(phone.get("/basket?lang=en").text)
    assert "Not with Ice cream: it is not cold enough there." in page
    slot = "lockers:2030-01-01:0-1440"
    answer = phone.get(f"/checkout?slot={slot}&lang=en")
    assert "That time can no longer be ordered for" in answer.text


def test_too_little_for_a_delivery_is_said_before(phone: Phone) -> None:
    phone.put_in(MILK)
    assert "€1.71 more and you can have it this way." in words(phone.get("/basket?lang=en").text)


# --- afterwards ---------------------------------------------------------------------------------------------------


def buy(phone: Phone, shop: Shop, way: str = "home") -> str:
    """An order that is paid; its address."""
    phone.put_in(APPLES, 4)
    answer = phone.press_pay(phone.go(phone.slot_of(way)).text, **ADDRESS)
    receipt = pay(answer.headers["location"], shop.provider).headers["location"]
    assert "Thank you" in phone.get(receipt).text
    return f"/o/{order_in(receipt)}"


def test_an_order_is_cancelled_once_and_the_money_goes_back_once(phone: Phone, shop: Shop) -> None:
    order = buy(phone, shop)
    assert "Cancel and get the money back" in phone.get(order).text
    for _ in range(2):
        assert phone.post(f"{order}/cancel").status_code == 303
    wait_until(lambda: "You have cancelled this order" in phone.get(order).text)
    assert 'class="code"' not in phone.get(order).text
    desk = shop.fleet.payments
    assert desk is not None
    entry = desk.book.get(charge_of(order.removeprefix("/o/")))
    assert entry is not None
    assert (entry.state, entry.reason) == (State.REFUNDED, "cancelled")


def test_an_order_somebody_packs_cannot_be_cancelled(phone: Phone, shop: Shop) -> None:
    order = buy(phone, shop, "counter")
    number = order_of(order.removeprefix("/o/"))
    answer = httpx.post(
        f"{shop.url}/orders",
        data={"order": number, "step": "preparing"},
        headers={"origin": shop.url},
        trust_env=False,
    )
    assert answer.status_code == 303
    page = phone.get(order).text
    assert "Cancel and get the money back" not in page
    assert '<li class="done" aria-current="step">Being prepared</li>' in page
    late = phone.post(f"{order}/cancel")
    assert late.status_code == 409
    assert "This can no longer be cancelled" in late.text


def test_what_is_wrong_is_told_once_and_answered(phone: Phone, shop: Shop) -> None:
    order = buy(phone, shop)
    form = form_of(phone.get(order).text, f"{order}/report") | {
        "reason": "damaged",
        "text": "<b>Eggs</b> broken",
    }
    for _ in range(2):
        assert phone.post(f"{order}/report", data=form).status_code == 303
    page = phone.get(order).text
    assert page.count("&lt;b&gt;Eggs&lt;/b&gt; broken") == 1
    operator = httpx.get(f"{shop.url}/orders", trust_env=False).text
    assert "&lt;b&gt;Eggs&lt;/b&gt; broken" in operator
    answer = {"report": form["id"], "answer": "Sorry! New ones come tonight."}
    httpx.post(f"{shop.url}/orders", data=answer, headers={"origin": shop.url}, trust_env=False)
    assert "Sorry! New ones come tonight." in phone.get(order).text


def test_who_packs_reads_their_own_language_whatever_it_was_bought_in(phone: Phone, shop: Shop) -> None:
    phone.headers["accept-language"] = "ar"
    phone.put_in(MILK, 9)
    page = phone.get(f"/checkout?slot={phone.slot_of('home')}&lang=ar").text
    form = form_of(page, "/checkout") | ADDRESS
    answer = phone.post("/checkout?lang=ar", data=form)
    receipt = phone.get(pay(answer.headers["location"], shop.provider).headers["location"]).text
    assert "<bdi>حليب</bdi>" in receipt
    assert "<bdi>Ada Lovelace, Lindenstr. 1, 10115 Berlin</bdi>" in receipt
    jobs = words(httpx.get(f"{shop.url}/orders", trust_env=False).text)
    number = order_of(form["order"])[:4]
    mine = jobs[jobs.index(number) :]
    assert mine.startswith(f"{number} Home delivery · ")
    assert "9 × Milk Ada Lovelace" in mine
    assert "Being packed On its way" in mine


def test_what_was_bought_is_rated_once(phone: Phone, shop: Shop) -> None:
    order = buy(phone, shop)
    for stars in ("4", "1"):
        assert phone.post(f"{order}/rate", data={"gtin": APPLES, "stars": stars}).status_code == 303
    assert "You gave 4 of 5 stars" in phone.get(order).text
    for gtin, stars in ((WINE, "5"), ("", "5"), (APPLES, "6"), (APPLES, "")):
        assert phone.post(f"{order}/rate", data={"gtin": gtin, "stars": stars}).status_code == 400


def test_only_the_operator_sees_the_orders(shop: Shop) -> None:
    answer = httpx.get(f"{shop.url}/orders", headers={"x-forwarded-for": "203.0.113.9"}, trust_env=False)
    assert answer.status_code == 403


def test_a_late_payment_reads_kindly_and_can_be_called_off(phone: Phone, shop: Shop) -> None:
    order = buy(phone, shop, "counter")
    number = order_of(order.removeprefix("/o/"))
    with (
        shop.fleet.store.write() as connection
    ):  # as it stands where the money came after the counter had closed
        column = tables.charges.c
        connection.execute(
            update(tables.charges).where(column.order == number).values(state=State.LATE_PAID.value)
        )
        column = tables.phone_orders.c
        connection.execute(
            update(tables.phone_orders)
            .where(column.order == number)
            .values(slot="counter:2020-01-01:0-1440", starts_ms=1, until_ms=2, closes_ms=2)
        )
    page = phone.get(order).text
    assert "Your payment came after the time you had chosen was over or taken" in page
    assert "Cancel and get the money back" in page
    assert "1970" not in page
    assert "Ihre neue Zeit" in phone.get(f"{order}?lang=de").text
