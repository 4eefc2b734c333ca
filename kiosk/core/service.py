"""A technician tests a peripheral, and the glass shows what to do. It never comes before somebody who is buying.

Whoever runs the test (devices.technician.service) sends its steps one after the other; what is answered on the glass goes back there.
"""

from __future__ import annotations

from kiosk.core.effects import TellDeviceTest
from kiosk.core.events import (
    AnswerGiven,
    AnyEvent,
    DeviceTestEnded,
    DeviceTestStepped,
    Dismissed,
    StartOverAsked,
)
from kiosk.core.idling import forget_visit
from kiosk.core.impressions import flush
from kiosk.core.state import Attracting, Closed, GuidedTest, Sleeping, Turn


def stepped(turn: Turn, event: DeviceTestStepped) -> None:
    """Show a step, where nobody is here or a test is on the glass already."""
    free = turn.session.alerted is None and isinstance(turn.session.state, Attracting | Closed | Sleeping)
    if not free and not isinstance(turn.session.state, GuidedTest):
        turn.do(TellDeviceTest("busy"))
        return
    flush(turn)
    turn.do(TellDeviceTest("shown"))
    turn.go(GuidedTest(event.shown, turn.now + max(0, event.shown.patience_ms)))


def ended(turn: Turn, event: DeviceTestEnded) -> None:
    """Back to the shop, or to what it is closed for."""
    if isinstance(turn.session.state, GuidedTest):
        _leave(turn)


def testing(turn: Turn, event: AnyEvent) -> None:
    """On the glass. What is scanned or tapped meanwhile is the test's, not the shop's."""
    state = turn.session.state
    assert isinstance(state, GuidedTest), "dispatched by state"
    match event:
        case AnswerGiven(yes=yes) if state.shown.asks:
            turn.do(TellDeviceTest("yes" if yes else "no"))
        case Dismissed() | StartOverAsked():
            turn.do(TellDeviceTest("stopped"))
            _leave(turn)
        case _:
            pass


def advance(turn: Turn) -> None:
    """A test that nobody goes on with gives the glass back."""
    state = turn.session.state
    if isinstance(state, GuidedTest) and turn.now >= state.until_ms:
        turn.do(TellDeviceTest("stopped"))
        _leave(turn)


def _leave(turn: Turn) -> None:
    forget_visit(turn)
    turn.go(Attracting())
