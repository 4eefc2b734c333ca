"""The operator's list: whatever money is not in order is on it half a minute later, and leaves it when it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from content.money import Money
from fleet.events.rows import Stored
from fleet.payments.port import State
from fleet.payments.sandbox_api import ChargeBody
from fleet.payments.unresolved import WHAT_TO_DO
from mqtt.messages import RefundCharge, SaleMade, encode
from tests.fleet.payments.direct import KIOSK, LINE, Till

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    opened = Till(tmp_path)
    yield opened
    opened.close()


def give_back(till: Till, reference: str) -> None:
    till.desk.handle(KIOSK, RefundCharge(id="q", expires_ms=0, reference=reference, reason="ended"))


def test_what_is_in_order_is_not_on_it(till: Till) -> None:
    till.asked(1)
    till.desk.cancel(till.entry(till.asked(2)))
    sold = till.asked_by_phone(3)
    till.paid(sold)
    back = till.asked(4, "card", "good")
    give_back(till, back)
    for _ in range(5):
        till.later(31)
        assert till.on_the_list() == []
    assert (till.entry(sold).settled, till.entry(back).state) == ("sold", State.REFUNDED)


def test_a_refund_refused_for_good_is_on_it_until_it_is_taken_or_seen_to(till: Till) -> None:
    till.provider.refuses_refunds = "no-balance"
    first, second = till.asked(1, "card", "good"), till.asked(2, "card", "good")
    give_back(till, first)
    give_back(till, second)
    till.later(30)
    (one, other) = till.desk.book.unresolved()
    assert (one.why, one.entry, one.what_to_do) == (
        "refund-refused", till.entry(first), WHAT_TO_DO["refund-refused"],
    )  # fmt: skip
    assert one.entry is not None
    assert (one.entry.trouble, one.since_ms + 30_000) == ("no-balance", till.clock())
    assert till.desk.counters.refunds_refused == 2
    assert other.entry is not None
    till.desk.book.resolve(second)
    assert till.on_the_list() == ["refund-refused"]

    asked = till.desk.counters.provider_down
    for _ in range(20):
        till.later(60)
    assert till.desk.counters.provider_down == asked, "not every 30 seconds for ever"
    till.provider.refuses_refunds = ""
    till.later(3600)
    assert till.entry(first).state is State.REFUNDED, "the merchant's account was filled up"
    assert (till.entry(second).state, till.on_the_list()) == (State.REFUNDED, [])
    assert till.bank.by_reference(second)[0].refunded_minor == 0, "a person gave it back by hand"


def test_what_a_wall_does_not_account_for_is_on_it_and_leaves_when_its_sale_arrives(till: Till) -> None:
    reference = till.asked(1, "card", "good")
    till.later(29)
    assert till.on_the_list() == []
    till.later(1)
    assert till.on_the_list() == ["not-settled"]
    sale = SaleMade(
        epoch="e1", seq=1, wall_ms=0, mono_ms=0, boot="b", order=reference[:15], reference=reference, method="card",
        currency="EUR", total_minor=500, lines=(LINE,), version="v",
    )  # fmt: skip
    till.store.commit(
        [Stored(kiosk=str(KIOSK), epoch="e1", seq=1, body=encode(sale), event=sale, received_ms=0)]
    )
    assert till.on_the_list() == []


def test_a_provider_that_does_not_answer_puts_its_charges_on_it(till: Till) -> None:
    open_charge = till.asked(1)
    till.asked(2, "card", "declined")  # it has answered for that
    till.provider.down = True
    lost = till.asked(3, "card", "good")
    till.later(3)
    till.later(30)
    silent = {each.entry.reference for each in till.desk.book.unresolved() if each.entry}
    assert silent == {open_charge, lost}
    assert set(till.on_the_list()) == {"provider-silent"}
    till.later(3600)
    assert set(till.on_the_list()) == {"provider-silent"}, "however long it takes"
    till.provider.down = False
    till.later(600)
    till.later(40)
    assert till.on_the_list() == ["not-settled"], "the card was charged, and the wall knows now"


def test_a_second_payment_of_the_same_code_goes_back(till: Till) -> None:
    reference = till.asked_by_phone()
    till.paid(reference)
    till.later(2)
    till.paid(reference)
    till.later(61)
    entry = till.entry(reference)
    assert (entry.settled, entry.paid_minor, entry.given_minor) == ("sold", 1000, 500)
    assert till.bank.by_reference(reference)[0].refunded_minor == 500
    assert (till.desk.counters.surplus, till.on_the_list()) == (1, [])


def test_two_payments_at_once_are_one_sale_and_one_refund(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    till.paid(reference)
    told = till.status(reference)
    assert (told.state, told.paid_minor) == ("paid", 500), "the wall sells what was ordered"
    assert till.bank.by_reference(reference)[0].refunded_minor == 500
    give_back(till, reference)
    assert till.bank.by_reference(reference)[0].refunded_minor == 1000
    assert till.entry(reference).state is State.REFUNDED


def test_where_no_part_can_go_back_all_of_it_does_or_a_person_is_told(tmp_path: Path) -> None:
    till = Till(tmp_path, partial_refund=False)
    both, sold = till.asked_by_phone(1), till.asked_by_phone(2)
    till.paid(both)
    till.paid(both)
    till.paid(sold)
    till.later(2)
    till.later(2)
    assert till.entry(both).state is State.REFUNDED
    till.paid(sold)
    till.later(61)
    till.later(30)
    assert till.on_the_list() == ["surplus-stuck"]
    till.close()


def test_money_that_comes_after_all_went_back_goes_back_too(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    give_back(till, reference)
    till.status(reference)
    give_back(till, reference)
    assert till.entry(reference).state is State.REFUNDED
    said = len(till.told)
    till.paid(reference)
    till.later(61)
    till.later(2)
    entry = till.entry(reference)
    assert (entry.state, entry.paid_minor, entry.given_minor) == (State.REFUNDED, 1000, 1000)
    assert [m.state for m in till.told[said:]] == [], "no wall may take it for a new payment"  # type: ignore[attr-defined]


def test_money_nobody_knows_is_on_it(till: Till) -> None:
    body = ChargeBody(reference="SOMEBODYELSE", method="link", amount_minor=300, currency="EUR")
    charge = till.bank.create(body, "k")
    hint = {"from": "the bank"}, f"{charge.id} {charge.reference}".encode()
    till.desk.webhook("sandbox", *hint)
    assert till.desk.counters.strange_webhooks == 1
    till.bank.pay(charge.id)
    for _ in range(2):
        till.desk.webhook("sandbox", *hint)
    till.clock.ms += 30_000
    (row,) = till.desk.book.unresolved()
    assert row.stranger is not None
    assert (row.why, row.stranger.money, row.stranger.charge_id) == ("stranger", Money(300, "EUR"), charge.id)
    assert (row.stranger.times, row.since_ms) == (2, till.clock() - 30_000)
    assert till.desk.book.resolve_stranger("sandbox", charge.id)
    assert till.on_the_list() == []


def test_what_the_provider_gave_back_by_itself_is_on_it(till: Till) -> None:
    reference = till.asked_by_phone()
    till.paid(reference)
    till.later(2)
    (charge,) = till.bank.by_reference(reference)
    till.bank.refund(charge.id, 500, "by hand, in the bank's own pages")
    till.later(61)
    till.later(30)
    assert till.on_the_list() == ["sold-and-refunded"]


def test_a_provider_nobody_configures_any_more_is_seen(till: Till) -> None:
    reference = till.asked()
    till.desk.close()
    till.provider.key = "another"
    till.desk = till.open_desk()
    till.later(2)
    till.later(30)
    assert [(each.why, each.entry) for each in till.desk.book.unresolved()] == [
        ("provider-silent", till.entry(reference))
    ]


def test_every_reason_says_what_to_do() -> None:
    assert all(text.endswith(".") for text in WHAT_TO_DO.values())
