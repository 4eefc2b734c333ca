"""Memory and processor time as the number of kiosks grows: simulator, broker and fleet, each a process of its own.

    python -m benchmarks.scale.memory [100 300 1000 3000 10000] [--plot docs/screens/kiosks-memory.svg]

The kiosks are quiet ones (BUSY of a station's people), so that two cores carry ten thousand; processor time is per event,
and a kiosk's share of memory is what each step adds. The events of all are counted in the fleet's database at the end.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs
from sqlalchemy import func, select

from benchmarks._table import table
from benchmarks.scale.chart import chart
from benchmarks.scale.rig import cpu_s, fleet, mosquitto, rss_kib, until
from fleet import tables
from fleet.config import Config
from fleet.store import Store
from kiosk.simulate.plan import Plan
from kiosk.simulate.scenarios import NAMED
from kiosk.simulate.shares import parts_of

NUMBERS = (100, 300, 1_000, 3_000, 10_000)
BUSY = 0.12
RUSH_MS = 1_795_420_800_000  # a Monday, 08:00 UTC
MEASURED_S = 15.0
PROGRAMS = ("simulator", "broker", "fleet")


@dataclass(frozen=True)
class Run:
    """So many kiosks. RSS in MiB, processor time in microseconds for each event the fleet acknowledged."""

    kiosks: int
    connected_s: float
    events_s: float
    rss: dict[str, float]
    empty: dict[str, float]  # before the first kiosk came
    cpu_us: dict[str, float]
    stored: int
    written: int


def run(count: int) -> Run:
    """Connect them, let them work, look."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = Plan(
            count=count, scenario=NAMED["plain"], begin_ms=RUSH_MS, busy=BUSY, tenant="memory", begun_ns=time.monotonic_ns(),
            health_s=300.0,
        )  # fmt: skip
        with mosquitto(folder) as broker, fleet(folder / "fleet", broker.port) as served:
            parts = parts_of(structs.replace(plan, port=broker.port), 2)
            pids = {"simulator": parts[0].pid, "broker": broker.process.pid, "fleet": served.pid}
            empty = {name: rss_kib(pid) / 1024 for name, pid in pids.items()}
            for part in parts:
                part.start()
            connected_s = until(lambda: sum(part.status().connected for part in parts) == count, "all", 300)
            time.sleep(3)
            before = {name: cpu_s(pid) for name, pid in pids.items()}
            acked = sum(part.status().acknowledged for part in parts)
            time.sleep(MEASURED_S)
            events = sum(part.status().acknowledged for part in parts) - acked
            cpu = {name: (cpu_s(pid) - before[name]) * 1e6 / max(1, events) for name, pid in pids.items()}
            rss = {name: rss_kib(pid) / 1024 for name, pid in pids.items()}
            for part in parts:
                part.rest()
            until(lambda: sum(part.status().waiting for part in parts) == 0, "all to be acknowledged", 120)
            written = sum(told.written for part in parts for told in part.stop())
        store = Store(Config(data=folder / "fleet").database)
        with store.read() as connection:
            stored = int(connection.scalar(select(func.count()).select_from(tables.events)) or 0)
        store.close()
    # Both halves of the simulator are alike: the one that was looked at counts twice.
    for figures in (rss, empty, cpu):
        figures["simulator"] *= 2
    return Run(count, connected_s, events / MEASURED_S, rss, empty, cpu, stored, written)


def main() -> None:
    """Print the tables, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, default=NUMBERS)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    runs = [run(count) for count in options.numbers]
    table(
        f"RSS in MiB, and processor time in us for an event stored; all connected, {MEASURED_S:g} s of a quiet rush (busy {BUSY:g})",
        ("kiosks", "events/s", "all up, s", *(f"{name} MiB" for name in PROGRAMS), *(f"{name} us" for name in PROGRAMS), "written", "stored"),
        [
            (one.kiosks, one.events_s, one.connected_s, *(one.rss[name] for name in PROGRAMS), *(one.cpu_us[name] for name in PROGRAMS), one.written, one.stored)
            for one in runs
        ],
    )  # fmt: skip
    table(
        "KiB for one more kiosk: what a run holds beyond its empty programs, by its kiosks",
        ("kiosks", *PROGRAMS),
        [
            (one.kiosks, *((one.rss[name] - one.empty[name]) * 1024 / one.kiosks for name in PROGRAMS))
            for one in runs
        ],
    )
    if options.plot is not None:
        series = {name: [(one.kiosks, one.rss[name]) for one in runs] for name in PROGRAMS}
        options.plot.write_text(chart("Memory as the number of kiosks grows", "kiosks", "RSS, MiB", series))


if __name__ == "__main__":
    main()
