"""Somebody brings a code: typed or scanned, asked of the fleet, and what it stands for on the glass."""

from __future__ import annotations

import msgspec
import pytest

from content.model import Availability
from kiosk import views
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.codes import READY
from kiosk.core.orders import Line, Order, Payment
from kiosk.core.present import SHORT_LIST, present
from kiosk.core.state import CodeAsked
from tests.core.journeys import CLAIM, MILK, ORDER, TEA, Journey, eur, product

CODE = "K7Q-2M9"
SOLD_OUT = product("09521100100410", "Figs", 300, 4, availability=Availability.OUT_OF_STOCK)


def bought(count: int = 1) -> Payment:
    lines = tuple(Line(MILK.gtin, f"Milk {n}", 1, eur(129), eur(129), 1) for n in range(count))
    order = Order(ORDER, lines, eur(129 * count), "", CLAIM)
    return Payment(ORDER + "0", order, "link", 1_700_000_000_000, 0)


def typed(j: Journey, kind: str = "claim", code: str = CLAIM) -> Journey:
    j.happens(ev.CodeEntryAsked)
    j.happens(ev.CodeEntered, kind, code)
    return j


def told(j: Journey, state: str = READY, payment: Payment | None = None) -> views.CodeResult:
    j.happens(ev.CodeTold, CLAIM, "claim", state, payment or bought(), 1_700_000_000_000)
    return j.view(views.CodeResult)


def test_a_code_is_typed_asked_and_its_order_is_ready() -> None:
    j = Journey()
    j.happens(ev.CodeEntryAsked)
    assert j.view(views.CodeEntry).frame.basket_count == 0
    assert j.happens(ev.CodeEntered, "claim", CLAIM) == (ef.AskCode(CLAIM),)
    j.view(views.CodeWait)
    shown = told(j)
    assert (shown.key, shown.order, shown.total, shown.pickup) == (
        "ready", ORDER[:4], eur(129), "Exit B, from 17:00",
    )  # fmt: skip
    assert [(line.name, line.quantity) for line in shown.lines] == [("Milk 0", 1)]
    j.happens(ev.Dismissed)
    j.view(views.Attract)


@pytest.mark.parametrize("state", ["handed-over", "paying", "unpaid", "refunding", "refunded"])
def test_every_way_an_order_may_stand_is_shown(state: str) -> None:
    assert told(typed(Journey()), state).key == state


def test_no_view_has_the_code_in_it() -> None:
    """Whoever looks over a shoulder, or at the link, learns nothing that hands over goods."""
    j = Journey()
    seen = [present(j.session)]
    for event, *args in (
        (ev.CodeEntryAsked,), (ev.CodeEntered, "claim", CLAIM), (ev.CodeTold, CLAIM, "claim", READY, bought()),
    ):  # fmt: skip
        j.happens(event, *args)
        seen.append(present(j.session))
    assert all(CLAIM.encode() not in msgspec.json.encode(view) for view in seen)


def test_a_long_order_is_not_read_out_to_the_whole_station() -> None:
    shown = told(typed(Journey()), READY, bought(9))
    assert len(shown.lines) == SHORT_LIST
    assert shown.more == 9 - SHORT_LIST


def test_a_scanned_claim_code_needs_no_keys() -> None:
    j = Journey()
    j.happens(ev.CodeScanned, "pickup", CLAIM)
    assert ef.AskCode(CLAIM) in j.story
    assert ef.RecordScan("pickup", "code") in j.story
    told(j)
    j.happens(ev.CodeScanned, "pickup", "0D4T-H3RE")
    assert isinstance(j.session.state, CodeAsked)
    assert j.session.state.code == "0D4T-H3RE"


def test_what_can_be_no_code_is_said_at_the_keys() -> None:
    j = Journey()
    j.happens(ev.CodeEntryAsked)
    j.happens(ev.CodeEntered, "unknown")
    assert j.view(views.CodeEntry).frame.notice == views.Notice("code-unreadable", (), "bad", 1)
    j.happens(ev.CodeScanned, "gtin", MILK.gtin, MILK, 1)
    j.view(views.CodeEntry)
    assert j.did(ef.AskCode) == []


@pytest.mark.parametrize(("state", "key"), [("", "unknown"), ("wait", "wait"), ("failed", "failed")])
def test_a_code_nobody_has_leads_back_to_the_keys(state: str, key: str) -> None:
    j = typed(Journey())
    j.happens(ev.CodeTold, CLAIM, "unknown", state, wait_s=9)
    shown = j.view(views.CodeResult)
    assert (shown.key, shown.wait_s, shown.order) == (key, 9, "")
    j.happens(ev.RetryAsked)
    j.view(views.CodeEntry)


def test_without_the_fleet_the_code_stays_good_and_that_is_said() -> None:
    j = typed(Journey(online=False))
    assert j.view(views.CodeResult).key == "offline"
    assert j.did(ef.AskCode) == []


