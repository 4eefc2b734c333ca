"""From the first touch to the receipt, and every way a payment can go instead."""

from __future__ import annotations

import msgspec
import pytest

from content.model import Product
from content.money import Money
from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.orders import BadOrder
from kiosk.core.settings import Settings
from tests.core.journeys import CLAIM, CLAIM_2, MILK, ORDER, ORDER_2, RICE, TEA, Journey, eur


def test_forty_seconds_from_touch_to_receipt() -> None:
    j = Journey()
    j.happens(ev.Started)
    assert j.view(views.Wall).aisle == "dairy"
    j.happens(ev.ProductOpened, MILK, 1)
    assert j.view(views.ProductDetail).facing.price == eur(129)
    j.happens(ev.ProductAdded, MILK, 1)
    j.happens(ev.ProductAdded, TEA, 2, 2)
    j.happens(ev.BasketOpened)
    basket = j.view(views.Basket)
    assert (basket.total, basket.saved, basket.pickup) == (eur(529), eur(100), "Exit B, from 17:00")
    j.checkout()
    assert j.view(views.ChooseMethod).methods == ("link", "card")
    asked = j.happens(ev.MethodChosen, "link")
    assert [type(e) for e in asked] == [ef.RecordEngagement, ef.RememberPayment, ef.CreateCharge]
    assert j.view(views.Pay).stage == "asking"
    reference = j.show_qr()
    pay = j.view(views.Pay)
    assert (pay.stage, pay.payload, pay.amount) == ("waiting", "HTTPS://PAY.EXAMPLE/1", eur(529))
    j.happens(ev.ChargeScanned, reference)
    assert j.view(views.Pay).stage == "scanned"
    (sale,) = j.happens(ev.ChargePaid, reference, eur(529))
    assert isinstance(sale, ef.RecordSale)
    assert [(line.gtin, line.quantity, line.total) for line in sale.payment.order.lines] == [
        (MILK.gtin, 1, eur(129)),
        (TEA.gtin, 2, eur(400)),
    ]
    assert j.view(views.Pay).stage == "confirming"
    (receipt,) = j.happens(ev.SaleRecorded, reference)
    assert isinstance(receipt, ef.PrintReceipt)
    thanks = j.view(views.Thanks)
    assert (thanks.claim_code, thanks.receipt) == (CLAIM, "printing")
    j.happens(ev.ReceiptPrinted, reference)
    assert j.view(views.Thanks).receipt == "printed"
    assert j.view(views.Thanks).frame.basket_count == 0
    j.happens(ev.Dismissed)
    j.view(views.Attract)


def test_a_card_is_asked_for_then_charged() -> None:
    j = Journey()
    j.shop().checkout()
    assert ef.ArmReader(True) in j.happens(ev.MethodChosen, "card")
    assert j.view(views.Pay).stage == "waiting"
    assert not j.did(ef.CreateCharge)
    done = j.happens(ev.CardTapped, "token-1")
    assert ef.ArmReader(False) in done
    (charge,) = j.did(ef.CreateCharge)
    assert charge.card == "token-1"
    assert j.view(views.Pay).stage == "confirming"
    j.paid(charge.payment.reference)
    j.view(views.Thanks)


def test_nobody_finds_the_card() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "card")
    j.wait(45_000)
    assert j.view(views.ChooseMethod).frame.notice == views.Notice("no-card", serial=1)
    assert j.did(ef.ArmReader) == [ef.ArmReader(True), ef.ArmReader(False)]
    assert not j.did(ef.CreateCharge)


def test_a_declined_card_may_be_tried_again_under_a_new_reference() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "card")
    j.happens(ev.CardTapped, "token-1")
    j.happens(ev.ChargeFailed, ORDER + "0", "declined")
    problem = j.view(views.Problem)
    assert (problem.key, problem.code, problem.can_retry, problem.claim_code) == (
        "declined", "EC-11", True, "",
    )  # fmt: skip
    j.happens(ev.RetryAsked)
    j.happens(ev.CardTapped, "token-2")
    assert [c.payment.reference for c in j.did(ef.CreateCharge)] == [ORDER + "0", ORDER + "1"]
    j.paid(ORDER + "1")
    j.view(views.Thanks)


