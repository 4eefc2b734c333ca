"""python -m benchmarks.devices [--quick]: our manager and line scanner beside pyserial's ReaderThread, in one run.

A second process holds the far end of each pseudo-terminal: it plugs, feeds, pulls and takes the times. Both look for
the port every 0.2 s. ReaderThread is used as its documentation shows it, and opened again when its thread has ended.
"bare read()" is no reader: one thread that waits in os.read(), the least Python can do; it shows what the machine costs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks._table import table
from benchmarks.devices import rounds
from benchmarks.devices.rounds import Unplugs

HEADERS = ("figure", "ours", "ReaderThread", "ratio", "limit", "met")
SWITCH_S = (0.0, 0.001, 0.0005)  # 0: Python's own, 5 ms; the wall's process has 0.5 ms (kiosk.ui.app)
ROUNDS = 3

Row = tuple[str, float, float | None, float | None, float | None, str | None]


def row(figure: str, ours: float, theirs: float | None = None, limit: float | None = None) -> Row:
    """A table's row with ratio and verdict."""
    ratio = ours / theirs if theirs else None
    return (figure, ours, theirs, ratio, limit, None if limit is None else "yes" if ours <= limit else "no")


def p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def show_unplugs(folder: Path, cycles: int) -> None:
    """Both at once: they mostly wait."""
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(lambda name: rounds.unplugs(name, folder, cycles), ("ours", "pyserial"))

    def ms(found: Unplugs, quantile: float) -> float:
        return sorted(found.reconnect_s)[int((len(found.reconnect_s) - 1) * quantile)] * 1000

    table(
        f"{cycles} unplugs in the middle of a code, {ours.sent} whole codes before them",
        HEADERS,
        [
            row("whole codes lost", ours.lost, theirs.lost, 0),
            row("whole codes told twice", ours.doubled, theirs.doubled, 0),
            row("codes glued or cut", ours.wrong, theirs.wrong, 0),
            row("not back within 5 s", ours.stuck, theirs.stuck, 0),
            row("reader thread died unheard", ours.unheard, theirs.unheard, 0),
            row("back after, p50, ms", ms(ours, 0.5), ms(theirs, 0.5), 500),
            row("back after, p99, ms", ms(ours, 0.99), ms(theirs, 0.99), 500),
            row("back after, longest, ms", ms(ours, 1.0), ms(theirs, 1.0), 500),
            row("threads left over", ours.threads, theirs.threads, 0),
            row("file descriptors left over", ours.files, theirs.files, 0),
        ],
    )


def show_latency(folder: Path, scans: int) -> None:
    """Idle, and beside a busy thread with three switch intervals; in turns, so that a busy moment falls on both."""
    rows: list[tuple[object, ...]] = []
    for busy in (None, *SWITCH_S):
        taken: dict[str, list[float]] = {"ours": [], "pyserial": [], "bare": []}
        for _ in range(ROUNDS):
            for name, all_of_it in taken.items():
                all_of_it += rounds.latencies(name, folder, scans // ROUNDS, busy=busy)
        ours, theirs, bare = taken.values()
        where = "idle" if busy is None else f"busy thread, switch interval {(busy or 0.005) * 1000:g} ms"
        limit = 5.0 if busy is None else 25.0
        for name, quantile, most in (("p50", statistics.median, None), ("p99", p99, limit)):
            cells = row(f"{where}, {name}, ms", quantile(ours) * 1000, quantile(theirs) * 1000, most)
            rows.append((*cells[:4], quantile(bare) * 1000, *cells[4:]))
    free = rounds.latencies("ours", folder, scans // 4, free_text=True)
    rows.append(("idle, a code only silence ends, p50, ms", statistics.median(free) * 1000, *[None] * 5))
    headers = (*HEADERS[:4], "bare read()", *HEADERS[4:])
    table(f"A code's last byte to its event, {scans} codes in {ROUNDS} rounds", headers, rows)


def show_cost(folder: Path, seconds: float) -> None:
    """CPU while nothing happens, and while the peer does not read."""
    idle = [rounds.idle(name, folder, seconds) * 100 for name in ("ours", "pyserial")]
    ours, theirs = rounds.not_reading("ours", folder, 1.0), rounds.not_reading("pyserial", folder, 1.0)
    unbound = [rounds.not_reading(name, folder, 0)[0] * 100 for name in ("ours", "pyserial")]
    table(
        "What waiting costs",
        HEADERS,
        [
            row("CPU waiting for a scan, %", idle[0], idle[1], 1.0),
            row("CPU while the peer does not read, %", ours[0] * 100, theirs[0] * 100, 2.0),
            row("the same without a write timeout, its default, %", unbound[0], unbound[1], 2.0),
            row("a write of 1 s beyond its deadline, ms", ours[1] * 1000, theirs[1] * 1000, 100),
            row(
                "any call beyond its deadline, worst, ms",
                rounds.overrun(folder, busy=False) * 1000,
                None,
                100,
            ),
            row("the same beside a busy thread, ms", rounds.overrun(folder, busy=True) * 1000, None, 100),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.devices", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="50 unplugs and 99 codes; a minute instead of ten"
    )
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        show_cost(folder, 2.0 if quick else 10.0)
        show_latency(folder, 99 if quick else 300)
        show_unplugs(folder, 50 if quick else 1000)


if __name__ == "__main__":
    main()
