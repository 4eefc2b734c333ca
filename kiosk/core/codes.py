"""A code somebody brings along: typed or scanned, asked of the fleet, and what it stands for said on the glass.

Two kinds: a claim code (8 characters) tells how an order stands, a basket code (6) brings a basket from a phone. What is
typed is nobody else's business: it is in no view, and what was found leaves the glass as fast as a thank you.
"""

from __future__ import annotations

from msgspec import structs

from kiosk.core import basket
from kiosk.core.effects import AskCode, PrintReceipt, RecordEngagement, RecordScan
from kiosk.core.events import (
    AnyEvent,
    BasketOpened,
    CodeEntered,
    CodeEntryAsked,
    CodeScanned,
    CodeTold,
    Dismissed,
    ReceiptAsked,
    ReceiptFailed,
    ReceiptPrinted,
    RetryAsked,
    StartOverAsked,
    WentBack,
)
from kiosk.core.idling import reset
from kiosk.core.receipts import receipt_state
from kiosk.core.state import Browsing, CodeAsked, CodeResult, EnterCode, Reviewing, Session, Turn

CLAIM, BASKET, READY = "claim", "basket", "ready"
KINDS = frozenset({CLAIM, BASKET})
SCANNED = {"pickup": CLAIM, "basket": BASKET}  # kind of a scan -> what the fleet is asked for


def open_entry(turn: Turn) -> None:
    """Show the keys."""
    turn.go(EnterCode())
    turn.do(RecordEngagement("code"))


def entering(turn: Turn, event: AnyEvent) -> None:
    """At the keys."""
    match event:
        case CodeEntered(kind=kind, code=code) if kind in KINDS:
            ask(turn, kind, code)
        case CodeEntered():
            turn.say("code-unreadable", tone="bad")
        case CodeScanned(kind=kind) if kind in SCANNED:
            scanned(turn, event)
        case CodeScanned():
            turn.do(RecordScan(event.kind, "refused"))
            turn.say("code-unreadable", tone="bad")
        case WentBack():
            turn.go(Browsing())
        case StartOverAsked():
            reset(turn, "start-over")
        case _:
            pass


def scanned(turn: Turn, event: CodeScanned) -> None:
    """A claim or basket code was held before the scanner."""
    turn.do(RecordScan(event.kind, "code"))
    ask(turn, SCANNED[event.kind], event.text)


def ask(turn: Turn, kind: str, code: str) -> None:
    """Ask the fleet; without it, say at once that the code stays good."""
    if not turn.session.online:
        turn.go(CodeResult(kind, "offline"))
        return
    turn.do(AskCode(code))
    turn.go(CodeAsked(kind, code, turn.now + turn.session.settings.code_ms))


def waiting(turn: Turn, event: AnyEvent) -> None:
    """The fleet is asked."""
    state = turn.session.state
    assert isinstance(state, CodeAsked), "dispatched by state"
    match event:
        case CodeTold(code=code) if code == state.code:
            _told(turn, event)
        case WentBack():
            turn.go(EnterCode())
        case StartOverAsked():
            reset(turn, "start-over")
        case _:
            pass


def advance(turn: Turn) -> None:
    """No answer in time is no answer: nothing is assumed of the code."""
    state = turn.session.state
    if isinstance(state, CodeAsked) and turn.now >= state.until_ms:
        turn.set(touched_ms=turn.now)
        turn.go(CodeResult(state.kind, "offline"))


def _told(turn: Turn, told: CodeTold) -> None:
    turn.set(touched_ms=turn.now)
    turn.do(RecordEngagement("code-told", told.kind if told.kind == BASKET else told.state or "unknown"))
    if told.kind == BASKET:
        _take_over(turn, told)
    elif told.kind == CLAIM:
        turn.go(CodeResult(CLAIM, told.state, told.payment, told.since_ms))
    else:
        turn.go(CodeResult("unknown", told.state, wait_s=told.wait_s))


def _take_over(turn: Turn, told: CodeTold) -> None:
    """The phone's basket becomes this session's; what is in both is not bought twice."""
    missing = list(told.unknown)
    for product, quantity in told.basket:
        wanted = max(quantity, basket.quantity_of(turn.session, product.gtin))
        if not basket.carry(turn, product, wanted):
            missing.append(basket.name_of(turn.session, product))
    if missing:
        turn.go(CodeResult(BASKET, "partly" if turn.session.basket else "nothing", missing=tuple(missing)))
        return
    turn.go(Reviewing())
    turn.say("basket-here", tone="good")


def result(turn: Turn, event: AnyEvent) -> None:
    """What the code stands for."""
    state = turn.session.state
    assert isinstance(state, CodeResult), "dispatched by state"
    match event:
        case ReceiptAsked():
            _print(turn, state)
        case ReceiptPrinted(reference=reference) if state.payment and reference == state.payment.reference:
            turn.go(structs.replace(state, receipt="printed"))
        case ReceiptFailed(reference=reference, why=why) if (
            state.payment and reference == state.payment.reference
        ):
            turn.go(structs.replace(state, receipt="no-paper" if why == "no-paper" else "no-printer"))
        case RetryAsked():
            turn.go(EnterCode())
        case BasketOpened() if turn.session.basket:
            turn.go(Reviewing())
        case CodeScanned(kind=kind) if kind in SCANNED:
            scanned(turn, event)
        case CodeScanned():
            turn.do(RecordScan(event.kind, "refused"))
            turn.say("one-moment")
        case Dismissed() | WentBack() if turn.session.basket:
            turn.go(Reviewing() if state.kind == BASKET else Browsing())
        case Dismissed() | WentBack() | StartOverAsked():
            reset(turn, "done")
        case CodeEntryAsked():
            turn.go(EnterCode())
        case _:
            pass


def may_print(session: Session, state: CodeResult) -> bool:
    """Whether a receipt is offered: of what is paid and still to be handed over, once, where it can be printed."""
    ready = receipt_state(session) == "printing"
    return state.key == READY and state.payment is not None and not state.receipt and ready


def _print(turn: Turn, state: CodeResult) -> None:
    payment = state.payment
    if payment is None or not may_print(turn.session, state):
        return
    turn.go(structs.replace(state, receipt="printing"))
    turn.do(PrintReceipt(payment, payment.order.claim, turn.session.language, state.since_ms))
