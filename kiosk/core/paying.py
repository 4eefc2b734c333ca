"""The screens on which money moves: choosing a method, tapping a card, waiting for the provider, thanks, trouble.

What the provider says is in settling; here is what the person does and what time does. Time never ends a payment: it
turns a wait into a doubt (`late`), the doubt is asked about, and what stays in doubt leaves the person with a claim
code and goes on in the background.
"""

from __future__ import annotations

from msgspec import structs

from kiosk.core.browsing import scan_refused, scanned, viewing
from kiosk.core.codes import SCANNED
from kiosk.core.effects import CancelCharge, CreateCharge, QueryCharge, RecordEngagement, RememberPayment
from kiosk.core.events import (
    AnyEvent,
    BasketOpened,
    CancelAsked,
    CardTapped,
    CodeScanned,
    Dismissed,
    MethodChosen,
    ReceiptFailed,
    ReceiptPrinted,
    RetryAsked,
    StartOverAsked,
    WentBack,
)
from kiosk.core.idling import reset
from kiosk.core.orders import MAX_ATTEMPTS, Payment, reference_of
from kiosk.core.pending import interval_ms, watch_anew
from kiosk.core.state import (
    AnyState,
    Browsing,
    Choosing,
    Paying,
    Pending,
    Reviewing,
    Session,
    Tapping,
    Thanking,
    Troubled,
    Turn,
)
from kiosk.core.terms import offered

CARD = "card"
TOO_DENSE = "too-dense"
RECALLED = "recalled"
NOT_THIS_WAY = "not-this-way"
OTHER_WAY = (TOO_DENSE, NOT_THIS_WAY)  # the same method again would end the same way


def why_off(session: Session, method: str) -> str:
    """Why a method cannot be used now, as a key; "" where it can."""
    if method not in offered(session.store, session.terms):
        return "method-off"
    if not session.online:
        return "offline"
    if method == CARD and session.devices.get("reader", ("absent", ""))[0] != "ready":
        return "no-reader"
    return ""


# --- before money moves ---------------------------------------------------------------------------------------


def choosing(turn: Turn, event: AnyEvent) -> None:
    """How do you want to pay?"""
    match event:
        case MethodChosen(method=method):
            choose(turn, method)
        case WentBack() | BasketOpened():
            turn.go(Reviewing())
        case _:
            viewing(turn, event)


def choose(turn: Turn, method: str) -> None:
    """Pay `session.order` by that method, if it can be used."""
    session = turn.session
    reason = why_off(session, method)
    if session.order is None or session.attempts >= MAX_ATTEMPTS:
        reason = reason or "try-again"
    if reason:
        turn.say(reason, tone="bad")
        return
    turn.do(RecordEngagement("pay", method))
    if method == CARD:
        patience = session.settings.tap_ms
        turn.go(Tapping(turn.now + patience))
    else:
        ask(turn, method)


def tapping(turn: Turn, event: AnyEvent) -> None:
    """Hold your card here. No charge exists yet, so everybody may leave at once."""
    match event:
        case CardTapped(token=token) if why_off(turn.session, CARD):
            turn.say(why_off(turn.session, CARD), tone="bad")
        case CardTapped(token=token):
            ask(turn, CARD, token)
        case CancelAsked() | WentBack():
            turn.go(Choosing())
        case StartOverAsked():
            reset(turn, "start-over")
        case CodeScanned():
            scan_refused(turn, event)
        case _:
            pass


def ask(turn: Turn, method: str, card: str = "") -> None:
    """Write a new attempt down, then ask the fleet for its charge."""
    session, settings = turn.session, turn.session.settings
    assert session.order is not None, "an order was made at checkout"
    reference = reference_of(session.order.order, session.attempts)
    payment = Payment(reference, session.order, method, session.at.wall_ms, settings.charge_ttl_ms)
    turn.set(attempts=session.attempts + 1)
    watch_anew(
        turn, Pending(payment, session.visit, turn.now + settings.late_poll_ms, turn.now + settings.keep_ms)
    )
    turn.do(RememberPayment(payment), CreateCharge(payment, card))
    if card:
        turn.go(Paying(reference, "confirming", turn.now + settings.confirm_ms))
    else:
        turn.go(Paying(reference, "asking", turn.now + settings.ask_ms))


# --- while money is in flight ---------------------------------------------------------------------------------


def paying(turn: Turn, event: AnyEvent) -> None:
    """Nothing a person does here ends a payment but the wish to cancel, and that is asked of the provider."""
    match event:
        case CancelAsked() | WentBack() | StartOverAsked():
            wish_cancel(turn)
        case CodeScanned():
            scan_refused(turn, event)
        case _:
            pass


