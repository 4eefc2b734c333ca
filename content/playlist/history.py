"""What has played, as far as the next choice needs it: an hour. All of it is measured on the monotonic clock and in the
loop's own time (how long it has been on the glass), so a wall clock that jumps changes nothing here.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct, field

from content.playlist.plan import HOUR_MS, PPM, Plan, Slot

MOST_PLAYS: Final = 4096  # an hour of one-second slides, and some
TURN: Final = 1_000_000_000  # of weight 1

Kind = Literal["contract", "booked", "turn", "how"]


class Play(Struct, frozen=True):
    """One showing. `owed`: the contract's creatives could have been shown as well."""

    creative: str  # "" for how it works
    kind: Kind
    start_ms: int  # monotonic
    shown_ms: int
    owed: bool = False
    own: bool = False  # it was one of those


class History(Struct, frozen=True):
    """Bounded. `due`: slot -> when a booked one is to play, in the loop's time; `turns`: slot -> its next turn."""

    plays: tuple[Play, ...] = ()  # in order; the last hour's
    air_ms: int = 0  # the loop's own time
    due: dict[str, int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    turn: int = 0  # the last one that was taken: whoever joins, joins here
    contract_turn: int = 0
    since_how: int = 0  # turns taken since how it works was shown


def played(
    history: History, plan: Plan, slot: Slot | None, kind: Kind, owed: bool, start_ms: int, shown_ms: int
) -> History:
    """The history after a slide has left the glass; one that never was on it changes nothing. `slot` is None for how it works."""
    if shown_ms <= 0:
        return history
    air = history.air_ms + shown_ms
    play = Play(slot.creative if slot else "", kind, start_ms, shown_ms, owed, slot is not None and slot.own)
    plays = _last_hour((*history.plays, play), start_ms + shown_ms)
    keys = {each.key for each in (*plan.contracted, *plan.booked, *plan.free)}
    due = {key: at for key, at in history.due.items() if key in keys}
    turns = {key: at for key, at in history.turns.items() if key in keys}
    turn, contract_turn, since_how = history.turn, history.contract_turn, history.since_how
    if slot is not None and slot.share:
        due[slot.key] = due_after(history, slot, min(shown_ms, slot.ms))
    elif slot is not None and slot.own:
        contract_turn = max(contract_turn, turns.get(slot.key, contract_turn))
        turns[slot.key] = contract_turn + TURN // slot.weight
    elif slot is not None:
        turn = max(turn, turns.get(slot.key, turn))
        turns[slot.key] = turn + TURN // slot.weight
    if kind in ("turn", "how"):
        since_how = since_how + 1 if kind == "turn" else 0
    return History(plays, air, due, turns, turn, contract_turn, since_how)


def due_after(history: History, slot: Slot, shown_ms: int) -> int:
    """When a booked slot is due again: a period after it was due. It makes up for one period at most, so whoever comes back
    after hours of absence, or was never counted, does not fill the loop.
    """
    period = slot.ms * PPM // slot.share
    was = max(history.due.get(slot.key, history.air_ms), history.air_ms - period)
    return was + period * shown_ms // slot.ms


def _last_hour(plays: tuple[Play, ...], now_ms: int) -> tuple[Play, ...]:
    """Without what neither a cap nor the contract asks about any more: an hour by the clock, an hour of owed time."""
    owed = 0
    for index in range(len(plays) - 1, -1, -1):
        play = plays[index]
        if owed >= HOUR_MS and play.start_ms <= now_ms - HOUR_MS:
            return plays[index + 1 :][-MOST_PLAYS:]
        owed += play.shown_ms if play.owed else 0
    return plays[-MOST_PLAYS:]
