"""Alerts have the glass before everything, alone, from the step in which they come until that in which they end.

What the glass was about goes on beneath and cannot be seen: money above all. A payment waits, is confirmed, recorded and
thanked for afterwards; its own time runs on. Everything else stands still until the glass is free again: nobody is
idle, no slide turns, no card is taken, no store is adopted, nothing closes, the panel does not sleep; and what people
touch or scan meanwhile is lost, for there was nothing to touch.
"""

from __future__ import annotations

from msgspec import structs

from content.alerts import LONGEST_MS, Alert
from kiosk.core import codes, impressions, paying, pending
from kiosk.core.attention import alert_came
from kiosk.core.effects import TellAlerts
from kiosk.core.events import AlertsArrived, AnyEvent, ByPerson, FacingsSeen, Stamp
from kiosk.core.state import Alerted, Announced, Attracting, GuidedTest, Session, Tapping, Turn
from kiosk.views import AlertWords, Emergency, Frame, reading_ms

# --- what comes -----------------------------------------------------------------------------------------------


def arrived(turn: Turn, event: AlertsArrived) -> None:
    """All that is in force, or will be: what is not among it is over."""
    found = sorted(event.alerts, key=lambda alert: alert.gravity)
    turn.set(alerts=tuple(announced(alert, event.said_ms, event.at) for alert in found))


def announced(alert: Alert, said_ms: int, at: Stamp) -> Announced:
    """An alert with its time on our monotonic clock, so that no jump of the wall clock ends it or brings it back.

    Where the wall clock is not trusted it begins at once, and one with an end lasts as long as it was to last when it
    was said (LONGEST_MS at most): it may stand too long, never too short.
    """
    if at.trusted:
        since = at.mono_ms + max(0, alert.onset_ms - at.wall_ms) if alert.onset_ms else at.mono_ms
        until = at.mono_ms + alert.until_ms - at.wall_ms if alert.until_ms else None
        return Announced(alert, said_ms, since, until, by_clock=True)
    until = None
    if alert.until_ms:
        lasts = alert.until_ms - (said_ms or alert.onset_ms or alert.until_ms - LONGEST_MS)
        until = at.mono_ms + min(LONGEST_MS, max(0, lasts))
    return Announced(alert, said_ms, at.mono_ms, until, by_clock=False)


def covers(session: Session, event: AnyEvent) -> bool:
    """Whether an event is lost, because an alert has the glass."""
    return session.alerted is not None and isinstance(event, ByPerson | FacingsSeen)


def in_force(session: Session) -> tuple[Alert, ...]:
    """The alerts whose time it is, the gravest first. Exercises wait while anything is real."""
    now = session.at.mono_ms
    found = tuple(
        one.alert
        for one in session.alerts
        if one.from_ms <= now and (one.until_ms is None or now < one.until_ms)
    )
    real = tuple(alert for alert in found if not alert.exercise)
    return real or found


def due_ms(session: Session) -> int | None:
    """When an alert begins, ends, or gives the glass to the next; None for never."""
    now = session.at.mono_ms
    moments = [when for one in session.alerts for when in (one.from_ms, one.until_ms) if when is not None]
    if session.alerted is not None and len(session.alerted.alerts) > 1:
        moments.append(session.alerted.since_ms + turn_ms(session, _shown(session.alerted)))
    return min((when for when in moments if when > now), default=None)


# --- before and after every event -----------------------------------------------------------------------------


def follow(turn: Turn) -> None:
    """Give the glass to the alerts whose time it is, or give it back."""
    session, at = turn.session, turn.session.at
    if not session.alerts and session.alerted is None:
        return
    if at.trusted and any(not one.by_clock for one in session.alerts):
        again = (one if one.by_clock else announced(one.alert, one.said_ms, at) for one in session.alerts)
        turn.set(alerts=tuple(again))
    found, before = in_force(turn.session), turn.session.alerted
    if not found:
        if before is not None:
            _give_back(turn, before)
        return
    if before is None:
        _take(turn)
    turn.set(alerted=_whose_turn(turn.session, before, found))
    if before is None or before.alerts != found:
        turn.do(TellAlerts(found))


def _whose_turn(session: Session, before: Alerted | None, found: tuple[Alert, ...]) -> Alerted:
    """A new one begins with the gravest; else each stands as long as it takes to read, one after the other."""
    now, ids = session.at.mono_ms, [one.id for one in found]
    if before is None or before.shown not in ids or set(ids) - set(before.ids):
        return Alerted(found, ids[0], now, now if before is None else before.covered_ms)
    if len(ids) > 1 and now >= before.since_ms + turn_ms(session, _shown(before)):
        following = ids[(ids.index(before.shown) + 1) % len(ids)]
        return Alerted(found, following, now, before.covered_ms)
    return structs.replace(before, alerts=found)


def _take(turn: Turn) -> None:
    """What could be seen until now is counted, and nothing from now on."""
    impressions.flush(turn)
    alert_came(turn)
    if isinstance(turn.session.state, Attracting):
        turn.go(Attracting())


def _give_back(turn: Turn, before: Alerted) -> None:
    """Exactly what was there, with its patience anew: whoever looked at the alert gets the time it took."""
    took = turn.now - before.covered_ms
    state = turn.session.state
    if isinstance(state, Attracting):
        turn.go(Attracting())
    elif isinstance(state, Tapping | GuidedTest):
        turn.go(structs.replace(state, until_ms=state.until_ms + took))
    turn.set(
        alerted=None,
        touched_ms=turn.now,
        warned_ms=None,
        notice_until_ms=turn.now + turn.session.settings.notice_ms,
    )
    turn.do(TellAlerts(()))


def time_passes(turn: Turn) -> None:
    """What time does beneath: payments go on, a code that nobody answers is not waited for."""
    if not isinstance(turn.session.state, Tapping):
        paying.advance(turn)
    codes.advance(turn)
    pending.advance(turn)


# --- what it looks like ---------------------------------------------------------------------------------------


def view(session: Session, alerted: Alerted) -> Emergency:
    """The alert whose turn it is."""
    alert = _shown(alerted)
    words = words_of(session, alert)
    return Emergency(
        frame=Frame(words[0].language),
        alert=alert.id,
        severity=alert.severity,
        sign=alert.sign,
        sender=alert.sender,
        words=words,
        exercise=alert.exercise,
        position=alerted.ids.index(alerted.shown) + 1,
        count=len(alerted.ids),
    )


def words_of(session: Session, alert: Alert) -> tuple[AlertWords, ...]:
    """In the station's languages, as far as the alert has them ("zh-Hant" will do for "zh"); in all it has where none is theirs."""
    tags: list[str] = []
    for known in session.store.languages:
        close = (tag for tag in alert.words if tag.partition("-")[0] == known.tag.partition("-")[0])
        tag = known.tag if known.tag in alert.words else next(close, "")
        if tag and tag not in tags:
            tags.append(tag)
    return tuple(
        AlertWords(tag, said.headline, said.description, said.instruction)
        for tag in tags or alert.words
        for said in (alert.words[tag],)
    )


def turn_ms(session: Session, alert: Alert) -> int:
    """How long an alert stands before another of equal right has its turn: as long as all its languages take."""
    return sum(reading_ms(words) for words in words_of(session, alert))


def _shown(alerted: Alerted) -> Alert:
    return next(one for one in alerted.alerts if one.id == alerted.shown)
