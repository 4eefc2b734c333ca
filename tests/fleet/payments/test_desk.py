"""What kiosks and phones are told of their money, whatever the provider and the network do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from content.money import Money
from content.references import parse_claim
from fleet import tables
from fleet.events.rows import Stored
from fleet.live import Hub
from fleet.merchant import Merchant
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.methods import offered
from fleet.payments.port import BadWebhook, ProviderDown, State
from fleet.payments.sandbox import SandboxProvider
from fleet.store.store import Store
from mqtt.messages import (
    CancelWanted,
    ChargeState,
    ChargeWanted,
    Line,
    Message,
    PhoneSale,
    RefundCharge,
    RefundWanted,
    SaleMade,
    StatusWanted,
    encode,
)
from mqtt.topics import Address
from tests.fleet.payments.sandbox_process import Receiver, Sandbox, free_port, receiver, sandbox
from tests.servers import wait_until
from tests.stores import store_url

pytestmark = pytest.mark.server

KIOSK = Address("demo", "u8", "K1")
SHOP = Merchant(name="Endcap Demo", city="BERLIN", iban="DE71110220330123456789")
MILK = Line(gtin="09521100100113", name="Milk", quantity=2, price_minor=625, total_minor=1250, facing=7)
CLAIM = "K7Q2-9MXT"
_numbers = count(1)


class Clock:
    """The wall clock, which a test may put forward."""

    ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hook: Receiver) -> Iterator[Sandbox]:
    with sandbox(tmp_path_factory.mktemp("sandbox"), hook.url) as running:
        yield running


class Shop:
    """A desk with its store, the provider behind it, and everything it has told."""

    def __init__(self, folder: Path, server: Sandbox, hook: Receiver, url: str = "") -> None:
        self.server, self.hook = server, hook
        self.clock = Clock()
        self.told: list[tuple[Address, Message]] = []
        self.store = Store(store_url(folder / "fleet.db"))
        self.url = url or server.url
        self.desk = self.open_desk()

    def open_desk(self) -> PaymentDesk:
        provider = SandboxProvider(self.url, self.server.keys, lambda: self.clock() // 1000)
        methods = offered(["link", "epc", "card"], provider, SHOP)
        return PaymentDesk(self.store, methods, lambda *what: self.told.append(what), Hub(), self.clock)

    def close(self) -> None:
        self.desk.close()
        self.store.close()

    # --- what a kiosk says

    def wanted(self, method: str = "link", **more: object) -> ChargeWanted:
        order = f"{next(_numbers):015}"
        fields = {
            "id": "q1", "expires_ms": 0, "order": order, "reference": f"{order}0", "method": method, "currency": "EUR",
            "total_minor": 1250, "lines": (MILK,), "version": "v1", "claim_code": CLAIM,
        }  # fmt: skip
        return ChargeWanted(**(fields | more))  # type: ignore[arg-type]

    def ask(self, wanted: ChargeWanted) -> ChargeState:
        return self.desk.handle(KIOSK, wanted)

    def status(self, reference: str) -> ChargeState:
        return self.desk.handle(KIOSK, StatusWanted(id="q2", expires_ms=0, reference=reference))

    def cancel(self, reference: str) -> ChargeState:
        return self.desk.handle(KIOSK, CancelWanted(id="q3", expires_ms=0, reference=reference))

    def refund(self, reference: str) -> ChargeState:
        return self.desk.handle(
            KIOSK, RefundCharge(id="q4", expires_ms=0, reference=reference, reason="ended")
        )

    def pushed(self, reference: str) -> list[str]:
        """The states the kiosk was told without asking."""
        return [m.state for _, m in self.told if isinstance(m, ChargeState) and m.reference == reference]

    # --- what a person and the network do

    def provider_id(self, reference: str) -> str:
        entry = self.desk.book.get(reference)
        assert entry is not None
        return entry.charge_id

    def _rest(self, method: str, path: str, body: dict[str, object]) -> None:
        headers = {"authorization": f"Bearer {self.server.keys.api_key}"}
        httpx.request(
            method, self.server.url + path, json=body, headers=headers, trust_env=False
        ).raise_for_status()

    def pay(self, reference: str, **body: object) -> None:
        self._rest("POST", f"/v1/charges/{self.provider_id(reference)}/pay", body)

    def faults(self, reference: str, *faults: str) -> None:
        self._rest("PUT", f"/v1/charges/{self.provider_id(reference)}/faults", {"faults": faults})

    def webhooks(self, reference: str, state: str, times: int = 1) -> list[tuple[dict[str, str], bytes]]:
        """The webhooks that tell of a state, once they have arrived."""

        def found() -> list[tuple[dict[str, str], bytes]]:
            parts = reference.encode(), f'"type":"charge.{state}"'.encode()
            return [(headers, body) for headers, body in self.hook.got if all(p in body for p in parts)]

        wait_until(lambda: len(found()) >= times, f"a webhook that says {state}")
        return found()


@pytest.fixture
def shop(tmp_path: Path, server: Sandbox, hook: Receiver) -> Iterator[Shop]:
    opened = Shop(tmp_path, server, hook)
    yield opened
    opened.close()


@pytest.fixture
def lonely(tmp_path: Path, server: Sandbox, hook: Receiver) -> Iterator[Shop]:
    """A shop whose provider does not answer."""
    opened = Shop(tmp_path, server, hook, f"http://127.0.0.1:{free_port()}")
    yield opened
    opened.close()


# --- the straight way ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "begins"), [("link", "http://127.0.0.1"), ("epc", "BCD\n002")])
def test_asked_shown_paid_told(shop: Shop, method: str, begins: str) -> None:
    wanted = shop.wanted(method)
    answer = shop.ask(wanted)
    assert (answer.id, answer.state, answer.merchant) == ("q1", "created", "Endcap Demo")
    assert answer.payload.startswith(begins)
    assert answer.expires_ms > shop.clock()

    shop.pay(wanted.reference)
    (hint,) = shop.webhooks(wanted.reference, "paid")
    shop.desk.webhook("sandbox", *hint)
    ((address, told),) = shop.told
    assert isinstance(told, ChargeState)
    assert (address, told.id, told.state, told.paid_minor, told.currency) == (KIOSK, "", "paid", 1250, "EUR")


@pytest.mark.parametrize(
    ("card", "state", "reason"),
    [("good", "paid", ""), ("declined", "failed", "declined"), ("empty", "failed", "no-funds"), ("x", "failed", "unknown-card")],
)  # fmt: skip
def test_a_card_is_answered_at_once(shop: Shop, card: str, state: str, reason: str) -> None:
    wanted = shop.wanted("card", card=card)
    answer = shop.ask(wanted)
    assert (answer.state, answer.reason) == (state, reason)
    entry = shop.desk.book.get(wanted.reference)
    assert entry is not None
    assert entry.card == ""


def test_the_claim_code_is_kept_with_the_charge_and_told_to_nobody(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    wanted = shop.wanted()
    answer = shop.ask(wanted)
    shop.pay(wanted.reference)
    shop.desk.look(wanted.reference)
    assert claim_of_charge(shop, wanted.reference) == CLAIM, (
        "honoured even if the kiosk never reports the sale"
    )
    said = repr(answer) + repr(shop.told) + caplog.text
    assert CLAIM not in said


@pytest.mark.parametrize("code", ["K7Q29MXT", "k7q2-9mxt", "K7Q2-9MXU", "K7Q2-9MXT ", "\u212a7Q2-9MXT"])
def test_a_claim_code_that_is_none_is_refused(shop: Shop, code: str) -> None:
    answer = shop.ask(shop.wanted(claim_code=code))
    assert (answer.state, answer.reason) == ("failed", "bad-request")


def test_a_reference_has_one_claim_code(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    for code in ("K7Q2-9MXV", ""):
        other = shop.ask(shop.wanted(reference=wanted.reference, order=wanted.order, claim_code=code))
        assert (other.state, other.reason) == ("failed", "bad-request")
    assert claim_of_charge(shop, wanted.reference) == CLAIM


def test_a_kiosk_of_before_claim_codes_travelled_is_still_served(shop: Shop) -> None:
    assert shop.ask(shop.wanted(claim_code="")).state == "created"


def test_the_same_request_again_is_the_same_charge(shop: Shop) -> None:
    wanted = shop.wanted()
    assert shop.ask(wanted) == shop.ask(wanted)
    other = shop.ask(
        shop.wanted(reference=wanted.reference, order=wanted.order, total_minor=625, lines=(HALF,))
    )
    assert (other.state, other.reason) == ("failed", "bad-request")


HALF = Line(gtin="09521100100113", name="Milk", quantity=1, price_minor=625, total_minor=625, facing=7)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"total_minor": 1249}, "bad-request"),
        ({"lines": ()}, "bad-request"),
        ({"lines": (HALF, HALF), "total_minor": 1251}, "bad-request"),
        ({"reference": "short"}, "bad-request"),
        ({"reference": "0000000000000ABC"}, "bad-request"),
        ({"method": "shells"}, "no-such-method"),
        ({"currency": "XTS"}, "currency"),
        ({"method": "epc", "currency": "BRL"}, "currency"),
    ],
)
def test_a_wrong_request_never_reaches_the_provider(
    shop: Shop, wrong: dict[str, object], reason: str
) -> None:
    wanted = shop.wanted(**wrong)  # type: ignore[arg-type]
    answer = shop.ask(wanted)
    assert (answer.state, answer.reason) == ("failed", reason)
    assert shop.desk.book.get(wanted.reference) is None


def test_another_kiosks_charge_is_nobodys_business(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    stranger = Address("demo", "u8", "K2")
    request = CancelWanted(id="q", expires_ms=0, reference=wanted.reference)
    assert shop.desk.handle(stranger, request).state == "unknown"
    assert shop.status(wanted.reference).state == "created"


# --- webhooks that come twice, from strangers, late or never ------------------------------------------------------


def test_a_repeated_webhook_tells_once(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.faults(wanted.reference, "duplicate-webhook")
    shop.pay(wanted.reference)
    for hint in shop.webhooks(wanted.reference, "paid", times=2):
        shop.desk.webhook("sandbox", *hint)
    assert shop.pushed(wanted.reference) == ["paid"]


def test_a_forged_webhook_moves_nothing(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.faults(wanted.reference, "forged-signature")
    shop.pay(wanted.reference)
    (hint,) = shop.webhooks(wanted.reference, "paid")
    with pytest.raises(BadWebhook, match="forged"):
        shop.desk.webhook("sandbox", *hint)
    assert shop.pushed(wanted.reference) == []
    assert shop.desk.counters.bad_webhooks == 1


def test_an_authentic_webhook_of_yesterday_moves_nothing(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference)
    (hint,) = shop.webhooks(wanted.reference, "paid")
    shop.clock.ahead_ms = 86_400_000
    with pytest.raises(BadWebhook, match="stale"):
        shop.desk.webhook("sandbox", *hint)


def test_a_webhook_replayed_after_the_refund_moves_nothing(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference)
    (hint,) = shop.webhooks(wanted.reference, "paid")
    shop.desk.webhook("sandbox", *hint)
    assert shop.refund(wanted.reference).state == "refunded"
    shop.desk.webhook("sandbox", *hint)
    assert shop.pushed(wanted.reference) == ["paid", "refunded"]


def test_a_lost_webhook_costs_two_seconds(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.faults(wanted.reference, "lost-webhook")
    shop.pay(wanted.reference)
    shop.desk.look_after()
    assert shop.pushed(wanted.reference) == []
    shop.clock.ahead_ms += 2_000
    shop.desk.look_after()
    assert shop.pushed(wanted.reference) == ["paid"]


def test_the_desk_looks_after_charges_by_itself(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.faults(wanted.reference, "lost-webhook")
    shop.pay(wanted.reference)
    shop.clock.ahead_ms += 2_000
    shop.desk.start()
    wait_until(lambda: shop.pushed(wanted.reference) == ["paid"], "the desk to ask by itself")


def test_a_kiosk_that_asks_hears_the_truth_at_once(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.faults(wanted.reference, "lost-webhook")
    shop.pay(wanted.reference)
    assert shop.status(wanted.reference).state == "paid"
    assert shop.status("0000000000000ZZZ").state == "unknown"


# --- money that is not what was asked for, or comes when nobody waits ---------------------------------------------


def test_a_wrong_amount_is_told_as_it_came(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference, amount_minor=1)
    answer = shop.status(wanted.reference)
    assert (answer.state, answer.paid_minor, answer.currency) == ("paid", 1, "EUR")
    assert shop.refund(wanted.reference).state == "refunded"


def test_cancelling_a_paid_charge_says_paid(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference)
    assert shop.cancel(wanted.reference).state == "paid"


def test_money_after_the_cancel_is_told_all_the_same_and_goes_back_once(shop: Shop) -> None:
    wanted = shop.wanted("epc")
    shop.ask(wanted)
    assert shop.cancel(wanted.reference).state == "cancelled"
    shop.pay(wanted.reference)
    (hint,) = shop.webhooks(wanted.reference, "paid")
    shop.desk.webhook("sandbox", *hint)
    assert shop.pushed(wanted.reference) == ["cancelled", "paid"]
    entry = shop.desk.book.get(wanted.reference)
    assert entry is not None
    assert entry.state is State.LATE_PAID

    assert [shop.refund(wanted.reference).state for _ in range(3)] == ["refunded"] * 3
    assert shop.desk.counters.refunds == 1


def at_the_wall(shop: Shop, event: SaleMade | RefundWanted) -> None:
    shop.store.commit(
        [Stored(kiosk=str(KIOSK), epoch="e1", seq=event.seq, body=encode(event), event=event, received_ms=0)]
    )


def test_a_wall_that_forgot_a_payment_is_told_of_it_until_it_says_how_it_ended(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference)
    assert shop.status(wanted.reference).state == "paid"  # and then its memory card dies
    for minutes in (1, 2):
        shop.told.clear()
        shop.clock.ahead_ms += minutes * 61_000
        shop.desk.look_after()
        assert shop.pushed(wanted.reference) == ["paid"]
    sale = SaleMade(
        epoch="e1", seq=next(_numbers), wall_ms=0, mono_ms=0, boot="b", order=wanted.order, reference=wanted.reference,
        method="link", currency="EUR", total_minor=1250, lines=(MILK,), version="v1",
    )  # fmt: skip
    at_the_wall(shop, sale)
    shop.told.clear()
    for _ in range(2):
        shop.clock.ahead_ms += 3_600_000
        shop.desk.look_after()
    assert shop.pushed(wanted.reference) == []
    for days in (1, 4):
        shop.clock.ahead_ms += days * 86_400_000
        shop.desk.look_after()
    assert shop.desk.book.next_due_ms() is None, "in the end nobody asks any more"


def test_a_refund_whose_request_was_lost_for_ever_is_made_from_its_event(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference)
    assert shop.status(wanted.reference).state == "paid"
    refund = RefundWanted(
        epoch="e1", seq=next(_numbers), wall_ms=0, mono_ms=0, boot="b", order=wanted.order, reference=wanted.reference,
        currency="EUR", total_minor=1250, reason="ended",
    )  # fmt: skip
    at_the_wall(shop, refund)
    shop.clock.ahead_ms += 61_000
    shop.desk.look_after()
    entry = shop.desk.book.get(wanted.reference)
    assert entry is not None
    assert (entry.state, entry.reason) == (State.REFUNDED, "ended")


def test_a_refund_of_nothing_is_no_refund(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    assert shop.refund(wanted.reference).state == "created"


# --- a provider that does not answer ------------------------------------------------------------------------------


def test_without_an_answer_no_code_is_shown_and_the_kiosk_is_told(lonely: Shop) -> None:
    answer = lonely.ask(lonely.wanted())
    assert (answer.state, answer.reason, answer.payload) == ("failed", "provider-down", "")


def test_a_card_without_an_answer_is_asked_for_until_it_is_known(lonely: Shop) -> None:
    wanted = lonely.wanted("card", card="good")
    assert lonely.ask(wanted).state == "created"
    lonely.url = lonely.server.url  # the provider comes back
    lonely.desk.close()
    lonely.desk = lonely.open_desk()  # and the fleet was restarted meanwhile
    lonely.clock.ahead_ms += 2_000
    lonely.desk.look_after()
    assert lonely.pushed(wanted.reference) == ["paid"]


def test_a_webhook_whose_charge_cannot_be_asked_for_is_put_off(shop: Shop) -> None:
    wanted = shop.wanted()
    shop.ask(wanted)
    shop.pay(wanted.reference)
    (hint,) = shop.webhooks(wanted.reference, "paid")
    shop.desk.close()
    shop.url = f"http://127.0.0.1:{free_port()}"
    shop.desk = shop.open_desk()
    with pytest.raises(ProviderDown):
        shop.desk.webhook("sandbox", *hint)
    with pytest.raises(KeyError):
        shop.desk.webhook("another", *hint)
    assert shop.pushed(wanted.reference) == []


def test_a_charge_that_cannot_be_dealt_with_holds_up_no_other(lonely: Shop) -> None:
    stuck, other = lonely.wanted("card", card="good"), lonely.wanted("card", card="good")
    for wanted in (stuck, other):
        assert lonely.ask(wanted).state == "created"
    with lonely.store.write() as connection:  # as left behind by a release that called it differently
        column = tables.charges.c.reference
        connection.execute(
            tables.charges.update().where(column == stuck.reference).values(method="card-present")
        )
    lonely.url = lonely.server.url
    lonely.desk.close()
    lonely.desk = lonely.open_desk()
    lonely.clock.ahead_ms += 2_000
    lonely.desk.look_after()
    assert lonely.pushed(other.reference) == ["paid"]


# --- the phone lane -----------------------------------------------------------------------------------------------


def on_phone(shop: Shop) -> Entry:
    order = f"{next(_numbers):015}"
    entry = shop.desk.start_on_phone(
        Entry(
            reference=f"{order}0", kiosk=str(KIOSK), order=order, channel=PHONE, method="link", provider="sandbox",
            currency="EUR", minor=1250, lines=(MILK,), version="v1", ttl_s=600, asked_ms=shop.clock(),
        )
    )  # fmt: skip
    assert isinstance(entry, Entry)
    return entry


def claim_of_charge(shop: Shop, reference: str) -> str:
    entry = shop.desk.book.get(reference)
    assert entry is not None
    return entry.claim_code


def phone_sales(shop: Shop) -> list[tuple[str, int, str]]:
    column = tables.sales.c
    with shop.store.read() as connection:
        rows = connection.execute(select(column.order, column.seq, column.channel).order_by(column.seq))
        return [tuple(row) for row in rows]


def test_a_sale_on_a_phone_is_stored_once_and_the_wall_says_thanks(shop: Shop) -> None:
    first, second = on_phone(shop), on_phone(shop)
    for entry in (first, second):
        shop.pay(entry.reference)
        for _ in range(2):
            shop.desk.look(entry.reference)
    assert phone_sales(shop) == [(first.order, 1, "phone"), (second.order, 2, "phone")]
    thanks = [(address, m) for address, m in shop.told if isinstance(m, PhoneSale)]
    codes = [claim_of_charge(shop, entry.reference) for entry in (first, second)]
    assert [(a, m.order, m.claim_code, m.total_minor) for a, m in thanks] == [
        (KIOSK, entry.order, code, 1250) for entry, code in zip((first, second), codes, strict=True)
    ]
    assert all(code and parse_claim(code) == code for code in codes)
    assert codes[0] != codes[1]
    with shop.store.read() as connection:
        assert (
            list(connection.scalars(select(tables.sales.c.claim_code).order_by(tables.sales.c.seq))) == codes
        )


def test_an_order_of_a_phone_has_no_claim_code_before_it_is_paid(shop: Shop) -> None:
    entry = on_phone(shop)
    assert claim_of_charge(shop, entry.reference) == ""


def test_a_kiosk_cannot_give_back_what_a_phone_has_bought(shop: Shop) -> None:
    entry = on_phone(shop)
    shop.pay(entry.reference)
    shop.desk.look(entry.reference)
    assert shop.refund(entry.reference).state == "unknown"
    kept = shop.desk.book.get(entry.reference)
    assert kept is not None
    assert kept.state is State.PAID


def test_a_wrong_amount_on_a_phone_goes_back_by_itself(shop: Shop) -> None:
    entry = on_phone(shop)
    shop.pay(entry.reference, amount_minor=1)
    shop.desk.look(entry.reference)
    shop.clock.ahead_ms += 2_000
    shop.desk.look_after()
    settled = shop.desk.book.get(entry.reference)
    assert settled is not None
    assert (settled.state, settled.settled, settled.paid) == (State.REFUNDED, "refund", Money(1, "EUR"))
    assert phone_sales(shop) == []


def test_a_sale_decided_before_a_power_cut_is_stored_after_it(shop: Shop) -> None:
    entry = on_phone(shop)
    shop.pay(entry.reference)
    provider = SandboxProvider(shop.server.url, shop.server.keys, lambda: 0)
    shop.desk.book.heard(
        entry.reference, provider.status(entry.charge_id)
    )  # decided, and then the light goes out
    provider.close()
    assert phone_sales(shop) == []
    code = claim_of_charge(shop, entry.reference)
    assert code, "decided with the sale"
    shop.desk.start()
    wait_until(lambda: phone_sales(shop) == [(entry.order, 1, "phone")], "the sale to be stored")
    wait_until(lambda: [m.claim_code for _, m in shop.told if isinstance(m, PhoneSale)] == [code], "thanks")
