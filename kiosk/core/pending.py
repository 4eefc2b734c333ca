"""Payments the core watches, on the screen or not: when to ask about them again and when to let go."""

from __future__ import annotations

from msgspec import structs

from kiosk.core.effects import CancelCharge, ClosePayment, QueryCharge, RecordSale
from kiosk.core.state import Paying, Pending, Session, Turn


def on_screen(session: Session, reference: str) -> bool:
    """Whether that payment is what the screen is about."""
    return isinstance(session.state, Paying) and session.state.reference == reference


def interval_ms(session: Session, pending: Pending) -> int:
    """How long to wait before asking again: steadily for the screen, ever longer in the background."""
    settings, state = session.settings, session.state
    if isinstance(state, Paying) and state.reference == pending.payment.reference:
        return settings.poll_ms if state.stage in ("waiting", "scanned") else settings.late_poll_ms
    return min(settings.slowest_poll_ms, settings.late_poll_ms << min(pending.asked, 16))


def due_ms(pending: Pending) -> int:
    """When this payment needs attention, monotonic."""
    if pending.outcome == "ended":
        return pending.until_ms
    return min(pending.next_ms, pending.until_ms) if pending.outcome == "open" else pending.next_ms


def watch_anew(turn: Turn, pending: Pending) -> None:
    """Watch one more payment; where that is too many, the ledger takes the oldest back."""
    watched = dict(turn.session.pending)
    while len(watched) >= turn.session.settings.max_pending:
        oldest = next((r for r, p in watched.items() if not on_screen(turn.session, r)), None)
        if oldest is None:
            break
        turn.do(ClosePayment(oldest, "ended" if watched[oldest].outcome == "ended" else "unanswered"))
        del watched[oldest]
    watched[pending.payment.reference] = pending
    turn.set(pending=watched)


def update(turn: Turn, pending: Pending) -> None:
    """Replace what is known of a watched payment."""
    turn.set(pending={**turn.session.pending, pending.payment.reference: pending})


def drop(turn: Turn, reference: str) -> None:
    """Watch a payment no more."""
    turn.set(pending={name: one for name, one in turn.session.pending.items() if name != reference})


def advance(turn: Turn) -> None:
    """Ask about every payment whose time has come, and let go of those that were watched long enough."""
    for reference, pending in turn.session.pending.items():
        if turn.now < due_ms(pending):
            continue
        if (
            pending.outcome != "paid"
            and turn.now >= pending.until_ms
            and not on_screen(turn.session, reference)
        ):
            turn.do(ClosePayment(reference, "ended" if pending.outcome == "ended" else "unanswered"))
            drop(turn, reference)
        else:
            ask_again(turn, pending)


def ask_all(turn: Turn) -> None:
    """The fleet can be asked again: ask about everything that is open."""
    for pending in turn.session.pending.values():
        if pending.outcome == "open":
            ask_again(turn, structs.replace(pending, asked=0))


def ask_again(turn: Turn, pending: Pending) -> None:
    """Ask the ledger for what is paid, the fleet for what is open; what shall end is cancelled every second time."""
    reference = pending.payment.reference
    if pending.outcome == "paid":
        turn.do(RecordSale(pending.payment, pending.payment.order.claim))
    elif pending.outcome == "open" and turn.session.online:
        cancel = pending.ending and pending.asked % 2 == 1
        turn.do(CancelCharge(reference) if cancel else QueryCharge(reference))
    again = turn.now + interval_ms(turn.session, pending)
    until = max(pending.until_ms, again)
    update(turn, structs.replace(pending, asked=pending.asked + 1, next_ms=again, until_ms=until))
