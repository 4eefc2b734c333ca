"""What happens next in a roll-out: who gets the release, which ring begins, when it stops. Pure: no clock, no I/O.

`judge` is asked again and again with everything that is stored; it remembers nothing, so a restart changes nothing.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from fleet.rollouts.model import BadRollout, Fact, Known, Member, Ring, Rollout, State, Step
from fleet.rollouts.score import judged, score, standing

AT_ONCE: Final = 50  # kiosks that are given something in one go: one transaction, and with SQLite payments wait for its end


class Decisions(Struct, frozen=True, kw_only=True):
    """What follows: the roll-out as it is now, the members that changed, who is given what, and what is written down.

    `give`: they are to run the target; their members say what was wanted before. `give_back`: what was wanted before is
    wanted again. `more`: there is more to give, ask again at once.
    """

    rollout: Rollout
    members: tuple[Member, ...] = ()
    give: tuple[str, ...] = ()
    give_back: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    more: bool = False


def freeze(rollout: Rollout, known: Iterable[Known]) -> tuple[Member, ...]:
    """Who is in which ring, from now on. Raises BadRollout for a ring nobody is in.

    Which of a ring's candidates `percent` takes follows from the roll-out's id: the same whoever asks, others each time.
    """
    left = sorted(known, key=lambda one: _chance(rollout.id, one.kiosk))
    members: list[Member] = []
    for number, ring in enumerate(rollout.rings):
        pool = [one for one in left if _takes(ring, one)]
        taken = pool[: -(-len(pool) * ring.percent // 100)]
        if not taken:
            raise BadRollout(f"ring {ring.name!r}: no kiosk is in it, or all are in earlier ones")
        members += [Member(kiosk=one.kiosk, ring=number) for one in taken]
        names = {one.kiosk for one in taken}
        left = [one for one in left if one.kiosk not in names]
    return tuple(members)


def _chance(rollout: str, kiosk: str) -> bytes:
    return hashlib.blake2b(f"{rollout} {kiosk}".encode(), digest_size=8).digest()


def _takes(ring: Ring, one: Known) -> bool:
    if not (ring.kiosks or ring.sites or ring.groups or ring.tags):
        return True
    return (
        one.kiosk.rpartition("/")[0] in ring.sites
        or not one.tags.isdisjoint(ring.tags)
        or not one.groups.isdisjoint(ring.groups)
        or any(fnmatch.fnmatchcase(one.kiosk, glob) for glob in ring.kiosks)
    )


def may_begin(rollout: Rollout, now_ms: int) -> bool:
    """Whether a scheduled roll-out's moment has come."""
    return rollout.state == "scheduled" and now_ms >= rollout.not_before_ms and in_window(rollout, now_ms)


def begun(rollout: Rollout, now_ms: int) -> tuple[Rollout, Step]:
    """It runs: its first ring begins."""
    running = structs.replace(rollout, state="running", ring=0, begun_ms=now_ms, changed_ms=now_ms, reason="")
    return running, Step(at_ms=now_ms, what="begin", who="", why=rollout.rings[0].name, state="running")


def in_window(rollout: Rollout, now_ms: int) -> bool:
    """Whether kiosks may be given something now."""
    if rollout.window is None:
        return True
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(rollout.timezone))
    minute, (since, until) = local.hour * 60 + local.minute, rollout.window
    return since <= minute < until if since < until else minute >= since or minute < until


def judge(
    rollout: Rollout, members: Sequence[Member], facts: Mapping[str, Fact], now_ms: int, most: int = AT_ONCE
) -> Decisions:
    """What follows from the facts. A member nobody knows a fact of is gone."""
    if rollout.state in ("aborted", "rolled-back"):
        return _undo(rollout, members, facts, now_ms, most)
    if rollout.state not in ("running", "paused", "stopped"):
        return Decisions(rollout=rollout)
    now = [judged(rollout, one, _fact(facts, one.kiosk), now_ms) for one in members]
    following, steps = _moved(rollout, now, now_ms)
    asked: list[Member] = []
    more = False
    if following.state == "running" and in_window(following, now_ms):
        wanting = [
            one for one in now if one.ring <= following.ring and not one.assigned_ms and not one.verdict
        ]
        asked = [
            structs.replace(one, assigned_ms=now_ms, previous=_before(_fact(facts, one.kiosk)))
            for one in wanting[:most]
        ]
        more = len(wanting) > most
    given = {one.kiosk: one for one in asked}
    changed = [
        given.get(new.kiosk, new)
        for old, new in zip(members, now, strict=True)
        if new is not old or new.kiosk in given
    ]
    return Decisions(
        rollout=following, members=tuple(changed), give=tuple(given), steps=tuple(steps), more=more
    )