def wish_cancel(turn: Turn) -> None:
    """Ask for the charge to be cancelled. The answer may be that it is paid."""
    state = turn.session.state
    assert isinstance(state, Paying), "only a payment can be cancelled"
    pending = turn.session.pending.get(state.reference)
    if state.wish == "cancel" or pending is None or pending.outcome != "open":
        return
    turn.do(RecordEngagement("cancel"))
    give_up(turn, "cancel")


def give_up(turn: Turn, wish: str) -> None:
    """Ask for the charge on the screen to be cancelled, because of `wish` (state.Paying)."""
    state = turn.session.state
    assert isinstance(state, Paying), "only a payment can be cancelled"
    turn.do(CancelCharge(state.reference))
    until = turn.now + turn.session.settings.cancel_ms
    _end(turn, structs.replace(state, stage="cancelling", until_ms=until, wish=wish))


def advance(turn: Turn) -> None:
    """What time does to these screens."""
    state = turn.session.state
    if isinstance(state, Tapping) and turn.now >= state.until_ms:
        turn.go(Choosing())
        turn.set(touched_ms=turn.now)
        turn.say("no-card")
    elif isinstance(state, Paying) and turn.now >= state.until_ms:
        _overdue(turn, state)


def _overdue(turn: Turn, state: Paying) -> None:
    pending = turn.session.pending.get(state.reference)
    if pending is None:
        return
    if state.stage == "late" or pending.outcome == "paid":
        doubt(turn, pending, "not-recorded" if pending.outcome == "paid" else "unsure")
        return
    turn.do(QueryCharge(state.reference))
    until = turn.now + turn.session.settings.late_ms
    wish = state.wish if state.stage in ("asking", "cancelling") else "expire"
    late = structs.replace(state, stage="late", until_ms=until, wish=wish)
    if wish:
        _end(turn, late)
    else:
        turn.go(late)


def _end(turn: Turn, state: Paying) -> None:
    """The charge shall end from now on; be quick about asking."""
    pending = turn.session.pending[state.reference]
    turn.go(state)
    ending = structs.replace(pending, ending=True, asked=0)
    ending = structs.replace(ending, next_ms=turn.now + interval_ms(turn.session, ending))
    turn.set(pending={**turn.session.pending, state.reference: ending})


def doubt(turn: Turn, pending: Pending, key: str) -> None:
    """Nobody knows whether money moved: the person gets the claim code and may leave, the payment goes on."""
    payment = structs.replace(pending.payment, claim_shown=True)
    pending = structs.replace(pending, payment=payment, ending=pending.outcome == "open")
    turn.set(pending={**turn.session.pending, payment.reference: pending}, touched_ms=turn.now)
    turn.do(RememberPayment(payment))
    turn.go(Troubled(key, payment, retry=False, claim=True))


# --- afterwards -----------------------------------------------------------------------------------------------


def thanking(turn: Turn, event: AnyEvent) -> None:
    """Paid: here is your code. Whoever scans a product has read it, or is the next one."""
    state = turn.session.state
    assert isinstance(state, Thanking), "dispatched by state"
    match event:
        case Dismissed() | WentBack() | StartOverAsked():
            reset(turn, "done")
        case ReceiptPrinted(reference=reference) if reference == state.payment.reference:
            turn.go(structs.replace(state, receipt="printed"))
        case ReceiptFailed(reference=reference, why=why) if reference == state.payment.reference:
            turn.go(structs.replace(state, receipt="no-paper" if why == "no-paper" else "no-printer"))
        case CodeScanned(product=product, kind=kind) if product is not None or kind in SCANNED:
            reset(turn, "scan")
            scanned(turn, event)
        case CodeScanned():
            scan_refused(turn, event)
        case _:
            pass


def troubled(turn: Turn, event: AnyEvent) -> None:
    """What happened, what to do, and a code."""
    state = turn.session.state
    assert isinstance(state, Troubled), "dispatched by state"
    match event:
        case RetryAsked() if state.retry and state.key not in OTHER_WAY and turn.session.order is not None:
            choose(turn, state.payment.method)
        case RetryAsked() if state.retry:
            turn.go(where_to_choose(turn.session))
        case Dismissed() | WentBack() if state.retry:
            turn.go(where_to_choose(turn.session))
        case Dismissed() | WentBack() | StartOverAsked():
            reset(turn, "done")
        case CodeScanned():
            scan_refused(turn, event)
        case _:
            pass


def where_to_choose(session: Session) -> AnyState:
    """Back to choosing a method; to the basket or the shelves where the order cannot be tried again."""
    if session.order is not None and session.attempts < MAX_ATTEMPTS:
        return Choosing()
    return Reviewing() if session.basket else Browsing()
