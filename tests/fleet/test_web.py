"""The fleet's pages over HTTP: what the operator sees, live, and who may see it."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import httpx
import msgspec
import pytest

from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.live import Hub
from fleet.reports.glance import Glance
from fleet.reports.summary import Summary, summary
from fleet.serve import Fleet, ServeError
from fleet.web.pages import STATIC, ago, money, span
from mqtt.messages import Health, Presence, encode
from tests.fleet.kiosk import kiosk
from tests.fleet.samples import KINDS, event
from tests.servers import wait_until

pytestmark = pytest.mark.server


@pytest.fixture
def sold(fleet: Fleet, broker: Broker) -> Fleet:
    """A fleet that has heard one event of every kind from one kiosk."""
    with kiosk(broker.port, "web-1") as wall:
        assert wall.client.publish(
            wall.address.state, encode(Presence(state="selling", boot="b", since_ms=1))
        )
        health = Health(wall_ms=1, devices={"scanner": "ready", "printer": "lost"}, counters={})
        assert wall.client.publish(wall.address.health, encode(health))
        wall.send(*(event(seq, kind) for seq, kind in enumerate(KINDS, 1)))
        wait_until(lambda: wall.upto() == len(KINDS), "the events to be stored")
    return fleet


def test_the_page_shows_sales_plays_impressions_engagements_scans_and_devices(sold: Fleet) -> None:
    answer = httpx.get(sold.url)
    assert answer.status_code == 200
    for shown in (
        "€2.58",
        "2 × Milk",
        "spring, 8 s",
        "2 products of dairy in sight",
        "scans 0",
        "printer lost",
        "selling",
    ):
        assert shown in answer.text
    assert (
        httpx.get(f"{sold.url}/overview").text in answer.text.replace("\n\n", "\n") or "Sales" in answer.text
    )


def test_the_figures_are_exact(sold: Fleet) -> None:
    figures = msgspec.json.decode(httpx.get(f"{sold.url}/api/summary").content, type=Summary)
    assert [(row.currency, row.sales, row.total_minor) for row in figures.turnover] == [("EUR", 1, 258)]
    assert (figures.sales, figures.plays, figures.impressions, figures.impressions_ms) == (1, 1, 3, 5000)
    assert (figures.engagements, figures.scans, figures.refunds) == (1, {"product": 1}, 1)
    assert [(row.name, row.quantity) for row in figures.top] == [("Milk", 2)]
    assert sum(figures.hours) == figures.hours[-1] == 1
    assert [row.event["type"] for row in figures.recent] == [
        "scan", "engagement", "impressions", "play", "refund", "sale",
    ]  # fmt: skip
    kiosks = {row.kiosk: row for row in figures.kiosks}
    assert kiosks["t/s/web-1"].events == 6
    assert kiosks["t/s/web-1"].devices == {"scanner": "ready", "printer": "lost"}


def test_many_open_pages_ask_the_store_only_when_something_happened(sold: Fleet) -> None:
    live = Hub()  # the fleet's own may still have something to say of the sale
    glance = Glance(sold.store, live, lambda: 0)
    first = glance.now()
    assert glance.now() is first
    live.tell("event", {})
    assert glance.now() is not first


def test_an_empty_fleet_has_a_page_too(tmp_path: Path) -> None:
    with Fleet(Config(data=tmp_path, broker_port=1, port=0)) as fleet:
        answer = httpx.get(fleet.url)
        assert answer.status_code == 200
        assert "No kiosk has spoken yet" in answer.text
        health = httpx.get(f"{fleet.url}/healthz")
        assert (health.status_code, health.json()["broker"], health.json()["store"]) == (503, False, True)
        assert summary(fleet.store, now_ms=0).sales == 0


def test_events_arrive_at_an_open_page_as_they_happen(fleet: Fleet, broker: Broker) -> None:
    lines: list[str] = []
    opened = threading.Event()

    def watch() -> None:
        with httpx.stream("GET", f"{fleet.url}/api/live", timeout=20) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                lines.append(line)
                opened.set()

    page = threading.Thread(target=watch)
    page.start()
    assert opened.wait(30)
    with kiosk(broker.port, "web-2") as wall:
        wall.send(event(1, "play"))
        wait_until(lambda: any('"advert":"spring"' in line for line in lines), "the play on the page")
    assert "event: event" in lines
    fleet.stop()
    page.join(30)
    assert not page.is_alive(), "an open page does not hold up the end"


@pytest.mark.parametrize(
    "headers",
    [{"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}, {"host": "rebound.example"}],
)
@pytest.mark.parametrize("path", ["/", "/overview", "/api/summary", "/api/live"])
def test_the_operators_page_opens_only_on_this_machine(
    fleet: Fleet, path: str, headers: dict[str, str]
) -> None:
    answer = httpx.get(f"{fleet.url}{path}", headers=headers)
    assert answer.status_code == 403
    assert "only on the machine" in answer.text


def test_a_proxy_with_the_usual_settings_is_not_this_machine(fleet: Fleet) -> None:
    """What nginx sends for `proxy_pass http://127.0.0.1:PORT;` and nothing else."""
    host, port = fleet.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"GET /api/summary HTTP/1.0\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = line.makefile("rb").read()
    assert answer.split(b"\r\n", 1)[0].split()[1] == b"403"


def test_every_answer_forbids_what_it_does_not_need(fleet: Fleet) -> None:
    for path in ("/", "/static/base.css", "/nowhere"):
        headers = httpx.get(f"{fleet.url}{path}").headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_no_page_asks_anybody_else_for_anything(sold: Fleet) -> None:
    sources = [httpx.get(sold.url).text, *(path.read_text() for path in STATIC.iterdir())]
    for text in sources:
        text = text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
        assert " style=" not in text, "the content security policy would drop it"


def test_a_name_from_a_kiosk_cannot_become_markup(fleet: Fleet, broker: Broker) -> None:
    with kiosk(broker.port, "web-3") as wall:
        wall.send(event(1, "engagement", what="<script>alert(1)</script>"))
        wait_until(lambda: wall.upto() == 1)
    text = httpx.get(fleet.url).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_busy_port_gives_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ServeError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use; choose"
        ):
            Fleet(Config(data=tmp_path, port=port))


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [(0, "0 s"), (45_400, "45 s"), (180_000, "3 min"), (9_000_000, "2.5 h"), (259_200_000, "3 days")],
)
def test_durations_are_short(milliseconds: int, said: str) -> None:
    assert span(milliseconds) == said


def test_times_ago_and_money() -> None:
    assert (ago(1000, 1500), ago(1000, 46_000), ago(9, 5)) == ("now", "45 s ago", "now")
    assert (money(258, "EUR"), money(120, "JPY"), money(1, "KWD")) == ("€2.58", "¥120", "KWD0.001")
