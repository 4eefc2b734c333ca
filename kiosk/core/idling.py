"""Nobody touches the glass: a warning, then the next person's turn. Where money is in flight nothing of this happens."""

from __future__ import annotations

from kiosk.core.effects import RecordEngagement
from kiosk.core.events import ByPerson, StayAsked
from kiosk.core.impressions import flush
from kiosk.core.state import (
    Attracting,
    Browsing,
    Choosing,
    Closed,
    CodeAsked,
    CodeResult,
    EnterCode,
    GuidedTest,
    Paying,
    Reviewing,
    Session,
    Sleeping,
    Tapping,
    Thanking,
    Troubled,
    Turn,
    Viewing,
    default_language,
)


def idle_ms(session: Session) -> int | None:
    """How long the screen waits for a touch; None where it does not."""
    settings = session.settings
    match session.state:
        case Browsing():
            return settings.wall_idle_ms
        case Viewing():
            return settings.product_idle_ms
        case Reviewing():
            return settings.basket_idle_ms
        case Choosing():
            return settings.choose_idle_ms
        case EnterCode() | CodeResult():
            return settings.code_idle_ms
        case Troubled():
            return settings.problem_idle_ms
        case Thanking():
            return settings.thanks_ms
        case Closed():
            return settings.wall_idle_ms if _left_changed(session) else None
        case Attracting() | Tapping() | Paying() | CodeAsked() | Sleeping() | GuidedTest():
            return None


def due_ms(session: Session) -> int | None:
    """When idling goes a step further, monotonic."""
    patience = idle_ms(session)
    if patience is None:
        return None
    if session.warned_ms is not None:
        return session.warned_ms + session.settings.warn_ms
    return session.touched_ms + patience


def someone_is_here(turn: Turn, event: ByPerson) -> None:
    """Any sign of a person ends the waiting."""
    if isinstance(event, StayAsked) and turn.session.warned_ms is not None:
        turn.do(RecordEngagement("stay"))
    turn.set(touched_ms=turn.now, warned_ms=None)


def advance(turn: Turn) -> None:
    """Warn or reset, where the time has come."""
    due = due_ms(turn.session)
    if due is None or turn.now < due:
        return
    match turn.session.state:
        case Thanking():
            reset(turn, "thanks")
        case Closed():
            turn.set(language=default_language(turn.session.store), reach=False)
        case _ if turn.session.warned_ms is None:
            turn.set(warned_ms=turn.now)
        case _:
            reset(turn, "idle")


def reset(turn: Turn, why: str) -> None:
    """The next person's turn. Payments that are still open go on in `pending`; nothing of them is forgotten."""
    assert not isinstance(turn.session.state, Paying), "money is in flight"
    flush(turn)
    turn.do(RecordEngagement("reset", why))
    forget_visit(turn)
    turn.go(Attracting())


def forget_visit(turn: Turn) -> None:
    """Put everything a person chose back to the beginning."""
    turn.set(
        visit=turn.session.visit + 1,
        basket=(),
        order=None,
        attempts=0,
        aisle="",
        advert="",
        language=default_language(turn.session.store),
        reach=False,
        warned_ms=None,
        touched_ms=turn.now,
    )


def _left_changed(session: Session) -> bool:
    return session.reach or session.language != default_language(session.store)
