"""From a phone's order to the counter, in a real browser: the code is on the page, is typed, and buys the goods once."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Phones, product
from tests.browser.steps import paid, pay, press_pay
from tests.phone_shop import MILK, Shop

COUNTER: ViewportSize = {"width": 1200, "height": 800}


def look_up(staff: Page, code: str) -> None:
    """As a scanner does that types: into the field that has the focus, with Enter behind it."""
    expect(staff.locator("#code")).to_be_focused()
    staff.keyboard.type(code.lower())
    staff.keyboard.press("Enter")


def test_the_code_on_the_phone_hands_over_the_goods_once(phone: Phones, shop: Shop) -> None:
    page = phone()
    page.goto(product(shop, MILK, 21))
    page.locator('button[name=then][value="checkout"]').click()
    press_pay(page)
    pay(page)
    paid(page)
    expect(page.locator("svg.qr")).to_be_visible()
    code = page.locator(".claim .code").inner_text()

    staff = phone(viewport=COUNTER)
    staff.goto("/counter")
    staff.locator("#who").fill("Mo")
    staff.locator("#code").focus()
    look_up(staff, code)
    expect(staff.get_by_role("heading", name="Paid, hand it over")).to_be_visible()
    expect(staff.locator("#code")).to_be_focused()
    assert code not in staff.url
    staff.get_by_role("button", name="Hand over").click()
    expect(staff.get_by_role("status")).to_have_text("Handed over.")

    other = phone(viewport=COUNTER)
    other.goto("/counter")
    look_up(other, code)
    expect(other.get_by_role("heading", name="Already handed over")).to_be_visible()
    expect(other.get_by_role("button", name="Hand over")).to_have_count(0)

    staff.get_by_label("A slip?").fill("wrong bag")
    staff.get_by_role("button", name="Take it back").click()
    expect(staff.get_by_role("status")).to_contain_text("Taken back")
    look_up(other, code)
    expect(other.get_by_role("heading", name="Paid, hand it over")).to_be_visible()


def test_a_code_is_looked_up_on_a_phone(phone: Phones, shop: Shop) -> None:
    page = phone("ar")
    page.goto("/c?lang=ar")
    page.locator("#code").fill("K7Q2 9MXT")
    page.get_by_role("button").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.dir") == "rtl"
