"""What changes between two releases, under the hands of whoever is buying."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from content.model import Availability, Product, Recall, Sale
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.state import Attracting, Browsing, Choosing, Paying, Reviewing, Tapping, Troubled, Viewing
from kiosk.views import Basket, ChooseMethod, Problem, ProductDetail
from tests.core.journeys import CLAIM, CLAIM_2, MILK, ORDER, ORDER_2, RICE, TEA, Journey, eur

RECALL = Recall(reason="allergen", texts={"en": "Nuts may be in it.", "zh": "可能含坚果。"})


def recalled(one: Product) -> Product:
    return structs.replace(one, availability=Availability.OUT_OF_STOCK, recall=RECALL)


def sold_out(one: Product) -> Product:
    return structs.replace(one, availability=Availability.OUT_OF_STOCK)


def lowered(one: Product, minor: int) -> Product:
    return structs.replace(one, drop=Sale(eur(minor)))


def live(j: Journey, *products: Product) -> tuple[Any, ...]:
    gone = frozenset(one.gtin for one in products if one.recall)
    return j.happens(ev.LiveChanged, products, gone)


def notice(j: Journey) -> tuple[str, tuple[str, ...]]:
    said = j.session.notices[0]
    return said.key, said.args


def test_nobody_is_there_and_nothing_is_said() -> None:
    j = Journey()
    assert live(j, recalled(MILK)) == ()
    assert isinstance(j.session.state, Attracting)
    assert not j.session.notices


@pytest.mark.parametrize("where", ["wall", "basket", "choose", "card"])
def test_a_recall_leaves_the_basket_and_says_why_wherever_one_is(where: str) -> None:
    j = Journey().shop(MILK, TEA)
    if where == "basket":
        j.happens(ev.BasketOpened)
    elif where != "wall":
        j.checkout()
    if where == "card":
        j.happens(ev.MethodChosen, "card")
        assert isinstance(j.session.state, Tapping)
    effects = live(j, recalled(MILK))
    assert ef.RecordEngagement("taken-out", MILK.gtin, MILK.facing) in effects
    assert (where == "card") == (ef.ArmReader(False) in effects)
    view = j.view(ProductDetail)
    assert (view.recall, view.recall_text) == ("allergen", "Nuts may be in it.")
    assert view.facing.badge == "recalled"
    assert not view.facing.available
    assert notice(j) == ("recalled-basket", ("Milk",))
    assert [pick.product.gtin for pick in j.session.basket] == [TEA.gtin]
    assert j.session.order is None
    j.happens(ev.BasketOpened)
    assert [line.gtin for line in j.view(Basket).lines] == [TEA.gtin]


def test_it_is_said_in_the_commuters_language() -> None:
    j = Journey().shop(MILK)
    j.happens(ev.LanguageChosen, "zh")
    live(j, recalled(MILK))
    assert j.view(ProductDetail).recall_text == "可能含坚果。"


def test_what_is_recalled_goes_into_no_basket() -> None:
    j = Journey().shop(TEA)
    live(j, recalled(MILK))
    assert isinstance(j.session.state, Browsing)  # it concerns nobody here
    j.happens(ev.ProductAdded, recalled(MILK), 1)
    assert notice(j) == ("recalled", ())
    assert [pick.product.gtin for pick in j.session.basket] == [TEA.gtin]


def test_whoever_looks_at_it_sees_it_change() -> None:
    j = Journey()
    j.happens(ev.ProductOpened, MILK, 1)
    live(j, lowered(MILK, 99))
    assert j.view(ProductDetail).facing.price == eur(99)
    assert j.view(ProductDetail).facing.was == eur(129)
    live(j, sold_out(MILK))
    assert not j.view(ProductDetail).facing.available


def test_a_recall_while_somebody_pays_stops_the_payment() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK, TEA)
    assert ef.CancelCharge(reference) in live(j, recalled(MILK))
    assert notice(j) == ("recalled-paying", ("Milk",))
    assert isinstance(j.session.state, Paying)
    assert live(j, recalled(MILK)) == ()  # heard again, it is asked for once
    j.happens(ev.ChargeCancelled, reference)
    assert j.view(ProductDetail).recall == "allergen"
    assert notice(j) == ("recall-stopped", ("Milk",))
    assert [pick.product.gtin for pick in j.session.basket] == [TEA.gtin]
    j.checkout(ORDER_2, CLAIM_2)
    assert j.view(ChooseMethod).total == eur(250)


def test_money_that_comes_all_the_same_goes_back_whole_and_nothing_is_sold() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK)
    live(j, recalled(MILK))
    effects = j.paid(reference)
    assert ef.RefundCharge(reference, eur(129), "recalled") in effects
    view = j.view(Problem)
    assert (view.key, view.code, view.claim_code) == ("recalled", "EC-25", CLAIM)
    assert not view.can_retry
    assert not j.did(ef.RecordSale)


def test_a_sale_that_was_made_before_the_recall_stands() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK)
    j.happens(ev.ChargePaid, reference, eur(129))
    live(j, recalled(MILK))
    j.happens(ev.SaleRecorded, reference)
    assert len(j.did(ef.RecordSale)) == 1
    assert not j.did(ef.RefundCharge)


def test_after_a_power_cut_a_recalled_order_is_not_shown_again_and_its_money_goes_back() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK)
    payment = j.session.pending[reference].payment
    again = Journey()
    live(again, recalled(MILK))
    again.happens(ev.PaymentsRecovered, (payment,), True)
    assert isinstance(again.session.state, Attracting)
    again.paid(reference)
    assert again.did(ef.RefundCharge)
    assert not again.did(ef.RecordSale)


def test_sold_out_leaves_the_basket_but_not_a_payment() -> None:
    j = Journey().shop(MILK, TEA).checkout()
    live(j, sold_out(MILK))
    assert isinstance(j.session.state, Reviewing)
    assert notice(j) == ("sold-out-basket", ("Milk",))
    live(j, sold_out(TEA))
    assert j.session.basket == ()
    j.happens(ev.StartOverAsked)
    reference = j.pay_by_link(MILK)
    live(j, sold_out(MILK))
    j.paid(reference)
    assert len(j.did(ef.RecordSale)) == 1


def test_sold_out_while_paying_leaves_the_basket_once_the_payment_has_failed() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK)
    live(j, sold_out(MILK))
    j.happens(ev.ChargeFailed, reference, "declined")
    assert isinstance(j.session.state, Troubled)
    assert j.session.basket == ()
    j.happens(ev.RetryAsked)
    assert isinstance(j.session.state, Browsing)


def test_the_lower_one_of_the_price_seen_and_the_new_one_counts() -> None:
    j = Journey().shop(MILK, TEA).checkout()
    live(j, lowered(MILK, 99))
    assert j.view(ChooseMethod).total == eur(99 + 250)
    order = j.session.order
    assert order is not None
    assert (order.order, order.claim) == (ORDER, CLAIM)  # nobody had heard of it yet
    assert notice(j) == ("price-lower", ())
    live(j, MILK)  # the drop is undone
    assert j.view(ChooseMethod).total == eur(99 + 250)


def test_an_order_that_was_asked_for_is_left_when_its_price_drops() -> None:
    j = Journey()
    reference = j.pay_by_link(MILK)
    live(j, lowered(MILK, 99))
    assert isinstance(j.session.state, Paying)  # the price shown is paid, or not at all
    j.happens(ev.ChargeFailed, reference, "declined")
    j.happens(ev.RetryAsked)
    assert isinstance(j.session.state, Reviewing)
    j.checkout(ORDER_2, CLAIM_2)
    assert j.view(ChooseMethod).total == eur(99)
    assert isinstance(j.session.state, Choosing)


def test_a_dearer_product_stays_as_cheap_as_it_was_seen() -> None:
    j = Journey().shop(RICE)
    live(j, structs.replace(RICE, price=eur(500), sale=None))
    assert j.session.basket[0].product.price == eur(300)
    assert isinstance(j.session.state, Browsing | Viewing)
