"""How far a clock can be believed, decided without one: what was heard, how wrong it was then, and how long ago.

A Raspberry Pi has no clock battery: after a power cut it continues from the last time it wrote to its card. What is known
is kept as a Fix: at that moment of the machine's steady clock it was that time, give or take so much. From then on the
crystal drifts, at most DRIFT_PPM, so the error grows by 8.6 s a day. Quality says how large it can be:

    synced     at most SYNCED_MS (1 s): the kernel's clock is disciplined by a daemon, or the fleet told the time
    holdover   at most HOLDOVER_MS (1 minute): known once in this boot; 6.9 days after a good fix it is over
    unsynced   nobody knows
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Quality = Literal["unsynced", "holdover", "synced"]
DRIFT_PPM: Final = 100  # crystals of small boards: 20 to 50, and some more over temperature
SYNCED_MS: Final = 1_000
HOLDOVER_MS: Final = 60_000
KERNEL_ERROR_MS: Final = SYNCED_MS  # what a disciplined kernel's clock is taken to be right to
PLAUSIBLE_MS: Final = 1_767_225_600_000  # 2026-01-01: who tells an earlier time has no clock either


@dataclass(frozen=True, slots=True)
class Fix:
    """At `steady_ms` of the steady clock it was `at_ms` (Unix), at most `error_ms` off."""

    steady_ms: int
    at_ms: int
    error_ms: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What time to go by, and how far to believe it."""

    wall_ms: int
    quality: Quality


def time_at(fix: Fix, steady_ms: int) -> int:
    """Unix milliseconds at a moment of the steady clock, by a fix."""
    return fix.at_ms + steady_ms - fix.steady_ms


def error_at(fix: Fix, steady_ms: int) -> int:
    """How far `time_at` can be off, upwards rounded."""
    return fix.error_ms - -abs(steady_ms - fix.steady_ms) * DRIFT_PPM // 1_000_000


def fix_of(asked_ms: int, heard_ms: int, at_ms: int) -> Fix:
    """A clock was asked and answered (steady times): it read `at_ms` somewhere between, so half the round trip is the error."""
    half = (heard_ms - asked_ms + 1) // 2
    return Fix(heard_ms - half, at_ms, half)


def better(known: Fix | None, heard: Fix) -> Fix:
    """Which to go by from now on: the one with the smaller error, or the newer one where both cannot be true."""
    if known is None:
        return heard
    now = max(known.steady_ms, heard.steady_ms)
    errors = error_at(known, now), error_at(heard, now)
    if abs(time_at(known, now) - time_at(heard, now)) > sum(errors):
        return heard
    return heard if errors[1] <= errors[0] else known


def quality_of(error_ms: int | None) -> Quality:
    """What an error of that size is called; None: unknown."""
    if error_ms is None or error_ms > HOLDOVER_MS:
        return "unsynced"
    return "synced" if error_ms <= SYNCED_MS else "holdover"


def judge(*, disciplined: bool, trusted: bool, best: Fix | None, steady_ms: int, wall_ms: int) -> Judged:
    """What time to go by. The system's own (`wall_ms`) counts while the kernel says it is disciplined, or while somebody
    outside answers for it (`trusted`); otherwise the best fix, which no step of the system's clock can move.
    """
    if disciplined:
        return Judged(wall_ms, "synced")
    if trusted:
        return Judged(wall_ms, "holdover")
    quality = quality_of(None if best is None else error_at(best, steady_ms))
    if best is None:
        return Judged(wall_ms, quality)
    return Judged(time_at(best, steady_ms), quality)
