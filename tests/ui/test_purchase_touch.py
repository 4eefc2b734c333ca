"""A finger on every screen of a purchase, and a phone in front of the pay code: real pixels, real touches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import zxingcpp
from msgspec import structs

from content.money import Money
from kiosk.ui.screens.pay import PayScreen
from kiosk.views import (
    Add,
    Back,
    Basket,
    CancelPay,
    Checkout,
    Closed,
    Done,
    EnterCode,
    Frame,
    OpenBasket,
    Pay,
    PayBy,
    Retry,
    SetLanguage,
    SetQuantity,
    Shop,
    View,
    Wall,
)

from .conftest import Glass
from .scenery import Scenery, demo_store
from .test_wall import as_a_phone_sees_it

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("store")
    with closing(demo_store(folder)) as store:
        yield Scenery(store, folder)


@pytest.fixture
def shop(glass: Glass, scenery: Scenery) -> Shop:
    glass.room.shop = scenery.shop
    return scenery.shop


def show(glass: Glass, scenery: Scenery, name: str, language: str = "en") -> View:
    view = scenery.views(language)[name]
    glass.put(view)
    return view


def test_a_product_goes_into_the_basket(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    show(glass, scenery, "product-new")
    glass.tap("add")
    glass.tap("back")
    show(glass, scenery, "product")
    glass.tap("more")
    glass.tap("less")
    glass.tap("basket")
    adds = glass.sent(Add)
    assert len(adds) == 2
    assert glass.sent(Back) == [Back()]
    assert [i.quantity for i in glass.sent(SetQuantity) if isinstance(i, SetQuantity)] == [0]
    assert glass.sent(OpenBasket) == [OpenBasket()]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_basket_is_changed_and_paid(glass: Glass, scenery: Scenery, shop: Shop, language: str) -> None:
    view = show(glass, scenery, "basket", language)
    assert isinstance(view, Basket)
    line = view.lines[1]
    glass.tap(f"less-{line.gtin}")
    glass.tap(f"more-{line.gtin}")
    glass.tap("pay")
    assert [i for i in glass.room.sent if isinstance(i, SetQuantity)] == [
        SetQuantity(line.gtin, line.quantity - 1),
        SetQuantity(line.gtin, line.quantity + 1),
    ]
    assert glass.sent(Checkout) == [Checkout()]


def test_a_code_may_come_to_a_basket_that_is_not_empty(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    show(glass, scenery, "basket")
    glass.tap("code")
    assert glass.sent(EnterCode) == [EnterCode()]


def test_an_empty_basket_leads_back(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    show(glass, scenery, "basket-empty")
    glass.tap("back")
    assert glass.sent(Back) == [Back()]


def test_a_method_is_chosen_and_one_that_is_off_is_not(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    show(glass, scenery, "choose-no-reader")
    glass.tap("method-card")
    glass.tap("method-link")
    assert glass.sent(PayBy) == [PayBy("link")]


def test_a_payment_is_given_up(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    show(glass, scenery, "pay-card")
    glass.tap("cancel")
    assert glass.sent(CancelPay) == [CancelPay()]
    show(glass, scenery, "pay-link-cancelling")
    glass.tap("cancel")
    assert glass.sent(CancelPay) == [CancelPay()]


@pytest.mark.parametrize("name", ["thanks-printed", "problem-unsure"])
def test_what_was_read_is_dismissed(glass: Glass, scenery: Scenery, shop: Shop, name: str) -> None:
    show(glass, scenery, name)
    glass.tap("done")
    assert glass.sent(Done) == [Done()]


def test_a_problem_is_tried_again_or_left_for_another_method(
    glass: Glass, scenery: Scenery, shop: Shop
) -> None:
    show(glass, scenery, "problem-declined")
    glass.tap("retry")
    glass.tap("back")
    assert glass.sent(Retry) == [Retry()]
    assert glass.sent(Back) == [Back()]


def test_a_closed_wall_speaks_ones_language(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    show(glass, scenery, "closed-maintenance")
    glass.tap("language-zh")
    assert glass.sent(SetLanguage) == [SetLanguage("zh")]


def test_the_language_is_changed_in_the_middle_of_a_payment(
    glass: Glass, scenery: Scenery, shop: Shop
) -> None:
    show(glass, scenery, "pay-link-waiting")
    glass.tap("languages")
    glass.settle()
    glass.tap("cancel")  # lies under the menu now, where a language is
    assert glass.sent(CancelPay) == []
    glass.room.sent.clear()
    glass.tap("language-ar")
    assert glass.sent(SetLanguage) == [SetLanguage("ar")]
    show(glass, scenery, "pay-link-waiting", "ar")
    assert not any(n.key == "menu-sheet" for n in glass.program.stage.nodes)
    glass.tap("languages")
    glass.settle()
    glass.tap("close-menu")
    glass.settle()
    glass.tap("cancel")
    assert glass.sent(CancelPay) == [CancelPay()]


def test_a_long_basket_is_leafed_through(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    view = scenery.views("en")["basket"]
    line = view.lines[0]  # type: ignore[union-attr]  # the basket
    glass.put(structs.replace(view, lines=tuple(structs.replace(line, gtin=f"{i:014}") for i in range(12))))
    assert any(n.key == "line-00000000000000" for n in glass.program.stage.nodes)
    glass.tap("next")
    glass.settle()
    assert any(n.key == "line-00000000000011" for n in glass.program.stage.nodes)
    glass.tap("previous")
    glass.settle()
    assert any(n.key == "line-00000000000000" for n in glass.program.stage.nodes)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", ["pay-link-waiting", "pay-epc-waiting"])
def test_a_phone_reads_the_pay_code_from_two_metres(
    glass: Glass, scenery: Scenery, shop: Shop, name: str, language: str
) -> None:
    view = show(glass, scenery, name, language)
    assert isinstance(view, Pay)
    seen = as_a_phone_sees_it(glass.picture(), glass.program.panel, 2000, 3)
    assert [c.text for c in zxingcpp.read_barcodes(seen)] == [view.payload]


def test_a_phone_reads_the_product_code_from_a_metre_and_a_half(
    glass: Glass, scenery: Scenery, shop: Shop
) -> None:
    view = show(glass, scenery, "product")
    seen = as_a_phone_sees_it(glass.picture(), glass.program.panel, 1500, 5)
    assert [c.text for c in zxingcpp.read_barcodes(seen)] == [view.facing.qr]  # type: ignore[union-attr]  # a product


def test_a_second_repaints_only_the_countdown(glass: Glass, scenery: Scenery, shop: Shop) -> None:
    view = show(glass, scenery, "pay-link-waiting")
    assert isinstance(view, Pay)
    screen = glass.program.stage.screen
    assert isinstance(screen, PayScreen)
    live = structs.replace(view, until_ms=int(screen._now()) + 90_500)
    glass.put(live)
    before = glass.program.stage.baker.painted
    first = glass.node("time")
    glass.turn_until(lambda: glass.node("time") != first, "the next second")
    assert glass.program.stage.baker.painted - before <= 2


def test_a_view_that_cannot_be_drawn_is_out_of_service_and_the_next_one_is_shown(glass: Glass) -> None:
    """A payload no QR code holds: with it the screen died, started again, was sent the same view, and died."""
    glass.room.put(Pay(Frame("en"), "link", "waiting", Money(498, "EUR"), "0" * 16, payload="x" * 5_000))
    glass.turn_until(lambda: isinstance(glass.program.stage.view, Closed), "out of service")
    glass.put(Wall(Frame("en"), "dairy"))
