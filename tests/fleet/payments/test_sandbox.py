"""The sandbox provider as the fleet meets it: a process behind HTTP, with webhooks and pages for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from content.money import Money
from fleet.payments import sandbox_api as api
from fleet.payments import signing
from fleet.payments.codecs import epc
from fleet.payments.codecs.bank_ids import make_rf
from fleet.payments.port import BadWebhook, Charge, News, Provider
from fleet.payments.sandbox import SandboxProvider
from tests.fleet.payments.provider_contract import ProviderContract, key_of, request
from tests.fleet.payments.sandbox_process import Receiver, Sandbox, free_port, receiver, sandbox
from tests.servers import wait_until

pytestmark = pytest.mark.server


def now() -> int:
    return int(time.time())


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hook: Receiver) -> Iterator[Sandbox]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), hook.url) as running:
        yield running


@pytest.fixture
def provider(server: Sandbox) -> Iterator[SandboxProvider]:
    adapter = SandboxProvider(server.url, server.keys, now)
    yield adapter
    adapter.close()


@pytest.fixture
def browser(server: Sandbox) -> Iterator[httpx.Client]:
    """What a phone's browser sends: cookies none, its origin always."""
    with httpx.Client(base_url=server.url, headers={"origin": server.url}, trust_env=False) as client:
        yield client


class TestSandbox(ProviderContract):
    paid_twice = True

    @pytest.fixture(autouse=True)
    def _server(self, server: Sandbox, hook: Receiver) -> None:
        self.server, self.hook = server, hook

    def webhook_of(self, charge: Charge) -> tuple[dict[str, str], bytes]:
        def found() -> list[tuple[dict[str, str], bytes]]:
            return [each for each in self.hook.got if charge.id.encode() in each[1]]

        wait_until(found, "the webhook")
        return found()[-1]

    @pytest.fixture
    def provider(self, server: Sandbox) -> Iterator[Provider]:
        adapter = SandboxProvider(server.url, server.keys, now)
        yield adapter
        adapter.close()

    @pytest.fixture
    def nobody(self, server: Sandbox) -> Iterator[Provider]:
        adapter = SandboxProvider(f"http://127.0.0.1:{free_port()}", server.keys, now)
        yield adapter
        adapter.close()

    def pay(self, charge: Charge, paid: Money | None = None) -> None:
        body = {"amount_minor": paid.minor, "currency": paid.currency} if paid else {}
        headers = {"authorization": f"Bearer {self.server.keys.api_key}"}
        answer = httpx.post(
            f"{self.server.url}/v1/charges/{charge.id}/pay", json=body, headers=headers, trust_env=False
        )
        answer.raise_for_status()


def created(provider: SandboxProvider, method: str = "link", card: str = "", return_url: str = "") -> Charge:
    wanted = request(method=method, card=card, return_url=return_url)
    return provider.create(wanted, idem=key_of(wanted))


def webhooks(hook: Receiver, charge: Charge) -> list[str]:
    """The types of a charge's webhooks so far, in order of arrival."""
    events = [msgspec.json.decode(body, type=api.EventBody) for _, body in hook.got]
    return [event.type for event in events if event.charge.id == charge.id]


@pytest.mark.parametrize(
    ("card", "news", "reason"),
    [
        ("good", News.PAID, ""),
        ("declined", News.FAILED, "declined"),
        ("empty", News.FAILED, "no-funds"),
        ("never-seen", News.FAILED, "unknown-card"),
    ],
)
def test_cards_are_paid_or_refused_at_once(
    provider: SandboxProvider, card: str, news: News, reason: str
) -> None:
    charge = created(provider, method="card", card=card)
    assert (charge.news, charge.reason) == (news, reason)


def test_a_demo_card_can_be_made_known(provider: SandboxProvider) -> None:
    provider.register_card("token of+my card", "good")
    assert created(provider, method="card", card="token of+my card").news is News.PAID


