"""A simulated kiosk's clocks: a day may pass in minutes, and each machine's own clock runs a little wrong."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.clock.clock import Clock

PPM = 1_000_000


class Era:
    """The true time of a simulation, shared by its kiosks: `speed` seconds of it pass in one of ours."""

    def __init__(
        self,
        start_ms: int,
        speed: float = 1.0,
        now_ns: Callable[[], int] = time.monotonic_ns,
        begun_ns: int | None = None,
    ) -> None:
        """`start_ms`: Unix milliseconds at `begun_ns` of the machine's monotonic clock (None: now)."""
        if speed <= 0:
            raise ValueError(f"speed {speed:g}: more than 0 expected")
        self.start_ms, self.speed, self._now_ns = start_ms, speed, now_ns
        self._begun_ns = now_ns() if begun_ns is None else begun_ns

    def elapsed_ms(self) -> int:
        """Simulated milliseconds since it began."""
        return int((self._now_ns() - self._begun_ns) * self.speed) // 1_000_000

    def true_ms(self) -> int:
        """Unix milliseconds, simulated."""
        return self.start_ms + self.elapsed_ms()

    def real_s(self, until_ms: int) -> float:
        """In how many of our seconds it will be `until_ms`; 0 where it is past."""
        return max(0.0, (until_ms - self.true_ms()) / 1000 / self.speed)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a clock. `unset_s`: how long after its boot nobody has set it; until then it is `behind_ms` off."""

    drift_ppm: float = 0.0
    behind_ms: int = 0
    unset_s: float = 0.0


class DriftingClock:
    """See kiosk.clock.clock.Clock: right while it is synced, drifting while it is not, wrong until it first is.

    Its steps are those of a real kiosk: the wall clock jumps when it is set, the monotonic clock never does.
    """

    def __init__(self, era: Era, fault: Fault = Fault()) -> None:
        self._era, self._fault = era, fault
        self._synced = True
        self.restart()

    def restart(self) -> None:
        """The machine boots: a new boot id, the monotonic clock at 0, and nobody has set the other one yet."""
        self.boot = secrets.token_hex(8)
        self._booted = self._held_since = self._era.elapsed_ms()

    def sync(self, on: bool) -> None:
        """Whether time servers can be reached."""
        if self._synced and not on:
            self._held_since = self._era.elapsed_ms()
        self._synced = on

    def mono_ms(self) -> int:
        """See Clock."""
        return self._era.elapsed_ms() - self._booted

    def wall_ms(self) -> int:
        """See Clock."""
        return self._era.true_ms() + self.off_ms()

    def off_ms(self) -> int:
        """See Clock: how far it is from the truth."""
        quality, fault = self.quality(), self._fault
        if quality == "synced":
            return 0
        drifted = int((self._era.elapsed_ms() - self._held_since) * fault.drift_ppm / PPM)
        return drifted - (fault.behind_ms if quality == "unsynced" else 0)

    def quality(self) -> str:
        """See Clock."""
        if self.mono_ms() < self._fault.unset_s * 1000:
            return "unsynced"
        return "synced" if self._synced else "holdover"


class LineClock:
    """What the line to the fleet goes by: the simulated wall clock, and our own patience. Networks do not run faster."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def boot(self) -> str:
        """See Clock."""
        return self._clock.boot

    def wall_ms(self) -> int:
        """See Clock."""
        return self._clock.wall_ms()

    def mono_ms(self) -> int:
        """The machine's own."""
        return time.monotonic_ns() // 1_000_000

    def quality(self) -> str:
        """See Clock."""
        return self._clock.quality()

    def off_ms(self) -> int:
        """See Clock."""
        return self._clock.off_ms()
