"""python -m benchmarks.loop: how quickly the screen answers, raster aside, beside Kivy's own loop in one run.

Press to flip: from a finger posted by another thread until the frame that shows the press has been flipped, with
Kivy's mock GL backend, so that drawing costs nothing and the pipeline alone is measured. Thread to UI: from a
`Clock.schedule_once` in another thread until the main thread runs it. Idle: CPU and wake-ups of the whole process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks._table import table

_ROUNDS = 3
_PRESSES = 60
_IDLE_S = 5.0
_ROOT = Path(__file__).resolve().parents[1]


def measure(store: str, stock: bool) -> dict[str, float]:
    """In a process of its own: one window, many presses."""
    os.environ["KIVY_GL_BACKEND"] = "mock"
    from benchmarks.wall.processes import cost
    from benchmarks.wall.shelves import BenchLink, Shelves
    from kiosk.ui.app import ScreenProgram
    from kiosk.views import Panel

    program = ScreenProgram(BenchLink(Shelves(Path(store), 2000)), Panel(), headless=True, stock_loop=stock)
    from kivy.clock import Clock
    from kivy.core.window import Window

    flipped = threading.Event()
    flip_at = [0.0]

    def on_flip(_window: object) -> None:
        flip_at[0] = time.perf_counter()
        flipped.set()

    Window.bind(on_flip=on_flip)
    presses: list[float] = []
    hops: list[float] = []
    idle: list[float] = []

    def drive() -> None:
        time.sleep(3.0)
        before = cost(os.getpid())
        time.sleep(_IDLE_S)
        after = cost(os.getpid())
        idle.extend(
            ((after.cpu_s - before.cpu_s) / _IDLE_S * 100, (after.switches - before.switches) / _IDLE_S)
        )
        for _ in range(_PRESSES):
            flipped.clear()
            began = time.perf_counter()
            program.touch("down", 540, 200)
            if flipped.wait(2.0):
                presses.append((flip_at[0] - began) * 1000)
            program.touch("up", 540, 1900)  # off the card: nothing opens
            time.sleep(0.12)
        for _ in range(_PRESSES):
            done = threading.Event()
            at = [0.0]

            def here(_dt: float, at: list[float] = at, done: threading.Event = done) -> None:
                at[0] = time.perf_counter()
                done.set()

            began = time.perf_counter()
            Clock.schedule_once(here)
            done.wait(2.0)
            hops.append((at[0] - began) * 1000)
            time.sleep(0.03)
        program.stop()

    threading.Thread(target=drive, daemon=True).start()
    program.run()
    presses.sort()
    hops.sort()
    return {
        "press to flip p50, ms": statistics.median(presses),
        "press to flip p95, ms": presses[int(len(presses) * 0.95)],
        "thread to UI p50, ms": statistics.median(hops),
        "thread to UI p95, ms": hops[int(len(hops) * 0.95)],
        "idle CPU, %": idle[0],
        "idle wake-ups per s": idle[1],
    }


LIMITS = {"press to flip p95, ms": 5.0, "thread to UI p95, ms": 2.0, "idle wake-ups per s": 2.0}


def main() -> None:
    """Measure both loops, alternating, and print."""
    from benchmarks.wall.shelves import make_store

    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = str(make_store(Path(folder)))
        for number in range(_ROUNDS + 1):
            for name in ("ours", "stock"):
                print(f"round {number} of {_ROUNDS}: {name}", file=sys.stderr, flush=True)
                out = subprocess.run(
                    [sys.executable, "-m", "benchmarks.loop", name, store],
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True, cwd=_ROOT,
                ).stdout  # fmt: skip
                if number:
                    for key, value in json.loads(out.splitlines()[-1]).items():
                        found.setdefault(key, {}).setdefault(name, []).append(value)
    rows = []
    for key, by in found.items():
        ours, stock = statistics.median(by["ours"]), statistics.median(by["stock"])
        limit = LIMITS.get(key)
        rows.append(
            (
                key,
                ours,
                stock,
                ours / stock if stock else None,
                limit,
                None if limit is None else "yes" if ours <= limit else "no",
            )
        )
    table(
        f"The loop, {_ROUNDS} rounds, medians",
        ("figure", "ours", "Kivy's loop", "ratio", "limit", "met"),
        rows,
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[2], sys.argv[1] == "stock")))
    else:
        main()
