"""What the fleet says of a charge, and what follows: each reference ends in exactly one sale or one refund.

Confirmations come often, late, out of order, for the screen or for somebody long gone; all come through here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from content.money import Money
from kiosk.core.effects import (
    CancelCharge,
    PrintReceipt,
    RecordRefund,
    RecordSale,
    RefundCharge,
)
from kiosk.core.events import (
    AnyEvent,
    ChargeCancelled,
    ChargeCreated,
    ChargeExpired,
    ChargeFailed,
    ChargePaid,
    ChargeRefused,
    ChargeScanned,
    ChargeUnknown,
    PaymentsRecovered,
    RefundDone,
    SaleRecorded,
    SaleRefused,
)
from kiosk.core.orders import MAX_ATTEMPTS, ORDER_LENGTH, Payment
from kiosk.core.paying import NOT_THIS_WAY, RECALLED, TOO_DENSE, give_up, where_to_choose
from kiosk.core.pending import ask_again, drop, on_screen, update, watch_anew
from kiosk.core.recalling import is_recalled
from kiosk.core.receipts import receipt_state
from kiosk.core.state import Attracting, Paying, Pending, Session, Thanking, Troubled, Turn

# --- no money yet ---------------------------------------------------------------------------------------------


def created(turn: Turn, event: ChargeCreated) -> None:
    """Show the payload, unless the charge shall end already or has nothing to show (a card)."""
    state, pending = turn.session.state, turn.session.pending.get(event.reference)
    if not isinstance(state, Paying) or state.reference != event.reference or pending is None:
        return
    if pending.outcome != "open" or state.wish or not event.payload or state.stage not in ("asking", "late"):
        return
    left = offered_ms(turn.session, pending.payment, event)
    if not event.showable or left <= 0:
        give_up(turn, "expire" if event.showable else TOO_DENSE)
        return
    turn.go(
        structs.replace(
            state,
            stage="waiting",
            until_ms=turn.now + left,
            payload=event.payload,
            offered_ms=left,
            merchant=event.merchant,
            domain=event.domain,
        )
    )
    update(turn, structs.replace(pending, next_ms=turn.now + turn.session.settings.poll_ms))


def offered_ms(session: Session, payment: Payment, event: ChargeCreated) -> int:
    """How long a charge is still offered: as the provider says, at most twice as long as was asked for.

    What is left by the fleet's own clock counts, so ours may be wrong by years; 0 where it is over already. A fleet that
    does not tell its time is believed where its clock and ours can agree; else it is as long as was asked for.
    """
    if event.expires_ms and event.said_ms:
        return max(0, min(event.expires_ms - event.said_ms, 2 * payment.ttl_ms))
    left = payment.asked_ms + payment.ttl_ms - session.at.wall_ms
    said = event.expires_ms - session.at.wall_ms
    if 0 < said <= 2 * payment.ttl_ms:
        return said
    return left if 0 < left <= payment.ttl_ms else payment.ttl_ms


def scanned(turn: Turn, event: ChargeScanned) -> None:
    """Somebody's phone has the payment open."""
    state = turn.session.state
    if isinstance(state, Paying) and state.reference == event.reference and state.stage == "waiting":
        turn.go(structs.replace(state, stage="scanned"))


def expired(turn: Turn, event: ChargeExpired) -> None:
    """Nobody paid in time."""
    _ended(turn, event.reference, "expired")


def cancelled(turn: Turn, event: ChargeCancelled) -> None:
    """The provider has cancelled it; by our wish after the time was up, that is an expiry."""
    state = turn.session.state
    wish = state.wish if isinstance(state, Paying) else ""
    key = {"expire": "expired", TOO_DENSE: TOO_DENSE}.get(wish, "cancelled")
    _ended(turn, event.reference, key)


def failed(turn: Turn, event: ChargeFailed) -> None:
    """The provider says no."""
    key = "failed"
    if event.reason in ("declined", "no-funds", "unknown-card"):
        key = "declined"
    elif event.reason in ("currency", "too-little", "too-much", "no-such-method", "refused", "bad-payload"):
        key = NOT_THIS_WAY
    elif event.reason == "provider-down":
        key = "provider-down"
    _ended(turn, event.reference, key)


def refused(turn: Turn, event: ChargeRefused) -> None:
    """There never was a charge."""
    _ended(turn, event.reference, "offline" if event.reason == "offline" else "provider-down")


