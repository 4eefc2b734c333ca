"""The phone lane: from a scanned facing to a receipt, in the real fleet, with the real broker and provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from content.model import (
    Aisle,
    Availability,
    Language,
    Measure,
    MultiBuy,
    Product,
    Sale,
    Store,
)
from content.money import Money
from content.references import parse_claim
from content.store import write_store
from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.merchant import Merchant
from fleet.reports.summary import summary
from fleet.serve import Fleet
from fleet.web.shop.lane import order_of
from mqtt.messages import Presence, encode
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.payments.sandbox_process import Sandbox, free_port, sandbox
from tests.servers import wait_until

pytestmark = pytest.mark.server

APPLES, WINE, GONE = "09521100100113", "09521100100212", "09521100100311"
PAGE = f"/WALL-1/17/01/{APPLES}"
NAMES = {"en": "Gala apples", "zh": "嘎啦苹果", "ar": "تفاح غالا", "de": "Äpfel <Gala> & Co"}


def publish(folder: Path, minor: int = 249) -> None:
    """The store of these tests, in which apples cost `minor`."""
    products = [
        Product(
            gtin=APPLES, names=NAMES, aisle="fruit", facing=17, price=Money(minor, "EUR"), brand="Grünholt",
            sale=Sale(Money(199, "EUR")), offer=MultiBuy(2, Money(300, "EUR")), size=Measure(1_000, "kg"),
            unit_base=Measure(1_000, "kg"), descriptions={"en": "Sweet and crisp."}, ingredients={"en": "Apples"},
            allergens=("celery", "nuts"), nutrition=(("energy_kj", 218_000), ("sugars", 10_400)), origin="DE",
            storage="chilled",
        ),
        Product(
            gtin=WINE, names={"en": "Riesling"}, aisle="fruit", facing=18, price=Money(799, "EUR"), age_min=16,
        ),
        Product(
            gtin=GONE, names={"en": "Bananas"}, aisle="fruit", facing=19, price=Money(199, "EUR"),
            availability=Availability.OUT_OF_STOCK,
        ),
    ]  # fmt: skip
    store = Store(
        key="shop", names={"en": "Corner shop", "de": "Eckladen"}, currency="EUR", languages=(Language("en", "English"),),
        aisles=(Aisle(key="fruit", names={"en": "Fruit"}),), pickup={"en": "At the counter by exit B."},
        support="+49 30 23125 020",
    )  # fmt: skip
    write_store(folder, store, products)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    publish(folder)
    return folder


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[Sandbox]:
    hook = f"http://127.0.0.1:{ports[0]}/webhooks/sandbox"
    with sandbox(tmp_path_factory.mktemp("provider"), hook, ports[1]) as running:
        yield running


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory,
    broker: Broker,
    ports: tuple[int, int],
    catalogue: Path,
    provider: Sandbox,
) -> Iterator[Fleet]:
    config = Config(
        data=tmp_path_factory.mktemp("fleet"), broker_host=broker.host, broker_port=broker.port, port=ports[0],
        name="phones", catalogue=catalogue, provider_url=provider.url, provider_keys=provider.data,
        merchant=Merchant(name="Corner shop"),
    )  # fmt: skip
    with Fleet(config) as running:
        wait_until(lambda: running.connected, "the fleet's connections")
        yield running


@pytest.fixture(scope="module")
def wall(broker: Broker, fleet: Fleet) -> Iterator[Kiosk]:
    with kiosk(broker.port, "wall-1") as here:
        ready = Presence(state="ready", boot="b", since_ms=0)
        assert here.client.publish(here.address.state, encode(ready))
        wait_until(lambda: summary(fleet.store, 0).kiosks, "the fleet to know the wall")
        yield here


@pytest.fixture
def phone(fleet: Fleet, wall: Kiosk) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, headers={"accept-language": "en-GB,en"}, trust_env=False) as client:
        yield client


def fields(page: str) -> dict[str, str]:
    """The form's hidden fields."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def origin(phone: httpx.Client) -> dict[str, str]:
    return {"origin": f"{phone.base_url.scheme}://{phone.base_url.netloc.decode()}"}


def checkout(phone: httpx.Client, path: str) -> dict[str, str]:
    """The form to pay with, after "Buy now" on a product's page. The basket is forgotten: every test has its own."""
    phone.cookies.clear()
    form = fields(phone.get(path).text) | {"then": "checkout"}
    language = f"?{path.partition('?')[2]}" if "lang=" in path else "?lang=en"
    answer = phone.post(f"/basket{language}", data=form, headers=origin(phone))
    assert answer.status_code == 303
    return fields(phone.get(answer.headers["location"]).text)


def press_pay(phone: httpx.Client, path: str) -> httpx.Response:
    return phone.post("/checkout?lang=en", data=checkout(phone, path), headers=origin(phone))


