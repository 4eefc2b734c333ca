"""When a receipt is printed: at once, or when paper is back while its buyer still stands there."""

from __future__ import annotations

from msgspec import structs

from kiosk.core.effects import PrintReceipt
from kiosk.core.state import CodeResult, Session, Thanking, Turn

CAN_PRINT = ("", "paper-low")  # of a printer that is ready: its detail


def receipt_state(session: Session) -> str:
    """What can be said of the receipt before it is printed."""
    state, detail = session.devices.get("printer", ("absent", ""))
    if state == "ready" and detail in CAN_PRINT:
        return "printing"
    return "no-paper" if (state, detail) == ("ready", "no-paper") else "no-printer"


def paper_back(turn: Turn) -> None:
    """What was owed for want of paper comes out now; once the next buyer began, nothing of the last one's does.

    Only "no-paper" owes: no whole copy can be on paper then (devices.events.NotPrinted). Where one may be, nobody prints again.
    """
    state = turn.session.state
    if not isinstance(state, Thanking | CodeResult) or state.receipt != "no-paper" or state.payment is None:
        return
    if receipt_state(turn.session) == "printing":
        paid_ms = state.since_ms if isinstance(state, CodeResult) else 0
        turn.go(structs.replace(state, receipt="printing"))
        turn.do(PrintReceipt(state.payment, state.payment.order.claim, turn.session.language, paid_ms))
