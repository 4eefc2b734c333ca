"""Photographs the phone's pages in the demo's store: `python -m tests.browser.shots docs/screens [NAME ...]`."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from content.carry import pack
from fleet.broker.broker import start_broker
from kiosk.demo.shop import make_store
from tests.browser.conftest import ARGS, PHONE
from tests.browser.steps import choose, fill_in, go_on, paid, pay, press_pay
from tests.phone_shop import Shop, phone_shop

APPLES, MILK, CURRY, WINE = "09521100100113", "09521100800112", "09521108501844", "09521105701841"
WALL = "wall-1"
QUALITY = 82


class Studio:
    """A shop, a browser, and a folder to put pictures into."""

    def __init__(self, browser: Browser, shop: Shop, into: Path, only: list[str]) -> None:
        self._browser, self._shop, self._into, self._only = browser, shop, into, only

    def phone(self, language: str, scheme: str = "light", **more: Any) -> Page:
        options: dict[str, Any] = {
            "viewport": PHONE,
            "device_scale_factor": 2,
            "bypass_csp": True,
            "locale": language,
            "color_scheme": scheme,
        } | more
        return self._browser.new_context(base_url=self._shop.url, **options).new_page()

    def shot(self, page: Page, name: str, *, whole: bool = False) -> None:
        """What the phone shows; `whole`: the page down to its end."""
        if self._only and name not in self._only:
            return
        page.wait_for_load_state("networkidle")
        if whole:  # what sticks to the glass stands at the page's end
            page.add_style_tag(content=".buy { position: static !important; }")
        picture = Image.open(io.BytesIO(page.screenshot(full_page=whole)))
        path = self._into / f"phone-{name}.webp"
        picture.save(path, quality=QUALITY, method=6)
        print(f"{path}  {path.stat().st_size // 1024} kB")  # noqa: T201

    def basket(self, page: Page, language: str, *lines: tuple[str, int]) -> None:
        page.goto(f"/{WALL}/0/b/{pack(lines)}?lang={language}")


def take(studio: Studio) -> None:
    """Every picture."""
    for language, scheme, name in (("en", "light", "product"), ("zh", "dark", "product-zh-dark")):
        page = studio.phone(language, scheme)
        page.goto(f"/{WALL}/1/01/{APPLES}?q=3&lang={language}")
        studio.shot(page, name)
    for language, scheme, name in (
        ("en", "light", "basket"), ("ar", "dark", "basket-ar-dark"), ("zh", "light", "basket-zh"),
    ):  # fmt: skip
        page = studio.phone(language, scheme)
        studio.basket(page, language, (APPLES, 3), (CURRY, 1), (MILK, 2))
        studio.shot(page, name, whole=True)
    page = studio.phone("en", "dark")
    studio.basket(page, "en", (APPLES, 2), (MILK, 1))
    page.locator("form[action*='/basket/code'] button").click()
    studio.shot(page, "code-dark")
    page = studio.phone("de")
    studio.basket(page, "de", (APPLES, 3), (CURRY, 1), (MILK, 2))
    choose(page, "home")
    go_on(page)
    fill_in(page)
    studio.shot(page, "checkout-de", whole=True)
    press_pay(page)
    pay(page)
    paid(page)
    studio.shot(page, "receipt-de", whole=True)
    page.emulate_media(media="print", color_scheme="light")
    page.set_viewport_size({"width": 720, "height": 800})
    studio.shot(page, "receipt-print", whole=True)
    for language, scheme, name in (("ar", "light", "receipt-ar"), ("zh", "dark", "receipt-zh-dark")):
        page = studio.phone(language, scheme)
        studio.basket(page, language, (APPLES, 3), (MILK, 2))
        choose(page, "counter")
        go_on(page)
        press_pay(page)
        pay(page)
        paid(page)
        studio.shot(page, name, whole=True)


def main(arguments: list[str]) -> int:
    """0 where all were taken."""
    program = shutil.which("chromium")
    if program is None:
        print("shots: chromium is not installed: apt-get install chromium")  # noqa: T201
        return 1
    into, only = Path(arguments[0]), arguments[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = start_broker(folder / "broker")
        try:
            store = make_store(folder, lambda text: print(text))  # noqa: T201
            with phone_shop(folder, broker, WALL, catalogue=store) as shop, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=list(ARGS))
                take(Studio(browser, shop, into, only))
                browser.close()
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