def _fact(facts: Mapping[str, Fact], kiosk: str) -> Fact:
    return facts.get(kiosk) or Fact(kiosk=kiosk, gone=True)


def _before(fact: Fact) -> str:
    """What a kiosk goes back to: what was wanted of it, else what it runs and has confirmed."""
    return fact.wanted or (fact.running.name if fact.running.confirmed else "")


def _moved(rollout: Rollout, members: Sequence[Member], now_ms: int) -> tuple[Rollout, list[Step]]:
    """The roll-out itself: stopped by any ring that has begun, or further by its latest."""
    if rollout.state == "stopped":
        return rollout, []
    for number in range(rollout.ring + 1):
        if _standing(rollout, members, number) == "errors":
            return _stopped(rollout, "errors", number, now_ms)
    if rollout.state == "paused":
        return rollout, []
    ring, found = rollout.rings[rollout.ring], _standing(rollout, members, rollout.ring)
    if found == "open":
        return (structs.replace(rollout, reached_ms=0), []) if rollout.reached_ms else (rollout, [])
    if found != "reached":
        return _stopped(rollout, found, rollout.ring, now_ms)
    since = rollout.reached_ms or now_ms
    if now_ms - since < ring.soak_s * 1000:
        return (rollout if rollout.reached_ms else structs.replace(rollout, reached_ms=since)), []
    return _passed(rollout, now_ms)


def _standing(rollout: Rollout, members: Sequence[Member], number: int) -> str:
    found = score(rollout, (one for one in members if one.ring == number))
    return standing(rollout.rings[number], found, waived=number in rollout.waived_rings)


def _stopped(rollout: Rollout, reason: str, number: int, now_ms: int) -> tuple[Rollout, list[Step]]:
    name = rollout.rings[number].name
    stopped = structs.replace(rollout, state="stopped", reason=reason, reached_ms=0, changed_ms=now_ms)
    return stopped, [_step("stop", f"{name}: {reason}", "stopped", now_ms)]


def _passed(rollout: Rollout, now_ms: int) -> tuple[Rollout, list[Step]]:
    following = rollout.ring + 1
    if following == len(rollout.rings):
        done = structs.replace(rollout, state="finished", reason="", changed_ms=now_ms)
        return done, [_step("finish", rollout.rings[-1].name, "finished", now_ms)]
    further = structs.replace(rollout, ring=following, reached_ms=0, changed_ms=now_ms)
    return further, [_step("ring", rollout.rings[following].name, "running", now_ms)]


def _step(what: str, why: str, state: State, now_ms: int) -> Step:
    return Step(at_ms=now_ms, what=what, who="", why=why, state=state)


def _undo(
    rollout: Rollout, members: Sequence[Member], facts: Mapping[str, Fact], now_ms: int, most: int
) -> Decisions:
    """Those that got it and of whom it is still wanted get back what was wanted before."""
    owed = [one for one in members if one.assigned_ms and not one.returned_ms]
    changed, back = [], []
    for one in owed[:most]:
        fact = _fact(facts, one.kiosk)
        changed.append(structs.replace(one, returned_ms=now_ms))
        if fact.wanted_by == rollout.id and not fact.pinned:
            back.append(one.kiosk)
    return Decisions(
        rollout=rollout, members=tuple(changed), give_back=tuple(back), more=len(owed) > most
    )  # a kiosk that is gone keeps its place: it may come back, with what is wanted of it
