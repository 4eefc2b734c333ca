"""Which facings people saw: gathered per aisle and minute, and told to the agent when either ends."""

from __future__ import annotations

from kiosk.core.effects import RecordImpressions
from kiosk.core.state import Browsing, Sightings, Turn

MAX_FACINGS = 512  # distinct ones kept before they are told early
LONGEST_MS = 60_000  # nobody looks at a facing longer within a minute: a larger figure is a slip


def see(turn: Turn, facings: tuple[tuple[int, int], ...]) -> None:
    """Count facings that were wholly on the glass; figures that make no sense are left out."""
    if not isinstance(turn.session.state, Browsing):
        return
    flush_if_over(turn)
    minute = turn.session.at.wall_ms // 60_000
    seen = dict(turn.session.sightings.seen)
    for facing, shown_ms in facings[:MAX_FACINGS]:
        if facing > 0 and shown_ms > 0:
            times, total = seen.get(facing, (0, 0))
            seen[facing] = times + 1, total + min(shown_ms, LONGEST_MS)
    turn.set(sightings=Sightings(turn.session.aisle, minute, seen))
    if len(seen) >= MAX_FACINGS:
        flush(turn)


def flush_if_over(turn: Turn) -> None:
    """Tell what was seen, once the aisle, the minute or the browsing is over."""
    session, sightings = turn.session, turn.session.sightings
    here = isinstance(session.state, Browsing) and session.aisle == sightings.aisle
    if not here or session.at.wall_ms // 60_000 != sightings.minute:
        flush(turn)


def flush(turn: Turn) -> None:
    """Tell what was seen."""
    sightings = turn.session.sightings
    if sightings.seen:
        seen = tuple((facing, *figures) for facing, figures in sorted(sightings.seen.items()))
        turn.do(
            RecordImpressions(sightings.aisle, sightings.minute, seen, version=turn.session.store.version)
        )
        turn.set(sightings=Sightings())
