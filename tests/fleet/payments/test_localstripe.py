"""The Stripe adapter against localstripe 1.15.10: what somebody else made of Stripe's API, as far as it goes.

It knows cards only. What it does not do is written down as tests, so that a release which learns it is noticed:
no QR methods, no pages, no descriptions, keys ignored, a payment refunded as often as one likes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from content.money import Money
from fleet.payments.port import BadWebhook, Charge, ChargeRequest, News, ProviderRefused
from fleet.payments.stripe_api.adapter import StripeProvider
from fleet.payments.stripe_api.client import Client
from tests.fleet.payments.localstripe_process import KEY, localstripe
from tests.fleet.payments.provider_contract import key_of, request
from tests.fleet.payments.sandbox_process import Receiver, receiver
from tests.servers import wait_until

pytestmark = pytest.mark.server
SECRET = "whsec_localstripe"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with localstripe() as here:
        yield here


@pytest.fixture
def provider(url: str) -> Iterator[StripeProvider]:
    client = Client(KEY, 5.0, url)
    adapter = StripeProvider("stripe", client, (SECRET,), lambda: int(time.time()), "till@shop.example")
    yield adapter
    adapter.close()


@pytest.fixture
def hook(url: str) -> Iterator[Receiver]:
    with receiver() as here:
        answer = httpx.post(
            f"{url}/_config/webhooks/endcap",
            json={"url": here.url, "secret": SECRET},
            auth=(KEY, ""),
            trust_env=False,
        )
        answer.raise_for_status()
        yield here


def card(url: str, number: str) -> str:
    """A PaymentMethod of a card, as a reader's SDK would make it."""
    form = {
        "type": "card",
        "card[number]": number,
        "card[exp_month]": "12",
        "card[exp_year]": "2030",
        "card[cvc]": "123",
    }
    answer = httpx.post(f"{url}/v1/payment_methods", data=form, auth=(KEY, ""), trust_env=False)
    return str(answer.raise_for_status().json()["id"])


def wanted(url: str, number: str = "4242424242424242") -> ChargeRequest:
    made = request(1250, "EUR", "card", card(url, number))
    return ChargeRequest(
        reference=made.reference, method="card", amount=made.amount, description="", ttl_s=180, card=made.card
    )


def paid(provider: StripeProvider, url: str) -> Charge:
    ask = wanted(url)
    return provider.create(ask, idem=key_of(ask))


def test_a_card_pays_at_once_and_stays_paid(provider: StripeProvider, url: str) -> None:
    charge = paid(provider, url)
    assert (charge.news, charge.paid) == (News.PAID, Money(1250, "EUR"))
    assert len(charge.reference) == 16
    assert provider.status(charge.id) == charge
    assert provider.cancel(charge.id).news is News.PAID


def test_a_card_that_is_declined_pays_nothing(provider: StripeProvider, url: str) -> None:
    ask = wanted(url, "4000000000000341")  # attaches, and declines the charge
    with pytest.raises(ProviderRefused, match="declined"):
        provider.create(ask, idem=key_of(ask))


def test_a_card_that_wants_its_owner_is_given_up(provider: StripeProvider, url: str) -> None:
    ask = wanted(url, "4000002500003155")
    charge = provider.create(ask, idem=key_of(ask))
    assert (charge.news, charge.reason) == (News.FAILED, "declined")
    assert provider.status(charge.id).news is News.CANCELLED


def test_money_goes_back_in_parts_and_never_more_than_came(provider: StripeProvider, url: str) -> None:
    charge = paid(provider, url)
    first = provider.refund(charge.id, 250, idem="a")
    assert provider.refund(charge.id, 250, idem="a") == first
    assert provider.status(charge.id).refunded_minor == 250
    with pytest.raises(ProviderRefused, match="too-much"):
        provider.refund(charge.id, 1001, idem="b")
    assert provider.refund(charge.id, 1000, idem="b").done
    assert provider.status(charge.id).news is News.REFUNDED
    with pytest.raises(ProviderRefused, match="too-much"):
        provider.refund(charge.id, 1, idem="c")


def test_unknown_charges_are_refused(provider: StripeProvider) -> None:
    for ask in (provider.status, provider.cancel):
        with pytest.raises(ProviderRefused):
            ask("pi_nobody")


def test_its_webhooks_are_taken_and_others_are_not(
    provider: StripeProvider, url: str, hook: Receiver
) -> None:
    charge = paid(provider, url)

    def told() -> list[str]:
        found = [event for headers, body in hook.got for event in provider.parse_webhook(headers, body)]
        return [event.reference for event in found if event.charge_id == charge.id]

    wait_until(lambda: charge.reference in told(), "the webhook of the payment")
    headers, body = hook.got[-1]
    with pytest.raises(BadWebhook, match="forged"):
        provider.parse_webhook(headers, body + b" ")


def test_what_it_cannot_do_is_known(provider: StripeProvider, url: str) -> None:
    with httpx.Client(base_url=url, auth=(KEY, ""), trust_env=False) as plain:
        form = {"amount": "100", "currency": "eur"}
        names = [
            plain.post("/v1/payment_intents", data=form, headers={"idempotency-key": "same"}).json()["id"]
            for _ in range(2)
        ]
        assert names[0] != names[1], "it keeps keys now: run the contract here too"
        qr = form | {"payment_method_data[type]": "paynow", "confirm": "true"}
        assert plain.post("/v1/payment_intents", data=qr).status_code == 400
        assert plain.post("/v1/checkout/sessions", data={"mode": "payment"}).status_code == 404
        assert plain.post("/v1/payment_intents", data=form | {"description": "x"}).status_code == 400
        charge = paid(provider, url)
        for _ in range(2):
            refund = {"payment_intent": charge.id, "amount": "1250"}
            assert plain.post("/v1/refunds", data=refund).is_success, "it minds what was refunded now"
