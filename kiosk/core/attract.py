"""What plays while nobody is here. content.playlist chooses; here is when it is asked, and what is told of every play."""

from __future__ import annotations

from content.playlist import HOW, played
from kiosk.core.effects import RecordPlay
from kiosk.core.state import (
    AnyState,
    Attracting,
    Closed,
    GuidedTest,
    Session,
    Sleeping,
    Turn,
    plan_for,
    up,
)

__all__ = ["HOW", "advance", "choose", "count_play", "due_ms", "slide_of"]


def slide_of(state: Attracting) -> str:
    """The slide that is up."""
    return state.choice.slide if state.choice else HOW


def due_ms(state: Attracting) -> int:
    """When the next slide comes, monotonic."""
    return state.since_ms + (state.choice.ms if state.choice else 0)


def advance(turn: Turn) -> None:
    """The next slide, where its time has come."""
    state = turn.session.state
    if isinstance(state, Attracting) and turn.now >= due_ms(state):
        turn.go(Attracting())


def choose(turn: Turn) -> None:
    """Bring up a slide, where the loop has come back without one: after what was up before has been counted."""
    state = turn.session.state
    if isinstance(state, Attracting) and state.choice is None:
        turn.go(up(turn.session))


def count_play(turn: Turn, before: Session) -> None:
    """Count what was up before this step and is no more, where nothing covered it. Its time is monotonic: clocks may jump."""
    state = before.state
    if not isinstance(state, Attracting) or turn.session.state == state or state.choice is None:
        return
    shown = turn.now - state.since_ms
    if shown <= 0 or before.identifying is not None or before.alerted is not None:
        return
    choice, slot = state.choice, state.choice.slot
    plan = plan_for(before.store, before.settings)
    turn.set(history=played(before.history, plan, slot, choice.kind, choice.owed, state.since_ms, shown))
    if slot is None:
        turn.set(how_ms=before.how_ms + shown)
        return
    ended = _why(turn, before, shown >= choice.ms, cut=choice.ms < slot.ms)
    advert = next((each for each in before.store.adverts if each.key == slot.creative), None)
    turn.do(
        RecordPlay(
            advert=slot.creative, shown_ms=shown, version=before.store.version,
            creative=advert.sha256 if advert else "", name=(advert.name or advert.key) if advert else "",
            playlist=slot.playlist, booking=slot.booking, kind=choice.kind,
            began_ms=state.wall_ms, began_mono_ms=state.since_ms,
            ended=ended, touched=ended == "person" and turn.session.advert == slot.creative, how_ms=before.how_ms,
        )
    )  # fmt: skip
    turn.set(how_ms=0)


def _why(turn: Turn, before: Session, whole: bool, *, cut: bool) -> str:
    """Why it ended, as in RecordPlay."""
    state: AnyState = turn.session.state
    if isinstance(state, Attracting):
        if before.store is not turn.session.store and not whole:
            return "store"
        if not whole:
            return "covered"
        return "hours" if cut else "end"
    if isinstance(state, Sleeping):
        return "night"
    return "closed" if isinstance(state, Closed | GuidedTest) else "person"