def shown_code(page: str) -> str:
    """The claim code on an order's page, "" where there is none."""
    found = re.search(r'<p class="code"><bdi dir="ltr">(.*?)</bdi>', page)
    return found[1] if found else ""


def test_from_a_scanned_facing_to_a_receipt_and_a_quiet_thank_you(
    phone: httpx.Client, provider: Sandbox, wall: Kiosk, fleet: Fleet
) -> None:
    page = phone.get(PAGE + "?q=3")
    assert page.status_code == 200
    for words in (
        "Gala apples",
        "wall-1",
        "€1.99",
        "€2.49",
        "2 for €3.00",
        "€1.99 per kg",
        "Buy now, €4.99",
        "You save €2.48",
    ):
        assert words in page.text
    answer = press_pay(phone, PAGE + "?q=3")
    assert answer.status_code == 303
    bank = answer.headers["location"]
    assert bank.startswith(provider.url + "/pay/")
    assert "4.99 EUR" in httpx.get(bank, trust_env=False).text

    paid = httpx.post(bank, data={"answer": "pay"}, headers={"origin": provider.url}, trust_env=False)
    receipt = paid.headers["location"]
    assert receipt.startswith(fleet.url + "/o/")
    order = order_of(urlsplit(receipt).path.rpartition("/")[2])
    page = phone.get(receipt)
    code = shown_code(page.text)
    assert parse_claim(code) == code
    for words in ("Thank you", "€4.99", "At the counter by exit B."):
        assert words in page.text

    wait_until(lambda: [note for note in wall.notices if note.order == order], "the wall to say thank you")
    (note,) = [note for note in wall.notices if note.order == order]
    assert (note.claim_code, note.total_minor, note.currency) == (code, 499, "EUR")
    assert shown_code(phone.get(receipt).text) == code, "it stays"
    state = summary(fleet.store, fleet.services.clock())
    assert (state.sales, state.turnover[0].total_minor) == (1, 499)


def test_the_same_form_sent_twice_is_one_order(phone: httpx.Client) -> None:
    form = checkout(phone, PAGE)
    answers = [phone.post("/checkout?lang=en", data=form, headers=origin(phone)) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]


@pytest.mark.parametrize(("answer", "words"), [("pay", "Thank you"), ("decline", "Nothing was taken")])
def test_the_form_sent_again_after_the_bank_has_answered_leads_to_the_orders_page(
    phone: httpx.Client, provider: Sandbox, answer: str, words: str
) -> None:
    form = checkout(phone, PAGE)
    bank = phone.post("/checkout?lang=en", data=form, headers=origin(phone)).headers["location"]
    httpx.post(bank, data={"answer": answer}, headers={"origin": provider.url}, trust_env=False)
    phone.get(f"/o/{form['order']}")
    again = phone.post("/checkout?lang=en", data=form, headers=origin(phone)).headers["location"]
    assert again == f"/o/{form['order']}?lang=en", "not the bank's page, where nothing can be done any more"
    assert words in phone.get(again).text


def test_an_order_nobody_has_paid_waits_and_can_still_be_paid(phone: httpx.Client) -> None:
    form = checkout(phone, PAGE)
    bank = phone.post("/checkout?lang=en", data=form, headers=origin(phone)).headers["location"]
    page = phone.get(f"/o/{form['order']}")
    assert "Not paid yet" in page.text
    assert f'href="{bank}"' in page.text
    assert shown_code(page.text) == ""


def test_declined_means_nothing_was_taken_and_one_may_try_again(
    phone: httpx.Client, provider: Sandbox
) -> None:
    bank = press_pay(phone, PAGE).headers["location"]
    answer = httpx.post(bank, data={"answer": "decline"}, headers={"origin": provider.url}, trust_env=False)
    page = phone.get(answer.headers["location"])
    assert "Nothing was taken" in page.text
    assert 'href="/basket?lang=en"' in page.text, "with everything still in it"


def test_a_price_that_changed_meanwhile_is_said_and_not_slipped_in(phone: httpx.Client) -> None:
    form = fields(phone.get(PAGE).text) | {"minor": "1"}
    answer = phone.post("/basket", data=form, headers=origin(phone))
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_form_from_elsewhere_orders_nothing(phone: httpx.Client, headers: dict[str, str]) -> None:
    for path in ("/basket", "/checkout"):
        assert phone.post(path, data=fields(phone.get(PAGE).text), headers=headers).status_code == 403


