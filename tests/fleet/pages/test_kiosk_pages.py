"""A kiosk's page: how it is, what it did in human words, what is missing; and its events for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fleet.clock import now_ms
from fleet.config import Config
from fleet.events.rows import Stored
from fleet.serve import Fleet
from mqtt.cloudevents import BATCH_TYPE, read_batch
from tests.fleet.pages.fleets import bad_morning, came
from tests.fleet.samples import event

pytestmark = pytest.mark.server
SELLS, MISSES, FOLDS = "metro/central/K1", "metro/central/K4", "metro/harbour/K9"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder: Path = tmp_path_factory.mktemp("pages")
    with Fleet(Config(data=folder, broker_port=1, port=0)) as running:
        now = now_ms()
        bad_morning(running.store, now)
        newer = Stored(kiosk=MISSES, epoch="e1", seq=8, body=b'{"type":"dance"}', event=None, received_ms=now)
        running.store.commit([newer])
        running.store.commit([came(MISSES, event(7, "scan"), now)])  # another event has that place
        yield running


@pytest.fixture
def pages(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, trust_env=False) as client:
        yield client


def test_the_page_tells_what_happened_in_words(pages: httpx.Client) -> None:
    text = pages.get(f"/fleet/{SELLS}").text
    for words in (
        "selling", "2026-11-20.2", "Command it", "identify", "Sales", "running hour", "shows spring for 8 s", "its clock was set",
        "2 products of dairy in sight", "UTC",
    ):  # fmt: skip
        assert words in text
    sold = pages.get(f"/fleet/{SELLS}?kind=sale").text
    assert "sold for €2.58 by phone: 2 × Milk" in sold
    assert "shows spring" not in sold
    assert "K7Q2" not in text + sold, "no page has to know a claim code"
    assert "events 1 to 30 folded into sums" in pages.get(f"/fleet/{FOLDS}").text


def test_what_is_missing_unreadable_or_contradicts_is_marked(pages: httpx.Client) -> None:
    text = pages.get(f"/fleet/{MISSES}").text
    assert "3-5" in text
    assert "could not be read" in text
    assert "another event has this place" in text


def test_older_events_are_on_the_next_pages_and_none_twice(pages: httpx.Client) -> None:
    path, seen = f"/api/fleet/{SELLS}/events?limit=150", []
    while path:
        answer = pages.get(path)
        seen += [each["seq"] for each in answer.json()["events"]]
        path = answer.json()["next"]
        assert ("link" in answer.headers) == bool(path)
    assert seen == list(range(len(seen), 0, -1))
    assert len(seen) > 300


def test_events_leave_as_cloudevents(pages: httpx.Client) -> None:
    answer = pages.get(f"/api/fleet/{SELLS}/events?kind=sale", headers={"accept": BATCH_TYPE})
    assert answer.headers["content-type"] == BATCH_TYPE
    read = read_batch(answer.content)
    assert {str(address) for address, _ in read} == {SELLS}
    assert b"K7Q2" not in answer.content
    missing = pages.get(f"/api/fleet/{MISSES}/events", headers={"accept": BATCH_TYPE})
    assert missing.headers["endcap-left-out"] == "1", "what nobody can read"


def test_facts_for_programs(pages: httpx.Client) -> None:
    body = pages.get(f"/api/fleet/{MISSES}").json()
    assert body["kiosk"]["missing"] == 3
    assert body["streams"][0]["missing"] == [{"first": 3, "last": 5}]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fleet/a/b/c", 404), ("/fleet/a/b c/d", 404), ("/api/fleet/a/b/c", 404), (f"/fleet/{SELLS}?kind=x", 400),
        (f"/fleet/{SELLS}?before=x", 400), (f"/fleet/{SELLS}?before=1.2.", 400), (f"/fleet/{SELLS}?span=x", 400),
        (f"/api/fleet/{SELLS}/events?limit=0", 400), (f"/api/fleet/{SELLS}/events?limit=1001", 400),
        (f"/api/fleet/{SELLS}/events?before=99999999999999999999.1.e", 400),
    ],
)  # fmt: skip
def test_what_nobody_can_ask_is_refused(pages: httpx.Client, path: str, status: int) -> None:
    assert pages.get(path).status_code == status


@pytest.mark.parametrize("path", [f"/fleet/{SELLS}", f"/api/fleet/{SELLS}", f"/api/fleet/{SELLS}/events"])
def test_staff_only(pages: httpx.Client, path: str) -> None:
    assert pages.get(path, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403
