"""Whether a wall that was adopted is well: judged by what is known of it, and by nothing that was only hoped for. Pure.

Time counts while the wall is to be seen: a panel that sleeps at night, or a wall out of service, says nothing about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, structs

RESTARTS: Final = 3  # of the screen, within one trial
UNANSWERED: Final = 3  # questions of the screen for products

# Of kiosk.runtime's counters. A view that cannot be made closes the wall, and a closed wall would be waited for.
FAULTS: Final = ("steps-failed", "events-failed", "views-failed")


class Facts(Struct, frozen=True, kw_only=True):
    """What the agent knows at one moment. Counters run since its start."""

    mono_ms: int
    showing: bool  # the wall is to be seen
    frames: int = 0  # drawn by the wall's screen of what is sold now
    facings: int = 0  # the most products it had on the glass at once
    screens: int = 0  # connected
    connected: int = 0  # ever
    ready: frozenset[str] = frozenset()  # devices
    faults: int = 0  # steps and views that failed, and happenings that were not understood
    unanswered: int = 0  # the screen asked for products and got none


class Trial(Struct, frozen=True):
    """A wall that is watched: how things were as it came, for how long it was to be seen, and what was drawn of it at best.

    What a screen says begins anew with every live change and every start of a screen, so its last word alone proves nothing.
    """

    start: Facts
    last: Facts
    shown_ms: int = 0
    frames: int = 0
    facings: int = 0


class Verdict(Struct, frozen=True):
    """`wait`, `well`, or `unwell` with a key and words."""

    kind: Literal["wait", "well", "unwell"]
    reason: str = ""
    detail: str = ""


WAIT: Final = Verdict("wait")
WELL: Final = Verdict("well")


def faults_of(counters: Mapping[str, int]) -> int:
    """What counts as a fault of the agent's (Facts.faults)."""
    return sum(counters.get(name, 0) for name in FAULTS)


def begin(facts: Facts) -> Trial:
    """A wall comes on the glass."""
    return Trial(facts, facts)


def watch(trial: Trial, facts: Facts) -> Trial:
    """Time has passed."""
    passed = facts.mono_ms - trial.last.mono_ms if trial.last.showing and facts.showing else 0
    unseen = facts.connected > trial.last.connected and not trial.facings
    return structs.replace(
        trial,
        last=facts,
        shown_ms=0 if unseen else trial.shown_ms + passed,  # a screen that has just come has the window, too
        frames=max(trial.frames, facts.frames),
        facings=max(trial.facings, facts.facings),
    )


def waits_for(trial: Trial) -> str:
    """What a wall on trial lacks for its time to pass, as a key: not-showing (asleep, closed, an alert), no-screen; "" for nothing."""
    if not trial.last.showing:
        return "not-showing"
    return "" if trial.last.screens else "no-screen"


def judge(trial: Trial, window_ms: int) -> Verdict:
    """What fails at once is unwell at once; what must be seen has the window for it, devices that went have it twice."""
    start, now = trial.start, trial.last
    if now.faults > start.faults:
        return Verdict("unwell", "faults", f"{now.faults - start.faults} steps failed")
    if now.unanswered - start.unanswered >= UNANSWERED:
        return Verdict(
            "unwell", "unreadable", f"{now.unanswered - start.unanswered} questions for products failed"
        )
    if now.connected - start.connected >= RESTARTS:
        return Verdict("unwell", "screen-restarts", f"{now.connected - start.connected} times")
    if trial.shown_ms < window_ms:
        return WAIT
    if not now.screens and (trial.frames or now.connected == start.connected):
        return WAIT  # no screen is there: it is being started again, or none ever was, which says nothing about the release
    if not trial.frames:
        return Verdict("unwell", "no-frames", f"none in {trial.shown_ms // 1000} s")
    if not trial.facings:
        return Verdict("unwell", "no-facings", f"{trial.frames} frames without a product")
    if gone := start.ready - now.ready:
        if trial.shown_ms < 2 * window_ms:
            return WAIT
        return Verdict("unwell", "devices", f"ready before, and not now: {', '.join(sorted(gone))}")
    return WELL
