"""Every page for everybody: WCAG 2.2 AA by axe-core, 320 px wide, twice as large, and big enough to hit with a thumb."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from content.carry import pack
from tests.browser.conftest import Phones, product
from tests.browser.steps import choose, fill_in, go_on, paid, pay, press_pay
from tests.phone_shop import APPLES, GONE, ICE, MILK, WINE, Shop

LANGUAGES = ("en", "zh", "ar", "de")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ASK = "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
Visit = Callable[[Page, str], None]
SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary, label.slot')]
  .filter(each => each.offsetParent !== null && !each.closest('p.text') && getComputedStyle(each).display !== 'inline')
  .map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([html, box]) => `${html}: ${box.width} x ${box.height}`)"""


def walk(page: Page, shop: Shop, language: str, look: Visit) -> None:
    """Open every page of the shop, and have each looked at under its name."""

    def at(path: str, name: str) -> None:
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        look(page, name)

    wall = shop.wall.address.kiosk
    at("/shop", "front")
    at("/s?q=a", "search")
    at("/basket", "empty basket")
    at(product(shop, APPLES) + "?q=3", "product")
    at(product(shop, WINE, 18), "product with an age limit")
    at(product(shop, GONE, 19), "sold out")
    at(product(shop, "09521100109994", 19), "no such product")
    at(f"/{wall}/0/b/{pack([(APPLES, 4), (MILK, 1)])}", "basket")
    at(f"/{wall}/0/b/{pack([(WINE, 1), (ICE, 1)])}", "two baskets")
    page.goto(f"/basket?lang={language}")
    page.locator("form[action*='/basket/code'] button").click()
    look(page, "code")
    page.goto(f"/basket?lang={language}")
    choose(page, "home")
    go_on(page)
    look(page, "checkout")
    press_pay(page)
    look(page, "checkout with mistakes")
    fill_in(page)
    press_pay(page)
    page.locator('button[value="pay"]').wait_for()
    link = page.url
    at(f"/o/{newest(shop)}", "order that waits")
    page.goto(link)
    pay(page)
    paid(page)
    for summary in page.locator("summary").all():
        summary.click()
    look(page, "receipt")
    page.locator("textarea").fill("Zwei Äpfel sind braun.")
    page.locator("form[action*='/report'] button").click()
    at(f"/o/{newest(shop)}", "receipt with a report")
    page.locator("details:has(form[action*='/cancel']) summary").click()
    page.locator("form[action*='/cancel'] button").click()
    look(page, "cancelled")
    at("/offline", "no connection")
    at("/c", "claim code")


def newest(shop: Shop) -> str:
    """The name of the page of the newest order: only its buyer knows it, and the provider, to lead back to it."""
    from sqlalchemy import select

    from fleet import tables

    column = tables.charges.c
    with shop.fleet.store.read() as connection:
        back = connection.scalar(select(column.return_url).order_by(column.asked_ms.desc()).limit(1))
    return urlsplit(str(back)).path.rpartition("/")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_breaks_a_rule_of_wcag(phone: Phones, shop: Shop, language: str) -> None:
    """In light and dark; and every target has 24 by 24 CSS pixels (WCAG 2.2, 2.5.8), as measured here.

    On a screen as tall as the longest page: on a short one the bar at its foot lies over half of whatever happens to be
    there until somebody scrolls, which axe takes for a small target. What is there depends on the hour (delivery slots).
    """
    page = phone(language, bypass_csp=True, viewport={"width": 390, "height": 4000})
    found: list[str] = []

    def look(page: Page, name: str) -> None:
        page.evaluate(AXE)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            result: dict[str, Any] = page.evaluate(ASK, RULES)
            assert len(result["passes"]) > 5, "axe has looked"
            found.extend(
                f"{name}, {scheme}: {rule['id']}: {node['html'][:120]}: {node['failureSummary']}"
                for rule in result["violations"]
                for node in rule["nodes"]
            )
        found.extend(f"{name}: {each}" for each in page.evaluate(SMALL))

    walk(page, shop, language, look)
    assert not found, "\n".join(found)


WIDE = """() => document.scrollingElement.scrollWidth > document.documentElement.clientWidth
  ? [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > innerWidth + 1 || each.getBoundingClientRect().left < -1)
      .filter(each => !each.closest('.unseen')).slice(0, 5).map(each => each.outerHTML.slice(0, 90)) : []"""
CUT = """() => [...document.querySelectorAll('main *, .buy *')].filter(each => {
    const style = getComputedStyle(each);
    return each.children.length === 0 && each.textContent.trim() && !each.closest('.unseen') &&
      ['hidden', 'clip'].includes(style.overflowX) && each.scrollWidth > each.clientWidth + 1;
  }).map(each => each.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_page_fits_320_pixels(phone: Phones, shop: Shop, language: str) -> None:
    """WCAG 2.2, 1.4.10: no scrolling in two directions."""
    found: list[str] = []
    page = phone(language, viewport={"width": 320, "height": 568})
    walk(
        page,
        shop,
        language,
        lambda page, name: found.extend(f"{name}: {each}" for each in page.evaluate(WIDE)),
    )
    assert not found, "\n".join(found)


def test_nothing_is_lost_at_twice_the_size_of_letters(phone: Phones, shop: Shop) -> None:
    """WCAG 2.2, 1.4.4."""
    found: list[str] = []
    page = phone("de", viewport={"width": 640, "height": 900}, bypass_csp=True)

    def look(page: Page, name: str) -> None:
        page.add_style_tag(content="html { font-size: 200% !important; }")
        found.extend(f"{name}: {each}" for each in [*page.evaluate(CUT), *page.evaluate(WIDE)])

    walk(page, shop, "de", look)
    assert not found, "\n".join(found)
