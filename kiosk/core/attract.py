"""What plays while nobody is here: adverts in their order, and between them how the wall works."""

from __future__ import annotations

from content.model import Store
from kiosk.core.effects import RecordPlay
from kiosk.core.settings import Settings
from kiosk.core.state import Attracting, Session, Turn

HOW = "how-it-works"


def slides(store: Store, every: int) -> tuple[str, ...]:
    """One round of the loop: keys of adverts, and HOW after each `every` of them and at the end."""
    keys = [advert.key for advert in store.adverts]
    loop: list[str] = []
    for start in range(0, len(keys), max(1, every)):
        loop += [*keys[start : start + max(1, every)], HOW]
    return tuple(loop) or (HOW,)


def slide_of(session: Session, state: Attracting) -> str:
    """The slide that is up."""
    loop = slides(session.store, session.settings.how_every)
    return loop[state.position % len(loop)]


def duration_ms(store: Store, slide: str, settings: Settings) -> int:
    """How long a slide stays: an advert as long as its author says (1 to 120 s), HOW as long as the settings say."""
    for advert in store.adverts:
        if advert.key == slide:
            return min(120, max(1, advert.seconds)) * 1000
    return settings.how_ms


def due_ms(session: Session, state: Attracting) -> int:
    """When the next slide comes, monotonic."""
    return state.since_ms + duration_ms(session.store, slide_of(session, state), session.settings)


def advance(turn: Turn) -> None:
    """The next slide, where its time has come."""
    state = turn.session.state
    if isinstance(state, Attracting) and turn.now >= due_ms(turn.session, state):
        length = len(slides(turn.session.store, turn.session.settings.how_every))
        turn.go(Attracting((state.position + 1) % length, turn.now))


def count_play(turn: Turn, before: Session) -> None:
    """Record the advert that was up before this step and is no more, where nothing covered it. Its time is monotonic:
    clocks may jump.
    """
    state = before.state
    if not isinstance(state, Attracting) or turn.session.state == state:
        return
    if not isinstance(turn.session.state, Attracting):
        turn.set(slide=state.position + 1)
    slide, shown = slide_of(before, state), turn.now - state.since_ms
    if slide != HOW and shown > 0 and before.identifying is None:
        turn.do(RecordPlay(slide, shown, before.store.version))
