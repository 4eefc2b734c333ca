"""What people do with a roll-out, with name and reason: approve, start, pause, resume, abort, roll back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import structs

from fleet.rollouts.model import BadRollout, Member, Rollout, State, Step, said_by

# deed -> (states it is possible in, the state that follows)
DEEDS: Final[dict[str, tuple[tuple[State, ...], State]]] = {
    "submit": (("draft",), "waiting-approval"),
    "approve": (("waiting-approval",), "scheduled"),
    "reject": (("waiting-approval",), "draft"),
    "start": (("scheduled",), "scheduled"),
    "pause": (("running",), "paused"),
    "resume": (("paused", "stopped"), "running"),
    "abort": (("draft", "waiting-approval", "scheduled", "running", "paused", "stopped"), "aborted"),
    "roll-back": (("running", "paused", "stopped", "finished"), "rolled-back"),
}  # fmt: skip


def possible(state: State) -> tuple[str, ...]:
    """What can be done with a roll-out that is so."""
    return tuple(deed for deed, (states, _) in DEEDS.items() if state in states)


def act(
    rollout: Rollout, members: Iterable[Member], deed: str, who: str, why: str, now_ms: int
) -> tuple[Rollout, Step]:
    """The roll-out after a deed. Raises BadRollout, and nothing has happened then."""
    who, why = said_by(who, why)
    if deed not in DEEDS:
        raise BadRollout(f"{deed[:20]!r}: expected one of {', '.join(DEEDS)}")
    states, state = DEEDS[deed]
    if rollout.state not in states:
        raise BadRollout(f"{deed}: it is {rollout.state}; expected {' or '.join(states)}")
    changed: dict[str, Any] = {}
    if deed == "submit" and not rollout.needs_approval:
        state = "scheduled"
    elif deed == "approve":
        if _same(who, rollout.made_by):
            raise BadRollout(f"{who} has made it: somebody else approves it")
        changed = {"approved_by": who}
    elif deed == "start":
        changed = {"not_before_ms": min(rollout.not_before_ms, now_ms)}
    elif deed == "resume":
        changed = _accepted(rollout, members)
    reason = why if deed in ("pause", "reject", "abort", "roll-back") else ""
    after = structs.replace(rollout, state=state, reason=reason, changed_ms=now_ms, **changed)
    return after, Step(at_ms=now_ms, what=deed, who=who, why=why, state=state)


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _accepted(rollout: Rollout, members: Iterable[Member]) -> dict[str, Any]:
    """Whoever resumes what has stopped by itself accepts what stopped it; anything new stops it again."""
    if rollout.state != "stopped":
        return {"reached_ms": 0}
    wrong = {one.kiosk for one in members if one.ring <= rollout.ring and _is_error(rollout, one)}
    rings = set(rollout.waived_rings)
    if rollout.reason in ("no-evidence", "success-not-reached"):
        rings.add(rollout.ring)
    return {
        "reached_ms": 0, "waived": tuple(sorted({*rollout.waived, *wrong})), "waived_rings": tuple(sorted(rings)),
    }  # fmt: skip


def _is_error(rollout: Rollout, member: Member) -> bool:
    silent = member.verdict == "silent" and rollout.rings[member.ring].silent_is_error
    return member.verdict == "failed" or silent
