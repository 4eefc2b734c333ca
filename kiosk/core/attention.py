"""What an operator has the wall do while it sells: say which kiosk it is, and be dark at night. Money comes first.

Whether it may be disturbed is told here, too.
"""

from __future__ import annotations

from kiosk.core.effects import TellIdentified
from kiosk.core.events import ByPerson, IdentifyAsked, NightChanged
from kiosk.core.impressions import flush
from kiosk.core.state import (
    Attracting,
    Closed,
    Identifying,
    Paying,
    Session,
    Sleeping,
    Tapping,
    Thanking,
    Troubled,
    Turn,
)


def money_in_flight(session: Session) -> bool:
    """Whether somebody is paying, or has not yet been told how it ended, or what they paid is not recorded yet."""
    if isinstance(session.state, Tapping | Paying | Thanking | Troubled):
        return True
    return any(one.outcome == "paid" for one in session.pending.values())


def attended(session: Session) -> bool:
    """Whether somebody is at the wall, as far as it knows."""
    return not isinstance(session.state, Attracting | Closed | Sleeping)


# --- which kiosk this is --------------------------------------------------------------------------------------


def identify_asked(turn: Turn, event: IdentifyAsked) -> None:
    """Say it from now on; a later command takes the place of an earlier one. An alert comes before it."""
    if turn.session.alerted is not None:
        turn.do(TellIdentified(event.id, "alert"))
        return
    _end(turn, "another")
    _slide_anew(turn)
    until = turn.now + event.seconds * 1000
    turn.set(identifying=Identifying(event.id, event.address, event.colour, until, event.force))


def somebody_came(turn: Turn, event: ByPerson) -> None:
    """Whoever touches the wall wants something else of it."""
    _end(turn, "touched")


def alert_came(turn: Turn) -> None:
    """An alert takes the glass."""
    _end(turn, "alert")


def follow_money(turn: Turn) -> None:
    """It never lies over a payment, unless it was forced."""
    shown = turn.session.identifying
    if shown is not None and not shown.force and money_in_flight(turn.session):
        _end(turn, "money")


def advance(turn: Turn) -> None:
    """It leaves by itself."""
    shown = turn.session.identifying
    if shown is not None and turn.now >= shown.until_ms:
        _end(turn, "time")


def _end(turn: Turn, why: str) -> None:
    shown = turn.session.identifying
    if shown is not None:
        turn.set(identifying=None)
        turn.do(TellIdentified(shown.id, why))
        _slide_anew(turn)


def _slide_anew(turn: Turn) -> None:
    """What plays is covered from now on, or no more: only what could be seen counts (attract.count_play)."""
    if isinstance(turn.session.state, Attracting):
        turn.go(Attracting())


# --- night ----------------------------------------------------------------------------------------------------


def night_changed(turn: Turn, event: NightChanged) -> None:
    """Remember it. The panel goes dark when nobody is here; it is light again at once."""
    turn.set(dark=event.dark)
    if not event.dark and isinstance(turn.session.state, Sleeping):
        wake(turn)


def sleep_due_ms(session: Session) -> int | None:
    """When the panel goes dark, monotonic; None where it does not."""
    if not session.dark or not isinstance(session.state, Attracting | Closed):
        return None
    return session.touched_ms + session.settings.wall_idle_ms


def fall_asleep(turn: Turn) -> None:
    """Dark when it is time and nobody has been here for a while."""
    due = sleep_due_ms(turn.session)
    if due is not None and turn.now >= due:
        flush(turn)
        turn.go(Sleeping())


def wake(turn: Turn) -> None:
    """Back to the attract loop; where the shop is closed, that is said in the same step."""
    turn.go(Attracting())
