"""How many kiosks a fleet carries: costs measured now, then a Monday by the model, up to a hundred thousand.

Measured: MEASURED kiosks in the rush (no fewer people than a station has), on mosquitto and `endcap fleet serve` with SQLite.
Modelled: kiosk.simulate.capacity. The first row is both, so that the model can be held against what was seen.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks._table import table
from benchmarks.scale.rig import cpu_s, fleet, mosquitto, until
from kiosk.simulate.capacity import Costs, Machines, a_day, events_s
from kiosk.simulate.plan import Plan
from kiosk.simulate.scenarios import NAMED
from kiosk.simulate.shares import parts_of

MEASURED = (300, 1_000)
RUSH_MINUTE = 480
RUSH_MS = 1_795_420_800_000  # a Monday, 08:00 UTC
SECONDS = 20.0
WORKERS = (1, 4, 16)
KIOSKS = (1_000, 10_000, 30_000, 100_000)
OUTAGE = (RUSH_MINUTE, 30)


def measured(count: int) -> tuple[float, float, float]:
    """(events a second, broker's microseconds for one, the fleet's) of so many kiosks in the rush."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mosquitto(folder) as broker, fleet(folder / "fleet", broker.port) as served:
            plan = Plan(
                count=count, scenario=NAMED["plain"], port=broker.port, begin_ms=RUSH_MS, tenant="capacity",
                begun_ns=time.monotonic_ns(), health_s=300.0,
            )  # fmt: skip
            parts = parts_of(plan, 2)
            for part in parts:
                part.start()
            until(lambda: sum(part.status().connected for part in parts) >= 0.99 * count, "all", 120)
            time.sleep(5)
            pids = (broker.process.pid, served.pid)
            before, acked = [cpu_s(pid) for pid in pids], sum(part.status().acknowledged for part in parts)
            time.sleep(SECONDS)
            events = sum(part.status().acknowledged for part in parts) - acked
            spent = [cpu_s(pid) - was for pid, was in zip(pids, before, strict=True)]
            for part in parts:
                part.stop()
    return events / SECONDS, spent[0] * 1e6 / events, spent[1] * 1e6 / events


def main() -> None:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    seen = {count: measured(count) for count in MEASURED}
    table(
        "A rush, measured and modelled: events a second",
        ("kiosks", "measured", "modelled", "ratio", "broker us", "fleet us"),
        [
            (count, rate, model := events_s(count, RUSH_MINUTE), rate / model, broker, ingest)
            for count, (rate, broker, ingest) in seen.items()
        ],
    )
    _, broker_us, ingest_us = seen[MEASURED[-1]]
    costs = Costs(broker_us=broker_us, ingest_us=ingest_us)
    rows = []
    for kiosks in KIOSKS:
        for workers in WORKERS:
            day = a_day(kiosks, costs, Machines(ingest_cores=workers))
            dark = a_day(kiosks, costs, Machines(ingest_cores=workers), outage=OUTAGE)
            rows.append(
                (kiosks, workers, day.peak_events_s, day.broker_cores, day.ingest_cores, day.longest_wait_s,
                 dark.drained_min, day.broker_mib, day.database_gib, day.back_s)
            )  # fmt: skip
    table(
        "A Monday by the model, with the costs of the last row above; an outage of the fleet of 30 minutes at eight",
        ("kiosks", "ingest cores", "peak events/s", "broker cores used", "ingest cores wanted", "longest wait, s",
         "outage drained in, min", "broker MiB", "database GiB/day", "all back by TLS, s"),
        rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
