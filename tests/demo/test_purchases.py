"""Purchases as people make them in the demo: fingers on real pixels, codes read off the glass, pages of the phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.demo.demos import Demo
from tests.demo.shopper import Shopper, fetch, fields, submit

pytestmark = [pytest.mark.server, pytest.mark.ui]


@pytest.fixture(scope="module")
def shopper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shopper]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    try:
        demo.wait_ready()
        yield Shopper(demo)
    finally:
        if demo.process.poll() is None:
            demo.end()


def test_paid_with_a_phone_there_is_one_sale_one_receipt_and_one_claim_code(shopper: Shopper) -> None:
    before = shopper.sales
    shopper.wants_to_pay("link")
    assert "Paid" in shopper.pays()
    shopper.sees("thanks")
    shopper.sold(before)
    (sale,) = [item for item in shopper.demo.news() if item["kind"] == "sale"]
    assert sale["title"] == "Sold for €1.99, paid by phone"
    code = sale["detail"].rpartition(" ")[2]
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    shopper.demo.until(lambda: code.encode() in shopper.demo.get("/facts"), "the receipt from the printer")


def test_a_claim_code_works_at_the_wall_at_the_counter_and_on_the_phone(shopper: Shopper) -> None:
    demo, before = shopper.demo, shopper.sales
    shopper.wants_to_pay("link")
    shopper.pays()
    shopper.sees("thanks")
    shopper.sold(before)
    code = [item for item in demo.news() if item["kind"] == "sale"][-1]["detail"].rpartition(" ")[2]
    shopper.comes()
    demo.post("/do", do="scan", text=code)
    shopper.sees("code-result")
    operator = f"http://127.0.0.1:{demo.port + 1}"
    assert "Your order is ready" in fetch(f"{operator}/c/{code}?lang=en")[1]
    page = fetch(f"{operator}/counter", code=code.lower(), who="Mo")[1]
    assert "Paid, hand it over" in page
    handed = fetch(f"{operator}/counter", **(fields(page) | {"act": "hand-over", "who": "Mo"}))[1]
    assert "Handed over." in handed
    assert "Already picked up" in fetch(f"{operator}/c/{code}?lang=en")[1]
    shopper.comes()
    demo.post("/do", do="scan", text=code)
    shopper.sees("code-result")


def test_a_basket_leaves_on_a_phone_and_the_wall_keeps_nothing_back(shopper: Shopper) -> None:
    link = shopper.takes_along()
    assert "/B/" in link
    _, page = fetch(link)
    assert "Gala apples" in page
    assert "€1.99" in page


def test_a_transfer_is_read_by_the_bank_app(shopper: Shopper) -> None:
    before = shopper.sales
    shopper.wants_to_pay("epc")
    code = shopper.pay_code()
    assert code["text"].startswith("BCD\n")
    where, page = fetch(code["href"])
    assert code["text"] in page, "the bank app has the code in its field"
    origin = where.partition("/?")[0]
    _, transfer = fetch(f"{origin}/scan", payload=code["text"])
    action = re.findall(r'action="(/transfer/[^"]+)"', transfer)[0]
    fetch(origin + action, **fields(transfer))
    shopper.sees("thanks")
    shopper.sold(before)


def test_a_card_that_is_declined_and_one_that_is_good(shopper: Shopper) -> None:
    before = shopper.sales
    shopper.wants_to_pay("card")
    shopper.demo.post("/do", do="tap", card="declined")
    shopper.sees("problem")
    assert shopper.sales == before
    shopper.touch_until("problem-declined", "retry", "pay")
    shopper.demo.post("/do", do="tap", card="good")
    shopper.sees("thanks")
    shopper.sold(before)


def test_what_was_cancelled_cannot_be_paid_any_more(shopper: Shopper) -> None:
    before = shopper.sales
    shopper.wants_to_pay("link")
    link = shopper.pay_code()["href"]
    shopper.touch_until("pay-link-waiting", "cancel", "choose")
    assert "cancelled" in submit(link, answer="pay")
    assert shopper.sales == before


def test_a_phone_buys_from_the_shelf_and_whoever_pays_at_the_wall_is_left_alone(shopper: Shopper) -> None:
    before = shopper.sales
    link = shopper.comes()[1]
    shopper.wants_to_pay("link")
    mine = shopper.pay_code()
    assert "it is paid" in shopper.buys_on_the_phone(link)
    shopper.sold(before)
    shopper.demo.until(
        lambda: [i for i in shopper.demo.news() if i["title"].endswith("on a phone")],
        "word of the phone's sale",
    )
    assert shopper.pay_code() == mine
    shopper.pays()
    shopper.sees("thanks")
    shopper.sold(before, 2)


def test_no_paper_no_scanner_and_people_buy_all_the_same(shopper: Shopper) -> None:
    before, demo = shopper.sales, shopper.demo
    receipt = demo.get("/facts")
    demo.post("/do", do="printer", state="paper-out")
    demo.post("/do", do="plug", name="scanner", connected="no")
    assert b"unplugged: it read nothing" in demo.post("/do", do="scan", text="9521100100311")[1]
    shopper.wants_to_pay("link")
    shopper.pays()
    shopper.sees("thanks")
    shopper.sold(before)
    assert demo.get("/facts").partition(b'"receipt"')[2] == receipt.partition(b'"receipt"')[2]
    demo.post("/do", do="printer", state="ok")
    demo.post("/do", do="plug", name="scanner", connected="yes")
    shopper.comes()
    shopper.does(
        lambda: demo.post("/do", do="scan", text="9521100100311"),
        lambda: shopper.view == "product",
        "the scanner to work again",
    )


def test_paid_while_the_power_is_out_it_is_sold_once(shopper: Shopper) -> None:
    before = shopper.sales
    shopper.wants_to_pay("link")
    link = shopper.pay_code()["href"]
    shopper.demo.post("/do", do="power-cut")
    submit(link, answer="pay")
    shopper.sees("thanks")
    shopper.sold(before)


def test_paid_while_the_broker_is_dead_it_is_sold_once(shopper: Shopper) -> None:
    before = shopper.sales
    shopper.wants_to_pay("link")
    link = shopper.pay_code()["href"]
    shopper.demo.kill_child("fleet", "broker")
    submit(link, answer="pay")
    shopper.sees("thanks")
    shopper.sold(before)


def test_what_was_sold_is_kept_and_a_fresh_start_forgets_it(shopper: Shopper) -> None:
    demo, before = shopper.demo, shopper.sales
    assert before > 0
    demo.end()
    demo.process = demo.start()
    demo.wait_ready()
    assert shopper.sales == before
    demo.end()
    demo.process = demo.start("--fresh")
    demo.wait_ready()
    assert shopper.sales == 0
