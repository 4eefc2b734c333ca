"""Providers that answer what nobody asked, people who act beside the desk, and two who do something at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from content.money import Money
from fleet import tables
from fleet.events.rows import Stored
from fleet.live import Hub
from fleet.merchant import Merchant
from fleet.payments.answers import sound
from fleet.payments.desk import PaymentDesk
from fleet.payments.methods import take_now
from fleet.payments.port import Charge, News, ProviderDown, ProviderRefused, State
from fleet.payments.sandbox import charge_of
from mqtt.messages import ChargeState, RefundCharge, SaleMade, encode
from tests.fleet.payments.direct import KIOSK, LINE, Till


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    opened = Till(tmp_path)
    yield opened
    opened.close()


def give_back(till: Till, reference: str) -> ChargeState:
    answer = till.desk.handle(KIOSK, RefundCharge(id="q", expires_ms=0, reference=reference, reason="ended"))
    assert isinstance(answer, ChargeState)
    return answer


def sold_at_wall(till: Till, reference: str) -> None:
    sale = SaleMade(
        epoch="e1", seq=1, wall_ms=0, mono_ms=0, boot="b", order=reference[:15], reference=reference, method="link",
        currency="EUR", total_minor=500, lines=(LINE,), version="v",
    )  # fmt: skip
    till.store.commit(
        [Stored(kiosk=str(KIOSK), epoch="e1", seq=1, body=encode(sale), event=sale, received_ms=0)]
    )


def at_the_bank(till: Till, reference: str) -> tuple[int, int]:
    (charge,) = till.bank.by_reference(reference)
    return charge.paid_minor, charge.refunded_minor


# --- answers nobody asked for -------------------------------------------------------------------------------------


def test_an_answer_about_another_charge_pays_for_nothing(till: Till) -> None:
    mine, other = till.asked(1), till.asked(2)
    till.paid(other)
    (paid,) = till.bank.by_reference(other)
    till.provider.twist = lambda _: Charge(
        id=paid.id, reference=other, news=News.PAID, amount=Money(500, "EUR"), paid=Money(500, "EUR")
    )
    told = till.status(mine)
    assert (told.state, told.paid_minor) == ("created", 0)
    assert till.entry(mine).charge_id != paid.id
    till.provider.twist = lambda charge: charge
    assert (till.status(mine).state, till.status(other).state) == ("created", "paid")


NONSENSE = st.builds(
    Charge,
    id=st.sampled_from(["", "ch_1", "ch_2"]), reference=st.sampled_from(["", "R" * 16, "S" * 16]), news=st.sampled_from(News),
    amount=st.just(Money(500, "EUR")), refunded_minor=st.integers(-1, 2),
    paid=st.none() | st.builds(Money, st.integers(-1, 2), st.sampled_from(["EUR", "USD"])),
)  # fmt: skip


@given(NONSENSE, st.sampled_from(["", "ch_1"]))
def test_what_is_believed_is_about_our_charge_and_says_paid_where_money_came(
    charge: Charge, name: str
) -> None:
    try:
        believed = sound(charge, "R" * 16, name)
    except ProviderDown:
        return
    assert believed.reference == "R" * 16
    assert believed.id == (name or believed.id)
    assert believed.id
    assert (believed.paid is not None) == (believed.news in (News.PAID, News.REFUNDED))
    assert believed.paid is None or believed.paid.minor > 0
    assert believed.refunded_minor >= 0


def test_a_charge_created_for_somebody_else_is_not_shown(till: Till) -> None:
    till.provider.twist = lambda charge: replace(charge, reference="0" * 15 + "Z")
    reference = till.asked()
    assert (till.entry(reference).state, till.entry(reference).payload) == (State.FAILED, "")
    assert till.entry(reference).reason == "provider-down"


def test_paid_without_an_amount_is_no_answer(till: Till) -> None:
    reference = till.asked()
    till.provider.twist = lambda charge: replace(charge, news=News.PAID, paid=None)
    assert till.status(reference).state == "created"
    till.later(40)
    assert till.on_the_list() == ["provider-silent"]


def test_money_counts_whatever_the_charge_is_said_to_be(till: Till) -> None:
    reference = till.asked()
    till.provider.twist = lambda charge: replace(charge, news=News.EXPIRED, paid=Money(300, "EUR"))
    told = till.status(reference)
    assert (told.state, told.paid_minor) == ("paid", 300), "the wall gives it back"


def test_what_was_paid_and_given_back_while_nobody_looked_has_ended(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    (charge,) = till.bank.by_reference(reference)
    till.bank.refund(charge.id, 500, "by hand")
    assert till.status(reference).state == "refunded"
    entry = till.entry(reference)
    assert (entry.state, entry.paid_minor, entry.given_minor) == (State.REFUNDED, 500, 500)
    assert give_back(till, reference).state == "refunded"
    assert at_the_bank(till, reference) == (500, 500)


def test_a_refund_of_another_amount_is_not_taken_for_ours(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    till.provider.twist_refund = lambda refund: replace(refund, minor=refund.minor - 1)
    give_back(till, reference)
    assert (till.entry(reference).state, till.entry(reference).given_minor) == (State.REFUNDING, 0)
    till.provider.twist_refund = lambda refund: replace(refund, charge_id="another")
    till.later(2)
    assert till.entry(reference).given_minor == 0
    till.provider.twist_refund = lambda refund: refund
    till.later(2)
    assert (till.entry(reference).state, at_the_bank(till, reference)) == (State.REFUNDED, (500, 500))


def test_a_webhook_without_a_name_is_about_no_charge(till: Till) -> None:
    till.provider.down = True
    waiting = till.asked(1, "card", "good")
    assert till.entry(waiting).charge_id == ""
    till.provider.down = False
    other = till.asked(2)
    till.paid(other)
    till.desk.webhook("sandbox", {"from": "the bank"}, b" " + other.encode())
    assert till.entry(waiting).state is State.ASKING


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("too-little", "too-little"),
        ("no-funds", "no-funds"),
        ("currency", "currency"),
        ("parameter_invalid", "refused"),
    ],
)
def test_why_a_provider_makes_no_charge_reaches_the_screen(till: Till, says: str, told: str) -> None:
    def create(request: object, *, idem: str) -> Charge:
        raise ProviderRefused(says)

    till.provider.create = create  # type: ignore[method-assign]
    reference = till.asked()
    answer = till.status(reference)
    assert (answer.state, answer.reason) == ("failed", told)


# --- people who act beside the desk ---------------------------------------------------------------------------------


def test_asking_again_for_a_surplus_gives_back_the_surplus_alone(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    till.provider.refuses_refunds = "no-balance"
    till.paid(reference)
    till.status(reference)
    sold_at_wall(till, reference)
    till.later(30)
    (row,) = till.desk.book.unresolved()
    assert row.entry is not None
    till.provider.refuses_refunds = ""
    till.desk.ask_again(row.entry)
    assert at_the_bank(till, reference) == (1000, 500), "the order is sold"
    assert till.entry(reference).state is State.PAID


def test_what_a_person_gave_back_by_hand_does_not_go_back_again(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    till.provider.refuses_refunds = "no-balance"
    give_back(till, reference)
    till.later(30)
    assert till.on_the_list() == ["refund-refused"]
    till.desk.book.resolve(reference)
    till.provider.refuses_refunds = ""
    assert give_back(till, reference).state == "refunded", "the wall may stop asking"
    till.later(3600)
    assert at_the_bank(till, reference) == (500, 0)
    assert (till.entry(reference).state, till.on_the_list()) == (State.REFUNDED, [])


def test_a_surplus_given_back_at_the_provider_does_not_go_back_again(till: Till) -> None:
    reference = till.asked_by_phone()
    till.paid(reference)
    till.later(2)
    till.provider.refuses_refunds = "no-balance"
    till.paid(reference)
    till.later(61)
    till.later(30)
    assert till.on_the_list() == ["refund-refused"]
    (charge,) = till.bank.by_reference(reference)
    till.bank.refund(charge.id, 500, "on the provider's own page")
    till.provider.refuses_refunds = ""
    till.later(3600)
    assert at_the_bank(till, reference) == (1000, 500), "the price stays: the goods were sold"
    assert (till.entry(reference).given_minor, till.on_the_list()) == (500, [])


def test_a_part_given_back_of_what_was_sold_is_on_the_list(till: Till) -> None:
    reference = till.asked_by_phone()
    till.paid(reference)
    till.later(2)
    (charge,) = till.bank.by_reference(reference)
    till.bank.refund(charge.id, 200, "on the provider's own page")
    till.later(61)
    till.later(31)
    assert till.on_the_list() == ["sold-and-refunded"]
    assert till.entry(reference).given_minor == 200


def test_a_refund_that_comes_back_later_is_on_the_list_until_it_is_made(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    give_back(till, reference)
    till.provider.twist = lambda charge: replace(charge, news=News.PAID, refunded_minor=0)
    till.later(61)
    till.later(31)
    assert till.on_the_list() == ["refund-came-back"]
    till.provider.twist = lambda charge: charge
    till.later(3600)
    assert till.on_the_list() == []


# --- two at the same moment -----------------------------------------------------------------------------------------


def test_a_slow_no_answer_does_not_fail_what_another_call_has_made(till: Till) -> None:
    """The kiosk asks twice; the second question is answered while the first still waits for its answer in vain."""
    make, first = till.provider.create, threading.Event()

    def create(request: object, *, idem: str) -> Charge:
        if first.is_set():
            return make(request, idem=idem)  # type: ignore[arg-type]
        first.set()
        till.asked()
        raise ProviderDown("too late")

    till.provider.create = create  # type: ignore[method-assign]
    reference = till.asked()
    entry = till.entry(reference)
    assert (entry.state, bool(entry.payload)) == (State.CREATED, True)
    assert till.status(reference).state == "created"


def test_a_webhook_that_is_faster_than_the_answer_leaves_the_code_to_it(till: Till) -> None:
    make = till.provider.create

    def create(request: object, *, idem: str) -> Charge:
        made = make(request, idem=idem)  # type: ignore[arg-type]
        till.desk.webhook("sandbox", {"from": "the bank"}, f"{made.id} {made.reference}".encode())
        raise ProviderDown("the answer is lost")

    till.provider.create = create  # type: ignore[method-assign]
    reference = till.asked(1, "card", "good")
    assert till.entry(reference).state is State.PAID, "of a card the webhook tells enough"
    link = till.asked(2)
    assert till.entry(link).state is State.FAILED
    till.provider.create = make  # type: ignore[method-assign]


def test_a_wall_cannot_give_back_what_its_claim_code_has_bought_meanwhile(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    ask, held = till.provider.status, till.desk.book.get(reference)

    def status(charge_id: str) -> Charge:
        """While the provider is asked, another kiosk is shown the claim code."""
        till.provider.status = ask  # type: ignore[method-assign]
        till.desk.claim(till.entry(reference))
        return ask(charge_id)

    assert held is not None
    till.provider.status = status  # type: ignore[method-assign]
    give_back(till, reference)
    assert (till.entry(reference).settled, till.entry(reference).state) == ("sold", State.PAID)
    assert at_the_bank(till, reference) == (500, 0)


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_clock_put_back_leaves_no_charge_alone(till: Till) -> None:
    reference = till.asked_by_phone()
    till.clock.ms -= 86_400_000
    till.paid(reference)
    till.desk.look_after()
    till.later(3)
    assert till.entry(reference).settled == "sold"


def test_a_card_is_not_asked_for_once_its_provider_may_have_forgotten_the_key(till: Till) -> None:
    till.provider.down = True
    reference = till.asked(1, "card", "good")
    till.later(24 * 3600)
    till.provider.down = False
    till.later(3600)
    assert till.bank.by_reference(reference) == [], "it might be charged twice"
    assert till.on_the_list() == ["provider-silent"]


# --- after a restart --------------------------------------------------------------------------------------------------


def test_what_was_begun_by_a_method_that_is_gone_is_still_told_of(till: Till) -> None:
    """payments.toml was changed and the fleet started again while somebody paid; the wall asks once more."""
    paid, asking = till.asked(1), ""
    till.paid(paid)
    till.provider.down = True
    asking = till.asked(2, "card", "good")
    till.provider.down = False
    methods = {"epc": take_now("epc", till.provider, Merchant(name="S", iban="DE71110220330123456789"))}
    till.desk = PaymentDesk(till.store, methods, lambda _, m: till.told.append(m), Hub(), till.clock)
    till.asked(1)
    assert till.status(paid).state == "paid"
    till.asked(2, "card", "good")
    till.later(60)
    assert till.entry(asking).state is State.ASKING
    assert sorted(till.on_the_list()) == ["not-settled", "provider-silent"]
    assert till.entry(till.asked(1)).state is State.PAID
    till.asked(3)
    assert till.desk.book.get(f"{3:015}0") is None


def test_what_is_owed_by_a_provider_that_is_gone_waits_for_a_person(till: Till) -> None:
    reference = till.asked()
    till.paid(reference)
    till.status(reference)
    till.provider.key = "other"
    till.desk = till.open_desk()
    assert give_back(till, reference).state == "paid"
    till.later(31)
    assert (till.on_the_list(), till.entry(reference).trouble) == (["refund-refused"], "no-provider")
    till.desk.book.resolve(reference)
    assert give_back(till, reference).state == "refunded"
    assert till.on_the_list() == []


def test_one_sale_that_cannot_be_stored_does_not_keep_the_next_from_being(till: Till) -> None:
    first, second = till.asked_by_phone(1), till.asked_by_phone(2)
    for reference in (first, second):
        till.paid(reference)
        (charge,) = till.bank.by_reference(reference)
        till.desk.book.heard(reference, charge_of(charge))  # decided, and then the light goes out
    with till.store.write() as connection:
        of_first = tables.charges.c.reference == first
        connection.execute(update(tables.charges).where(of_first).values(kiosk="broken"))
    till.later(1)
    assert till.entry(second).settled == "sold"