def test_cancel_is_asked_for_and_confirmed() -> None:
    j = Journey()
    reference = j.pay_by_link()
    assert ef.CancelCharge(reference) in j.happens(ev.CancelAsked)
    assert j.view(views.Pay).stage == "cancelling"
    assert not j.happens(ev.CancelAsked), "asked once"
    j.happens(ev.ChargeCancelled, reference)
    view = j.view(views.ChooseMethod)
    assert view.frame.basket_count == 1
    assert view.frame.notice is not None
    assert view.frame.notice.key == "cancelled"


def test_cancelled_too_late_it_is_paid() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.CancelAsked)
    j.paid(reference)
    j.view(views.Thanks)


def test_a_cancel_nobody_answers_is_asked_about_and_ends_with_a_claim_code() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.CancelAsked)
    assert ef.QueryCharge(reference) in j.wait(8_000)
    assert j.view(views.Pay).stage == "late"
    later = j.wait(20_000)
    assert ef.CancelCharge(reference) in later
    problem = j.view(views.Problem)
    assert (problem.key, problem.code, problem.claim_code) == ("unsure", "EC-21", CLAIM)
    assert not problem.can_retry
    assert j.did(ef.RememberPayment)[-1].payment.claim_shown


def test_time_up_is_a_question_and_expired_is_an_answer() -> None:
    j = Journey()
    reference = j.pay_by_link()
    assert ef.QueryCharge(reference) in j.wait(180_000)
    assert j.view(views.Pay).stage == "late"
    j.happens(ev.ChargeExpired, reference)
    problem = j.view(views.Problem)
    assert (problem.key, problem.can_retry, problem.claim_code) == ("expired", True, "")
    j.happens(ev.RetryAsked)
    j.paid(j.show_qr())
    j.view(views.Thanks)


def test_after_expiry_paid_in_the_last_second() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.wait(181_000)
    j.paid(reference)
    j.view(views.Thanks)


def test_after_the_doubt_the_claim_code_still_buys_while_the_next_person_shops() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.wait(180_000 + 20_000)
    j.happens(ev.Dismissed)
    j.view(views.Attract)
    j.shop(TEA)
    sold = j.paid(reference)
    assert [type(e) for e in sold] == [ef.RecordSale]
    assert j.view(views.Wall).frame.basket_count == 1
    assert j.paid(reference) == (), "and once only"
    assert not j.did(ef.RefundCharge)


def test_expired_and_gone_the_money_goes_back() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.wait(180_000)
    j.happens(ev.ChargeExpired, reference)
    j.happens(ev.StartOverAsked)
    back = j.paid(reference)
    assert back == (
        ef.RecordRefund(reference, ORDER, eur(129), "ended"),
        ef.RefundCharge(reference, eur(129), "ended"),
    )
    assert j.paid(reference) == ()


def test_an_earlier_attempt_pays_while_the_later_one_is_shown() -> None:
    j = Journey()
    first = j.pay_by_link()
    j.happens(ev.CancelAsked)
    j.happens(ev.ChargeCancelled, first)
    j.happens(ev.MethodChosen, "link")
    second = j.show_qr()
    assert second != first
    effects = j.paid(first)
    assert ef.CancelCharge(second) in effects
    j.view(views.Thanks)
    assert ef.RefundCharge(second, eur(129), "already-sold") in j.paid(second)
    assert len(j.did(ef.RecordSale)) == 1


def test_money_for_a_basket_that_has_changed_goes_back() -> None:
    j = Journey()
    first = j.pay_by_link()
    j.happens(ev.CancelAsked)
    j.happens(ev.ChargeCancelled, first)
    j.happens(ev.WentBack)
    j.happens(ev.ProductAdded, TEA, 2)
    j.checkout(ORDER_2, CLAIM_2)
    assert ef.RefundCharge(first, eur(129), "ended") in j.paid(first)
    assert j.view(views.ChooseMethod).total == eur(379)
    j.happens(ev.MethodChosen, "link")
    j.paid(j.show_qr(), 379)
    assert j.view(views.Thanks).claim_code == CLAIM_2


