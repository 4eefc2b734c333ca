"""The campaigns we run, and what of them a machine can carry out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests import postgres
from tests.faults import clocks, disks
from tests.faults.outcome import Plan
from tests.servers import missing

# `make test-faults`: together over 500 kills and 100 power cuts, in less than ten minutes.
FULL: Final = (
    Plan(
        kiosks=5, kiosk_kills=158, broker_kills=20, ingest_kills=24, kiosk_cuts=66, fleet_cuts=10, kiosk_fills=2,
        fleet_fills=2, mischief=True, pace_s=0.25,
    ),
    Plan(
        store="postgres", workers=2, kiosks=5, kiosk_kills=85, broker_kills=14, ingest_kills=16, store_kills=24, kiosk_cuts=18,
        fleet_cuts=8, jumps=20, mischief=True, pace_s=0.25,
    ),
    Plan(
        transport="nats", kiosks=4, straws=0, kiosk_kills=85, broker_kills=45, ingest_kills=24, both_kills=4, pace_s=0.25
    ),
)  # fmt: skip

# With every `make test`: the same kinds in two minutes.
BRIEF: Final = (
    Plan(
        kiosks=3, kiosk_kills=16, broker_kills=4, ingest_kills=4, kiosk_cuts=6, fleet_cuts=2, kiosk_fills=1, fleet_fills=1,
        mischief=True, pace_s=0.4,
    ),
    Plan(
        store="postgres", workers=2, kiosks=3, kiosk_kills=12, broker_kills=3, ingest_kills=6, store_kills=5, kiosk_cuts=4,
        fleet_cuts=2, jumps=6, mischief=True, pace_s=0.4,
    ),
    Plan(transport="nats", kiosks=3, straws=0, kiosk_kills=12, broker_kills=8, ingest_kills=4, both_kills=1, pace_s=0.5),
)  # fmt: skip


def obstacle(plan: Plan) -> str:
    """Why this machine cannot carry a plan out at all; "" where it can."""
    return missing(plan.transport) or (postgres.missing() if plan.store == "postgres" else "")


def possible(plan: Plan) -> tuple[Plan, list[str]]:
    """The plan as far as this machine can carry it out, and what is left out."""
    left_out = []
    if disks.missing() and (plan.kiosk_cuts or plan.fleet_cuts):
        plan = replace(plan, kiosk_cuts=0, fleet_cuts=0, kiosk_fills=0, fleet_fills=0)
        left_out.append(disks.missing())
    if clocks.missing() and plan.jumps:
        plan = replace(plan, jumps=0)
        left_out.append(clocks.missing())
    return plan, left_out
