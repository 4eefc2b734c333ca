"""Roll-outs by page, interface and command line, with kiosks on a real line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fleet.broker.broker import Broker
from fleet.cli.pin import pin_main, tag_main, unpin_main
from fleet.cli.rollout import main as rollout_main
from fleet.config import Config
from fleet.serve import Fleet
from mqtt.client import Client
from mqtt.commands import Desired, Reported, Running
from mqtt.messages import Presence, decode, encode
from mqtt.topics import Address
from tests.fleet.rollouts.world import NEW, OLD
from tests.servers import wait_until

RINGS = ["pilot: kiosk=t/roll/K0 errors=1 soak=0s deadline=1h", "rest: errors=2 soak=0s deadline=1h"]
ASK: dict[str, Any] = {"target": NEW, "rings": RINGS, "by": "ada", "why": "new prices"}


@pytest.fixture
def fleet(broker: Broker, tmp_path: Path) -> Iterator[Fleet]:
    config = Config(
        data=tmp_path / "fleet", broker_host=broker.host, broker_port=broker.port, port=0, name=tmp_path.name[-20:]
    )  # fmt: skip
    with Fleet(config) as running:
        for number in range(4):
            said = Presence(state="ready", boot="b", since_ms=1)
            running.store.presence(f"t/roll/K{number}", said, 1)
        yield running


@pytest.fixture
def browser(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, headers={"origin": fleet.url}, trust_env=False) as client:
        yield client


def made(browser: httpx.Client, **more: object) -> str:
    answer = browser.post("/api/rollouts", json={**ASK, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def act(browser: httpx.Client, rollout: str, deed: str, by: str = "bo") -> httpx.Response:
    return browser.post(f"/api/rollouts/{rollout}/{deed}", json={"by": by, "why": "looked at it"})


def state(browser: httpx.Client, rollout: str) -> str:
    return str(browser.get(f"/api/rollouts/{rollout}").json()["state"])


class Wall:
    """Four kiosks on one connection: they take what is wanted, and say that they are well, or what `says` has them say."""

    def __init__(self, broker: Broker) -> None:
        self.addresses = {f"t/roll/K{number}": Address("t", "roll", f"K{number}") for number in range(4)}
        self.heard: dict[str, Desired] = {}
        self.says: dict[str, str] = {}
        self.client = Client(broker.host, broker.port, "walls-of-roll", on_message=self._heard)
        for one in self.addresses.values():
            self.client.subscribe(one.desired)

    def _heard(self, topic: str, payload: bytes) -> None:
        if not payload:
            return  # cleared, for the next test
        name = next(name for name, one in self.addresses.items() if one.desired == topic)
        self.heard[name] = said = decode(payload, Desired)
        reason, target = self.says.get(name, ""), said.content
        if target is None or reason == "nothing":
            return
        running = Running(
            name=OLD if reason else target.name, confirmed=True, target=target.name, rollout=target.rollout,
            phase="failed" if reason else "", reason=reason,
        )  # fmt: skip
        report = encode(Reported(version=said.version, wall_ms=1, content=running))
        self.client.publish(self.addresses[name].reported, report, retain=True)

    def wanted(self) -> dict[str, str]:
        return {name: said.content.name if said.content else "" for name, said in self.heard.items()}


@pytest.fixture
def wall(broker: Broker, fleet: Fleet) -> Iterator[Wall]:
    made = Wall(broker)
    made.client.start()
    wait_until(lambda: made.client.connected and fleet.connected, "everybody to connect")
    yield made
    for one in made.addresses.values():
        for topic in (one.desired, one.reported):
            wait_until(lambda topic=topic: made.client.publish(topic, b"", retain=True), "room")  # type: ignore[misc]
    assert made.client.stop()


def test_ring_by_ring_over_the_line(fleet: Fleet, browser: httpx.Client, wall: Wall) -> None:
    one = made(browser)
    act(browser, one, "submit", "ada")
    refused = act(browser, one, "approve", "Ada")
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "Ada has made it: somebody else approves it",
    )
    assert act(browser, one, "approve").json()["state"] == "scheduled"
    wait_until(lambda: state(browser, one) == "finished", "the roll-out", 60)
    assert set(wall.wanted().values()) == {NEW}
    assert all(said.content is not None and said.content.rollout == one for said in wall.heard.values())
    page = browser.get(f"/rollouts/{one}").text
    assert "4 confirmed" not in page
    assert "3 confirmed" in page
    assert "looked at it" in page
    assert NEW in browser.get("/rollouts").text
    assert "● 4 confirmed" in browser.get("/releases").text.replace("</span> ", " ").replace('<span aria-hidden="true">', "")  # fmt: skip


def test_a_failing_first_ring_stops_it_and_rolled_back_all_is_as_it_was(
    browser: httpx.Client, wall: Wall
) -> None:
    wall.says["t/roll/K0"] = "unhealthy"
    one = made(browser, needs_approval=False)
    assert act(browser, one, "submit", "ada").json()["state"] == "scheduled"
    wait_until(lambda: state(browser, one) == "stopped", "the threshold", 60)
    assert wall.wanted() == {"t/roll/K0": NEW}
    page = browser.get(f"/rollouts/{one}").text
    assert "failed: unhealthy" in page
    assert 'href="/fleet/t/roll/K0"' in page
    assert browser.post(f"/rollouts/{one}/roll-back", data={"who": "bo", "why": "blank"}).status_code == 303
    wait_until(
        lambda: wall.wanted() == {"t/roll/K0": ""}, "what was wanted before: the release for everybody", 60
    )
    assert state(browser, one) == "rolled-back"


def test_made_by_the_form_it_waits_for_a_second_person(browser: httpx.Client) -> None:
    form = {
        "kind": "content",
        "target": NEW,
        "who": "ada",
        "why": "new prices",
        "ring0": RINGS[0],
        "ring1": RINGS[1],
    }
    answer = browser.post("/rollouts", data=form)
    assert answer.status_code == 303
    where = answer.headers["location"]
    page = browser.get(where).text
    assert "waiting-approval" in page
    assert "pilot 1, rest 3" in page
    wrong = browser.post(f"{where}/approve", data={"who": "ada", "why": "fine"})
    assert wrong.status_code == 400
    assert "somebody else approves it" in wrong.text
    assert browser.post(f"{where}/explode", data={"who": "bo", "why": "x"}).status_code == 404
    assert browser.get("/rollouts/NOTHERE").status_code == 404


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"rings": ["pilot percent=5"]}, "expected a name, a colon"), ({"rings": ["a: percent=x"]}, "whole number"),
        ({"rings": ["a: soak=5"]}, "expected a time"), ({"rings": ["a: colour=red"]}, "expected kiosk, site"),
        ({"rings": ["a: percent=0"]}, "expected 1 to 100"), ({"rings": ["a: tag=nobody"]}, "no kiosk is in it"),
        ({"rings": []}, "0 rings"), ({"rings": ["a: percent"]}, "NAME=VALUE"), ({"target": "a b"}, "release 'a b'"),
        ({"window": "22-5"}, "expected hours"), ({"window": "22:61-05:00"}, "expected hours"), ({"by": ""}, "who decides"),
        ({"window": "24:00-05:00"}, "expected hours"), ({"not_before": "tomorrow"}, "expected a time with its offset"),
        ({"not_before": "2026-11-24T01:00"}, "expected a time with its offset"), ({"timezone": "Mars"}, "timezone"),
        ({"kind": "firmware"}, "Invalid enum|expected one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(browser: httpx.Client, more: dict[str, Any], says: str) -> None:
    answer = browser.post("/api/rollouts", json={**ASK, **more})
    assert answer.status_code == 400
    assert any(part in answer.json()["error"] for part in says.split("|")), answer.text
    assert browser.get("/api/rollouts").json() == {"rollouts": []}


def test_a_form_that_cannot_be_keeps_what_was_typed(browser: httpx.Client) -> None:
    answer = browser.post(
        "/rollouts", data={"target": NEW, "who": "ada", "why": "x", "ring0": "half: percent=200"}
    )
    assert answer.status_code == 400
    assert "Nothing was made" in answer.text
    assert 'value="half: percent=200"' in answer.text
    cut = "pilot: " + " ".join(f"kiosk=demo/line2/K{number:02}" for number in range(20)) + " errors=1"
    answer = browser.post("/rollouts", data={"target": NEW, "who": "ada", "why": "x", "ring0": cut})
    assert answer.status_code == 400, "what stops it would have been cut off"
    assert "the command line takes more" in answer.text


def test_nobody_else_decides(fleet: Fleet, browser: httpx.Client) -> None:
    evil = {"origin": "https://evil.example"}
    one = made(browser)
    for path, body in (("/api/rollouts", ASK), (f"/api/rollouts/{one}/submit", {"by": "x", "why": "y"})):
        assert browser.post(path, json=body, headers=evil).status_code == 403
    assert (
        browser.post(f"/rollouts/{one}/abort", data={"who": "x", "why": "y"}, headers=evil).status_code == 403
    )
    for path in ("/rollouts", "/releases", "/api/rollouts", "/api/pins", f"/rollouts/{one}"):
        assert browser.get(path, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403
    assert state(browser, one) == "draft"


def test_the_command_line(
    fleet: Fleet, browser: httpx.Client, wall: Wall, capsys: pytest.CaptureFixture[str]
) -> None:
    at, by = ["--fleet", fleet.url], ["--by", "ada", "--why", "new prices"]

    def told(main: Any, *words: str) -> str:
        assert main(list(words)) == 0
        return capsys.readouterr().out

    assert told(tag_main, "t/roll/K1", "pilot", "--by", "ada", *at) == "1 kiosks\n"
    assert told(pin_main, "t/roll/K3", "demo-000040", "--by", "cyd", "--why", "a show", *at) == "1 pinned\n"
    assert told(pin_main, *at) == "t/roll/K3  content  demo-000040  cyd: a show\n"
    rings = ["--ring", "pilot: tag=pilot errors=1 soak=0s", "--ring", "rest: errors=1 soak=0s"]
    one = told(rollout_main, *at, "create", NEW, *rings, "--submit", *by).split()[0]
    assert told(rollout_main, *at, "approve", one, "--by", "bo", "--why", "looked") == f"{one}  scheduled\n"
    wait_until(lambda: state(browser, one) == "finished", "the roll-out", 60)
    assert "3 confirmed, 1 pinned" in told(rollout_main, *at, "list")
    shown = told(rollout_main, *at, "show", one)
    assert "approve: bo, looked" in shown
    assert "pilot: tag=pilot percent=100 success=95 errors=1" in shown
    assert f'"id": "{one}"' in told(rollout_main, *at, "show", one, "--json")
    assert told(unpin_main, "t/roll/K3", "--by", "cyd", "--why", "over", *at) == "1 let go\n"
    wait_until(lambda: wall.wanted()["t/roll/K3"] == NEW, "what its neighbours got", 60)
    assert rollout_main([*at, "pause", one, *by]) == 1
    assert "it is finished; expected running" in capsys.readouterr().err
    assert rollout_main([*at, "show", "NOTHERE"]) == 1
    assert "there is none" in capsys.readouterr().err
    assert unpin_main(["K9", "--by", "cyd", "--why", "over", *at]) == 1
    assert "no kiosk of that name" in capsys.readouterr().err