def unknown(turn: Turn, event: ChargeUnknown) -> None:
    """The fleet has no such charge. On the screen that is believed where no payload was seen and the wait is over."""
    state = turn.session.state
    if on_screen(turn.session, event.reference) and isinstance(state, Paying):
        believed = not state.payload and state.stage in ("late", "cancelling")
    else:
        believed = True
    if believed:
        _ended(turn, event.reference, "provider-down")


def _ended(turn: Turn, reference: str, key: str) -> None:
    """No money came and none will: say so to whoever waits. It is still watched, for providers err."""
    pending = turn.session.pending.get(reference)
    if pending is None or pending.outcome != "open":
        return
    until = turn.now + turn.session.settings.linger_ms
    update(turn, structs.replace(pending, outcome="ended", until_ms=until))
    state = turn.session.state
    if isinstance(state, Paying) and state.reference == reference and state.wish == "cancel":
        turn.go(where_to_choose(turn.session))
        turn.set(touched_ms=turn.now)
        turn.say("cancelled")
    elif isinstance(state, Paying) and state.reference == reference and state.wish == RECALLED:
        turn.go(where_to_choose(turn.session))  # and from there to why: kiosk.core.recalling
        turn.set(touched_ms=turn.now)
    elif concerns(turn.session, reference):
        retry = turn.session.order is not None and turn.session.attempts < MAX_ATTEMPTS
        turn.set(touched_ms=turn.now)
        turn.go(Troubled(key, pending.payment, retry, claim=False))


# --- money came -----------------------------------------------------------------------------------------------


def paid(turn: Turn, event: ChargePaid) -> None:
    """Sell if that is still possible, else give the money back; what was settled stays settled."""
    session, reference = turn.session, event.reference
    pending = session.pending.get(reference)
    if reference in session.settled or (pending is not None and pending.outcome == "paid"):
        return
    if pending is None:
        refund(turn, reference, event.amount, "unknown-reference")
    elif event.amount != pending.payment.amount:
        refund(turn, reference, event.amount, "amount-mismatch")
    elif is_recalled(session, pending):
        refund(turn, reference, event.amount, RECALLED)
    elif already_sold(session, pending):
        refund(turn, reference, event.amount, "already-sold")
    elif is_here(session, pending) or pending.payment.claim_shown:
        _sell(turn, pending)
    else:
        refund(turn, reference, event.amount, "ended")


def already_sold(session: Session, pending: Pending) -> bool:
    """Whether another attempt has paid for the same order."""
    order = pending.payment.order.order
    others = (one for one in session.pending.values() if one.outcome == "paid")
    return order in session.sold or any(one.payment.order.order == order for one in others)


def is_here(session: Session, pending: Pending) -> bool:
    """Whether the person who wanted this order stands at the wall and still wants just this."""
    order = session.order
    return pending.visit == session.visit and order is not None and order.order == pending.payment.order.order


def concerns(session: Session, reference: str) -> bool:
    """Whether the screen is about that payment: waits for it, or says what went wrong with it."""
    state = session.state
    if isinstance(state, Troubled):
        return state.payment.reference == reference
    return on_screen(session, reference)


def _sell(turn: Turn, pending: Pending) -> None:
    """Have the ledger record the sale; thanks come when it has."""
    session, reference = turn.session, pending.payment.reference
    again = turn.now + session.settings.late_poll_ms
    update(turn, structs.replace(pending, outcome="paid", asked=0, next_ms=again))
    turn.do(RecordSale(pending.payment, pending.payment.order.claim))
    if is_here(session, pending):
        _leave_other_attempt(turn, reference)
        turn.go(Paying(reference, "confirming", turn.now + session.settings.record_ms))


def _leave_other_attempt(turn: Turn, reference: str) -> None:
    """An earlier attempt pays while a later one is on the screen: that one shall end, in the background."""
    state = turn.session.state
    if not isinstance(state, Paying) or state.reference == reference:
        return
    other = turn.session.pending.get(state.reference)
    if other is not None and other.outcome == "open":
        turn.do(CancelCharge(state.reference))
        update(turn, structs.replace(other, ending=True, asked=0))


def recorded(turn: Turn, event: SaleRecorded) -> None:
    """The sale is in the ledger: thanks, and a receipt."""
    pending = turn.session.pending.get(event.reference)
    if pending is None or pending.outcome != "paid":
        return
    payment = pending.payment
    _settle(turn, event.reference)
    sold = (*turn.session.sold, payment.order.order)[-turn.session.settings.max_settled :]
    turn.set(sold=sold)
    if not concerns(turn.session, event.reference):
        return
    receipt = receipt_state(turn.session)
    turn.set(basket=(), order=None, attempts=0, touched_ms=turn.now, warned_ms=None)
    turn.go(Thanking(payment, receipt))
    if receipt == "printing":
        turn.do(PrintReceipt(payment, payment.order.claim, turn.session.language))