def test_the_same_basket_keeps_its_order_and_its_claim_code() -> None:
    j = Journey()
    first = j.pay_by_link()
    j.happens(ev.CancelAsked)
    j.happens(ev.ChargeCancelled, first)
    j.happens(ev.WentBack)
    j.checkout(ORDER_2, CLAIM_2).happens(ev.MethodChosen, "link")
    assert j.view(views.Pay).reference == ORDER + "1"
    j.paid(first)
    assert j.view(views.Thanks).claim_code == CLAIM


def test_the_claim_code_goes_ahead_of_the_payment_and_is_on_no_pay_screen() -> None:
    j = Journey()
    j.shop().checkout()
    _, remember, charge = j.happens(ev.MethodChosen, "link")
    assert isinstance(remember, ef.RememberPayment)
    assert isinstance(charge, ef.CreateCharge)
    assert remember.payment.order.claim == charge.payment.order.claim == CLAIM
    j.show_qr()
    on_glass = msgspec.json.encode(j.view(views.Pay)).decode()
    assert ORDER in on_glass
    assert CLAIM[:4] not in on_glass
    assert CLAIM[5:] not in on_glass


@pytest.mark.parametrize("claim", ["", "K7Q29MXT", "k7q2-9mxt", "K7Q2-9MXO", ORDER])
def test_a_claim_code_that_is_none_makes_no_order_and_is_not_repeated(claim: str) -> None:
    j = Journey()
    j.shop()
    with pytest.raises(BadOrder, match="written like") as error:
        j.checkout(ORDER_2, claim)
    assert not claim or claim not in str(error.value)
    assert j.session.order is None


def test_the_wrong_amount_and_the_wrong_currency_go_back_whole() -> None:
    j = Journey()
    reference = j.pay_by_link()
    assert ef.RefundCharge(reference, eur(128), "amount-mismatch") in j.paid(reference, 128)
    problem = j.view(views.Problem)
    assert (problem.key, problem.claim_code, problem.can_retry) == ("wrong-amount", CLAIM, True)
    j.happens(ev.RefundDone, reference)
    j.happens(ev.RetryAsked)
    again = j.show_qr()
    usd = Money(129, "USD")
    assert ef.RefundCharge(again, usd, "amount-mismatch") in j.happens(ev.ChargePaid, again, usd)


def test_money_nobody_knows_of_goes_back() -> None:
    j = Journey()
    stranger = ORDER_2 + "0"
    assert j.paid(stranger, 500) == (
        ef.RecordRefund(stranger, ORDER_2, eur(500), "unknown-reference"),
        ef.RefundCharge(stranger, eur(500), "unknown-reference"),
    )
    assert j.paid(stranger, 500) == ()
    j.view(views.Attract)


def test_a_charge_that_was_refused_may_be_tried_again() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "link")
    j.happens(ev.ChargeRefused, ORDER + "0", "provider-down")
    problem = j.view(views.Problem)
    assert (problem.key, problem.can_retry) == ("provider-down", True)
    j.happens(ev.Dismissed)
    assert j.view(views.ChooseMethod).frame.basket_count == 1


def test_a_request_without_an_answer_is_asked_about() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "link")
    j.happens(ev.ChargeUnknown, ORDER + "0")
    assert j.view(views.Pay).stage == "asking", "the question may have overtaken the request"
    assert ef.QueryCharge(ORDER + "0") in j.wait(10_000)
    j.happens(ev.ChargeUnknown, ORDER + "0")
    assert j.view(views.Problem).key == "provider-down"


def test_an_answer_that_comes_late_still_shows_the_code() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "link")
    j.wait(11_000)
    assert j.view(views.Pay).stage == "late"
    j.show_qr()
    pay = j.view(views.Pay)
    assert pay.stage == "waiting"
    assert pay.until_ms - j.stamp().mono_ms == 180_000 - 11_000


@pytest.mark.parametrize(
    ("said", "shown"), [(90_000, 90_000), (-5_000, 180_000), (9_000_000, 180_000), (None, 180_000)]
)
def test_the_fleets_expiry_counts_where_the_clocks_can_agree(said: int | None, shown: int) -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "link")
    expires = 0 if said is None else j.stamp().wall_ms + said
    j.happens(ev.ChargeCreated, ORDER + "0", "QR", expires)
    assert j.view(views.Pay).until_ms == j.stamp().mono_ms + shown