def test_a_provider_that_is_away_is_said_kindly(
    tmp_path: Path, broker: Broker, catalogue: Path, provider: Sandbox, wall: Kiosk
) -> None:
    config = Config(
        data=tmp_path, broker_host=broker.host, broker_port=broker.port, port=0, name="alone", catalogue=catalogue,
        provider_url=f"http://127.0.0.1:{free_port()}", provider_keys=provider.data,
    )  # fmt: skip
    with Fleet(config) as alone, httpx.Client(base_url=alone.url, trust_env=False) as phone:
        alone.store.presence(str(wall.address), Presence(state="ready", boot="b", since_ms=0), 0)
        answer = press_pay(phone, PAGE)
        assert answer.status_code == 503
        assert "Nothing was taken" in answer.text


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [PAGE, PAGE.lower(), "/Wall-1/17/01/9521100100113", "/wall-1/0/01/09521100100113?q=nonsense&lang=xx"],
)
def test_an_address_is_read_in_any_case(phone: httpx.Client, path: str) -> None:
    page = phone.get(path, follow_redirects=True)
    assert page.status_code == 200
    assert "Buy now, €1.99" in page.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/wall-1/17/01/09521100109994", "We do not have this product"),
        ("/01/09521100109994", "We do not have this product"),
        ("/p/09521100109994", "We do not have this product"),
        (f"/wall-9/17/01/{APPLES}", "We do not know this wall"),
        (f"/%25/17/01/{APPLES}", "We do not know this wall"),
        ("/o/000000000000000", "We do not know this order"),
        ("/o/x", "We do not know this order"),
        ("/picture/00000000000000", "We do not have this product"),
    ],
)
def test_what_is_not_there_is_said_kindly(phone: httpx.Client, path: str, words: str) -> None:
    page = phone.get(path)
    assert page.status_code == 404
    assert words in page.text


@pytest.mark.parametrize("path", ["/wall-1/17/01/", "/01/", "/p/"])
@pytest.mark.parametrize("code", ["09521100100114", "%F0%9F%8D%8E", "123", "x"])
def test_a_code_that_was_misread_is_said_kindly(phone: httpx.Client, path: str, code: str) -> None:
    page = phone.get(path + code)
    assert page.status_code == 400
    assert "This code was misread" in page.text


def test_sold_out_cannot_be_bought_and_age_is_said(phone: httpx.Client) -> None:
    page = phone.get(f"/wall-1/19/01/{GONE}")
    assert "Sold out" in page.text
    assert "<form method" not in page.text
    assert phone.post("/basket", data={"gtin": GONE}, headers=origin(phone)).status_code == 409
    assert phone.post(f"/wall-1/19/01/{GONE}", headers=origin(phone)).status_code == 405
    assert "From 16 years" in phone.get(f"/wall-1/18/01/{WINE}").text


# --- languages and weight -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "language", "direction", "words"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh", "ltr", ("嘎啦苹果", "立即购买 €1.99")),
        ("ar", "ar", "rtl", ("تفاح غالا", "القيم الغذائية")),
        (
            "fr;q=1,de-AT;q=0.5,en;q=0.1",
            "de",
            "ltr",
            ("Äpfel &lt;Gala&gt; &amp; Co", "Eckladen", "1,99\xa0€"),
        ),
        ("xx,;q=zero", "en", "ltr", ("Gala apples",)),
        ("", "en", "ltr", ("Gala apples",)),
    ],
)
def test_a_page_speaks_the_phones_language(
    phone: httpx.Client, accept: str, language: str, direction: str, words: tuple[str, ...]
) -> None:
    page = phone.get(PAGE, headers={"accept-language": accept})
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert page.headers["content-language"] == language
    for text in words:
        assert text in page.text


def test_a_language_picked_by_hand_stays_through_the_order(phone: httpx.Client) -> None:
    page = phone.get(PAGE + "?q=2&lang=ar")
    assert 'href="?q=2&amp;lang=de"' in page.text
    form = checkout(phone, PAGE + "?lang=ar")
    assert phone.post("/checkout?lang=ar", data=form, headers=origin(phone)).status_code == 303
    assert 'lang="ar" dir="rtl"' in phone.get(f"/o/{form['order']}").text


def test_the_first_page_is_light_and_guarded(phone: httpx.Client) -> None:
    """Everything a browser fetches for it but the product's picture, as it crosses the wire."""
    page = phone.get(PAGE, headers={"accept-encoding": "br, gzip"})
    fetched = set(re.findall(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"', page.text))
    fetched |= set(re.findall(r'<(?:script|iframe|source)[^>]* src="([^"]+)"', page.text))
    assert fetched
    weight = page.num_bytes_downloaded + sum(
        phone.get(address, headers={"accept-encoding": "br, gzip"}).num_bytes_downloaded
        for address in fetched
    )
    heads = 600 * (1 + len(fetched))  # headers, generously
    assert weight + heads <= 30_000, weight
    assert re.findall(r"<script[^>]*>", page.text) == re.findall(
        r'<script src="/static/[^"]+" defer>', page.text
    )
    assert "set-cookie" not in page.headers
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
