"""What a simulation is told, and what it says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from kiosk.simulate.kiosk import Told
from kiosk.simulate.scenarios import Scenario


class Plan(Struct, frozen=True, kw_only=True):
    """All of it; every field is an option of `endcap fleet simulate`, or follows from one."""

    count: int
    scenario: Scenario
    host: str = "127.0.0.1"
    port: int = 1883
    tenant: str = "simulated"
    seed: int = 1
    speed: float = 1.0
    busy: float = 1.0
    begin_ms: int = 0  # simulated Unix milliseconds
    begun_ns: int = 0  # of the machine's monotonic clock: processes of a simulation share it
    zone_minutes: int = 0
    ledger: Literal["sqlite", "memory"] = "memory"
    folder: Path | None = None  # for ledgers on disk
    first: int = 1
    health_s: float = 60.0
    ca: Path | None = None  # TLS where given
    certificate: Path | None = None
    key: Path | None = None


class Status(Struct, frozen=True, kw_only=True):
    """One moment. Sums over kiosks that go on meanwhile."""

    kiosks: int
    connected: int
    written: int
    acknowledged: int
    failures: int

    @property
    def waiting(self) -> int:
        """Events the fleet has not acknowledged."""
        return self.written - self.acknowledged

    def __add__(self, other: Status) -> Status:
        return Status(
            kiosks=self.kiosks + other.kiosks,
            connected=self.connected + other.connected,
            written=self.written + other.written,
            acknowledged=self.acknowledged + other.acknowledged,
            failures=self.failures + other.failures,
        )


class Report(Struct, frozen=True, kw_only=True):
    """How it ended: what each kiosk says it did. As JSON for whoever compares it with what the fleet has."""

    tenant: str
    seed: int
    speed: float
    begin_ms: int
    seconds: float  # of ours
    failures: int
    kiosks: tuple[Told, ...]

    @property
    def written(self) -> int:
        """Events, all kiosks together."""
        return sum(told.written for told in self.kiosks)

    @property
    def acknowledged(self) -> int:
        """All kiosks together."""
        return sum(told.acknowledged for told in self.kiosks)
