"""What the sandbox provider does when it is told to go wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from content.money import Money
from fleet.payments.faults import BadFault, Fault, Rule, Script, names
from fleet.payments.port import BadWebhook, News, ProviderDown, ProviderRefused
from fleet.payments.sandbox import SandboxProvider
from fleet.payments.sandbox_api import ChargeBody, ChargeView, EventBody
from fleet.payments.sandbox_server.bank import Bank, Refused
from fleet.payments.sandbox_server.cli import main
from tests.fleet.payments.direct import Clock
from tests.fleet.payments.provider_contract import key_of, request
from tests.fleet.payments.sandbox_process import Receiver, Sandbox, receiver, sandbox
from tests.servers import wait_until

LATER_MS = 8_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bank(tmp_path: Path, clock: Clock) -> Iterator[Bank]:
    books = Bank(tmp_path / "bank.sqlite3", clock, "http://bank.example")
    yield books
    books.close()


def charge(bank: Bank, *faults: str, method: str = "link", currency: str = "EUR") -> ChargeView:
    body = ChargeBody(reference="K7Q2M4XZ01234560", method=method, amount_minor=500, currency=currency)
    bank.set_script(Script(rules=(Rule(faults=faults),)))
    return bank.create(body, f"key {time.monotonic_ns()}")


def events(bank: Bank) -> list[str]:
    """The types of the events that are due now, which are taken."""
    due = bank.due()[0]
    for event in due:
        bank.delivered(event.id, "signed")
    return [msgspec.json.decode(event.body, type=EventBody).type for event in due]


@pytest.mark.parametrize(
    ("fault", "paid", "then"),
    [
        ("too-little", Money(499, "EUR"), 499),
        ("too-much", Money(501, "EUR"), 501),
        ("wrong-currency", Money(500, "USD"), 500),
        ("paid-twice", Money(500, "EUR"), 1000),
        ("paid-after-expiry", Money(0, ""), 500),
    ],
)
def test_a_payer_sends_what_the_script_says(
    bank: Bank, clock: Clock, fault: str, paid: Money, then: int
) -> None:
    view = bank.pay(charge(bank, fault).id)
    assert Money(view.paid_minor, view.paid_currency) == paid
    clock.ms += LATER_MS
    assert (bank.charge(view.id).state, bank.charge(view.id).paid_minor) == ("paid", then)


def test_webhooks_come_late_out_of_order_and_again(bank: Bank, clock: Clock) -> None:
    late = charge(bank, "late-webhook")
    bank.pay(late.id)
    assert events(bank) == []
    clock.ms += LATER_MS
    assert events(bank) == ["charge.paid"]

    swapped = charge(bank, "webhooks-out-of-order")
    bank.scan(swapped.id)
    bank.pay(swapped.id)
    assert events(bank) == ["charge.paid"]
    clock.ms += LATER_MS
    assert events(bank) == ["charge.scanned"]

    again = charge(bank, "replayed-webhook")
    bank.pay(again.id)
    assert events(bank) == ["charge.paid"]
    clock.ms += LATER_MS
    (replayed,) = bank.due()[0]
    assert replayed.header == "signed"
    assert events(bank) == ["charge.paid"]
    clock.ms += LATER_MS
    assert events(bank) == []


def test_a_refund_is_refused_or_done_later(bank: Bank) -> None:
    refused = charge(bank, "refund-refused")
    bank.pay(refused.id)
    with pytest.raises(Refused, match="refund-refused"):
        bank.refund(refused.id, 500, "r1")
    later = charge(bank, "refund-later")
    bank.pay(later.id)
    assert not bank.refund(later.id, 500, "r2").done
    assert bank.refund(later.id, 500, "r2").done


def test_a_wrong_code_asks_for_something_else(bank: Bank) -> None:
    right = charge(bank, method="promptpay", currency="THB")
    wrong = charge(bank, "wrong-code", method="promptpay", currency="THB")
    assert ("54045.00" in right.payload, "54045.01" in wrong.payload) == (True, True)


def test_a_script_is_used_up_rule_by_rule(bank: Bank) -> None:
    rules = (Rule(faults=("lost-webhook",), times=2, method="link"), Rule(faults=("5xx@create",)))
    assert bank.set_script(Script(rules=rules)) == bank.script()
    assert bank.goes_wrong("create", idem="a", method="card") is Fault.SERVER_ERROR
    assert bank.goes_wrong("create", idem="a", method="card") is None, "asked again it works"
    assert bank.goes_wrong("create", idem="b", method="link") is None
    assert [rule.times for rule in bank.script().rules] == [1, 0]
    with pytest.raises(BadFault, match="'rain': a fault is one of late-webhook, "):
        bank.set_script(Script(rules=(Rule(faults=("rain",)),)))
    assert "cut@refund" in names()


def test_a_script_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.json"
    script.write_text('{"rules": [{"faults": ["rain"]}]}')
    assert main(["--data", str(tmp_path), "--script", str(script)]) == 2
    assert main(["--data", str(tmp_path), "--script", str(tmp_path / "none")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert ["'rain': a fault is one of" in lines[0], "No such file" in lines[1]] == [True, True]


# --- over HTTP ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hook: Receiver) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with sandbox(folder, hook.url, options=("--later", "0.05", "--slow", "1.5")) as running:
        yield running


@pytest.fixture
def provider(server: Sandbox) -> Iterator[SandboxProvider]:
    adapter = SandboxProvider(server.url, server.keys, lambda: int(time.time()), timeout_s=0.5)
    yield adapter
    adapter.close()


def scripted(server: Sandbox, *faults: str) -> None:
    headers = {"authorization": f"Bearer {server.keys.api_key}"}
    script = {"rules": [{"faults": faults}]}
    httpx.put(f"{server.url}/v1/script", json=script, headers=headers, trust_env=False).raise_for_status()


@pytest.mark.server
@pytest.mark.parametrize("fault", ["5xx", "cut", "slow"])
def test_an_answer_that_fails_leaves_the_outcome_open_and_asking_again_tells(
    server: Sandbox, provider: SandboxProvider, fault: str
) -> None:
    scripted(server, f"{fault}@create", fault)
    wanted = request()
    with pytest.raises(ProviderDown):
        provider.create(wanted, idem=key_of(wanted))
    made = provider.create(wanted, idem=key_of(wanted))
    with pytest.raises(ProviderDown):
        provider.status(made.id)
    assert provider.status(made.id).news is News.OPEN
    with pytest.raises(ProviderDown):
        provider.cancel(made.id)
    assert provider.cancel(made.id).news is News.CANCELLED


@pytest.mark.server
@pytest.mark.parametrize("fault", ["refund-twice", "cut@refund", "slow@refund", "5xx@refund"])
def test_a_refund_asked_for_twice_goes_back_once(
    server: Sandbox, provider: SandboxProvider, fault: str
) -> None:
    scripted(server, fault)
    wanted = request(method="card", card="good")
    made = provider.create(wanted, idem=key_of(wanted))
    with pytest.raises(ProviderDown):
        provider.refund(made.id, 1250, idem=made.id)
    assert provider.refund(made.id, 1250, idem=made.id).minor == 1250
    with pytest.raises(ProviderRefused):
        provider.refund(made.id, 1250, idem="another")


@pytest.mark.server
def test_webhooks_go_wrong_on_the_way(server: Sandbox, provider: SandboxProvider, hook: Receiver) -> None:
    def paid(*faults: str) -> list[tuple[dict[str, str], bytes]]:
        scripted(server, *faults)
        wanted = request(method="card", card="good")
        provider.create(wanted, idem=key_of(wanted))
        wait_until(
            lambda: len(of(wanted.reference)) >= (1 if "forged-signature" in faults else 2), "webhooks"
        )
        return of(wanted.reference)

    def of(reference: str) -> list[tuple[dict[str, str], bytes]]:
        return [each for each in hook.got if reference.encode() in each[1]]

    for fault in ("duplicate-webhook", "replayed-webhook"):
        first, second = paid(fault)
        assert (first[0]["endcap-signature"], first[1]) == (second[0]["endcap-signature"], second[1])
    (forged,) = paid("forged-signature")
    with pytest.raises(BadWebhook, match="forged"):
        provider.parse_webhook(*forged)


@pytest.mark.server
def test_people_choose_what_goes_wrong_on_a_page(server: Sandbox) -> None:
    with httpx.Client(base_url=server.url, headers={"origin": server.url}, trust_env=False) as browser:
        assert "Two phones pay the same code" in browser.get("/faults").text
        answer = browser.post("/faults", data={"fault": ["paid-twice", "lost-webhook"]})
        assert answer.status_code == 303
        assert (
            "The next payment:</b></p>\n<ul><li>Two phones pay the same code</li><li>No webhook comes"
            in browser.get("/faults").text
        )
        assert 'value="slow@create"' in browser.get("/faults").text
        browser.post("/faults", data={"fault": "5xx@create"})
        coming = browser.get("/faults").text
        assert (
            "<li>The provider answers 503 and does nothing, when the payment is begun; at the second try"
            in coming
        )
        browser.post("/faults", data={})
        assert "Nothing; choose below" in browser.get("/faults").text
        refused = httpx.put(f"{server.url}/v1/script", content=json.dumps({"rules": []}), trust_env=False)
        assert refused.status_code == 401
