"""The steps of a purchase, as somebody with a phone does them: each begins on the page the one before ended on."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

ADDRESS = {"name": "Ada Lovelace", "street": "Lindenstr. 1", "postcode": "10115", "city": "Berlin"}


def put_in(page: Page) -> None:
    page.locator('button[name=then][value="basket"]').click()


def choose(page: Page, way: str = "counter") -> None:
    page.locator(f'input[name=slot][value^="{way}:"]:not([disabled])').first.check()


def go_on(page: Page) -> None:
    page.locator("button[form=go]").click()


def fill_in(page: Page) -> None:
    for name, text in ADDRESS.items():
        page.fill(f"#{name}", text)


def press_pay(page: Page) -> None:
    page.locator("button[form=pay]").click()


def pay(page: Page) -> None:
    """At the provider's page."""
    page.locator('button[value="pay"]').click()


def paid(page: Page) -> str:
    """The receipt is there; the claim code."""
    code = page.locator(".claim .code")
    expect(code).to_have_text(re.compile(r"^\w{4}-\w{4}$"))
    return code.inner_text()
