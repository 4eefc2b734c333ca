"""The phone loses its network at every step in turn, in three ways, and there is one order and one payment in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page
from sqlalchemy import select

from content.carry import pack
from fleet import tables
from fleet.broker.broker import Broker
from fleet.payments.port import PAID, State
from tests.browser.conftest import PHONE
from tests.browser.line import Line, line
from tests.browser.steps import choose, go_on, paid, pay, press_pay
from tests.fleet.payments.sandbox_process import free_port
from tests.phone_shop import APPLES, MILK, Shop, phone_shop

WAYS = ("aeroplane", "tunnel", "answer lost")
Step = tuple[str, Callable[[Page], object], Callable[[Page], Locator]]


@pytest.fixture(scope="module")
def wire() -> Iterator[tuple[int, Line]]:
    """The fleet's port, and the line phones reach it by."""
    port = free_port()
    with line(port) as between:
        yield port, between


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, broker: Broker, wire: tuple[int, Line]) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("signal")
    with phone_shop(folder, broker, "b-signal", port=wire[0], public_url=wire[1].url) as running:
        yield running


def open_basket(page: Page) -> None:
    page.goto(f"/b-signal/0/b/{pack([(APPLES, 2), (MILK, 1)])}")


def choose_and_go(page: Page) -> None:
    choose(page)
    go_on(page)


STEPS: tuple[Step, ...] = (
    ("opening the wall's basket", open_basket, lambda page: page.locator("button[form=go]")),
    ("going on to pay", choose_and_go, lambda page: page.locator("button[form=pay]")),
    ("paying", press_pay, lambda page: page.locator('button[value="pay"]')),
    ("coming back from the bank", pay, lambda page: page.locator(".claim .code")),
)


def lose(page: Page, between: Line, way: str) -> None:
    if way == "aeroplane":
        page.context.set_offline(True)
    else:
        between.put("down" if way == "tunnel" else "deaf")


def mend(page: Page, between: Line) -> None:
    between.put("up")
    page.context.set_offline(False)


def attempt(act: Callable[[Page], object], page: Page) -> None:
    try:
        act(page)
        page.wait_for_timeout(300)
    except Error:  # what the browser says when a page cannot be opened
        pass


def there(target: Locator, ms: float) -> bool:
    try:
        target.wait_for(timeout=ms)
    except Error:
        return False
    return True


def get_there(page: Page, step: Step) -> None:
    """What somebody does who has signal again: wait a moment, reload, go back to the basket and press again."""
    _, act, arrived = step
    if there(arrived(page), 5_000):
        return
    attempt(lambda page: page.reload(timeout=5_000), page)
    if there(arrived(page), 3_000):
        return
    for again in (lambda page: page.goto("/basket"), choose_and_go, press_pay):
        if there(arrived(page), 500):
            return
        attempt(again, page)
    if not there(arrived(page), 1_000):
        act(page)
    arrived(page).wait_for()


def book(shop: Shop) -> list[tuple[str, str]]:
    with shop.fleet.store.read() as connection:
        return [
            (row.order, row.state)
            for row in connection.execute(select(tables.charges.c.order, tables.charges.c.state))
        ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lost_at", range(len(STEPS)), ids=[step[0] for step in STEPS])
def test_one_order_and_one_payment_wherever_the_signal_goes(
    chromium: Browser, shop: Shop, wire: tuple[int, Line], way: str, lost_at: int
) -> None:
    before = book(shop)
    context = chromium.new_context(
        viewport=PHONE, locale="en", base_url=shop.fleet.services.config.public_url
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    try:
        for place, step in enumerate(STEPS):
            if place != lost_at:
                step[1](page)
                step[2](page).wait_for()
                continue
            lose(page, wire[1], way)
            attempt(step[1], page)
            mend(page, wire[1])
            get_there(page, step)
        paid(page)
    finally:
        mend(page, wire[1])
        context.close()
    new = [state for order, state in book(shop) if (order, state) not in before]
    assert len(new) == 1, "one order"
    assert State(new[0]) in PAID, "one payment"


def test_a_buyer_without_signal_is_told_that_it_is_kept_and_it_is_sent_once(
    chromium: Browser, shop: Shop, wire: tuple[int, Line]
) -> None:
    context = chromium.new_context(
        viewport=PHONE, locale="en", base_url=shop.fleet.services.config.public_url
    )
    page = context.new_page()
    try:
        open_basket(page)
        choose_and_go(page)
        page.locator("button[form=pay]").wait_for()
        before = len(book(shop))
        context.set_offline(True)
        press_pay(page)
        note = page.locator("#unsent")
        note.wait_for()
        assert "It is sent once" in note.inner_text()
        press_pay(page)
        context.set_offline(False)
        page.locator('button[value="pay"]').wait_for()
        assert len(book(shop)) == before + 1
    finally:
        context.close()


def test_pages_that_were_seen_open_without_signal(
    chromium: Browser, shop: Shop, wire: tuple[int, Line]
) -> None:
    context = chromium.new_context(
        viewport=PHONE, locale="en", base_url=shop.fleet.services.config.public_url
    )
    page = context.new_page()
    try:
        open_basket(page)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.goto("/basket?lang=en")
        wire[1].put("down")
        page.goto("/basket?lang=en")
        assert "as it was when you last opened it" in page.locator("#stale").inner_text()
        assert page.locator(".lines li").count() == 2
        page.goto("/checkout?lang=en")
        assert "No connection" in page.locator("h1").inner_text()
    finally:
        wire[1].put("up")
        context.close()
