"""From a wall that was lost to the goods: two walls, a counter and a phone over the real fleet, broker and provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from content.references import claim_of
from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.merchant import Merchant
from fleet.reports.proof import prove
from fleet.serve import Fleet
from fleet.web.qr import qr
from fleet.web.shop.claim import WRONG
from mqtt.messages import ChargeWanted, CodeWanted, Line, encode
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.payments.sandbox_process import Sandbox, free_port, sandbox
from tests.fleet.payments.test_phone import APPLES, WINE, publish
from tests.servers import wait_until

pytestmark = pytest.mark.server

BEER = Line(gtin=WINE, name="Riesling", quantity=1, price_minor=799, total_minor=799, facing=18)
FRUIT = Line(gtin=APPLES, name="Gala apples", quantity=2, price_minor=199, total_minor=300, facing=17)
_numbers = count(1)


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[Sandbox]:
    hook = f"http://127.0.0.1:{ports[0]}/webhooks/sandbox"
    with sandbox(tmp_path_factory.mktemp("provider"), hook, ports[1]) as running:
        yield running


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory, broker: Broker, ports: tuple[int, int], provider: Sandbox
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("store")
    publish(folder)
    config = Config(
        data=tmp_path_factory.mktemp("fleet"), broker_host=broker.host, broker_port=broker.port, port=ports[0],
        name="claims", catalogue=folder, provider_url=provider.url, provider_keys=provider.data,
        merchant=Merchant(name="Corner shop"),
    )  # fmt: skip
    with Fleet(config) as running:
        wait_until(lambda: running.connected, "the fleet's connections")
        yield running


@pytest.fixture
def walls(broker: Broker) -> Iterator[tuple[Kiosk, Kiosk]]:
    with kiosk(broker.port, "claim-a") as one, kiosk(broker.port, "claim-b") as other:
        yield one, other


@pytest.fixture
def staff(fleet: Fleet) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fleet.url, headers={"origin": fleet.url}, trust_env=False) as client:
        yield client


def bought(fleet: Fleet, provider: Sandbox, wall: Kiosk) -> ChargeWanted:
    """Somebody pays at a wall, which never tells how it ended."""
    number = next(_numbers)
    order = f"{number:015}"
    wanted = ChargeWanted(
        id=f"q{number}", expires_ms=0, order=order, reference=f"{order}0", method="link", currency="EUR",
        total_minor=1099, lines=(FRUIT, BEER), version="v1", claim_code=claim_of(number * 99_999_999_977),
    )  # fmt: skip
    assert wall.client.publish(wall.address.requests, encode(wanted))
    wait_until(lambda: any(answer.reference == wanted.reference for answer in wall.answers), "the charge")
    assert fleet.payments is not None
    entry = fleet.payments.book.get(wanted.reference)
    assert entry is not None
    headers = {"authorization": f"Bearer {provider.keys.api_key}"}
    url = f"{provider.url}/v1/charges/{entry.charge_id}/pay"
    httpx.post(url, json={}, headers=headers, trust_env=False).raise_for_status()
    wait_until(
        lambda: any(news.reference == wanted.reference and news.state == "paid" for news in wall.news), "the money"
    )  # fmt: skip
    return wanted


def asks(wall: Kiosk, code: str) -> str:
    """What a wall is told of a code."""
    number = f"c{next(_numbers)}"
    assert wall.client.publish(wall.address.requests, encode(CodeWanted(id=number, expires_ms=0, code=code)))
    wait_until(lambda: any(answer.id == number for answer in wall.codes), "the answer")
    [answer] = [answer for answer in wall.codes if answer.id == number]
    return answer.state if answer.kind == "claim" else answer.kind


def act(staff: httpx.Client, wanted: ChargeWanted, act: str, **more: str) -> str:
    fields = {"act": act, "code": wanted.claim_code, "order": wanted.order, "who": "Mo"} | more
    return staff.post("/counter", data=fields).raise_for_status().text


def said(page: str) -> str:
    found = re.search(r'<p class="said".*?>(.*?)</p>', page)
    return found[1] if found else ""


def test_a_lost_walls_order_is_handed_over_once(
    fleet: Fleet, provider: Sandbox, walls: tuple[Kiosk, Kiosk], staff: httpx.Client
) -> None:
    wanted = bought(fleet, provider, walls[0])
    assert asks(walls[1], wanted.claim_code) == "ready"
    page = act(staff, wanted, "look")
    assert "Paid, hand it over" in page
    assert "Check the age: 16" in page
    assert "€10.99" in page
    assert wanted.claim_code in page, "for the next form, never in an address"

    page = act(staff, wanted, "hand-over")
    assert said(page) == "Handed over."
    assert "Take it back" in page
    page = act(staff, wanted, "hand-over", who="Ada")
    assert said(page) == "Nothing was done: see how the order stands."
    assert "by <b>Mo</b>" in page
    assert asks(walls[0], wanted.claim_code) == "handed-over"
    assert prove(fleet.store).holds


def test_two_counters_press_at_once(
    fleet: Fleet, provider: Sandbox, walls: tuple[Kiosk, Kiosk], staff: httpx.Client
) -> None:
    wanted = bought(fleet, provider, walls[0])
    with ThreadPoolExecutor(4) as pool:
        pages = list(
            pool.map(lambda who: act(staff, wanted, "hand-over", who=who), ("Mo", "Ada", "Li", "Noor"))
        )
    assert sorted(said(page) == "Handed over." for page in pages) == [False] * 3 + [True]
    assert prove(fleet.store).holds


def test_a_slip_is_taken_back_and_an_unclaimed_order_paid_back(
    fleet: Fleet, provider: Sandbox, walls: tuple[Kiosk, Kiosk], staff: httpx.Client
) -> None:
    wanted = bought(fleet, provider, walls[0])
    act(staff, wanted, "hand-over")
    assert said(act(staff, wanted, "undo")) == "Please say why."
    assert said(act(staff, wanted, "give-back", why="nobody came")).startswith("Nothing was done")
    assert said(act(staff, wanted, "undo", why="wrong bag")).startswith("Taken back")
    assert said(act(staff, wanted, "give-back", why="nobody came", who="")) == "Please say who you are first."
    assert said(act(staff, wanted, "give-back", why="nobody came")) == "The money goes back."
    wait_until(lambda: asks(walls[1], wanted.claim_code) == "refunded", "the refund")
    page = act(staff, wanted, "hand-over")
    assert "Do not hand over: the money was given back" in page
    assert "nobody came" in page
    assert prove(fleet.store).holds
    unresolved = staff.get("/unresolved").text
    for note in ("undone", "wrong bag", "given-back", "nobody came"):
        assert note in unresolved


def test_who_is_remembered_on_this_machine(staff: httpx.Client) -> None:
    staff.post("/counter", data={"act": "look", "code": "0000-0000", "who": "Zoë K."})
    assert 'value="Zoë K."' in staff.get("/counter").text


@pytest.mark.parametrize("path", ["/counter", "/unresolved"])
def test_staffs_pages_open_only_here_and_take_only_our_own_forms(fleet: Fleet, path: str) -> None:
    data = {"act": "hand-over", "code": "0000-0000", "order": "0" * 15, "who": "Mo"}
    elsewhere = {"x-forwarded-for": "203.0.113.9", "origin": fleet.url}
    assert httpx.get(f"{fleet.url}{path}", headers=elsewhere, trust_env=False).status_code == 403
    assert httpx.post(f"{fleet.url}{path}", data=data, headers=elsewhere, trust_env=False).status_code == 403
    for forged in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = httpx.post(f"{fleet.url}{path}", data=data, headers=forged, trust_env=False)
        assert answer.status_code == 403, forged


# --- the phone -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title", "direction"),
    [("en", "Your order is ready", "ltr"), ("zh", "您的订单可以取货", "ltr"), ("ar", "طلبك جاهز", "rtl"),
     ("de", "Ihre Bestellung liegt bereit", "ltr")],
)  # fmt: skip
def test_a_phone_shows_how_the_order_stands_and_the_code_to_scan(
    fleet: Fleet, provider: Sandbox, walls: tuple[Kiosk, Kiosk], language: str, title: str, direction: str
) -> None:
    wanted = bought(fleet, provider, walls[0])
    for answer in (
        httpx.get(f"{fleet.url}/c/{wanted.claim_code.lower()}?lang={language}", trust_env=False),
        httpx.post(
            f"{fleet.url}/c?lang={language}", data={"code": wanted.claim_code.replace("-", " ")},
            headers={"origin": fleet.url}, trust_env=False,
        ),
    ):  # fmt: skip
        assert answer.status_code == 200
        assert title in answer.text
        assert f'dir="{direction}"' in answer.text
        assert qr(wanted.claim_code) in answer.text
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_a_scanner_reads_the_code_on_the_page() -> None:
    drawn = qr("K7Q2-9MXT")
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn)
    assert box
    side, scale = int(box[1]), 8
    image = Image.new("L", (side * scale, side * scale), 255)
    pen = ImageDraw.Draw(image)
    [path] = re.findall(r' d="(M[^"]*)"', drawn)[-1:]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            pen.rectangle(
                (x * scale, (y - 0.5) * scale, (x + values[0]) * scale - 1, (y + 0.5) * scale - 1), 0
            )
            x += values[0]
    [read] = zxingcpp.read_barcodes(image)
    assert read.text == "K7Q2-9MXT"


def test_who_guesses_is_held_back_and_says_so_kindly(fleet: Fleet) -> None:
    """Last in this file: it uses up the guesses of this machine's address."""
    codes = [f"0000-{n:04}" for n in range(9000, 9000 + int(WRONG.burst) + 2)]
    answers = [httpx.get(f"{fleet.url}/c/{code}", trust_env=False) for code in codes]
    assert [answer.status_code for answer in answers[: int(WRONG.burst)]] == [404] * int(WRONG.burst)
    assert {answer.status_code for answer in answers[-2:]} == {429}
    assert 0 < int(answers[-1].headers["retry-after"]) <= 10
    assert "too many wrong codes" in answers[-1].text
    assert httpx.get(f"{fleet.url}/c", trust_env=False).status_code == 200
