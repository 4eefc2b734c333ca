"""The campaigns we run, and what of them a machine can carry out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests import postgres
from tests.faults import disks
from tests.faults.campaign import Plan
from tests.servers import missing

# `make test-faults`: together over 500 kills and 100 power cuts, in less than ten minutes.
FULL: Final = (
    Plan(
        kiosks=5, kiosk_kills=125, broker_kills=20, ingest_kills=22, kiosk_cuts=50, fleet_cuts=10, pace_s=0.4
    ),
    Plan(
        store="postgres", kiosks=5, kiosk_kills=105, broker_kills=20, ingest_kills=22, store_kills=36, kiosk_cuts=34,
        fleet_cuts=10, pace_s=0.4,
    ),
    Plan(
        transport="nats", kiosks=4, straws=0, kiosk_kills=75, broker_kills=45, ingest_kills=24, both_kills=4, pace_s=0.4
    ),
)  # fmt: skip

# With every `make test`: the same kinds in two minutes.
BRIEF: Final = (
    Plan(kiosks=3, kiosk_kills=25, broker_kills=5, ingest_kills=5, kiosk_cuts=10, fleet_cuts=3, pace_s=0.4),
    Plan(
        store="postgres", kiosks=3, kiosk_kills=15, broker_kills=4, ingest_kills=4, store_kills=8, kiosk_cuts=5,
        fleet_cuts=3, pace_s=0.4,
    ),
    Plan(transport="nats", kiosks=3, straws=0, kiosk_kills=12, broker_kills=8, ingest_kills=4, both_kills=1, pace_s=0.5),
)  # fmt: skip


def obstacle(plan: Plan) -> str:
    """Why this machine cannot carry a plan out at all; "" where it can."""
    return missing(plan.transport) or (postgres.missing() if plan.store == "postgres" else "")


def possible(plan: Plan) -> tuple[Plan, str]:
    """The plan as far as this machine can carry it out, and what is left out."""
    why = disks.missing()
    if why and (plan.kiosk_cuts or plan.fleet_cuts):
        return replace(plan, kiosk_cuts=0, fleet_cuts=0), why
    return plan, ""
