"""Two devices under one name, told from one that was started again, by nothing but their words. Pure.

Each start of an agent has a random session. One that ended never speaks again, so a session that speaks after another took
its place *returns*, and a copy of a card makes two sessions return by turns: the broker lets one connection live under a
name, so they throw each other out, over and over.

A single late word looks like a return as well: words of one session that come in another order are known by their
number, but the last word of the old agent can overtake the first of the new one where a log delivers again. So it takes
RETURNS of them within WINDOW_MS. What a broker says for a dead kiosk, and good-byes, are no signs of life.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs

from mqtt.messages import Presence

RETURNS: Final = (
    5  # A B A B A B A: a late word makes two returns at most, so two late words cannot look like this
)
WINDOW_MS: Final = 30 * 60_000
REMEMBERED: Final = 6  # sessions of one kiosk; a copy needs two
DEAD: Final = frozenset({"lost", "closed"})


class Session(Struct, frozen=True, kw_only=True):
    """One start of an agent, as it was heard. Times by the fleet's clock."""

    session: str
    boot: str
    machine: str
    epoch: str
    first_ms: int
    last_ms: int
    word: int


class Known(Struct, frozen=True):
    """What is remembered of a kiosk: its sessions, the one that spoke last at the end, and when one returned."""

    sessions: tuple[Session, ...] = ()
    returns: tuple[int, ...] = ()  # of one of `pair` after the other
    pair: frozenset[str] = frozenset()


class Suspected(Struct, frozen=True):
    """Two sessions live by turns."""

    sessions: tuple[Session, Session]
    since_ms: int
    returns: int


class Moved(Struct, frozen=True):
    """The kiosk speaks from another board than before."""

    sessions: tuple[Session, Session]  # before, now


Verdict = Suspected | Moved | None


def heard(known: Known, word: Presence, now_ms: int) -> tuple[Known, Verdict]:
    """What is known after a word of presence, and what it means."""
    if not word.session or word.state in DEAD:
        return known, None
    before = next((one for one in known.sessions if one.session == word.session), None)
    if before is not None and word.word and word.word <= before.word:
        return known, None  # late, or said again
    if before is None:
        now = Session(
            session=word.session, boot=word.boot, machine=word.machine, epoch=word.epoch, first_ms=now_ms,
            last_ms=now_ms, word=word.word,
        )  # fmt: skip
    else:
        now = structs.replace(before, last_ms=now_ms, word=word.word)
    last = known.sessions[-1] if known.sessions else None
    others = tuple(one for one in known.sessions if one.session != word.session)
    recent = tuple(at for at in known.returns if at > now_ms - WINDOW_MS)
    if before is None or last is None or last.session == word.session:
        after = Known((*others, now)[-REMEMBERED:], recent, known.pair)
        return after, _moved(last, now) if before is None else None
    pair = frozenset((last.session, now.session))
    after = Known((*others, now)[-REMEMBERED:], (*recent, now_ms) if pair == known.pair else (now_ms,), pair)
    if len(after.returns) < RETURNS:
        return after, None
    return after, Suspected((last, now), after.returns[0], len(after.returns))


def _moved(last: Session | None, now: Session) -> Moved | None:
    if last is None or not last.machine or not now.machine or last.machine == now.machine:
        return None
    return Moved((last, now))
