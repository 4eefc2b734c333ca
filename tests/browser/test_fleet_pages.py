"""The pages about kiosks in a browser: rules of WCAG, 320 px wide, and rows that change where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from fleet.clock import now_ms
from fleet.config import Config
from fleet.serve import Fleet
from tests.browser.test_access import ASK, AXE, RULES, SCHEMES, SMALL, WIDE
from tests.fleet.pages.fleets import bad_morning, said
from tests.fleet.rollouts.shown import published, seed

PATHS = (
    "/fleet",
    "/fleet?state=faults",
    "/fleet/metro/central/K1",
    "/fleet/metro/central/K4",
    "/fleet/hours?span=7d",
    "/rollouts",
    "/rollouts/STOPPED",
    "/releases",
)


STOPPED = "STOPPED"  # in its place, the roll-out that has stopped


@pytest.fixture(scope="module")
def stopped(fleet: Fleet) -> str:
    return seed(fleet)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder: Path = tmp_path_factory.mktemp("fleet-pages")
    with Fleet(Config(data=folder / "fleet", broker_port=1, port=0, releases=published(folder))) as running:
        bad_morning(running.store, now_ms())
        yield running


def test_no_page_breaks_a_rule_of_wcag(chromium: Browser, fleet: Fleet, stopped: str) -> None:
    found: list[str] = []
    context = chromium.new_context(
        base_url=fleet.url, bypass_csp=True, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    for path in PATHS:
        page.goto(path.replace(STOPPED, stopped))
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


def test_every_page_fits_320_pixels(chromium: Browser, fleet: Fleet, stopped: str) -> None:
    context = chromium.new_context(base_url=fleet.url, viewport={"width": 320, "height": 568})
    page = context.new_page()
    found: list[str] = []
    for path in PATHS:
        page.goto(path.replace(STOPPED, stopped))
        found += [f"{path}: {each}" for each in page.evaluate(WIDE)]
    context.close()
    assert not found, "\n".join(found)


def test_a_row_changes_where_it_stands(chromium: Browser, fleet: Fleet) -> None:
    """Neither the page nor the row is made anew, and what somebody types stays."""
    context = chromium.new_context(base_url=fleet.url)
    page = context.new_page()
    page.goto("/fleet?sort=kiosk")
    page.evaluate(
        "document.querySelector('[data-key=\"metro/central/K1\"]').dataset.mine = ''; window.mine = true"
    )
    row = page.locator('[data-key="metro/central/K1"]')
    page.fill("input[name=text]", "half a wo")
    fleet.store.presence(*_lost(fleet))
    fleet.live.tell("missed", {})
    expect(row).to_contain_text("lost", timeout=20_000)
    assert page.evaluate("window.mine")
    expect(page.locator("input[name=text]")).to_have_value("half a wo")
    context.close()


def _lost(fleet: Fleet) -> tuple[str, Any, int]:
    from mqtt.messages import Presence

    now = now_ms()
    kiosk = said(fleet.store, "K1", now)
    return kiosk, Presence(state="lost", boot="bK1", since_ms=now, version="1.4.0", session="sK1"), now