def test_pressing_pay_on_the_phone_pays_and_leads_back(
    provider: SandboxProvider, browser: httpx.Client, hook: Receiver
) -> None:
    charge = created(provider, return_url="https://shop.example/o/1")
    page = browser.get(charge.payload)
    assert "12.50 EUR" in page.text
    assert "form-action 'self' https://shop.example" in page.headers["content-security-policy"]
    assert provider.status(charge.id).news is News.SCANNED

    answer = browser.post(charge.payload, data={"answer": "pay"})
    assert (answer.status_code, answer.headers["location"]) == (303, "https://shop.example/o/1")
    assert provider.status(charge.id).news is News.PAID
    wait_until(lambda: webhooks(hook, charge) == ["charge.scanned", "charge.paid"], "both webhooks")
    assert "Paid" in browser.get(charge.payload).text


def test_declining_on_the_phone_fails_the_charge(provider: SandboxProvider, browser: httpx.Client) -> None:
    charge = created(provider)
    browser.post(charge.payload, data={"answer": "decline"})
    told = provider.status(charge.id)
    assert (told.news, told.reason) == (News.FAILED, "declined")


def test_the_bank_app_pays_a_scanned_code_by_its_reference(
    provider: SandboxProvider, browser: httpx.Client
) -> None:
    charge = created(provider, method="epc")
    code = epc.build(
        epc.Epc(name="Endcap", iban="BE72000000001616", amount="12.5", reference=make_rf(charge.reference))
    )
    assert charge.reference in browser.get("/").text
    page = browser.post("/scan", data={"payload": code.replace("\n", "\r\n")})
    assert "Send 12.50 EUR" in page.text
    browser.post(f"/transfer/{charge.id}", data={"minor": "1250", "currency": "EUR"})
    assert provider.status(charge.id).paid == Money(1250, "EUR")
    assert "paid already" in browser.post("/scan", data={"payload": code}).text

    assert "belongs to none of" in browser.post("/scan", data={"payload": "hello"}).text


def test_forms_from_elsewhere_and_strangers_are_turned_away(
    provider: SandboxProvider, server: Sandbox
) -> None:
    charge = created(provider)
    for headers in (
        {},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": server.url},
    ):
        answer = httpx.post(charge.payload, data={"answer": "pay"}, headers=headers, trust_env=False)
        assert answer.status_code == 403
    path = f"{server.url}/v1/charges/{charge.id}"
    for headers in ({}, {"authorization": "Bearer sk_wrong"}):
        assert httpx.get(path, headers=headers, trust_env=False).status_code == 401
    assert provider.status(charge.id).news is News.OPEN


def test_webhooks_are_signed_and_sent_until_taken(
    provider: SandboxProvider, server: Sandbox, hook: Receiver
) -> None:
    hook.statuses[:] = [500, 302]
    charge = created(provider, method="card", card="good")
    wait_until(lambda: webhooks(hook, charge) == ["charge.paid"] * 3, "the third attempt")
    headers, body = hook.got[-1]
    (event,) = provider.parse_webhook(headers, body)
    assert (event.charge_id, event.reference) == (charge.id, charge.reference)

    with pytest.raises(BadWebhook, match="forged"):
        provider.parse_webhook(headers, body.replace(b"paid", b"open"))
    later = SandboxProvider(server.url, server.keys, lambda: now() + signing.TOLERANCE_S + 60)
    with pytest.raises(BadWebhook, match="stale"):
        later.parse_webhook(headers, body)
    later.close()


def test_books_and_unsent_webhooks_survive_a_restart(tmp_path: Path) -> None:
    with receiver() as hook:
        hook.statuses[:] = [503]
        port = free_port()
        with sandbox(tmp_path, hook.url, port) as running:
            adapter = SandboxProvider(running.url, running.keys, now)
            charge = created(adapter, method="card", card="good")
            adapter.close()
            wait_until(lambda: hook.got, "the first attempt")
        with sandbox(tmp_path, hook.url, port) as running:
            adapter = SandboxProvider(running.url, running.keys, now)
            assert adapter.status(charge.id) == charge
            adapter.close()
            wait_until(lambda: webhooks(hook, charge) == ["charge.paid"] * 2, "the second attempt")
