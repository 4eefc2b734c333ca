"""The station operator's line on the glass: which one now, and when the next comes. It changes by a cut, it never runs: text
that moves is read worse, and not at all by some.
"""

from __future__ import annotations

from content.model import text_in
from content.playlist import Ticker, TickerLine
from content.schedule import is_on, next_change
from kiosk import views
from kiosk.core.state import Attracting, Browsing, Session

DAY_MS = 86_400_000


def shown(session: Session) -> views.Ticker | None:
    """The line that is up, None where there is none. While nobody is here it speaks the store's languages in turn, to
    whoever is shopping it speaks theirs.
    """
    ticker = _ticker(session)
    lines = _on(session, ticker) if ticker else []
    if ticker is None or not lines:
        return None
    tags = _languages(session)
    turn = session.at.mono_ms // _ms(ticker)
    line, tag = lines[turn // len(tags) % len(lines)], tags[turn % len(tags)]
    return views.Ticker(text_in(line.texts, tag), tag, min(250, max(100, ticker.area_per_mille)))


def due_ms(session: Session) -> int | None:
    """When it changes, monotonic; None where it does not by itself."""
    ticker = _ticker(session)
    if ticker is None:
        return None
    wanted = []
    if len(_on(session, ticker)) * len(_languages(session)) > 1:
        wanted.append((session.at.mono_ms // _ms(ticker) + 1) * _ms(ticker))
    if (now := session.at.now) is not None:
        for line in ticker.lines:
            change = next_change(line.hours, now) if line.hours else None
            if change is not None and (after := change * 1000 - session.at.wall_ms) <= DAY_MS:
                wanted.append(session.at.mono_ms + max(0, after))
    return min(wanted, default=None)


def _ticker(session: Session) -> Ticker | None:
    """The ticker, on screens that have a place for it."""
    return session.store.ticker if isinstance(session.state, Attracting | Browsing) else None


def _on(session: Session, ticker: Ticker) -> list[TickerLine]:
    lines = [line for line in ticker.lines if line.hours is None or is_on(line.hours, session.at.now)]
    return [line for line in lines if line.urgent] or lines


def _languages(session: Session) -> list[str]:
    if isinstance(session.state, Browsing):
        return [session.language]
    return [language.tag for language in session.store.languages] or [session.language]


def _ms(ticker: Ticker) -> int:
    return min(60, max(4, ticker.seconds)) * 1000
