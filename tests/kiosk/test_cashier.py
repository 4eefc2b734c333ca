"""Money's errands while the ledger fails: nothing that was said once is lost, nothing is asked too often."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from content.money import Money
from kiosk.cashier import Again, Cashier, HeardAgain, OpenPaymentsDue, RefundsDue
from kiosk.clock.clock import SystemClock
from kiosk.core.effects import RecordRefund, RefundCharge
from kiosk.core.events import ChargePaid, PaymentsRecovered, RefundDone, Stamp
from kiosk.fleet_line.line import FleetLine
from kiosk.ledger import Ledger
from mqtt.messages import ChargeState
from mqtt.messages import RefundCharge as RefundRequest
from tests.kiosk.orders import payment, refund_of, sale_of
from tests.kiosk.test_fleet_line import ADDRESS, Wire

AT = Stamp(1_000, 1_800_000_000_000)


class Desk:
    """A cashier over a real ledger whose tables can be taken away, as a failing card takes them."""

    def __init__(self, path: Path) -> None:
        clock = SystemClock()
        self.path, self.wire = path, Wire()
        self.ledger = Ledger(path, clock)
        line = FleetLine(ADDRESS, self.wire, self.ledger, clock, answer_ms=15_000)
        self.later: dict[str, object] = {}
        self.cashier = Cashier(
            self.ledger, line, clock, lambda name, ms, item: self.later.__setitem__(name, item)
        )

    def hides(self, table: str) -> None:
        self._rename(table, f"{table}_away")

    def shows(self, table: str) -> None:
        self._rename(f"{table}_away", table)

    def _rename(self, before: str, after: str) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            db.execute(f"ALTER TABLE {before} RENAME TO {after}")
            db.commit()

    @property
    def refunds(self) -> list[str]:
        return [one.reference for one in self.wire.requests if isinstance(one, RefundRequest)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "ledger.sqlite")
    yield desk
    desk.ledger.close()


def paid(minor: int = 498) -> ChargeState:
    return ChargeState(id="", reference=payment().reference, state="paid", paid_minor=minor, currency="EUR")


def test_late_money_that_comes_while_the_ledger_fails_is_heard_again(desk: Desk) -> None:
    desk.ledger.remember(payment())
    desk.ledger.close_payment(payment().reference, "unanswered")
    desk.hides("settled")
    assert list(desk.cashier.hear(paid(), AT)) == []
    desk.shows("settled")
    [again] = desk.later.values()
    assert isinstance(again, HeardAgain)
    assert list(desk.cashier.hear(again.state, AT)) == [
        PaymentsRecovered(AT, (payment(),), restarted=False),
        ChargePaid(AT, payment().reference, Money(498, "EUR")),
    ]


def test_a_payment_the_core_let_go_and_the_ledger_could_not_close_is_given_back_to_it(desk: Desk) -> None:
    desk.ledger.remember(payment())
    given, _ = desk.cashier.hear(paid(), AT)
    assert given == PaymentsRecovered(AT, (payment(),), restarted=False)


def test_an_order_bought_by_another_attempt_is_said_to_be_sold_after_a_restart(desk: Desk) -> None:
    desk.ledger.remember(payment())
    desk.ledger.record_sale(payment(attempt=1), "CODE", sale_of(payment(attempt=1)))
    [recovered] = desk.cashier.recover(AT)
    assert recovered == PaymentsRecovered(AT, (payment(),), sold=(payment().order.order,))


def test_open_payments_that_cannot_be_read_at_the_start_are_recovered_later(desk: Desk) -> None:
    desk.ledger.remember(payment())
    desk.hides("payment")
    assert list(desk.cashier.recover(AT)) == []
    assert desk.later == {"recover": OpenPaymentsDue()}
    desk.shows("payment")
    assert list(desk.cashier.recover(AT)) == [PaymentsRecovered(AT, (payment(),))]


def test_refunds_are_asked_for_on_and_on_although_the_ledger_fails_in_between(desk: Desk) -> None:
    desk.ledger.record_refund(refund_of(payment().reference))
    desk.hides("owed")
    desk.cashier.ask_for_refunds()
    assert isinstance(desk.later["refunds"], RefundsDue)
    desk.shows("owed")
    desk.cashier.ask_for_refunds()
    assert desk.refunds == [payment().reference]
    confirmed = ChargeState(id="", reference=payment().reference, state="refunded")
    assert list(desk.cashier.hear(confirmed, AT)) == [RefundDone(AT, payment().reference)]
    desk.later.clear()
    desk.cashier.ask_for_refunds()
    assert desk.later == {}


def test_a_refund_that_cannot_be_written_down_is_not_asked_for_until_it_is(desk: Desk) -> None:
    reference, amount = payment().reference, Money(498, "EUR")
    effects = (
        RecordRefund(reference, reference[:15], amount, "ended"),
        RefundCharge(reference, amount, "ended"),
    )
    desk.hides("owed")
    for effect in effects:
        desk.cashier.perform(effect, AT)
    assert desk.refunds == []
    desk.shows("owed")
    again = desk.later[f"refund {reference}"]
    assert isinstance(again, Again)
    for once_more in again.effects:
        desk.cashier.perform(once_more, AT)
    assert desk.refunds == [reference]
    assert desk.ledger.standing(reference) == "refund"
