"""How a ring stands: its kiosks counted, and what the thresholds say to that. Pure.

Only what a kiosk says of itself after the release is on its glass counts: `Running.confirmed` of that very release, in a
report that has taken the desired state which asked for it. That it was fetched, written or begun counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct, structs

from fleet.rollouts.model import Fact, Member, Ring, Rollout, Verdict
from mqtt.commands import ON_THE_GLASS

# Reasons of failures that came when the release was on the glass. They stay, whatever the kiosk says later; what came
# before (no source, no space, ...) gives way to success.
AFTER_START: Final = ON_THE_GLASS | {"fell-back"}


class Score(Struct, frozen=True, kw_only=True):
    """A ring's kiosks, each in exactly one of these."""

    waiting: int = 0  # not decided yet, asked or not
    confirmed: int = 0
    failed: int = 0
    silent: int = 0
    pinned: int = 0
    gone: int = 0
    waived: int = 0

    @property
    def members(self) -> int:
        """All of them."""
        return sum(structs.astuple(self))

    @property
    def counted(self) -> int:
        """Those that have a say."""
        return self.members - self.gone - self.pinned - self.waived


Standing = Literal["open", "reached", "errors", "no-evidence", "success-not-reached"]


def judged(rollout: Rollout, member: Member, fact: Fact, now_ms: int) -> Member:
    """A member as the facts make it. The same object where they change nothing."""
    verdict, reason = _verdict(rollout, member, fact, now_ms)
    if (verdict, reason) == (member.verdict, member.reason):
        return member
    return structs.replace(member, verdict=verdict, reason=reason, since_ms=now_ms)


def _verdict(rollout: Rollout, member: Member, fact: Fact, now_ms: int) -> tuple[Verdict, str]:
    if fact.gone:
        return "gone", "put-out"
    if member.verdict == "failed" and member.reason in AFTER_START:
        return "failed", member.reason
    if fact.pinned:
        return (
            ("confirmed", "")
            if member.verdict == "confirmed" and fact.wanted == rollout.target
            else ("pinned", "")
        )
    if not member.assigned_ms:
        return "", ""
    if fact.wanted_by != rollout.id:
        return "gone", "superseded"
    said = _said(rollout, member, fact)
    if said is not None:
        return said
    if member.verdict in ("confirmed", "failed"):
        return member.verdict, member.reason
    asked_ms = max(member.assigned_ms, rollout.activates_ms)
    if now_ms - asked_ms >= rollout.rings[member.ring].deadline_s * 1000:
        return "silent", fact.running.phase if fact.version >= member.version else "not-heard"
    return "", ""


def _said(rollout: Rollout, member: Member, fact: Fact) -> tuple[Verdict, str] | None:
    """What the kiosk itself says; None where it says nothing that counts."""
    running = fact.running
    if fact.version < member.version:
        return None
    if running.phase == "failed" and running.target == rollout.target and running.rollout == rollout.id:
        return "failed", (running.reason or "unknown")[:60]
    if running.name == rollout.target and running.confirmed:
        return "confirmed", ""
    if member.verdict == "confirmed" and running.name != rollout.target:
        return "failed", "fell-back"
    return None


def score(rollout: Rollout, members: Iterable[Member]) -> Score:
    """Count members, of one ring or of several."""
    waived = frozenset(rollout.waived)
    counts = dict.fromkeys(Score.__struct_fields__, 0)
    for member in members:
        excused = member.kiosk in waived and member.verdict in ("failed", "silent")
        counts["waived" if excused else member.verdict or "waiting"] += 1
    return Score(**counts)


def standing(ring: Ring, found: Score, *, waived: bool = False) -> Standing:
    """What the thresholds say. `waived`: a person lets it pass although it proves too little."""
    errors = found.failed + (found.silent if ring.silent_is_error else 0)
    if errors and (
        (ring.errors and errors >= ring.errors)
        or (ring.error_percent and errors * 100 >= ring.error_percent * found.counted)
    ):
        return "errors"
    electors = found.counted - (0 if ring.silent_is_error else found.silent)
    if found.confirmed and found.confirmed * 100 >= ring.success_percent * electors:
        return "reached"
    if found.waiting:
        return "open"
    if waived:
        return "reached"
    return "success-not-reached" if found.confirmed else "no-evidence"
