"""What the pay screen promises: the provider's own time, a cancel that is confirmed, codes this glass can show, and the
next person's turn.
"""

from __future__ import annotations

import pytest

from content.references import check_of
from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.events import Stamp

from .journeys import CLAIM, MILK, ORDER, TEA, WALL_MS, Journey

YEARS_MS = 30 * 365 * 86_400_000


def asked(j: Journey, method: str = "link") -> str:
    """Somebody is waiting for the code of their first attempt."""
    j.shop().checkout().happens(ev.MethodChosen, method)
    return ORDER + "0"


# --- the countdown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kiosk_is_off_by", [0, 45_000, -45_000, YEARS_MS, -YEARS_MS])
@pytest.mark.parametrize(("left", "shown"), [(90_000, 90_000), (240_000, 240_000), (7_200_000, 360_000)])
def test_the_providers_own_time_counts_whatever_the_kiosks_clock_says(
    kiosk_is_off_by: int, left: int, shown: int
) -> None:
    j = Journey()
    reference = asked(j)
    fleet_now = j.stamp().wall_ms + kiosk_is_off_by
    j.happens(ev.ChargeCreated, reference, "QR", fleet_now + left, said_ms=fleet_now)
    pay = j.view(views.Pay)
    assert (pay.stage, pay.until_ms - j.mono_ms, pay.offered_ms) == ("waiting", shown, shown)


def test_a_clock_that_is_set_while_somebody_pays_moves_neither_the_countdown_nor_its_end() -> None:
    j = Journey()
    reference = j.pay_by_link()
    before = j.view(views.Pay).until_ms
    later = Stamp(j.mono_ms + 1_000, WALL_MS + YEARS_MS)
    j.mono_ms += 1_000
    j.take(ev.ChargeScanned(later, reference))
    assert (j.view(views.Pay).stage, j.view(views.Pay).until_ms) == ("scanned", before)
    j.paid(reference)
    assert j.view(views.Thanks).claim_code == CLAIM


def test_a_code_that_comes_when_its_time_is_over_is_not_shown_but_cancelled() -> None:
    j = Journey()
    reference = asked(j)
    effects = j.happens(ev.ChargeCreated, reference, "QR", WALL_MS - 1, said_ms=WALL_MS)
    assert ef.CancelCharge(reference) in effects
    assert (j.view(views.Pay).stage, j.view(views.Pay).payload) == ("cancelling", "")
    j.happens(ev.ChargeCancelled, reference)
    problem = j.view(views.Problem)
    assert (problem.key, problem.can_retry) == ("expired", True)


def test_the_countdown_is_of_the_offer_alone() -> None:
    j = Journey()
    reference = asked(j)
    assert j.view(views.Pay).until_ms == 0, "nothing is offered yet"
    j.show_qr()
    j.happens(ev.CancelAsked)
    pay = j.view(views.Pay)
    assert (pay.stage, pay.until_ms) == ("cancelling", 0)
    assert pay.reference == reference


# --- what the phone must show, too -----------------------------------------------------------------------------


def test_the_screen_says_whose_code_it_is() -> None:
    j = Journey()
    reference = asked(j)
    j.happens(ev.ChargeCreated, reference, "https://pay.example/x", 0, "Demo Market", domain="pay.example")
    pay = j.view(views.Pay)
    assert (pay.merchant, pay.domain, pay.check) == ("Demo Market", "pay.example", check_of(reference))
    assert pay.check == ORDER[:4]


# --- leaving --------------------------------------------------------------------------------------------------


def test_a_cancel_is_done_when_the_provider_says_so_and_not_before() -> None:
    j = Journey()
    reference = j.pay_by_link()
    assert ef.CancelCharge(reference) in j.happens(ev.CancelAsked)
    assert j.view(views.Pay).stage == "cancelling"
    j.wait(3_000)
    assert j.view(views.Pay).stage == "cancelling"
    j.happens(ev.ChargeCancelled, reference)
    choose = j.view(views.ChooseMethod)
    assert choose.frame.notice is not None
    assert choose.frame.notice.key == "cancelled"


def test_a_cancel_that_turns_out_paid_is_the_sale() -> None:
    j = Journey()
    reference = j.pay_by_link()
    j.happens(ev.CancelAsked)
    j.paid(reference)
    assert j.view(views.Thanks).claim_code == CLAIM


def test_a_code_no_phone_could_read_is_never_shown_and_its_charge_is_cancelled() -> None:
    j = Journey()
    reference = asked(j)
    effects = j.happens(ev.ChargeCreated, reference, "x" * 3_000, showable=False)
    assert ef.CancelCharge(reference) in effects
    assert j.view(views.Pay).payload == ""
    j.happens(ev.ChargeCancelled, reference)
    problem = j.view(views.Problem)
    assert (problem.key, problem.code, problem.claim_code) == ("too-dense", "EC-17", "")
    j.happens(ev.RetryAsked)
    j.view(views.ChooseMethod)  # the same code would be as dense again


@pytest.mark.parametrize("reason", ["currency", "too-little", "too-much", "no-such-method", "refused"])
def test_an_order_that_cannot_be_paid_this_way_may_be_paid_another(reason: str) -> None:
    j = Journey()
    reference = asked(j)
    j.happens(ev.ChargeFailed, reference, reason)
    problem = j.view(views.Problem)
    assert (problem.key, problem.code, problem.can_retry) == ("not-this-way", "EC-18", True)
    j.happens(ev.RetryAsked)
    j.view(views.ChooseMethod)


# --- afterwards -----------------------------------------------------------------------------------------------


def test_a_product_scanned_at_the_thanks_begins_the_next_visit_at_once() -> None:
    j = Journey()
    j.paid(j.pay_by_link())
    j.view(views.Thanks)
    j.happens(ev.CodeScanned, "gtin", TEA.gtin, TEA, 2)
    product = j.view(views.ProductDetail)
    assert product.facing.gtin == TEA.gtin
    assert (product.frame.basket_count, j.session.order) == (0, None)
    j.wait(1_000)
    j.happens(ev.CodeScanned, "gtin", TEA.gtin, TEA, 2)
    assert j.view(views.ProductDetail).quantity == 1


def test_a_code_that_is_no_product_leaves_the_thanks_where_they_are() -> None:
    j = Journey()
    j.paid(j.pay_by_link())
    j.happens(ev.CodeScanned, "unknown", "hello")
    assert j.view(views.Thanks).claim_code == CLAIM
    assert MILK.gtin not in str(j.view(views.Thanks))
