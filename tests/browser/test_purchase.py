"""A purchase with thumbs, with the keyboard alone, and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Phones, product
from tests.browser.steps import choose, fill_in, go_on, paid, pay, press_pay, put_in
from tests.phone_shop import APPLES, MILK, Shop


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_basket_is_bought_and_delivered_home(phone: Phones, shop: Shop, script: bool) -> None:
    page = phone(java_script_enabled=script)
    page.goto(product(shop, APPLES) + "?q=4")
    put_in(page)
    page.goto(product(shop, MILK, 21))
    put_in(page)
    page.get_by_role("button", name="One more: Milk").click()
    choose(page, "home")
    go_on(page)
    fill_in(page)
    press_pay(page)
    pay(page)
    paid(page)
    expect(page.locator(".sum td")).to_have_text("€11.48")
    page.goto("/basket")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your basket is empty")


def test_buy_now_is_three_taps(phone: Phones, shop: Shop) -> None:
    page = phone()
    page.goto(product(shop, MILK, 21))
    page.locator('button[name=then][value="checkout"]').click()
    press_pay(page)
    pay(page)
    paid(page)


def reach(page: Page, target: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({target!r})"):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{target}: the focus cannot be seen"
            return
    pytest.fail(f"the keyboard does not reach {target}")


def test_with_the_keyboard_alone(phone: Phones, shop: Shop) -> None:
    page = phone()
    page.goto(product(shop, APPLES))
    reach(page, 'button[name="then"][value="basket"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/basket**")
    reach(page, 'input[name="slot"]')
    page.keyboard.press("ArrowDown")
    reach(page, "button[form=go]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout**")
    reach(page, "button[form=pay]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/pay/"))
    reach(page, 'button[value="pay"]')
    page.keyboard.press("Enter")
    paid(page)


def test_two_taps_are_one_order(phone: Phones, shop: Shop) -> None:
    page = phone()
    page.goto(product(shop, MILK, 21))
    page.locator('button[name=then][value="checkout"]').click()
    before = len(orders(shop))
    page.locator("button[form=pay]").dblclick()
    page.wait_for_url(re.compile("/pay/"))
    assert len(orders(shop)) == before + 1


def orders(shop: Shop) -> list[str]:
    """Every order there is a charge of."""
    from sqlalchemy import select

    from fleet import tables

    with shop.fleet.store.read() as connection:
        return list(connection.scalars(select(tables.charges.c.order)))
