"""A thousand lose their broker at once: how they come back, beside paho's own policy in the same run.

Both go through one door that counts connections (benchmarks/scale/gate.py) and stays open while the broker is away, as a
load balancer's does. The broker is killed, is away for AWAY_S, and starts again empty.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._table import table
from benchmarks.scale.gate import Gate, gate_before, peak
from benchmarks.scale.rig import Mosquitto, mosquitto, until
from kiosk.simulate.plan import Plan
from kiosk.simulate.room import make_room
from kiosk.simulate.scenarios import NAMED
from kiosk.simulate.shares import Part, parts_of

CLIENTS = 1_000
PER_PROCESS = 250  # of paho's
AWAY_S = 5.0
STAND_S = 12.0  # longer than a connection must stand to count as good
Connected = Callable[[], int]


@contextmanager
def ours(port: int) -> Iterator[Connected]:
    """Simulated kiosks on a quiet day, in a process of their own."""
    plan = Plan(
        count=CLIENTS,
        scenario=NAMED["plain"],
        port=port,
        busy=0.0,
        tenant="storm",
        begun_ns=time.monotonic_ns(),
    )
    first, second = parts_of(plan, 2)
    parts: tuple[Part, Part] = (first, second)
    for part in parts:
        part.start()
    try:
        yield lambda: sum(part.status().connected for part in parts)
    finally:
        for part in parts:
            part.stop()


@contextmanager
def pahos(port: int) -> Iterator[Connected]:
    """Plain paho clients, in processes of PER_PROCESS."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scale.peers", str(first), str(PER_PROCESS), str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for first in range(0, CLIENTS, PER_PROCESS)
    ]  # fmt: skip

    def connected() -> int:
        count = 0
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("?\n")
            process.stdin.flush()
            count += int(process.stdout.readline())
        return count

    try:
        yield connected
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def storm(gate: Gate, broker: Mosquitto, connected: Connected) -> dict[str, float]:
    """Kill the broker, start it again, and see how they come back."""
    until(lambda: connected() == CLIENTS, "all to be connected", 180)
    time.sleep(STAND_S)
    killed, before = time.monotonic(), gate.turned_away
    broker.kill()
    time.sleep(AWAY_S)
    broker.again()
    there = time.monotonic()
    half = until(lambda: connected() >= CLIENTS / 2, "half to be back", 130)
    until(lambda: connected() == CLIENTS, "all to be back", 130)
    return {
        "connects tried": sum(moment >= killed for moment in gate.came),
        "in vain": gate.turned_away - before,
        "most in a second": peak(gate.came, killed),
        "... of those let in": peak(gate.through, killed),
        "half back after, s": half,
        "all back after, s": time.monotonic() - there,
    }


def main() -> None:
    """Print the table."""
    make_room(4 * CLIENTS, 1)
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder)) as broker:
        for name, made in (("paho's default", pahos), ("ours", ours)):
            with gate_before(broker.port) as gate, made(gate.port) as connected:
                found[name] = storm(gate, broker, connected)
    mine, theirs = found["ours"], found["paho's default"]
    targets = {"most in a second": 0.2}
    rows = []
    for figure in mine:
        ratio = mine[figure] / theirs[figure] if theirs[figure] else None
        target = targets.get(figure)
        met = None if target is None else ("yes" if ratio is not None and ratio <= target else "no")
        if figure == "all back after, s":
            met = "yes" if mine[figure] <= 30 else "no"
        rows.append((figure, mine[figure], theirs[figure], ratio, target, met))
    table(
        f"{CLIENTS} clients, the broker killed and away for {AWAY_S:g} s (all back within 30 s wanted)",
        ("figure", "ours", "paho's default", "ratio", "target", "met"),
        rows,
    )


if __name__ == "__main__":
    main()
