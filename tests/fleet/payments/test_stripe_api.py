"""Stripe as the fleet meets it: its own SDK over HTTP, against a server that answers as Stripe publishes."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from content.money import Money
from fleet.payments.port import BadWebhook, Charge, News, Provider, ProviderDown, ProviderRefused
from fleet.payments.settings import BadSetting, Settings
from fleet.payments.stripe_api import wire
from fleet.payments.stripe_api.adapter import StripeProvider
from fleet.payments.stripe_api.client import Client, _meaning
from fleet.payments.stripe_api.opening import open_provider
from tests.fleet.payments.fake_http import FAULTS, Fault
from tests.fleet.payments.fake_stripe import FakeStripe, fake_stripe
from tests.fleet.payments.provider_contract import ProviderContract, key_of, request
from tests.fleet.payments.sandbox_process import free_port

pytestmark = pytest.mark.server

CURRENCY = {"promptpay": "THB", "paynow": "SGD", "pix": "BRL", "wechat": "CNY", "link": "EUR", "card": "EUR"}
QR = ("promptpay", "paynow", "pix", "wechat")


def opened(fake: FakeStripe, url: str = "", deadline_s: float = 5.0, key: str = "") -> StripeProvider:
    return StripeProvider(
        "stripe", Client(key or fake.secret_key, deadline_s, url or fake.server.url), (fake.webhook_secret,), fake.now,
        "till@shop.example", "https://shop.example/thanks",
    )  # fmt: skip


@pytest.fixture
def fake() -> Iterator[FakeStripe]:
    with fake_stripe() as running:
        yield running


@pytest.fixture
def provider(fake: FakeStripe) -> Iterator[StripeProvider]:
    adapter = opened(fake)
    yield adapter
    adapter.close()


def created(provider: Provider, method: str = "paynow", minor: int = 1250, card: str = "") -> Charge:
    wanted = request(minor, CURRENCY[method], method, card)
    return provider.create(wanted, idem=key_of(wanted))


class _Contract(ProviderContract):
    odd = ()  # nobody can pay another amount
    an_id = "pi_1"

    @pytest.fixture(autouse=True)
    def _fake(self, fake: FakeStripe) -> None:
        self.fake = fake

    @pytest.fixture
    def provider(self, fake: FakeStripe) -> Iterator[Provider]:
        adapter = opened(fake)
        yield adapter
        adapter.close()

    @pytest.fixture
    def nobody(self, fake: FakeStripe) -> Iterator[Provider]:
        adapter = opened(fake, f"http://127.0.0.1:{free_port()}")
        yield adapter
        adapter.close()

    def pay(self, charge: Charge, paid: Money | None = None) -> None:
        self.fake.pay(charge.id)


class TestPromptPay(_Contract):
    method, currency = "promptpay", "THB"


class TestPayNow(_Contract):
    method, currency = "paynow", "SGD"


class TestPix(_Contract):
    method, currency = "pix", "BRL"


class TestWeChat(_Contract):
    method, currency = "wechat", "CNY"


class TestPage(_Contract):
    method, currency = "link", "EUR"


def test_each_code_is_the_one_stripe_made(provider: StripeProvider, fake: FakeStripe) -> None:
    for method in QR:
        charge = created(provider, method)
        action = fake.intents[charge.id]["next_action"]
        assert charge.payload == action[action["type"]]["data"]
    assert created(provider, "link").payload.startswith("https://checkout.stripe.com/")


def test_yen_have_no_decimals_and_strange_units_are_not_offered(
    provider: StripeProvider, fake: FakeStripe
) -> None:
    wanted = request(1250, "JPY", "wechat")
    charge = provider.create(wanted, idem=key_of(wanted))
    assert fake.intents[charge.id]["amount"] == 1250
    assert charge.amount == Money(1250, "JPY")
    assert not provider.caps.currencies & {"ISK", "UGX", "MGA", "KWD", "BHD", "JOD", "OMR", "TND"}
    for method, currency in (("paynow", "EUR"), ("link", "KWD"), ("epc", "EUR")):
        wanted = request(1250, currency, method)
        with pytest.raises(ProviderRefused, match="bad-request"):
            provider.create(wanted, idem=key_of(wanted))


def test_too_little_is_refused_with_stripes_reason(provider: StripeProvider) -> None:
    with pytest.raises(ProviderRefused, match="too-little"):
        created(provider, "promptpay", 999)


def test_methods_that_lack_a_setting_are_not_promised(fake: FakeStripe) -> None:
    bare = StripeProvider("stripe", Client(fake.secret_key, 5.0, fake.server.url), (), fake.now)
    assert set(bare.caps.promises) == {"paynow", "pix", "wechat", "card"}
    bare.close()


def test_a_charge_whose_time_is_up_is_ended_before_it_is_told(
    provider: StripeProvider, fake: FakeStripe
) -> None:
    charge, page = created(provider), created(provider, "link")
    fake.ahead_s = 179
    assert provider.status(charge.id).news is News.OPEN
    fake.ahead_s = 181
    assert provider.status(charge.id).news is News.EXPIRED
    assert fake.intents[charge.id]["status"] == "canceled"
    assert provider.status(page.id).news is News.EXPIRED
    assert fake.sessions[page.id]["status"] == "expired"


def test_paid_at_the_last_moment_is_paid(provider: StripeProvider, fake: FakeStripe) -> None:
    for method in ("paynow", "link"):
        charge = created(provider, method)
        fake.begin_to_pay(charge.id)
        fake.ahead_s += 200
        assert provider.status(charge.id).news is News.SCANNED
        assert provider.cancel(charge.id).news is News.SCANNED
        fake.pay(charge.id)
        assert provider.status(charge.id).news is News.PAID


def test_a_code_that_ends_earlier_says_so(provider: StripeProvider, fake: FakeStripe) -> None:
    wanted = replace(request(1250, "BRL", "pix"), ttl_s=30)
    charge = provider.create(wanted, idem=key_of(wanted))
    intent = fake.intents[charge.id]
    assert (
        intent["next_action"]["pix_display_qr_code"]["expires_at"] == intent["created"] + 60
    )  # Stripe's least
    assert charge.expires_ms == (intent["created"] + 30) * 1000
    fake.time_out(charge.id)
    assert provider.status(charge.id).news is News.EXPIRED


@pytest.mark.parametrize(
    ("card", "news", "reason"),
    [
        ("pm_card_visa", News.PAID, ""),
        ("pm_card_chargeDeclined", News.FAILED, "declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", News.FAILED, "no-funds"),
        ("pm_card_authenticationRequired", News.FAILED, "declined"),
    ],
)
def test_cards_are_paid_or_refused_at_once(
    provider: StripeProvider, fake: FakeStripe, card: str, news: News, reason: str
) -> None:
    wanted = request(1250, "EUR", "card", card)
    charge = provider.create(wanted, idem=key_of(wanted))
    assert (charge.news, charge.reason) == (news, reason)
    assert charge.id in fake.intents
    assert provider.create(wanted, idem=key_of(wanted)).id == charge.id
    assert len(fake.intents) == 1


def test_a_card_stripe_does_not_know_is_refused(provider: StripeProvider) -> None:
    for card in ("pm_nobody", "token of a reader"):
        with pytest.raises(ProviderRefused, match="unknown-card"):
            created(provider, "card", card=card)


def test_asking_again_tells_how_it_stands_now(provider: StripeProvider, fake: FakeStripe) -> None:
    for method in ("paynow", "link"):
        wanted = request(1250, CURRENCY[method], method)
        charge = provider.create(wanted, idem=key_of(wanted))
        fake.pay(charge.id)
        assert provider.create(wanted, idem=key_of(wanted)).news is News.PAID


def test_part_of_the_money_goes_back(provider: StripeProvider, fake: FakeStripe) -> None:
    for method in ("paynow", "link"):
        charge = created(provider, method)
        fake.pay(charge.id)
        first = provider.refund(charge.id, 250, idem="one bottle")
        fake.kept.clear()  # a day later
        assert provider.refund(charge.id, 250, idem="one bottle") == first
        told = provider.status(charge.id)
        assert (told.news, told.refunded_minor) == (News.PAID, 250)
        with pytest.raises(ProviderRefused, match="idempotency"):
            provider.refund(charge.id, 300, idem="one bottle")
        with pytest.raises(ProviderRefused, match="too-much"):
            provider.refund(charge.id, 1001, idem="the rest and more")
        provider.refund(charge.id, 1000, idem="the rest")
        assert provider.status(charge.id).news is News.REFUNDED
        fake.refunds.clear()


def test_a_refund_that_waits_for_the_payers_account_is_not_done(
    provider: StripeProvider, fake: FakeStripe
) -> None:
    fake.refund_status = "requires_action"
    charge = created(provider, "promptpay")
    fake.pay(charge.id)
    assert not provider.refund(charge.id, 1250, idem="back").done
    assert provider.status(charge.id).news is News.PAID
    fake.settle_refunds("succeeded")
    assert provider.refund(charge.id, 1250, idem="back").done
    assert len(fake.refunds) == 1


def test_a_refund_that_failed_is_made_anew(provider: StripeProvider, fake: FakeStripe) -> None:
    fake.refund_status = "failed"
    charge = created(provider)
    fake.pay(charge.id)
    with pytest.raises(ProviderRefused, match="refund-not-made"):
        provider.refund(charge.id, 1250, idem="back")
    fake.refund_status = "pending"
    assert not provider.refund(charge.id, 1250, idem="back").done
    fake.settle_refunds("failed")
    fake.refund_status = "succeeded"
    assert provider.refund(charge.id, 1250, idem="back").done


def test_refunds_by_many_threads_are_one(provider: StripeProvider, fake: FakeStripe) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    done: list[bool] = []

    def give_back() -> None:
        done.append(provider.refund(charge.id, 1250, idem="back").done)

    threads = [threading.Thread(target=give_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 8
    assert len(fake.refunds) == 1


# --- the network --------------------------------------------------------------------------------------------------


@pytest.fixture
def hasty(fake: FakeStripe) -> Iterator[StripeProvider]:
    """One that gives up soon, for calls that get no answer; asked again is the patient one."""
    adapter = opened(fake, deadline_s=0.3)
    yield adapter
    adapter.close()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["paynow", "link"])
def test_whatever_the_network_does_the_charge_is_made_once(
    fake: FakeStripe, provider: StripeProvider, hasty: StripeProvider, fault: Fault, method: str
) -> None:
    wanted = request(1250, CURRENCY[method], method)
    fake.server.faults.append((fault, "POST"))
    with pytest.raises(ProviderDown):
        hasty.create(wanted, idem=key_of(wanted))
    fake.server.faults.clear()
    charge = provider.create(wanted, idem=key_of(wanted))
    assert [*fake.intents, *fake.sessions] == [charge.id]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_network_does_money_goes_back_once(
    fake: FakeStripe, provider: StripeProvider, hasty: StripeProvider, fault: Fault
) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    fake.server.faults.append((fault, "POST /v1/refunds"))
    with pytest.raises(ProviderDown):
        hasty.refund(charge.id, 1250, idem="back")
    fake.server.faults.clear()
    assert provider.refund(charge.id, 1250, idem="back").done
    assert len(fake.refunds) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_no_answer_is_no_state(
    fake: FakeStripe, provider: StripeProvider, hasty: StripeProvider, fault: Fault
) -> None:
    charge = created(provider)
    for pattern, ask in (("GET", hasty.status), ("POST", hasty.cancel)):
        fake.server.faults.append((fault, pattern))
        with pytest.raises(ProviderDown):
            ask(charge.id)
        fake.server.faults.clear()


def test_a_failure_kept_under_its_key_does_not_stand_for_ever(
    provider: StripeProvider, fake: FakeStripe
) -> None:
    fake.fail_and_keep = 1
    wanted = request(1250, "SGD", "paynow")
    with pytest.raises(ProviderDown, match="HTTP 500"):
        provider.create(wanted, idem=key_of(wanted))
    charge = provider.create(wanted, idem=key_of(wanted))
    assert provider.create(wanted, idem=key_of(wanted)) == charge
    fake.pay(charge.id)
    fake.fail_and_keep = 1
    with pytest.raises(ProviderDown, match="HTTP 500"):
        provider.refund(charge.id, 1250, idem="back")
    assert provider.refund(charge.id, 1250, idem="back").done
    assert (len(fake.intents), len(fake.refunds)) == (1, 1)


def test_failures_under_all_keys_are_no_answer(provider: StripeProvider, fake: FakeStripe) -> None:
    fake.fail_and_keep = 9
    wanted = request(1250, "SGD", "paynow")
    for _ in range(5):
        with pytest.raises(ProviderDown):
            provider.create(wanted, idem=key_of(wanted))
    assert len(fake.kept) == 3


def test_a_key_that_is_not_let_in_tells_nothing_about_charges(
    fake: FakeStripe, provider: StripeProvider
) -> None:
    charge = created(provider)
    wrong = opened(fake, key="sk_test_revoked")
    with pytest.raises(ProviderDown, match="not let in"):
        wrong.status(charge.id)
    wrong.close()


def test_a_closed_provider_answers_nothing(fake: FakeStripe) -> None:
    provider = opened(fake)
    charge = created(provider)
    provider.close()
    with pytest.raises(ProviderDown):
        provider.status(charge.id)


# --- webhooks -----------------------------------------------------------------------------------------------------


def test_webhooks_name_the_charge_they_are_about(provider: StripeProvider, fake: FakeStripe) -> None:
    charge = created(provider)
    fake.pay(charge.id)
    provider.refund(charge.id, 1250, idem="back")
    intent, refund = fake.intents[charge.id], next(iter(fake.refunds.values()))
    a_charge = {"id": "ch_1", "object": "charge", "payment_intent": charge.id, "metadata": intent["metadata"]}
    for kind, thing in (
        ("payment_intent.succeeded", intent),
        ("refund.updated", refund),
        ("charge.refunded", a_charge),
    ):
        body = fake.event(kind, thing)
        (event,) = provider.parse_webhook(fake.signed(body), body)
        assert (event.charge_id, event.reference) == (charge.id, charge.reference)


def test_of_a_page_only_its_session_and_its_refunds_tell(provider: StripeProvider, fake: FakeStripe) -> None:
    page = created(provider, "link")
    fake.pay(page.id)
    provider.refund(page.id, 1250, idem="back")
    session, refund = fake.sessions[page.id], next(iter(fake.refunds.values()))
    intent = fake.intents[session["payment_intent"]]
    for kind, thing, told in (
        ("checkout.session.completed", session, [page.id]),
        ("payment_intent.succeeded", intent, []),
        ("refund.updated", refund, [page.id]),
        ("customer.created", {"id": "cus_1", "object": "customer"}, []),
        ("payment_intent.succeeded", intent | {"metadata": {}}, []),
    ):
        body = fake.event(kind, thing)
        assert [event.charge_id for event in provider.parse_webhook(fake.signed(body), body)] == told


def test_a_webhook_is_verified_before_it_is_read(provider: StripeProvider, fake: FakeStripe) -> None:
    body = fake.event("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent", "metadata": {}})
    now = fake.now()
    for headers, reason in (
        ({}, "forged"),
        (fake.signed(body, "whsec_another"), "forged"),
        (fake.signed(body + b" "), "forged"),
        (fake.signed(body, at_s=now - 400), "stale"),
        ({"stripe-signature": "t=é,v1=é"}, "malformed"),
        ({"stripe-signature": "t=,v1="}, "forged"),
    ):
        with pytest.raises(BadWebhook) as bad:
            provider.parse_webhook(headers, body)
        assert bad.value.reason == reason
    for odd in (b"", b"[]", b"{}", b"\xff", b'{"object": "v2.core.event"}', b'{"id": "evt_1", "data": {}}'):
        with pytest.raises(BadWebhook):
            provider.parse_webhook(fake.signed(odd), odd)


def test_the_endpoints_secret_can_be_changed(fake: FakeStripe) -> None:
    client = Client(fake.secret_key, 5.0, fake.server.url)
    provider = StripeProvider("stripe", client, ("whsec_new", fake.webhook_secret), fake.now)
    body = fake.event("customer.created", {"id": "cus_1", "object": "customer"})
    for secret in ("whsec_new", fake.webhook_secret):
        assert provider.parse_webhook(fake.signed(body, secret), body) == []
    with pytest.raises(BadWebhook, match="stale"):
        provider.parse_webhook(fake.signed(body, at_s=1), body)
    provider.close()


# --- payments.toml ------------------------------------------------------------------------------------------------


def settings(fake: FakeStripe, folder: Path, **changes: object) -> Settings:
    for name, text in (
        ("stripe.key", fake.secret_key),
        ("hook.key", f"{fake.webhook_secret}\nwhsec_{'n' * 20}\n"),
    ):
        path = folder / name
        path.touch(0o600)
        path.write_text(text)
    values: dict[str, object] = {
        "secret_key_file": "stripe.key", "webhook_secret_file": "hook.key", "api_base": fake.server.url,
        "billing_email": "till@shop.example", "return_url": "https://shop.example/thanks", "least_minor": 1000,
    }  # fmt: skip
    return Settings(values | changes, folder, "providers.main")


def test_a_table_of_the_file_opens_the_provider(fake: FakeStripe, tmp_path: Path) -> None:
    table = settings(fake, tmp_path)
    provider = open_provider("main", table)
    table.done()
    assert created(provider, "promptpay").news is News.OPEN
    assert provider.caps.least_minor == 1000
    assert provider.key == "main"
    provider.close()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"secret_key_file": "hook.key"}, "secret_key_file"),
        ({"webhook_secret_file": "stripe.key"}, "webhook_secret_file"),
        ({"api_base": "http://api.stripe.example"}, "api_base"),
        ({"return_url": "shop.example"}, "return_url"),
        ({"deadline_s": "5"}, "deadline_s"),
    ],
)
def test_a_table_that_cannot_be_says_which_field(
    fake: FakeStripe, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(BadSetting, match=rf"^providers\.main\.{field}: ") as bad:
        open_provider("main", settings(fake, tmp_path, **changes))
    assert fake.secret_key not in str(bad.value)


def test_secrets_are_never_logged(fake: FakeStripe, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = open_provider("main", settings(fake, tmp_path))
        charge = created(provider)
        fake.server.faults.append(("down", "GET"))
        with pytest.raises(ProviderDown) as down:
            provider.status(charge.id)
        with pytest.raises(BadWebhook) as bad:
            provider.parse_webhook({"stripe-signature": "t=1,v1=00"}, b"{}")
        said = [repr(provider), repr(provider._client), str(down.value), str(bad.value)]
        shown = "\n".join([*said, *(record.getMessage() for record in caplog.records)])
        provider.close()
    assert not stripe.enable_telemetry
    for secret in (fake.secret_key, fake.webhook_secret):
        assert secret not in shown


def test_requests_say_what_stripe_has_to_know_and_no_more(provider: StripeProvider, fake: FakeStripe) -> None:
    wanted = request(1250, "SGD", "paynow")
    provider.create(wanted, idem=key_of(wanted))
    (asked,) = fake.server.asked
    assert asked.headers["idempotency-key"] == key_of(wanted)
    assert (
        set(json.loads(asked.headers["x-stripe-client-user-agent"])) & {"platform", "telemetry_id", "uname"}
        == set()
    )


def test_no_token_of_a_card_is_in_what_is_logged() -> None:
    error = stripe.InvalidRequestError(  # type: ignore[no-untyped-call]
        "No such PaymentMethod: 'pm_1abC_9'", "payment_method", "resource_missing"
    )
    assert str(_meaning(error)) == "unknown-card: No such PaymentMethod: 'pm_...'"


def test_money_is_in_the_currency_it_came_in() -> None:
    """A page may let its visitor pay in another one (Adaptive Pricing)."""
    intent = wire.Intent(
        id="pi_1", amount=1250, currency="usd", status="succeeded", created=0, amount_received=1250
    )
    session = wire.Session(
        id="cs_1", created=0, status="complete", payment_status="paid", amount_total=1250, currency="eur",
        client_reference_id="R", payment_intent=intent,
    )  # fmt: skip
    charge = wire.charge_of_session(session, (), 0)
    assert (charge.amount, charge.paid) == (Money(1250, "EUR"), Money(1250, "USD"))
