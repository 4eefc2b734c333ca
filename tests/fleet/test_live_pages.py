"""Live changes from the page and the command line to the phone's pages, to charges, to a kiosk on a real broker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from content.live_changes import LiveSet, read_set
from content.references import reference_of
from fleet.broker.broker import Broker
from fleet.cli import live as cli
from mqtt.commands import Reported
from mqtt.messages import ChargeWanted, Line, encode
from tests.phone_shop import APPLES, MILK, WINE, Shop, phone_shop
from tests.servers import wait_until

SIGNED = ["--by", "ada", "--why", "the shelf is empty"]


@pytest.fixture(scope="module")
def shop(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("live")
    key = folder / "t.live.pem"
    key.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with phone_shop(folder, broker, "live-1", live_key=key) as running:
        yield running


@pytest.fixture
def phone(shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, headers={"origin": shop.url}, trust_env=False) as client:
        yield client
    for one in shop.fleet.live_desk.standing():
        shop.fleet.live_desk.undo(one.number, "test", "over")


def heard(shop: Shop) -> LiveSet | None:
    return read_set(shop.wall.live[-1].body) if shop.wall.live else None


def test_the_command_line_reaches_a_kiosk_and_the_phone(
    shop: Shop, phone: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    page = f"/p/{MILK}?lang=en"
    assert "Buy now" in phone.get(page).text
    assert cli.sold_out([MILK, "--fleet", shop.url, *SIGNED]) == 0
    number = capsys.readouterr().out.split()[0]
    assert "Sold out at the moment" in phone.get(page).text
    wait_until(
        lambda: (said := heard(shop)) and [one.gtin for one in said.changes] == [MILK], "the kiosk to hear"
    )
    assert cli.show(["--fleet", shop.url]) == 1  # the kiosk does not say that it obeys
    assert "is to obey" in capsys.readouterr().out
    said = heard(shop)
    assert said is not None
    told = encode(Reported(version=0, wall_ms=1, live_version=said.version))
    assert shop.wall.client.publish(shop.wall.address.reported, told)
    late = f"{shop.wall.address}  is to obey"  # others that left a word on this broker never will

    def obeys() -> bool:
        cli.show(["--fleet", shop.url])
        return late not in capsys.readouterr().out

    wait_until(obeys, "the kiosk to obey")
    assert cli.undo([number, "--fleet", shop.url, *SIGNED]) == 0
    assert "Buy now" in phone.get(page).text
    wait_until(lambda: (now := heard(shop)) and not now.changes, "the kiosk to hear that it is over")


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        (cli.sold_out, ["123"], "expected 8, 12, 13 or 14 digits"),
        (cli.price, [MILK, "9.99"], "a release raises them"),
        (cli.price, [MILK, "cheap"], "expected an amount of EUR"),
        (cli.price, [MILK, "0.005"], "expected an amount of EUR"),
        (cli.sold_out, [MILK, "--hours", "-1"], "moment to come"),
        (cli.recall, [MILK, "--reason", "safety", "--say", f"en={'x' * 501}"], "1 to 500"),
        (cli.undo, ["999"], "no change 999 stands"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    command: Any,
    arguments: list[str],
    why: str,
    shop: Shop,
    phone: httpx.Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command([*arguments, "--fleet", shop.url, *SIGNED]) == 1
    assert why in capsys.readouterr().err


def test_a_recall_shows_on_the_phone_with_the_operators_words(
    shop: Shop, phone: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.post("/basket", data={"act": "put", "gtin": MILK, "q": "1"}, follow_redirects=True)
    say = ["--say", "en=The lid may be broken.", "--say", "de=Der Deckel."]
    assert cli.recall([MILK, "--reason", "safety", *say, "--fleet", shop.url, *SIGNED]) == 0
    text = phone.get(f"/p/{MILK}?lang=en").text
    assert "Recalled" in text
    assert "The lid may be broken." in text
    assert "Der Deckel." in phone.get(f"/p/{MILK}?lang=de").text
    assert "it has left your basket" in phone.get("/basket?lang=en").text
    assert phone.post("/basket", data={"act": "put", "gtin": MILK, "q": "1"}).status_code == 409


def charge(shop: Shop, order: str, gtin: str, minor: int) -> tuple[str, str]:
    """What the fleet answers a wall that wants a charge."""
    wanted = ChargeWanted(
        id=order, expires_ms=2**50, reference=reference_of(order, 0), order=order, method="link", currency="EUR",
        total_minor=minor, lines=(Line(gtin=gtin, name="x", quantity=1, price_minor=minor, total_minor=minor),),
        version=shop.version, ttl_s=120,
    )  # fmt: skip
    assert shop.wall.client.publish(shop.wall.address.requests, encode(wanted))
    wait_until(lambda: any(one.id == order for one in shop.wall.answers), "an answer")
    answer = next(one for one in shop.wall.answers if one.id == order)
    return answer.state, answer.reason


def test_no_new_charge_is_made_of_what_is_recalled_or_sold_out(shop: Shop, phone: httpx.Client) -> None:
    assert charge(shop, "7Z5M2K9QW3RT8X0", WINE, 799)[0] == "created"
    cli.recall([WINE, "--reason", "authority", "--fleet", shop.url, *SIGNED])
    cli.sold_out([MILK, "--at", "t/s", "--fleet", shop.url, *SIGNED])
    assert charge(shop, "7Z5M2K9QW3RT8X1", WINE, 799) == ("failed", "recalled")
    assert charge(shop, "7Z5M2K9QW3RT8X2", MILK, 129) == ("failed", "sold-out")
    assert (
        charge(shop, "7Z5M2K9QW3RT8X0", WINE, 799)[0] == "created"
    )  # it was begun before: its money may come


def test_the_lowered_price_and_the_one_before_are_both_honoured(shop: Shop, phone: httpx.Client) -> None:
    cli.price([MILK, "0.99", "--fleet", shop.url, *SIGNED])
    assert "€0.99" in phone.get(f"/p/{MILK}?lang=en").text
    others = shop.fleet.payments.counters.other_prices if shop.fleet.payments else 0
    assert charge(shop, "7Z5M2K9QW3RT8X3", MILK, 99)[0] == "created"
    assert charge(shop, "7Z5M2K9QW3RT8X4", MILK, 129)[0] == "created"
    assert shop.fleet.payments is not None
    assert shop.fleet.payments.counters.other_prices == others
    assert charge(shop, "7Z5M2K9QW3RT8X5", MILK, 77)[0] == "created"
    assert shop.fleet.payments.counters.other_prices == others + 1


def test_a_change_for_another_place_does_not_reach_this_one(shop: Shop, phone: httpx.Client) -> None:
    cli.sold_out([MILK, "--at", "t/elsewhere", "--fleet", shop.url, *SIGNED])
    assert "Buy now" in phone.get(f"/live-1/21/01/{MILK}?lang=en").text
    assert charge(shop, "7Z5M2K9QW3RT8X6", MILK, 129)[0] == "created"
    cli.sold_out([MILK, "--at", "t/s/live-1", "--fleet", shop.url, *SIGNED])
    assert "Sold out" in phone.get(f"/live-1/21/01/{MILK}?lang=en").text
    assert "Buy now" in phone.get(f"/p/{MILK}?lang=en").text  # a phone at no wall buys from everywhere


def test_prometheus_sees_what_stands_and_who_is_late(shop: Shop, phone: httpx.Client) -> None:
    cli.recall([WINE, "--reason", "quality", "--fleet", shop.url, *SIGNED])
    late = re.compile(r"^endcap_live_kiosks_late [1-9]", re.MULTILINE)
    wait_until(lambda: late.search(phone.get("/metrics").text), "the kiosk to be late")
    assert 'endcap_live_changes{kind="recall"} 1.0' in phone.get("/metrics").text


FORM = {"kind": "sold-out", "gtin": APPLES, "who": "ada", "why": "empty", "at": "all"}


def test_the_page_gives_lists_and_undoes(shop: Shop, phone: httpx.Client) -> None:
    assert phone.post("/live-changes", data=FORM).status_code == 303
    page = phone.get("/live-changes").text
    assert "Gala apples" in page
    assert "ada" in page
    number = shop.fleet.live_desk.standing()[-1].number
    assert phone.post(f"/live-changes/{number}/undo", data={"who": "bob", "why": "back"}).status_code == 303
    assert "undone by bob" in phone.get("/live-changes").text


@pytest.mark.parametrize(
    "more",
    [
        {"who": ""},
        {"why": ""},
        {"gtin": "1"},
        {"kind": "x"},
        {"at": ""},
        {"hours": "soon"},
        {"kind": "price", "price": ""},
    ],
)
def test_a_form_that_cannot_be_says_so(phone: httpx.Client, more: dict[str, str]) -> None:
    answer = phone.post("/live-changes", data={**FORM, **more})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text


def test_nobody_else_changes_anything(shop: Shop, phone: httpx.Client) -> None:
    evil = {"origin": "https://evil.example"}
    assert phone.post("/live-changes", data=FORM, headers=evil).status_code == 403
    assert phone.post("/api/live-changes", json={}, headers=evil).status_code == 403
    assert phone.post("/api/live-changes", content=b"{}").status_code == 415
    assert phone.post("/api/live-changes", json={"gtin": 1}).status_code == 400
    assert phone.get("/live-changes", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403
    assert phone.post("/live-changes/1/undo", data={"who": "x", "why": "y"}, headers=evil).status_code == 403
