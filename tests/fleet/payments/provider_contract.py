"""What every provider adapter must keep, written once. A subclass brings `provider` and `pay`, and inherits the tests."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from content.money import Money
from fleet.payments.port import (
    BadWebhook,
    Charge,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    ProviderRefused,
    idempotency_key,
)

_numbers = count(1)


def request(
    minor: int = 1250, currency: str = "EUR", method: str = "link", card: str = "", return_url: str = ""
) -> ChargeRequest:
    """A request with a reference of its own."""
    reference = f"{next(_numbers):015}0"
    return ChargeRequest(
        reference=reference,
        method=method,
        amount=Money(minor, currency),
        description="Order",
        ttl_s=180,
        card=card,
        return_url=return_url,
    )


def key_of(wanted: ChargeRequest) -> str:
    return idempotency_key("K1", wanted.reference[:15], wanted.reference)


class ProviderContract:
    """Inherit, give the two fixtures, and every test below runs against the adapter.

    `method`, `currency` and `card`: what it is asked with. `an_id`: what could be a charge's name. `odd`: what a payer may bring instead of what was asked for,
    as (minor units, currency); empty where the provider lets nobody. `paid_twice`: whether two phones can pay the same
    code. `webhook_of`: an authentic webhook about a paid charge, where the test can get at one.
    """

    method, currency, card = "link", "EUR", ""
    an_id = "ch_1"
    odd: tuple[tuple[int, str], ...] = ((1249, "EUR"), (1250, "USD"))
    paid_twice = False

    @pytest.fixture
    def provider(self) -> Provider:
        raise NotImplementedError

    def pay(self, charge: Charge, paid: Money | None = None) -> None:
        """Do what the person with the phone does."""
        raise NotImplementedError

    def webhook_of(self, charge: Charge) -> tuple[dict[str, str], bytes] | None:
        """Headers (lower-case names) and body, once it has come."""
        return None

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    def request(self, minor: int = 1250) -> ChargeRequest:
        return request(minor, self.currency, self.method, self.card)

    def create(self, provider: Provider, minor: int = 1250) -> Charge:
        wanted = self.request(minor)
        return provider.create(wanted, idem=key_of(wanted))

    def test_a_new_charge_is_open_and_says_how_to_pay(self, provider: Provider) -> None:
        charge = self.create(provider)
        assert charge.news is News.OPEN
        assert charge.amount == self.money(1250)
        assert charge.paid is None
        assert charge.payload
        assert charge.expires_ms > 0
        assert provider.status(charge.id) == charge

    def test_asking_again_with_the_same_key_is_the_same_charge(self, provider: Provider) -> None:
        wanted = self.request()
        first = provider.create(wanted, idem=key_of(wanted))
        assert provider.create(wanted, idem=key_of(wanted)) == first
        other = self.request(999)
        with pytest.raises(ProviderRefused, match="idempotency"):
            provider.create(other, idem=key_of(wanted))

    def test_paid_money_is_told_exactly_and_stays(self, provider: Provider) -> None:
        charge = self.create(provider)
        self.pay(charge)
        told = provider.status(charge.id)
        assert (told.news, told.paid) == (News.PAID, self.money(1250))
        assert provider.cancel(charge.id).news is News.PAID

    def test_another_amount_or_currency_is_told_as_it_came(self, provider: Provider) -> None:
        for paid in (Money(*odd) for odd in self.odd):
            charge = self.create(provider)
            self.pay(charge, paid)
            told = provider.status(charge.id)
            assert (told.news, told.paid, told.amount) == (News.PAID, paid, self.money(1250))

    def test_a_cancelled_charge_stays_cancelled(self, provider: Provider) -> None:
        charge = self.create(provider)
        assert provider.cancel(charge.id).news is News.CANCELLED
        assert provider.cancel(charge.id).news is News.CANCELLED

    def test_money_goes_back_once_and_never_more_than_came(self, provider: Provider) -> None:
        charge = self.create(provider)
        with pytest.raises(ProviderRefused):
            provider.refund(charge.id, 1250, idem="unpaid")
        self.pay(charge)
        with pytest.raises(ProviderRefused):
            provider.refund(charge.id, 1251, idem="too much")
        first = provider.refund(charge.id, 1250, idem=f"refund:{charge.reference}")
        assert provider.refund(charge.id, 1250, idem=f"refund:{charge.reference}") == first
        with pytest.raises(ProviderRefused):
            provider.refund(charge.id, 1250, idem="again")
        told = provider.status(charge.id)
        assert (told.news, told.refunded_minor) == (News.REFUNDED, 1250)

    def test_a_part_goes_back_where_the_provider_can(self, provider: Provider) -> None:
        charge = self.create(provider)
        self.pay(charge)
        if not provider.caps.partial_refund:
            with pytest.raises(ProviderRefused):
                provider.refund(charge.id, 250, idem=f"refund:{charge.reference}")
            return
        first = provider.refund(charge.id, 250, idem=f"refund:{charge.reference}")
        assert provider.refund(charge.id, 250, idem=f"refund:{charge.reference}") == first
        told = provider.status(charge.id)
        assert (told.news, told.paid, told.refunded_minor) == (News.PAID, self.money(1250), 250)
        with pytest.raises(ProviderRefused):
            provider.refund(charge.id, 1001, idem=f"refund:{charge.reference}:250")
        provider.refund(charge.id, 1000, idem=f"refund:{charge.reference}:250")
        assert provider.status(charge.id).refunded_minor == 1250

    def test_two_payments_of_one_code_are_told_as_their_sum(self, provider: Provider) -> None:
        if not self.paid_twice:
            pytest.skip("the provider takes one payment of a code")
        charge = self.create(provider)
        self.pay(charge)
        self.pay(charge)
        told = provider.status(charge.id)
        assert (told.news, told.paid, told.amount) == (News.PAID, self.money(2500), self.money(1250))
        provider.refund(charge.id, 1250, idem=f"refund:{charge.reference}")
        told = provider.status(charge.id)
        assert (told.news, told.paid, told.refunded_minor) == (News.PAID, self.money(2500), 1250)

    def test_the_same_wish_from_two_threads_is_one_charge(self, provider: Provider) -> None:
        wanted = self.request()
        with ThreadPoolExecutor(2) as both:
            asked = [both.submit(provider.create, wanted, idem=key_of(wanted)) for _ in range(2)]
            made: set[str] = set()
            for each in asked:
                try:
                    made.add(each.result().id)
                except ProviderDown:  # somebody else is at it: nobody may say no, asked again it is there
                    continue
        assert made | {provider.create(wanted, idem=key_of(wanted)).id} == made
        assert len(made) == 1

    def test_a_webhook_names_its_charge_and_no_byte_of_it_may_change(self, provider: Provider) -> None:
        charge = self.create(provider)
        self.pay(charge)
        found = self.webhook_of(charge)
        if found is None:
            pytest.skip("the test cannot get at a webhook here")
        headers, body = found
        events = provider.parse_webhook(headers, body)
        assert {charge.id, charge.reference} & {event.charge_id for event in events}
        assert len({event.id for event in events}) == len(events)
        with pytest.raises(BadWebhook):
            provider.parse_webhook(headers, body[:-1])
        with pytest.raises(BadWebhook):
            provider.parse_webhook({}, body)

    def test_an_unknown_charge_is_refused(self, provider: Provider) -> None:
        for call in (provider.status, provider.cancel):
            with pytest.raises(ProviderRefused):
                call("ch_no such?charge")

    @pytest.mark.parametrize("headers", [{}, {"endcap-signature": "t=1,v1=00"}, {"endcap-signature": "é"}])
    def test_no_webhook_is_taken_on_trust(self, provider: Provider, headers: dict[str, str]) -> None:
        body = json.dumps({"id": "evt_1", "type": "charge.paid", "charge": {"id": "ch_1"}}).encode()
        with pytest.raises(BadWebhook):
            provider.parse_webhook(headers, body)

    def test_no_answer_is_not_taken_for_a_no(self, nobody: Provider) -> None:
        with pytest.raises(ProviderDown):
            nobody.create(self.request(), idem="x")
        with pytest.raises(ProviderDown):
            nobody.status(self.an_id)

    @pytest.fixture
    def nobody(self) -> Provider:
        """The adapter, pointed at an address where nobody listens."""
        raise NotImplementedError
