"""Alerts and live changes in a browser: rules of WCAG, 320 px wide, and no alarm by one click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from fleet.broker.broker import start_broker
from fleet.serve import Fleet
from tests.browser.saying import said, spoken_of
from tests.browser.test_access import ASK, AXE, RULES, SCHEMES, SMALL, WIDE
from tests.servers import missing

pytestmark = pytest.mark.skipif(bool(missing("mosquitto")), reason="no broker is installed")
PATHS = "/alerts", "/live-changes"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder: Path = tmp_path_factory.mktemp("saying")
    broker = start_broker(folder / "broker")
    try:
        with spoken_of(folder, broker.port) as running:
            said(running)
            yield running
    finally:
        broker.stop()


def test_no_page_breaks_a_rule_of_wcag(chromium: Browser, fleet: Fleet) -> None:
    found: list[str] = []
    context = chromium.new_context(base_url=fleet.url, bypass_csp=True)
    page = context.new_page()
    for path in PATHS:
        page.goto(path)
        page.evaluate(AXE)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            result: dict[str, Any] = page.evaluate(ASK, RULES)
            found += [
                f"{path}, {scheme}: {rule['id']}: {node['html'][:120]}: {node['failureSummary']}"
                for rule in result["violations"]
                for node in rule["nodes"]
            ]
        found += [f"{path}: {each}" for each in page.evaluate(SMALL)]
    context.close()
    assert not found, "\n".join(found)


def test_every_page_fits_320_pixels(chromium: Browser, fleet: Fleet) -> None:
    context = chromium.new_context(base_url=fleet.url, viewport={"width": 320, "height": 568})
    page = context.new_page()
    found: list[str] = []
    for path in PATHS:
        page.goto(path)
        found += [f"{path}: {each}" for each in page.evaluate(WIDE)]
    context.close()
    assert not found, "\n".join(found)


def test_an_alarm_takes_a_second_look(chromium: Browser, fleet: Fleet) -> None:
    context = chromium.new_context(base_url=fleet.url)
    page = context.new_page()
    page.goto("/alerts")
    raising = page.locator("form", has_text="Look at it first")
    raising.locator("[name=kiosk]").fill("demo/central")
    raising.locator("[name=kind]").select_option("actual")
    raising.locator("[name=headline_en]").fill("Flood")
    raising.locator("[name=who]").fill("ada")
    raising.locator("[name=why]").fill("a burst pipe")
    raising.locator("button").click()
    expect(page.locator(".sure")).to_contain_text("on 24 walls, nothing was said yet")
    assert "Flood" not in {next(iter(one.alert.words.values())).headline for one in fleet.emergency.latest()}
    page.get_by_role("button", name="Raise the alarm on 24 walls").click()
    expect(page.locator("main")).to_contain_text("2 in force")
    context.close()
