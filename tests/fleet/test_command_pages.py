"""The page of commands and its interface: from this machine, by our own form, with a name and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.serve import Fleet
from mqtt.commands import CommandState
from mqtt.messages import Presence

ADDRESS = "t/pages/K1"
ASK: dict[str, Any] = {"kiosk": ADDRESS, "what": "identify", "by": "ada", "why": "which one hums"}


@pytest.fixture
def fleet(broker: Broker, tmp_path: Path) -> Iterator[Fleet]:
    config = Config(
        data=tmp_path / "fleet",
        broker_host=broker.host,
        broker_port=broker.port,
        port=0,
        name=tmp_path.name[-20:],
    )
    with Fleet(config) as running:
        running.store.presence(ADDRESS, Presence(state="ready", boot="b", since_ms=1), 1)
        yield running


@pytest.fixture
def browser(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, headers={"origin": fleet.url}, trust_env=False) as client:
        yield client


def form(**more: str) -> dict[str, str]:
    return {
        "kiosk": ADDRESS,
        "what": "identify",
        "who": "ada",
        "why": "which one hums",
        "colour": "red",
        **more,
    }


def test_a_command_is_given_by_the_form_and_shown(browser: httpx.Client) -> None:
    assert browser.post("/commands", data=form(minutes="9")).status_code == 303
    page = browser.get("/commands").text
    assert ADDRESS in page
    assert "which one hums" in page
    assert "colour red" in page
    assert "minutes 9" not in page, "of no concern to this command"


@pytest.mark.parametrize("more", [{"who": ""}, {"why": ""}, {"what": "explode"}, {"kiosk": "nobody"}])
def test_a_form_that_cannot_be_says_so(browser: httpx.Client, more: dict[str, str]) -> None:
    answer = browser.post("/commands", data=form(**more))
    assert answer.status_code == 400
    assert "Nothing was sent" in answer.text


def test_nobody_else_gives_commands(fleet: Fleet, browser: httpx.Client) -> None:
    assert (
        browser.post("/commands", data=form(), headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert (
        browser.post("/api/commands", json=ASK, headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert (
        browser.post("/api/commands", content=b"{}", headers={"content-type": "text/plain"}).status_code
        == 415
    )
    assert browser.get("/commands", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403
    assert fleet.commands.book.latest(5) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"{}", 400), (b"x" * (300 * 1024), 413), (b'{"kiosk":1}', 400),
        (b'{"kiosk":"t/pages/K1","what":"explode","by":"a","why":"b"}', 400),
    ],
)  # fmt: skip
def test_bad_bodies_are_refused(browser: httpx.Client, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    assert browser.post("/api/commands", content=body, headers=headers).status_code == status
    assert browser.post("/api/desired", content=body, headers=headers).status_code in (400, 413)


def test_a_result_is_given_as_what_it_is_and_can_do_nothing(fleet: Fleet, browser: httpx.Client) -> None:
    (given,) = browser.post("/api/commands", json=ASK | {"what": "self-test"}).json()["commands"]
    assert browser.get(f"/commands/{given['id']}/result").status_code == 404
    said = CommandState(
        id=given["id"], state="done", wall_ms=1, part=1, parts=1, media="text/plain", data=b"<script>"
    )
    fleet.commands.book.take(ADDRESS, said, 2)
    answer = browser.get(f"/commands/{given['id']}/result")
    assert (answer.content, answer.headers["content-type"]) == (b"<script>", "text/plain; charset=utf-8")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    (entry,) = browser.get(f"/api/commands?ids={given['id']}").json()["commands"]
    assert (entry["state"], entry["over"], entry["states"][0][0]) == ("done", True, "done")


def test_how_a_kiosk_is_to_be_is_a_form_of_its_own_page(fleet: Fleet, browser: httpx.Client) -> None:
    path = f"/commands/{ADDRESS}"
    fields = {
        "who": "ada",
        "why": "night",
        "brightness": "80",
        "sleep_from": "23:30",
        "sleep_until": "05:00",
        "log_level": "INFO",
    }
    assert browser.post(f"{path}/desired", data=fields).status_code == 303
    wanted = fleet.commands.desires.latest(ADDRESS)
    assert wanted is not None
    assert (wanted.brightness, wanted.sleep, wanted.by) == (80, (1410, 300), "ada")
    assert 'value="23:30"' in browser.get(path).text
    for wrong in (
        {"brightness": "much"},
        {"brightness": "5"},
        {"sleep_until": ""},
        {"sleep_from": "25:00"},
        {"who": ""},
    ):
        answer = browser.post(f"{path}/desired", data=fields | wrong)
        assert answer.status_code == 400
        assert "Nothing was changed" in answer.text
    assert browser.get("/commands/a/b c/d").status_code == 404
    assert browser.get("/api/desired/t/pages/K1").json()["desired"]["version"] == 1
