"""Memory and processor time as the number of kiosks grows: simulator, broker, pages (`fleet`) and a worker that stores.

    python -m benchmarks.scale.memory [100 1000 10000] [--plot docs/screens/kiosks-memory.svg]

The kiosks are quiet ones (BUSY of a station's people), so that two cores carry ten thousand; processor time is per event,
and a kiosk's share of memory is what each step adds. The events of all are counted in the fleet's database at the end.
The store is PostgreSQL with one `endcap fleet ingest`. About four minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks._table import table
from benchmarks.scale.chart import chart
from benchmarks.scale.station import station, stored

NUMBERS = (100, 1_000, 10_000)
BUSY = 0.12
MEASURED_S = 15.0
CONNECTED_S, SETTLED_S = 180.0, 30.0  # longest waits
PROGRAMS = ("simulator", "broker", "fleet", "ingest")


@dataclass(frozen=True)
class Run:
    """So many kiosks were connected, of those wanted. RSS in MiB, processor time in microseconds for each event the fleet acknowledged."""

    kiosks: int
    wanted: int
    connected_s: float
    settled_s: float  # until hardly an event waited any more
    events_s: float
    rss: dict[str, float]
    empty: dict[str, float]  # before the first kiosk came
    cpu_us: dict[str, float]
    acknowledged: int
    stored: int


def run(count: int) -> Run:
    """Connect them, let them work, look."""
    with (
        tempfile.TemporaryDirectory() as name,
        station(Path(name), count, BUSY, postgres=True) as all_of_it,
    ):
        empty = all_of_it.rss()
        connected_s = all_of_it.plug(CONNECTED_S)
        settled_s = all_of_it.settle(max(20, count // 20), SETTLED_S)
        connected = all_of_it.status().connected
        before, acked, begun = all_of_it.cpu(), all_of_it.status().acknowledged, time.monotonic()
        time.sleep(MEASURED_S)
        events, seconds = all_of_it.status().acknowledged - acked, time.monotonic() - begun
        cpu = {name: (used - before[name]) * 1e6 / max(1, events) for name, used in all_of_it.cpu().items()}
        rss = all_of_it.rss()
        last = all_of_it.unplug()
        kept, _ = stored(all_of_it.database)
    return Run(
        connected, count, connected_s, settled_s, events / seconds, rss, empty, cpu, last.acknowledged, kept
    )


def main() -> None:
    """Print the tables, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, default=NUMBERS)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    runs = [run(count) for count in options.numbers]
    table(
        f"RSS in MiB, and processor time in us for an event stored; {MEASURED_S:g} s of a quiet rush (busy {BUSY:g})",
        ("kiosks", "of", "events/s", "all up, s", "events settled, s", *(f"{name} MiB" for name in PROGRAMS), *(f"{name} us" for name in PROGRAMS), "acknowledged", "stored"),
        [
            (one.kiosks, one.wanted, one.events_s, one.connected_s, one.connected_s + one.settled_s, *(one.rss[name] for name in PROGRAMS), *(one.cpu_us[name] for name in PROGRAMS), one.acknowledged, one.stored)
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