def test_no_answer_is_no_answer() -> None:
    j = typed(Journey())
    j.wait(j.session.settings.code_ms)
    assert j.view(views.CodeResult).key == "offline"
    j.happens(ev.CodeTold, CLAIM, "claim", READY, bought())
    assert j.view(views.CodeResult).key == "offline", (
        "an answer that is late is not shown to whoever stands here now"
    )


def test_an_answer_to_another_code_is_not_heard() -> None:
    j = typed(Journey())
    j.happens(ev.CodeTold, "0D4T-H3RE", "claim", READY, bought())
    j.view(views.CodeWait)
    j.happens(ev.WentBack)
    j.happens(ev.CodeTold, CLAIM, "claim", READY, bought())
    j.view(views.CodeEntry)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_nobody_finds_what_another_has_typed(steps: int) -> None:
    j = Journey()
    j.happens(ev.CodeEntryAsked)
    if steps > 0:
        j.happens(ev.CodeEntered, "claim", CLAIM)
    if steps > 1:
        told(j)
    j.wait(2 * (j.session.settings.code_idle_ms + j.session.settings.warn_ms))
    j.view(views.Attract)
    assert CLAIM.encode() not in msgspec.json.encode(j.session)


# --- the receipt ----------------------------------------------------------------------------------------------------


def test_the_receipt_can_be_had_again_once() -> None:
    j = typed(Journey())
    assert told(j).receipt == "offer"
    j.happens(ev.ReceiptAsked)
    j.happens(ev.ReceiptAsked)
    assert j.did(ef.PrintReceipt) == [ef.PrintReceipt(bought(), CLAIM, "en", 1_700_000_000_000)]
    assert j.view(views.CodeResult).receipt == "printing"
    j.happens(ev.ReceiptFailed, bought().reference, "no-paper")
    assert j.view(views.CodeResult).receipt == "no-paper"


@pytest.mark.parametrize("state", ["handed-over", "refunded", "paying", "unpaid"])
def test_a_receipt_is_offered_for_goods_that_are_still_to_be_had(state: str) -> None:
    j = typed(Journey())
    assert told(j, state).receipt == ""
    j.happens(ev.ReceiptAsked)
    assert j.did(ef.PrintReceipt) == []


def test_without_a_printer_no_receipt_is_offered() -> None:
    j = typed(Journey())
    j.happens(ev.DeviceChanged, "printer", "ready", "no-paper")
    assert told(j).receipt == ""


# --- a basket from a phone ------------------------------------------------------------------------------------------


def carried(j: Journey, *basket: tuple[object, int], unknown: tuple[str, ...] = ()) -> Journey:
    typed(j, "basket", CODE)
    j.happens(ev.CodeTold, CODE, "basket", basket=basket, unknown=unknown)
    return j


def test_a_basket_from_a_phone_is_the_basket_here() -> None:
    j = carried(Journey(), (MILK, 2), (TEA, 3))
    shown = j.view(views.Basket)
    assert [(line.gtin, line.quantity) for line in shown.lines] == [(MILK.gtin, 2), (TEA.gtin, 3)]
    assert shown.frame.notice == views.Notice("basket-here", (), "good", shown.frame.notice.serial)  # type: ignore[union-attr]
    assert shown.total == eur(258 + 400 + 250), "at the prices of this wall, offers included"


def test_what_is_not_sold_here_is_named() -> None:
    j = carried(Journey(), (MILK, 1), (SOLD_OUT, 1), unknown=("09521100100915",))
    shown = j.view(views.CodeResult)
    assert (shown.key, shown.missing) == ("partly", ("09521100100915", "Figs"))
    j.happens(ev.Dismissed)
    assert [line.gtin for line in j.view(views.Basket).lines] == [MILK.gtin]


def test_a_basket_of_which_nothing_is_sold_here() -> None:
    j = carried(Journey(), (SOLD_OUT, 2))
    assert j.view(views.CodeResult).key == "nothing"
    j.happens(ev.Dismissed)
    j.view(views.Attract)


def test_the_same_basket_fetched_twice_is_not_doubled() -> None:
    j = carried(Journey().shop(MILK), (MILK, 2))
    carried(j, (MILK, 2))
    assert [line.quantity for line in j.view(views.Basket).lines] == [2]


def test_no_more_is_carried_than_may_be_bought() -> None:
    j = carried(Journey(), (MILK, 99))
    assert [line.quantity for line in j.view(views.Basket).lines] == [j.session.settings.max_quantity]


def test_a_basket_code_is_not_asked_for_while_money_is_in_flight() -> None:
    j = Journey()
    j.pay_by_link()
    j.happens(ev.CodeScanned, "basket", CODE)
    assert j.did(ef.AskCode) == []
    j.view(views.Pay)
