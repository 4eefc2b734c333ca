"""The sandbox provider's rules, with a clock of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from content.money import Money
from fleet.payments.codecs import pix_static
from fleet.payments.sandbox_api import ChargeBody, EventBody
from fleet.payments.sandbox_server.bank import Bank, Refused


class Clock:
    ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bank(tmp_path: Path, clock: Clock) -> Iterator[Bank]:
    books = Bank(tmp_path / "bank.sqlite3", clock, "http://bank.example/")
    yield books
    books.close()


def body(reference: str = "K7Q2M4XZ01234560", **more: object) -> ChargeBody:
    wanted = {"method": "link", "amount_minor": 500, "currency": "EUR", "ttl_s": 120, **more}
    return ChargeBody(reference=reference, **wanted)  # type: ignore[arg-type]


def types(bank: Bank) -> list[str]:
    return [msgspec.json.decode(event.body, type=EventBody).type for event in bank.due()[0]]


def test_a_charge_nobody_pays_expires_and_says_so(bank: Bank, clock: Clock) -> None:
    charge = bank.create(body(), "k")
    assert charge.url == f"http://bank.example/pay/{charge.id}"
    assert bank.due() == ([], clock.ms + 120_000)
    clock.ms += 120_000
    assert types(bank) == ["charge.expired"]
    assert bank.charge(charge.id).state == "expired"
    assert bank.open_charges() == []


def test_a_transfer_arrives_even_after_the_charge_ended(bank: Bank, clock: Clock) -> None:
    charge = bank.create(body(method="epc"), "k")
    bank.cancel(charge.id)
    paid = bank.pay(charge.id)
    assert (paid.state, paid.paid_minor) == ("paid", 500)
    assert bank.pay(charge.id).paid_minor == 1000, "the same code paid by two"
    with pytest.raises(Refused, match="as was paid before"):
        bank.pay(charge.id, Money(1, "USD"))
    assert types(bank) == ["charge.cancelled", "charge.paid", "charge.paid"]


def test_partial_refunds_add_up_to_what_was_paid(bank: Bank) -> None:
    charge = bank.create(body(), "k")
    bank.pay(charge.id, Money(450, "EUR"))
    bank.refund(charge.id, 200, "r1")
    assert bank.charge(charge.id).state == "paid"
    with pytest.raises(Refused, match="1 to 250"):
        bank.refund(charge.id, 251, "r2")
    with pytest.raises(Refused, match="idempotency-conflict"):
        bank.refund(charge.id, 100, "r1")
    bank.refund(charge.id, 250, "r2")
    assert bank.charge(charge.id).state == "refunded"


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"reference": "with space"}, "reference"),
        ({"method": "shells"}, "method"),
        ({"amount_minor": 0}, "amount_minor"),
        ({"currency": "eur"}, "currency"),
        ({"ttl_s": 0}, "ttl_s"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"description": "x" * 201}, "description"),
    ],
)
def test_a_wrong_request_is_refused_by_name(bank: Bank, wrong: dict[str, object], rule: str) -> None:
    with pytest.raises(Refused, match=rule):
        bank.create(msgspec.structs.replace(body(), **wrong), "k")


def test_undelivered_webhooks_back_off_and_are_given_up_in_the_end(bank: Bank, clock: Clock) -> None:
    bank.create(body(method="card", card="good"), "k")
    waits = []
    while True:
        (event,), _ = bank.due()
        bank.undelivered(event.id, event.attempts)
        _, again = bank.due()
        if again is None:
            break
        waits.append(again - clock.ms)
        clock.ms = again
    assert waits[:4] == [500, 1000, 2000, 4000]
    assert waits[-1] == 300_000
    assert len(waits) == 19


def test_a_scanned_pix_code_finds_its_charge(bank: Bank) -> None:
    charge = bank.create(body(method="pix-static", currency="BRL"), "k")
    code = pix_static.build(
        pix_static.PixStatic(
            key="pix@loja.example", name="Endcap", city="SAO PAULO", amount="5", txid=charge.reference
        )
    )
    assert bank.match(code) == ("Endcap", Money(500, "BRL"), charge)
    stranger = pix_static.build(pix_static.PixStatic(key="pix@loja.example", name="Other", city="RIO"))
    assert bank.match(stranger) == ("Other", None, None)