def test_confirmations_that_got_lost_are_asked_for() -> None:
    j = Journey()
    reference = j.pay_by_link()
    assert j.wait(35_000).count(ef.QueryCharge(reference)) == 3


def test_the_fleet_is_lost_while_somebody_pays() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.FleetLost)
    frame = j.view(views.Pay).frame
    assert frame.notice is not None
    assert frame.notice.key == "connection-lost"
    assert not [e for e in j.wait(60_000) if isinstance(e, ef.QueryCharge)]
    assert j.happens(ev.FleetConnected) == (ef.QueryCharge(reference),)
    j.paid(reference)
    j.view(views.Thanks)


def test_without_the_fleet_no_method_is_offered_and_the_reason_is_given() -> None:
    j = Journey(online=False)
    j.shop().checkout()
    assert j.view(views.ChooseMethod).off == (("link", "offline"), ("card", "offline"))
    assert j.happens(ev.MethodChosen, "link") == ()
    j.view(views.ChooseMethod)
    j.happens(ev.FleetConnected)
    assert j.view(views.ChooseMethod).off == (("card", "no-reader"),)


def test_a_reader_that_dies_while_it_waits_for_a_card() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "card")
    assert ef.ArmReader(False) in j.happens(ev.DeviceChanged, "reader", "lost")
    assert j.view(views.ChooseMethod).off == (("card", "no-reader"),)


def test_a_method_the_store_does_not_offer() -> None:
    j = Journey()
    j.shop().checkout().happens(ev.MethodChosen, "seashells")
    notice = j.view(views.ChooseMethod).frame.notice
    assert notice is not None
    assert notice.key == "method-off"


@pytest.mark.parametrize(
    ("detail", "state", "why", "shown"),
    [
        ("", "ready", "no-paper", "no-paper"),
        ("", "ready", "no-printer", "no-printer"),
        ("no-paper", "ready", "", "no-paper"),
        ("", "lost", "", "no-printer"),
    ],
)
def test_without_paper_the_screen_shows_the_claim_code(detail: str, state: str, why: str, shown: str) -> None:
    j = Journey()
    j.happens(ev.DeviceChanged, "printer", state, detail)
    reference = j.pay_by_link()
    j.paid(reference)
    assert bool(j.did(ef.PrintReceipt)) == bool(why)
    if why:
        j.happens(ev.ReceiptFailed, reference, why)
    thanks = j.view(views.Thanks)
    assert (thanks.receipt, thanks.claim_code) == (shown, CLAIM)


def test_a_ledger_that_cannot_write_is_asked_again() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.ChargePaid, reference, eur(129))
    j.happens(ev.SaleRefused, reference, "storage")
    j.wait(5_000)
    problem = j.view(views.Problem)
    assert (problem.key, problem.claim_code) == ("not-recorded", CLAIM)
    assert len(j.did(ef.RecordSale)) == 2
    j.happens(ev.SaleRecorded, reference)
    j.view(views.Thanks)


def test_a_ledger_that_knows_better() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.ChargePaid, reference, eur(129))
    assert ef.RefundCharge(reference, eur(129), "already-sold") in j.happens(
        ev.SaleRefused, reference, "order-sold"
    )
    assert j.view(views.Problem).key == "refunded"

    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.ChargePaid, reference, eur(129))
    assert j.happens(ev.SaleRefused, reference, "settled") == ()
    assert j.view(views.Problem).claim_code == CLAIM


def test_after_a_power_cut_who_was_paying_sees_the_payment_again() -> None:
    before = Journey()
    reference = before.pay_by_link()
    (remembered,) = before.did(ef.RememberPayment)
    j = Journey(online=False)
    j.mono_ms = before.mono_ms + 20_000
    j.happens(ev.PaymentsRecovered, (remembered.payment,))
    assert not j.did(ef.QueryCharge), "no fleet yet"
    assert j.view(views.Pay).stage == "late"
    assert ef.QueryCharge(reference) in j.happens(ev.FleetConnected)
    j.happens(ev.ChargeCreated, reference, "QR", 0)
    pay = j.view(views.Pay)
    assert (pay.stage, pay.payload, pay.until_ms - j.stamp().mono_ms) == ("waiting", "QR", 160_000)
    j.paid(reference)
    assert j.view(views.Thanks).claim_code == before.session.pending[reference].payment.order.claim == CLAIM


