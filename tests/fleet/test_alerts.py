"""Alerts from a person or an authority to a kiosk and back, over a real broker: raised, changed, acknowledged, ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select

from content.alerts import AlertSet, read_alerts
from content.signing import key_id, public_bytes, verify
from fleet.broker.broker import Broker
from fleet.cli import alert as cli
from fleet.clock import now_ms
from fleet.config import Config
from fleet.emergency.feed import CapFeed
from fleet.serve import Fleet, ServeError
from fleet.tables import kiosks
from mqtt.client import Client
from mqtt.commands import Alerts, AlertState
from mqtt.messages import Presence, decode, encode
from mqtt.topics import Address
from tests.fleet.test_cap import AREA, cap, info
from tests.servers import wait_until
from tests.stores import store_url

LATER = info().replace("2026-11-22T14", "2099-11-22T14")


class Wall:
    """A kiosk that believes, and answers what it is told to."""

    def __init__(self, broker: Broker, key: Ed25519PrivateKey, name: str) -> None:
        self.address = Address("demo", name, "K1")
        self.sets: list[AlertSet] = []
        self._key = key
        self.client = Client(broker.host, broker.port, self.address.client_id, on_message=self._heard)
        self.client.subscribe(self.address.alerts)
        self.client.start()
        wait_until(lambda: self.client.connected, "the wall to reach the broker")

    def _heard(self, _topic: str, payload: bytes) -> None:
        said: Alerts = decode(payload, Alerts)
        public = public_bytes(self._key)
        assert verify({key_id(public): public}, "alert", "demo", said.kid, said.body, said.signature)
        self.sets.append(read_alerts(said.body))

    def says(self, alert: str, state: str, reason: str = "", detail: str = "") -> None:
        said = AlertState(id=alert, state=state, wall_ms=now_ms(), reason=reason, detail=detail)  # type: ignore[arg-type]
        assert self.client.publish(self.address.alert_states, encode(said))

    def shows(self, *headlines: str) -> AlertSet:
        def found() -> bool:
            return bool(self.sets) and [
                next(iter(one.words.values())).headline for one in self.sets[-1].alerts
            ] == list(headlines)

        wait_until(found, f"the wall to be told {headlines}; it was told {self.sets[-1:]}")
        return self.sets[-1]


class World:
    def __init__(self, broker: Broker, folder: Path, name: str) -> None:
        key = Ed25519PrivateKey.generate()
        pem = folder / "demo.alert.pem"
        pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (folder / "token").write_text("s3cret\n")
        (folder / "stations.toml").write_text(f'["demo/{name}"]\nat = [52.5, 13.4]\n')
        self.wall, self.pem, self.broker = Wall(broker, key, name), pem, broker
        self.fleet = Fleet(
            Config(
                data=folder / "fleet", database_url=store_url(folder / "fleet" / "fleet.db"), broker_host=broker.host,
                broker_port=broker.port, port=0, name=name, alert_key=pem, cap_token=folder / "token",
                stations=folder / "stations.toml", cap_kiosks=str(self.wall.address),
            )
        )  # fmt: skip
        self.fleet.start()
        wait_until(lambda: self.fleet.connected, "the fleet to reach the broker")

    def cli(self, *words: str, by: bool = True) -> int:
        signed = ("--by", "ada", "--why", "drill of 22 November") if by else ()
        return cli.main([*words, *signed, "--fleet", self.fleet.url])

    def is_known(self) -> None:
        """The fleet has heard of the wall."""
        here = Presence(state="ready", boot="b", since_ms=1, session="s", epoch="e")
        assert self.wall.client.publish(self.wall.address.state, encode(here), retain=True)

        def known() -> bool:
            with self.fleet.store.read() as connection:
                return str(self.wall.address) in connection.scalars(select(kiosks.c.kiosk)).all()

        wait_until(known, "the fleet to hear of the wall")

    def post(self, body: bytes, token: str = "s3cret") -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.post(f"{self.fleet.url}/alerts/cap", content=body, headers=headers, trust_env=False)


@pytest.fixture
def world(broker: Broker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(broker, tmp_path, f"a{abs(hash(request.node.name)) % 10**8}")
    yield made
    made.fleet.stop()
    made.wall.client.stop()


def test_an_operator_raises_changes_follows_and_clears_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    kiosk = str(world.wall.address)
    assert (
        world.cli(
            "send", kiosk, "--say", "en=Leave|Use the stairs", "--say", "ar=غادروا", "--severity", "extreme"
        )
        == 0
    )
    said = world.wall.shows("Leave")
    alert = said.alerts[0]
    assert (alert.severity, alert.audible, set(alert.words)) == ("extreme", True, {"en", "ar"})
    world.wall.says(alert.id, "heard")
    world.wall.says(alert.id, "shown")
    world.wall.says(alert.id, "silent", "no-speaker", "aplay is not installed")

    def reached() -> bool:
        (at,) = world.fleet.emergency.latest()[0].reached
        return bool(at.shown_ms) and at.sound == "no-speaker"

    wait_until(reached, "the fleet to keep what became of it")
    assert world.cli("update", alert.id, kiosk, "--say", "en=Stay") == 0
    changed = world.wall.shows("Stay")
    assert changed.version > said.version
    assert world.cli("clear", "*") == 0
    world.wall.shows()
    world.wall.says(alert.id, "cleared")
    assert world.cli("list", by=False) == 0
    out = capsys.readouterr().out
    assert "cleared by ada" in out
    assert world.cli("update", alert.id, kiosk, "--say", "en=Again") == 1
    assert world.cli("clear", "nothing") == 1
    assert world.cli("send", "no-such-kiosk", "--say", "en=x") == 1


def test_an_authority_posts_it_updates_it_and_takes_it_back(world: World) -> None:
    assert world.post(cap(LATER), token="wrong").status_code == 401
    world.is_known()
    area = LATER.replace("</info>", AREA.format(inside="<circle>52.5,13.4 5</circle>") + "</info>")
    assert world.post(cap(area)).status_code == 201
    world.wall.shows("Storm!")
    assert world.post(cap(area)).json() == {"alerts": []}, "known already"
    about = "<references>w@met.example,A1,2026-11-22T12:00:00+01:00</references>"
    worse = LATER.replace("Storm!", "Worse!")
    assert world.post(cap(worse, id="A2", kind="Update", references=about)).status_code == 201
    world.wall.shows("Worse!")
    about = about.replace("A1", "A2")
    assert world.post(cap("", id="A3", kind="Cancel", references=about)).status_code == 201
    world.wall.shows()
    for body, why in (
        (cap("", id="A4", kind="Cancel", references=about), "nothing of it stands"),
        (cap(id="A5"), "it has expired"),
        (cap(LATER, id="A6", status="Test"), "status Test"),
        (b"<a/>", "expected an alert"),
        (cap(LATER.replace("</info>", AREA.format(inside="<circle>0,0 5</circle>") + "</info>"), id="A7"), "none of our stations"),
    ):  # fmt: skip
        answer = world.post(body)
        assert (answer.status_code, why in answer.json()["error"]) == (400, True), answer.text
    assert world.post(b" " * 600_000).status_code == 413


def test_a_feed_is_asked_and_follows_its_links_once(world: World, tmp_path: Path) -> None:
    asked: list[str] = []
    found: list[str] = []

    class Authority(BaseHTTPRequestHandler):
        log_message = lambda *_: None  # noqa: E731

        def do_GET(self) -> None:
            asked.append(self.path)
            if self.headers.get("if-none-match") == '"1"':
                self.send_response(304)
                self.end_headers()
                return
            feed = (
                '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/gone"/></entry><entry><link href="http://[bad"/></entry>'
                '<entry><link type="application/cap+xml" href="/A1.cap"/></entry>'
                '<entry><link href="http://elsewhere.example/x"/></entry><entry><link href="/bad"/></entry></feed>'
            )
            body = {
                "/feed": feed.encode(),
                "/A1.cap": cap(LATER),
                "/bad": b"<x/>",
                "/gone": cap(LATER, id="late"),
                "/endless": b" " * 700_000,
            }[self.path]
            self.send_response(404 if self.path == "/gone" and not found else 200)
            self.send_header("etag", '"1"' if self.path == "/feed" else "")
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Authority)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        feed = CapFeed(f"{url}/feed", world.fleet.emergency)
        feed.ask()
        world.wall.shows("Storm!")
        assert asked == ["/feed", "/gone", "/A1.cap", "/bad"], "one that is not to be had holds up no other"
        found.append("/gone")
        feed.ask()
        assert asked[4:] == ["/feed", "/gone"]
        world.wall.shows("Storm!", "Storm!")
        assert (feed.counters["taken"], feed.counters["elsewhere"], feed.counters["refused"]) == (2, 2, 1)
        endless = CapFeed(f"{url}/endless", world.fleet.emergency)
        endless.ask()
        assert endless.counters["failed"] == 1
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    away = CapFeed(url, world.fleet.emergency)
    away.ask()
    assert away.counters["failed"] == 1


def test_the_page_shows_what_stands_and_has_one_button_for_all(world: World) -> None:
    kiosk, url = str(world.wall.address), world.fleet.url
    form = {
        "kiosk": kiosk, "kind": "exercise", "severity": "severe", "sign": "fire", "minutes": "5", "audible": "yes",
        "headline_en": "Leave", "instruction_en": "Now", "who": "ada", "why": "drill",
    }  # fmt: skip
    headers = {"origin": url, "sec-fetch-site": "same-origin"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        look = client.post("/alerts", data=form)
        assert (look.status_code, "nothing was said yet" in look.text, "on 1 wall" in look.text) == (
            200,
            True,
            True,
        )
        assert client.post("/alerts", data=form | {"sure": "2 exercise"}).status_code == 200
        assert client.post("/alerts", data=form | {"sure": "1 actual"}).status_code == 200
        assert not world.fleet.emergency.latest(), "an exercise somebody was sure of is no other thing"
        assert client.post("/alerts", data=form | {"sure": "1 exercise"}).status_code == 303
        alert = world.wall.shows("Leave").alerts[0]
        assert alert.exercise
        assert alert.until_ms > now_ms()
        text = client.get("/alerts").text
        assert "Stop every alert, everywhere" in text
        assert "not yet" in text
        for wrong, why in (({"kind": ""}, "real, or an exercise"), ({"headline_en": ""}, "0 languages"), ({"kiosk": "x/y"}, "no kiosk"),
                           ({"minutes": "x"}, "minutes"), ({"who": ""}, "who says it")):  # fmt: skip
            answer = client.post("/alerts", data=form | wrong)
            assert (answer.status_code, why in answer.text) == (400, True), why
            assert 'value="drill"' in answer.text, "what was typed is not lost"
        assert client.post("/alerts/clear", data={"id": "*", "who": "ada", "why": "over"}).status_code == 303
        world.wall.shows()
        assert "endcap_alerts_standing 0" in client.get("/metrics").text


def test_at_the_station_without_fleet_or_internet_a_key_and_a_broker_are_enough(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"{world.broker.host}:{world.broker.port}"

    def answers() -> None:
        world.wall.says(world.wall.shows("Leave").alerts[0].id, "shown")

    told = threading.Thread(target=answers)
    told.start()
    words = ["local", str(world.wall.address), "--broker", place, "--key", str(world.pem)]
    assert cli.main([*words, "--say", "en=Leave"]) == 0
    told.join()
    assert "shown" in capsys.readouterr().out
    assert cli.main(["local", "a/b", "--broker", place, "--key", str(world.pem), "--say", "en=x"]) == 1
    assert cli.main(["local", "a/b/c", "--broker", place, "--key", "none.pem", "--say", "en=x"]) == 1
    assert cli.main([*words]) == 1, "an alert has words"


def test_without_a_key_nothing_is_raised_and_a_bad_one_stops_the_start(
    broker: Broker, tmp_path: Path
) -> None:
    config = Config(
        data=tmp_path / "fleet", broker_host=broker.host, broker_port=broker.port, port=0, name="keyless"
    )
    with Fleet(config) as fleet:
        words = ["send", "a/b/c", "--say", "en=x", "--by", "a", "--why", "b", "--fleet", fleet.url]
        assert cli.main(words) == 1
    (tmp_path / "bad.pem").write_text("no key")
    for bad in (
        Config(data=tmp_path / "f", port=0, alert_key=tmp_path / "bad.pem"),
        Config(data=tmp_path / "f", port=0, cap_token=tmp_path / "none"),
        Config(data=tmp_path / "f", port=0, stations=tmp_path / "none"),
    ):
        with pytest.raises(ServeError, match="alerts"):
            Fleet(bad)
