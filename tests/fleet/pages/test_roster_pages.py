"""The list of kiosks over HTTP: what it says, to people and to programs, and that it says it to this machine only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fleet.clock import now_ms
from fleet.config import Config
from fleet.serve import Fleet
from tests.fleet.pages.fleets import bad_morning

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder: Path = tmp_path_factory.mktemp("pages")
    with Fleet(Config(data=folder, broker_port=1, port=0)) as running:
        bad_morning(running.store, now_ms())
        yield running


@pytest.fixture
def pages(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, trust_env=False) as client:
        yield client


def test_the_list_says_in_words_what_is_wrong(pages: httpx.Client) -> None:
    text = pages.get("/fleet").text
    for words in (
        "All 9 kiosks", "two devices, one name", "scanner lost", "printer failed", "3 events missing", "47 min behind",
        "clock is off", "never heard", "30 folded", "1 command under way", "release 2026-11-20.2", "oldest 47 min",
    ):  # fmt: skip
        assert words in text
    assert text.index("K7") < text.index(">K2<") < text.index(">K1<")
    assert "The broker is away" in text


def test_a_sorted_and_filtered_list_can_be_addressed(pages: httpx.Client) -> None:
    answer = pages.get("/fleet", params={"state": "faults", "sort": "kiosk", "down": "1"})
    assert "1 of 9 kiosks" in answer.text
    assert 'aria-sort="descending"' in answer.text
    part = pages.get("/fleet", params={"state": "faults", "part": "live"}).text
    assert "<html" not in part
    assert "printer failed" in part
    assert "No kiosk is like that" in pages.get("/fleet?text=zzz").text


def test_programs_get_the_same_page_by_page(pages: httpx.Client) -> None:
    answer = pages.get("/api/fleet?sort=kiosk&size=5")
    body = answer.json()
    assert body["kiosks"][0]["kiosk"] == "metro/central/K1"
    assert body["counts"]["suspect"] == 1
    assert body["next"] == "/api/fleet?sort=kiosk&page=2&size=5"
    assert answer.headers["link"] == f'<{body["next"]}>; rel="next"'
    rest = pages.get(body["next"]).json()
    assert (len(rest["kiosks"]), rest["next"]) == (4, "")


@pytest.mark.parametrize(
    "bad", ["state=x", "sort=x", "page=0", "page=x", "page=99999999", "size=501", "size=-1"]
)
def test_what_nobody_can_ask_is_refused(pages: httpx.Client, bad: str) -> None:
    assert pages.get(f"/fleet?{bad}").status_code == 400
    assert pages.get(f"/api/fleet?{bad}").status_code == 400


@pytest.mark.parametrize("path", ["/fleet", "/fleet/hours", "/api/fleet"])
def test_staff_only(pages: httpx.Client, path: str) -> None:
    assert pages.get(path, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403


def test_by_the_hour(pages: httpx.Client) -> None:
    day = pages.get("/fleet/hours").text
    assert "in 24 hours" in day
    assert "€" in day
    assert "running" in day
    assert "in 168 hours" in pages.get("/fleet/hours?span=7d").text
    assert pages.get("/fleet/hours?span=1y").status_code == 400


def test_what_somebody_typed_is_text(pages: httpx.Client) -> None:
    assert "<script>alert" not in pages.get("/fleet", params={"text": "<script>alert(1)</script>"}).text
