"""Debian's chromium, a shop to shop in, and phones to do it with. Skipped, with the reason, where there is no chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from fleet.broker.broker import Broker
from tests.phone_shop import Shop, phone_shop

ARGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
PHONE: ViewportSize = {"width": 390, "height": 844}
Phones = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is one in a browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.server)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module's phones, which are contexts of it. Not for the session: Playwright runs an event loop in
    this thread as long as it is there, and no other test could run one.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, broker: Broker
) -> Iterator[Shop]:
    """A shop of the module's own."""
    name = request.module.__name__.rpartition("test_")[2]
    with phone_shop(tmp_path_factory.mktemp(name), broker, f"b-{name}") as running:
        yield running


@pytest.fixture
def phone(chromium: Browser, shop: Shop) -> Iterator[Phones]:
    """`phone(language="en", **of the context)`: a page on a new phone. What its console calls an error fails the test."""
    errors: list[str] = []
    with ExitStack() as stack:

        def opened(language: str = "en", **more: Any) -> Page:
            options: dict[str, Any] = {
                "viewport": PHONE, "locale": language, "has_touch": True, "base_url": shop.url,
            } | more  # fmt: skip
            context: BrowserContext = chromium.new_context(**options)
            stack.callback(context.close)
            context.set_default_timeout(15_000)
            page = context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            return page

        yield opened
    assert not errors


def product(shop: Shop, gtin: str, facing: int = 17) -> str:
    """A product's address, as the wall's QR code has it."""
    kiosk = shop.wall.address.kiosk.upper()
    return f"/{kiosk}/{facing}/01/{gtin}"