def not_recorded(turn: Turn, event: SaleRefused) -> None:
    """The ledger says no: it knows better (settled, sold), or its storage fails and it is asked again."""
    pending = turn.session.pending.get(event.reference)
    if pending is None or pending.outcome != "paid":
        return
    if event.reason == "order-sold":
        refund(turn, event.reference, pending.payment.amount, "already-sold")
    elif event.reason == "settled":
        _settle(turn, event.reference)
        if on_screen(turn.session, event.reference):
            turn.set(touched_ms=turn.now)
            turn.go(Troubled("unsure", pending.payment, retry=False, claim=True))


def refund(turn: Turn, reference: str, amount: Money, reason: str) -> None:
    """Give back what came under a reference, and tell whoever waits for it."""
    pending = turn.session.pending.get(reference)
    order = pending.payment.order.order if pending else reference[:ORDER_LENGTH]
    about_it = concerns(turn.session, reference)
    _settle(turn, reference)
    turn.do(RecordRefund(reference, order, amount, reason), RefundCharge(reference, amount, reason))
    if pending is not None and about_it:
        retry = reason == "amount-mismatch" and turn.session.order is not None
        key = {"amount-mismatch": "wrong-amount", RECALLED: RECALLED}.get(reason, "refunded")
        turn.set(touched_ms=turn.now)
        turn.go(Troubled(key, pending.payment, retry and turn.session.attempts < MAX_ATTEMPTS, claim=True))


def refund_done(turn: Turn, event: RefundDone) -> None:
    """The money is on its way back. Where none was known of, it came and went while nobody looked."""
    pending = turn.session.pending.get(event.reference)
    if pending is not None and pending.outcome == "open":
        _ended(turn, event.reference, "refunded")
        return
    state = turn.session.state
    if isinstance(state, Troubled) and state.payment.reference == event.reference:
        turn.say("refund-done", tone="good")


def _settle(turn: Turn, reference: str) -> None:
    drop(turn, reference)
    turn.set(settled=(*turn.session.settled, reference)[-turn.session.settings.max_settled :])


# --- after a restart ------------------------------------------------------------------------------------------


def recovered(turn: Turn, event: PaymentsRecovered) -> None:
    """Watch what the ledger holds open; who was paying when the power went sees the payment again."""
    fresh = [
        one
        for one in event.payments
        if one.reference not in turn.session.pending and one.reference not in turn.session.settled
    ]
    turn.set(sold=(*turn.session.sold, *event.sold)[-turn.session.settings.max_settled :])
    resumed = _to_resume(turn.session, fresh) if event.restarted else None
    for payment in fresh:
        visit = turn.session.visit if payment is resumed else 0
        keep = turn.now + turn.session.settings.keep_ms
        pending = Pending(payment, visit, turn.now, keep, ending=payment is not resumed)
        if payment is resumed:
            _resume(turn, payment)
        watch_anew(turn, pending)
        ask_again(turn, pending)


def _to_resume(session: Session, payments: list[Payment]) -> Payment | None:
    """The youngest payment somebody may still be standing in front of."""
    if not isinstance(session.state, Attracting):
        return None
    live = [
        payment
        for payment in payments
        if 0 <= session.at.wall_ms - payment.asked_ms < payment.ttl_ms
        and not payment.claim_shown
        and payment.order.order not in session.sold
        and session.recalled.isdisjoint(line.gtin for line in payment.order.lines)
    ]
    return max(live, key=lambda payment: (payment.asked_ms, payment.reference), default=None)


def _resume(turn: Turn, payment: Payment) -> None:
    """Show it again. Which attempts its order had is not known any more, so there are no others."""
    turn.set(order=payment.order, attempts=MAX_ATTEMPTS, touched_ms=turn.now)
    turn.go(Paying(payment.reference, "late", turn.now + turn.session.settings.late_ms))


HANDLERS: dict[type[AnyEvent], Callable[[Turn, Any], None]] = {
    ChargeCreated: created,
    ChargeRefused: refused,
    ChargeScanned: scanned,
    ChargePaid: paid,
    ChargeExpired: expired,
    ChargeCancelled: cancelled,
    ChargeFailed: failed,
    ChargeUnknown: unknown,
    RefundDone: refund_done,
    SaleRecorded: recorded,
    SaleRefused: not_recorded,
    PaymentsRecovered: recovered,
}
