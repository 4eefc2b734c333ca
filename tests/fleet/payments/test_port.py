"""The table of states, and which methods may be offered at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.money import Money
from fleet.merchant import Merchant
from fleet.payments import sandbox
from fleet.payments.codecs import BadPayload, Confirmation, epc, pix_static
from fleet.payments.methods import BadMethod, CannotConfirm, effective, offered, take_now
from fleet.payments.port import (
    ENDED,
    OPEN,
    PAID,
    TRANSITIONS,
    BadWebhook,
    Caps,
    Charge,
    ChargeEvent,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    Refund,
    State,
    advance,
    diagram,
    idempotency_key,
)

DOCS = Path(__file__).parents[3] / "docs" / "payments.md"
SHOP = Merchant(name="Endcap Demo", city="BERLIN", iban="DE71110220330123456789", pix_key="pix@loja.example")
REFERENCE = "K7Q2M4XZ01234560"


class Paper(Provider):
    """A provider nobody reaches: enough to ask what may be offered on it."""

    key = "paper"

    def __init__(self, promises: Mapping[str, Confirmation], **in_currency: frozenset[str]) -> None:
        self.caps = Caps(
            promises=promises, currencies=frozenset({"EUR", "BRL"}), in_currency=in_currency, least_minor=50
        )

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        raise ProviderDown(idem)

    def status(self, charge_id: str) -> Charge:
        raise ProviderDown(charge_id)

    def cancel(self, charge_id: str) -> Charge:
        raise ProviderDown(charge_id)

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        raise ProviderDown(charge_id)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        raise BadWebhook("forged")


def test_every_state_has_a_row_and_only_more_money_leads_on_from_the_last() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(TRANSITIONS.values())
    assert TRANSITIONS[State.REFUNDED] == {News.MORE: State.REFUNDING}
    assert OPEN | PAID | ENDED | {State.REFUNDING, State.REFUNDED} == set(State)


@given(st.lists(st.sampled_from(News), max_size=12))
def test_paid_money_is_never_forgotten(news: list[News]) -> None:
    state = State.ASKING
    paid = False
    for piece in news:
        state = advance(state, piece)
        paid = paid or piece in (News.PAID, News.REFUNDED)
        assert paid == (state in PAID | {State.REFUNDING, State.REFUNDED})


@given(st.lists(st.sampled_from(News), max_size=8))
def test_the_same_news_twice_is_the_same_as_once(news: list[News]) -> None:
    once = twice = State.ASKING
    for piece in news:
        once = advance(once, piece)
        twice = advance(advance(twice, piece), piece)
    assert once == twice


def test_a_method_is_paid_in_what_its_provider_and_its_code_both_know() -> None:
    both = {"epc": "push", "link": "push", "swiss": "push", "card": "push"}
    bank = Paper(both, card=frozenset({"BRL"}))  # type: ignore[arg-type]
    assert take_now("epc", bank, SHOP).currencies == {"EUR"}
    assert take_now("swiss", bank, SHOP).currencies == {"EUR"}
    assert take_now("link", bank, SHOP).currencies == {"EUR", "BRL"}
    card = take_now("card", bank, SHOP)
    assert (card.accepts(Money(100, "EUR")), card.accepts(Money(100, "BRL"))) == ("currency", "")
    with pytest.raises(BadMethod, match="no currency both the code and the provider know"):
        take_now("upi", Paper({"upi": "push"}), SHOP)


def test_the_diagram_in_the_docs_is_the_table() -> None:
    assert diagram() in DOCS.read_text()


def test_the_idempotency_key_names_kiosk_order_and_attempt() -> None:
    assert idempotency_key("K1", REFERENCE[:15], REFERENCE) == "K1:K7Q2M4XZ0123456:0"


def test_a_code_nobody_confirms_in_time_is_not_offered() -> None:
    assert effective("epc", Paper({}).caps) == "statement"
    for key, promises in (
        ("epc", {}),
        ("pix-static", {"epc": "push"}),
        ("card", {}),
        ("epc", {"epc": "none"}),
    ):
        with pytest.raises(CannotConfirm, match="pay now and take"):
            take_now(key, Paper(promises), SHOP)  # type: ignore[arg-type]


def test_a_code_a_provider_would_have_to_make_needs_its_promise() -> None:
    with pytest.raises(CannotConfirm, match="confirmed by none"):
        take_now("wechat", Paper({"link": "push"}), SHOP)  # though WeChat Pay itself would tell its merchant
    with pytest.raises(BadMethod, match="'shells' is none of link, card"):
        take_now("shells", Paper({"shells": "push"}), SHOP)


def test_with_an_instant_credit_feed_it_is() -> None:
    assert take_now("epc", Paper({"epc": "push"}), SHOP).confirmation == "push"
    assert take_now("epc", Paper({"epc": "poll"}), SHOP).confirmation == "poll"
    bank = Paper(sandbox.CAPS.promises)
    assert list(offered(["card", "link", "epc", "pix-static"], bank, SHOP)) == [
        "card",
        "link",
        "epc",
        "pix-static",
    ]


def test_a_merchant_without_the_account_is_found_out_at_once() -> None:
    with pytest.raises(BadPayload, match="iban"):
        take_now("epc", Paper({"epc": "push"}), replace(SHOP, iban=""))
    with pytest.raises(BadPayload, match="key"):
        take_now("pix-static", Paper({"pix-static": "push"}), Merchant(name="X", city="Y"))


def test_the_codes_carry_amount_and_reference() -> None:
    bank = Paper(sandbox.CAPS.promises)
    code = take_now("epc", bank, SHOP).payload(Money(1250, "EUR"), REFERENCE, "https://psp.example/1")
    assert epc.parse(code).amount == "12.50"
    assert epc.parse(code).reference.endswith(REFERENCE)
    code = take_now("pix-static", bank, SHOP).payload(Money(1250, "BRL"), REFERENCE, "")
    assert pix_static.parse(code).txid == REFERENCE
    link = take_now("link", bank, SHOP)
    assert link.payload(Money(1, "EUR"), REFERENCE, "https://psp.example/1") == "https://psp.example/1"


@pytest.mark.parametrize(
    ("key", "amount", "reason"),
    [
        ("epc", Money(1250, "EUR"), ""),
        ("epc", Money(1250, "BRL"), "currency"),
        ("link", Money(1250, "BRL"), ""),
        ("link", Money(1250, "JPY"), "currency"),
        ("link", Money(49, "EUR"), "too-little"),
        ("link", Money(10**9 + 1, "EUR"), "too-much"),
    ],
)
def test_what_a_method_accepts(key: str, amount: Money, reason: str) -> None:
    assert take_now(key, Paper(sandbox.CAPS.promises), SHOP).accepts(amount) == reason
