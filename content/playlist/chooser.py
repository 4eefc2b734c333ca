"""What plays next: the same question always has the same answer, nothing is left to chance.

In this order: the station operator's contract, where any other slide would make its share of the last hour too small; a
booking whose time has come; how it works, after so many turns; whoever's turn it is; how it works, so the glass is never
blank. Laws, tested with hypothesis (tests/content/playlist):

- no creative plays more often than its cap in any 3600 s;
- the contract's share of any hour of the loop is never below its per mille while its creatives may be shown;
- a booking has its share of each hour less one play, and never fills the loop, however long it was away;
- nothing plays outside its hours, and a slide ends when its hours do;
- a wall clock that jumps changes only which hours are on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from content.playlist.history import History, Kind
from content.playlist.plan import HOUR_MS, Plan, Slot
from content.schedule import is_on, next_change

HOW: Final = "how-it-works"
LEAST_S: Final = 3  # of its hours that must be left for a creative to begin


class Choice(Struct, frozen=True):
    """What to show, and until when. `slot` is None for how it works."""

    slide: str  # the creative's key, or HOW
    slot: Slot | None
    kind: Kind
    ms: int
    look_again_ms: int  # monotonic: when to choose again
    owed: bool = False


class _Moment:
    """Which slots may play now."""

    def __init__(self, history: History, now: int | None, mono: int) -> None:
        self._now = now
        self._counts = Counter(play.creative for play in history.plays if play.start_ms > mono - HOUR_MS)

    def allows(self, slot: Slot) -> bool:
        if slot.cap and self._counts[slot.creative] >= slot.cap:
            return False
        if slot.hours is None:
            return True
        now = self._now
        return is_on(slot.hours, now) and (now is None or is_on(slot.hours, now + LEAST_S))

    def ms(self, slot: Slot) -> int:
        """How long it stays. `now` are whole seconds, so it leaves a second before its hours do."""
        change = None if slot.hours is None or self._now is None else next_change(slot.hours, self._now)
        return (
            slot.ms if change is None or self._now is None else min(slot.ms, (change - self._now - 1) * 1000)
        )


def next_play(plan: Plan, history: History, now: int | None, mono: int) -> Choice:
    """The next slide at `now` (Unix seconds, None without a trusted clock) and `mono` (milliseconds)."""
    moment = _Moment(history, now, mono)
    contracted = _first(_by_turn(plan.contracted, history, history.contract_turn), moment)
    slot, kind = _other(plan, history, moment)
    if slot is None and kind == "turn":  # nobody else is there
        slot = contracted
    owed = contracted is not None
    ms = plan.how_ms if slot is None else moment.ms(slot)
    if contracted is not None and slot is not contracted and _too_little(plan, history, ms):
        slot, kind, ms = contracted, "contract", moment.ms(contracted)
    if slot is None:
        return Choice(HOW, None, "how", ms, mono + ms, owed)
    return Choice(slot.creative, slot, kind, ms, mono + ms, owed)


def _other(plan: Plan, history: History, moment: _Moment) -> tuple[Slot | None, Kind]:
    """What plays where the contract has its share: (None, "how") for how it works, (None, "turn") where nobody is there."""
    by_due = sorted(plan.booked, key=lambda slot: history.due.get(slot.key, history.air_ms))
    due = [slot for slot in by_due if history.due.get(slot.key, history.air_ms) <= history.air_ms]
    if (booked := _first(due, moment)) is not None:
        return booked, "booked"
    turns = len(plan.free) or len(plan.booked) or len(plan.contracted)
    if history.since_how >= min(plan.how_every, max(1, turns)):
        return None, "how"
    if (free := _first(_by_turn(plan.free, history, history.turn), moment)) is not None:
        return free, "turn"
    return _first([slot for slot in by_due if not slot.paced], moment), "turn"


def _by_turn(slots: Sequence[Slot], history: History, turn: int) -> list[Slot]:
    return sorted(slots, key=lambda slot: max(turn, history.turns.get(slot.key, turn)))


def _first(slots: Sequence[Slot], moment: _Moment) -> Slot | None:
    return next((slot for slot in slots if moment.allows(slot)), None)


def _too_little(plan: Plan, history: History, ms: int) -> bool:
    """Whether the contract had less than its share of the hour that ends with a slide of `ms` that is not its own.

    Deciding so for every slide keeps the share for every hour, wherever it begins: a slide of somebody else is looked at to its
    end, and one of the contract's own gives at least what leaves the hour meanwhile.
    """
    room, total, own = HOUR_MS - ms, ms, 0
    for play in reversed(history.plays):
        part = min(play.shown_ms, room) if play.owed else 0
        total, room = total + part, room - part
        own += part if play.own else 0
        if room <= 0:
            break
    return own * 1000 < plan.contract * total
