"""Which moments prices on the glass went by of late. A clock comes to be trusted, loses that, or is set while somebody shops.

What they saw a moment ago was read by the clock as it was then, so a price of that moment is still given (`honour_s`).
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from kiosk.core.state import Reading, Session, Turn

STEP_MS: Final = 1_000  # what is less is a clock being kept in step
MOST: Final = 4  # a clock that is set so often within a minute is of no use to anybody


def follow(turn: Turn) -> None:
    """Before every event: the clock as it is now. A reading that is over lasted until now at most, in the buyer's favour."""
    at, known = turn.session.at, turn.session.readings
    ahead = at.wall_ms - at.mono_ms if at.trusted else None
    if known and _same(known[0].ahead_ms, ahead):
        return
    over = [structs.replace(one, until_ms=at.mono_ms) for one in known[:1]]
    turn.set(readings=(Reading(ahead), *over, *known[1:])[:MOST])


def _same(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= STEP_MS


def seen(session: Session) -> list[int | None]:
    """Moments (content.pricing's `now`) whose prices may stand on the glass or stood there within `honour_s`; now is the first."""
    now, honour_s = session.at.mono_ms, session.settings.honour_s
    moments = [session.at.now]
    if session.at.now is not None:
        moments.append(session.at.now - honour_s)
    for one in session.readings[1:]:
        if one.until_ms is not None and now - one.until_ms <= honour_s * 1000:
            moments += [one.now_at(one.until_ms), one.now_at(min(one.until_ms, now - honour_s * 1000))]
    return moments
