"""Carries out what the core decides about money: writes it down first, then asks the fleet, and never forgets a debt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from content.money import Money
from kiosk.clock.clock import Clock
from kiosk.codes.glass import can_show
from kiosk.core import effects as do
from kiosk.core import events as did
from kiosk.core.effects import AnyEffect
from kiosk.core.events import AnyEvent, Stamp
from kiosk.fleet_line.line import FleetLine
from kiosk.fleet_line.records import refund_of, sale_of
from kiosk.ledger import Ledger, LedgerError
from kiosk.views import Panel
from mqtt.messages import ChargeState

log = logging.getLogger(__name__)

RETRY_MS: Final = 5_000  # a refund the ledger could not take is tried again
OWED_MS: Final = 60_000  # between two questions for refunds that nobody has confirmed

Later = Callable[[str, int, object], None]


@dataclass(frozen=True, slots=True)
class RefundsDue:
    """Refunds are owed: ask for them."""


@dataclass(frozen=True, slots=True)
class OpenPaymentsDue:
    """What was open when the kiosk stopped could not be read yet."""


@dataclass(frozen=True, slots=True)
class HeardAgain:
    """What the fleet said could not be looked up in the ledger: hear it once more."""

    state: ChargeState


@dataclass(frozen=True, slots=True)
class Again:
    """Effects that could not be carried out are to be tried again."""

    effects: tuple[AnyEffect, ...]


class Cashier:
    """Money's effects and its answers, for the owner's thread. `later(name, ms, item)` posts an item in time."""

    def __init__(
        self, ledger: Ledger, line: FleetLine, clock: Clock, later: Later, panel: Panel | None = None
    ) -> None:
        self._ledger, self._line, self._clock, self._later = ledger, line, clock, later
        self._panel = panel or Panel()
        self._asked_last = ""  # of the refunds that are owed, asked for in turn
        self._unwritten: set[str] = (
            set()
        )  # references the ledger could not take: nobody is asked to pay those

    # --- what the core asks for -------------------------------------------------------------------------------

    def perform(self, effect: AnyEffect, at: Stamp) -> Iterable[AnyEvent] | None:
        """Carry an effect out and say what follows at once; None where it is not about money."""
        perform = self._PERFORM.get(type(effect))
        return None if perform is None else perform(self, effect, at) or ()

    def _remember(self, effect: do.RememberPayment, at: Stamp) -> None:
        reference = effect.payment.reference
        try:
            self._ledger.remember(effect.payment)
        except LedgerError as error:
            log.error("payment %s cannot be written down, so it is not asked for: %s", reference, error)
            self._unwritten.add(reference)
        else:
            self._unwritten.discard(reference)

    def _create(self, effect: do.CreateCharge, at: Stamp) -> Iterable[AnyEvent]:
        reference = effect.payment.reference
        if reference in self._unwritten:
            self._unwritten.discard(reference)
            return (did.ChargeRefused(at, reference, "storage"),)
        if not self._line.charge(effect.payment, effect.card):
            return (did.ChargeRefused(at, reference, "offline"),)
        return ()

    def _cancel(self, effect: do.CancelCharge, at: Stamp) -> None:
        self._line.cancel(effect.reference)  # where it cannot be sent, the core asks again by itself

    def _query(self, effect: do.QueryCharge, at: Stamp) -> None:
        self._line.status(effect.reference)  # as above

    def _record_sale(self, effect: do.RecordSale, at: Stamp) -> Iterable[AnyEvent]:
        payment, sale = effect.payment, sale_of(effect, at, self._clock)
        try:
            how = self._ledger.record_sale(payment, effect.claim_code, sale)
        except LedgerError as error:
            log.error("sale %s cannot be recorded: %s", payment.reference, error)
            return (did.SaleRefused(at, payment.reference, "storage"),)
        if how == "recorded":
            log.info("sold: order %s, reference %s", payment.order.order, payment.reference)
            return (did.SaleRecorded(at, payment.reference),)
        return (did.SaleRefused(at, payment.reference, how),)

    def _record_refund(self, effect: do.RecordRefund, at: Stamp) -> None:
        try:
            settled = self._ledger.record_refund(refund_of(effect, at, self._clock))
        except LedgerError as error:
            log.error("refund %s cannot be recorded and is tried again: %s", effect.reference, error)
            self._unwritten.add(effect.reference)
            again = (effect, do.RefundCharge(effect.reference, effect.amount, effect.reason))
            self._later(f"refund {effect.reference}", RETRY_MS, Again(again))
            return
        self._unwritten.discard(effect.reference)
        if not settled:
            log.warning("reference %s was sold: it is not refunded", effect.reference)

    def _refund_charge(self, effect: do.RefundCharge, at: Stamp) -> None:
        try:
            owed = (
                effect.reference not in self._unwritten
                and self._ledger.standing(effect.reference) == "refund"
            )
        except LedgerError as error:
            log.error("refund %s is looked up again: %s", effect.reference, error)
            self._later("refunds", RETRY_MS, RefundsDue())
            return
        if owed:
            self._line.refund(effect.reference, effect.reason)
            self._later("refunds", OWED_MS, RefundsDue())

    def _close(self, effect: do.ClosePayment, at: Stamp) -> None:
        self._ledger.close_payment(effect.reference, effect.outcome)

    _PERFORM: Final[dict[type, Callable[[Cashier, Any, Stamp], Iterable[AnyEvent] | None]]] = {
        do.RememberPayment: _remember,
        do.CreateCharge: _create,
        do.CancelCharge: _cancel,
        do.QueryCharge: _query,
        do.RefundCharge: _refund_charge,
        do.RecordSale: _record_sale,
        do.RecordRefund: _record_refund,
        do.ClosePayment: _close,
    }

    def ask_for_refunds(self) -> None:
        """Ask for all that is owed, again and again: a question may be lost, and so may its answer."""
        try:
            owed = self._ledger.owed_refunds(after=self._asked_last)
        except LedgerError as error:
            log.error("what is owed cannot be read and is looked up again: %s", error)
            self._later("refunds", RETRY_MS, RefundsDue())
            return
        for reference, reason in owed:
            self._line.refund(reference, reason)
            self._asked_last = reference
        if owed:
            self._later("refunds", OWED_MS, RefundsDue())

    # --- what the fleet says ----------------------------------------------------------------------------------

    def recover(self, at: Stamp) -> Iterable[AnyEvent]:
        """Payments that were open when the kiosk stopped."""
        try:
            payments = self._ledger.open_payments()
            sold = self._ledger.sold_among(payments)
        except LedgerError as error:
            log.error("open payments cannot be read and are looked up again: %s", error)
            self._later("recover", RETRY_MS, OpenPaymentsDue())
            return
        if payments:
            log.warning("%d payments were open when the kiosk stopped", len(payments))
            yield did.PaymentsRecovered(at, payments, sold=sold)

    def hear(self, state: ChargeState, at: Stamp) -> Iterable[AnyEvent]:
        """What became of a charge, in the core's words; none for what it need not know.

        Where the ledger cannot answer, the word is heard again later: the fleet says of late money only once.
        """
        try:
            return list(self._heard(state, at))
        except LedgerError as error:
            log.error("%s of %s is heard again, the ledger says: %s", state.state, state.reference, error)
            self._later(f"hear {state.reference} {state.state}", RETRY_MS, HeardAgain(state))
            return ()

    def _heard(self, state: ChargeState, at: Stamp) -> Iterable[AnyEvent]:
        reference = state.reference
        match state.state:
            case "paid":
                return self._paid(state, at)
            case "created":
                return (self._created(state, at),)
            case "scanned":
                return (did.ChargeScanned(at, reference),)
            case "expired":
                return (did.ChargeExpired(at, reference),)
            case "cancelled":
                return (did.ChargeCancelled(at, reference),)
            case "failed":
                return (did.ChargeFailed(at, reference, state.reason),)
            case "refunded":
                self._ledger.refund_confirmed(reference)
                return (did.RefundDone(at, reference),)
            case "unknown" if not state.reason:  # with a reason the fleet does not know whether it knows
                self._ledger.refund_confirmed(reference)  # where there is no charge there is no money
                return (did.ChargeUnknown(at, reference),)
        self._line.counters["states-ignored"] += 1
        return ()

    def _created(self, state: ChargeState, at: Stamp) -> AnyEvent:
        showable = can_show(state.payload, self._panel)
        if not showable:
            log.error(
                "the code of %s, %d characters, has too many modules for this glass",
                state.reference,
                len(state.payload),
            )
            self._line.counters["codes-too-dense"] += 1
        return did.ChargeCreated(
            at,
            state.reference,
            state.payload,
            state.expires_ms,
            state.merchant,
            domain=state.domain,
            said_ms=state.at_ms,
            showable=showable,
        )

    def _paid(self, state: ChargeState, at: Stamp) -> Iterable[AnyEvent]:
        """Money came. What the ledger has settled is settled; what the core let go is given back to it first."""
        reference = state.reference
        standing = self._ledger.standing(reference)
        if standing in ("sale", "refund"):
            return
        if standing in ("open", "closed"):  # open, and the core watches it: then it hears nothing new
            payment = (
                self._ledger.payment(reference) if standing == "open" else self._ledger.reopen(reference)
            )
            if payment is not None:
                sold = self._ledger.sold_among((payment,))
                yield did.PaymentsRecovered(at, (payment,), restarted=False, sold=sold)
        yield did.ChargePaid(at, reference, Money(state.paid_minor, state.currency))