@pytest.mark.parametrize("claim_shown", [True, False])
def test_after_a_long_power_cut_it_is_settled_quietly(claim_shown: bool) -> None:
    before = Journey()
    reference = before.pay_by_link()
    if claim_shown:
        before.wait(300_000)
    payment = before.did(ef.RememberPayment)[-1].payment
    j = Journey()
    j.mono_ms = 3_600_000
    assert ef.QueryCharge(reference) in j.happens(ev.PaymentsRecovered, (payment,))
    j.view(views.Attract)
    settled = j.paid(reference)
    assert isinstance(settled[0], ef.RecordSale if claim_shown else ef.RecordRefund)
    j.view(views.Attract)
    assert j.happens(ev.PaymentsRecovered, (payment,), restarted=False) == (), "it is settled"


def test_what_nobody_answers_is_watched_ever_more_slowly_then_left_to_the_ledger() -> None:
    j = Journey(Settings(keep_ms=3_600_000))
    reference = j.pay_by_link()
    j.wait(200_000)
    j.happens(ev.Dismissed)
    asked = [e for e in j.wait(3_600_000) if isinstance(e, ef.QueryCharge | ef.CancelCharge)]
    assert 10 < len(asked) < 40
    assert ef.ClosePayment(reference, "unanswered") in j.story
    assert not j.session.pending


def test_what_ended_is_watched_ten_minutes_more() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.CancelAsked)
    j.happens(ev.ChargeCancelled, reference)
    j.happens(ev.StartOverAsked)
    assert ef.ClosePayment(reference, "ended") in j.wait(600_000)


def test_a_wall_of_abandoned_payments_stays_small() -> None:
    j = Journey(Settings(max_pending=3))
    for number in range(6):
        j.shop().checkout(f"{number:015}").happens(ev.MethodChosen, "link")
        j.wait(30_000)
        j.happens(ev.Dismissed)
    assert list(j.session.pending) == [f"{number:015}0" for number in (3, 4, 5)]
    assert [c.reference for c in j.did(ef.ClosePayment)] == [f"{number:015}0" for number in (0, 1, 2)]


def test_thanks_stay_for_a_while_and_go_by_themselves() -> None:
    j = Journey()
    j.paid(j.pay_by_link())
    j.wait(20_000)
    j.happens(ev.Touched)
    j.wait(20_000)
    j.view(views.Thanks)
    j.wait(6_000)
    j.view(views.Attract)


def _prices(j: Journey) -> list[int]:
    return [line.price.minor for line in j.view(views.Basket).lines]


@pytest.mark.parametrize("one", [RICE])
def test_the_price_somebody_saw_is_the_price_they_pay(one: Product) -> None:
    j = Journey()
    j.wait(590_000)
    j.shop(one)
    j.wait(12_000)
    j.happens(ev.BasketOpened)
    assert _prices(j) == [199], "the offer has ended, the basket keeps its price"
    j.happens(ev.QuantitySet, one.gtin, 3)
    assert j.view(views.Basket).total == eur(597)
    j.happens(ev.StartOverAsked)
    j.wait(1_000)
    j.shop(one).happens(ev.BasketOpened)
    assert _prices(j) == [199], "it stood on the glass a few seconds ago"
    j.happens(ev.StartOverAsked)
    j.wait(60_000)
    j.shop(one).happens(ev.BasketOpened)
    assert _prices(j) == [300]


def test_money_that_came_and_went_while_nobody_looked_is_told_to_who_waits() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.RefundDone, reference)
    problem = j.view(views.Problem)
    assert (problem.key, problem.can_retry) == ("refunded", True)
    j.happens(ev.RetryAsked)
    j.paid(j.show_qr())
    j.view(views.Thanks)
