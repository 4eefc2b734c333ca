"""One round of measuring one wall, from outside."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.wall.display import Display, Point
from benchmarks.wall.processes import cost
from benchmarks.wall.subjects import Running

Subject = Callable[[Display, Path, int], Running]
_GRID = 9  # points looked at, across and down
_PATIENCE_S = 30.0
_PRESSES = 30


def _points(display: Display) -> list[Point]:
    """A grid of points over the whole screen."""
    return [
        (display.width * (2 * x + 1) // (2 * _GRID), display.height * (2 * y + 1) // (2 * _GRID))
        for x in range(_GRID)
        for y in range(_GRID)
    ]


def _settled(display: Display, points: list[Point], quiet_s: float) -> tuple[tuple[bytes, ...], float]:
    """The picture once nothing has changed for `quiet_s` seconds, and when it was first complete."""
    last, since, end = display.pixels(points), time.perf_counter(), time.perf_counter() + _PATIENCE_S
    blank = len(set(last)) <= 1
    while (now := time.perf_counter()) < end and (blank or now - since < quiet_s):
        time.sleep(0.004)
        seen = display.pixels(points)
        if seen != last:
            last, since = seen, time.perf_counter()
            blank = len(set(last)) <= 4  # a window without shelves yet
    return last, since


def _start(subject: Subject, display: Display, store: Path, count: int) -> tuple[Running, float, float]:
    """Start a wall; returns it, seconds and CPU seconds until the last of its pixels had come."""
    display.point(display.width - 1, display.height - 1)
    points = _points(display)
    began = time.perf_counter()
    wall = subject(display, store, count)
    # CPU is read twice a second while we wait and taken at the completing change's time by the nearest reading.
    readings: list[tuple[float, float]] = []
    last, since, blank = display.pixels(points), began, True
    while (now := time.perf_counter()) - began < _PATIENCE_S and (blank or now - since < 1.5):
        time.sleep(0.004)
        seen = display.pixels(points)
        if seen != last:
            last, since = seen, time.perf_counter()
            blank = len(set(last)) <= 6
            readings.append((since, cost(wall.pid, memory=False).cpu_s))
    return wall, since - began, readings[-1][1] if readings else 0.0


def measure_big(
    subject: Subject, store: Path, count: int, idle_s: float, scroll_s: float
) -> dict[str, float]:
    """Start, memory, idleness and scrolling at 1080x1920."""
    with Display(1080, 1920) as display:
        wall, seconds, cpu = _start(subject, display, store, count)
        try:
            time.sleep(3.0)
            before = cost(wall.pid)
            time.sleep(idle_s)
            after = cost(wall.pid)
            presses = _press(display, 8)
            began = cost(wall.pid, memory=False)
            shown, inside = _scroll(display, wall, scroll_s)
            ended = cost(wall.pid)
        finally:
            wall.end()
    found = {
        "start to complete wall, s": seconds,
        "CPU seconds to complete wall": cpu,
        "memory idle, MiB PSS": after.pss_mb,
        "memory after scrolling, MiB PSS": ended.pss_mb,
        "idle CPU, %": (after.cpu_s - before.cpu_s) / idle_s * 100,
        "idle wake-ups per s": (after.switches - before.switches) / idle_s,
        "scroll, frames/s on the screen": shown / scroll_s,
        "scroll, frames/s counted inside": inside["frames"] / scroll_s,
        "scroll, interval p99, ms": inside["interval_p99"],
        "scroll CPU, %": (ended.cpu_s - began.cpu_s) / scroll_s * 100,
        "touch to pixel p50 at 1080x1920, ms": statistics.median(presses),
    }
    if "work_p99" in inside:
        found["main-thread work per frame p99, ms"] = inside["work_p99"]
    return found


def _scroll(display: Display, wall: Running, seconds: float) -> tuple[int, dict[str, float]]:
    """Frames somebody could have seen, and what the wall counted."""
    import threading

    counted: list[dict[str, float]] = []
    thread = threading.Thread(target=lambda: counted.append(wall.scroll(seconds)))
    thread.start()
    time.sleep(0.2)
    column = (display.width // 6, display.height // 4, 1, display.height // 2)
    shown = display.frames(column, seconds - 0.4)
    thread.join()
    return round(shown * seconds / (seconds - 0.4)), counted[0]


def _press(display: Display, presses: int) -> list[float]:
    """Milliseconds from a press on a card until its pixel changes; the finger slides off, so nothing opens."""
    x, y = (
        display.width // 2,
        int(display.height * 0.093),
    )  # above a product, on every card the same light ground
    found = []
    for _ in range(presses):
        display.point(x, y)
        time.sleep(0.15)
        before = display.strip(x, y, 1, 1)[:3]
        display.press(True)
        seconds = display.wait_changed(x, y, before, 1.0)
        found.append((seconds if seconds is not None else 1.0) * 1000)
        time.sleep(0.05)
        display.press(False)
        time.sleep(0.25)
    return found


def measure_small(subject: Subject, store: Path, count: int) -> dict[str, float]:
    """Touch to pixel where painting is cheap: 360x640, a ninth of the pixels."""
    with Display(360, 640) as display:
        wall, _, _ = _start(subject, display, store, count)
        try:
            time.sleep(2.0)
            presses = sorted(_press(display, _PRESSES))
        finally:
            wall.end()
    return {
        "touch to pixel p50 at 360x640, ms": presses[len(presses) // 2],
        "touch to pixel p95 at 360x640, ms": presses[int(len(presses) * 0.95)],
    }


def measure_sizes(subject: Subject, store: Path, count: int) -> dict[str, float]:
    """Start and memory for a number of products."""
    with Display(1080, 1920) as display:
        wall, seconds, cpu = _start(subject, display, store, count)
        try:
            time.sleep(2.0)
            memory = cost(wall.pid).pss_mb
        finally:
            wall.end()
    return {
        "start to complete wall, s": seconds,
        "CPU seconds to complete wall": cpu,
        "memory idle, MiB PSS": memory,
    }
