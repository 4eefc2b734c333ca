"""What a campaign is made of, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.faults.oracle import Verdict

StoreKind = Literal["sqlite", "postgres"]
Transport = Literal["mosquitto", "nats"]
FULL_S: Final = 4.0  # how long a full disk stays full


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is made of. Kills are of one process each, while it works."""

    seed: int = 1
    store: StoreKind = "sqlite"
    transport: Transport = "mosquitto"
    kiosks: int = 4
    straws: int = 2
    workers: int = 0  # `endcap fleet ingest` processes that share the events; 0: the fleet stores them itself
    per_second: float = 15.0
    kiosk_kills: int = 60
    broker_kills: int = 12
    ingest_kills: int = 12
    both_kills: int = 3  # the ingest's, and a moment later the broker's: two kills each
    store_kills: int = 0  # of PostgreSQL: its postmaster, or one of its backends
    kiosk_cuts: int = 0  # power
    fleet_cuts: int = 0
    kiosk_fills: int = 0  # of its disk, to the last byte, for FULL_S; needs disks of their own
    fleet_fills: int = 0
    jumps: int = 0  # of the kiosks' clock, or of the fleet's, by hours or years
    mischief: bool = False  # batches are said again, late and in any order
    pace_s: float = 0.6  # mean time between two faults


@dataclass(slots=True)
class Outcome:
    """What was done and what came of it."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    straw_durable: int = 0
    straw_lost: int = 0
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        """kill -9 of agents, brokers, ingest, stores and cluster nodes; those of straw are not counted."""
        return sum(count for name, count in self.faults.items() if name.startswith("kill -9 "))

    @property
    def cuts(self) -> int:
        """Power cuts."""
        return sum(count for name, count in self.faults.items() if name.startswith("power cut "))
