"""python -m benchmarks.wall [--rounds N] [--quick]: our wall beside Chromium --kiosk, alternating, medians and ratios.

Needs Xvfb, Chromium and python-xlib (Debian: xvfb, chromium; the extra `bench`). Both show the same products with the
same pictures, sizes and QR codes on the same X server; all is measured from outside, by pixels and /proc.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks._table import table

Results = dict[str, dict[str, list[float]]]
SETTLE_S = 4.0
COUNT = 2000


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds of watching nothing happen")
    parser.add_argument("--scroll", type=float, default=8.0, help="seconds of scrolling")
    options = parser.parse_args()
    for program in ("Xvfb", "chromium"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed (Debian: apt-get install xvfb chromium)")
            return 0
    if importlib.util.find_spec("Xlib") is None:
        print("skipped: python-xlib is not installed (.venv/bin/python -m pip install -e '.[bench]')")
        return 0
    from benchmarks.wall.rounds import measure_big, measure_sizes, measure_small
    from benchmarks.wall.shelves import make_store
    from benchmarks.wall.subjects import Chromium, Ours, forget_profile

    results: Results = defaultdict(lambda: defaultdict(list))
    sizes: Results = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder))
        subjects: dict[str, Callable[..., Ours | Chromium]] = {"ours": Ours, "chromium": Chromium}
        try:
            for number in range(
                options.rounds + 1
            ):  # the first round warms caches and profile and is not kept
                for name, subject in subjects.items():
                    print(f"round {number} of {options.rounds}: {name}", file=sys.stderr, flush=True)
                    found = measure_big(subject, store, COUNT, options.idle, options.scroll) | measure_small(
                        subject, store, COUNT
                    )
                    if number:
                        for key, value in found.items():
                            results[key][name].append(value)
                for count in (200, 20_000):
                    found = measure_sizes(Ours, store, count)
                    if number:
                        for key, value in found.items():
                            sizes[key][str(count)].append(value)
        finally:
            forget_profile()
    rows = []
    for key, (target, better) in TARGETS.items():
        ours, theirs = (_median(results[key][name]) for name in ("ours", "chromium"))
        ratio = ours / theirs if ours is not None and theirs else None
        met = None if ratio is None or target is None else ("yes" if better(ratio, target) else "no")
        rows.append((key, ours, theirs, ratio, target, met))
    table(
        f"The wall, 1080x1920, {COUNT} products, {options.rounds} rounds, medians",
        ("figure", "ours", "Chromium", "ratio", "target", "met"),
        rows,
    )
    only = [
        (
            key,
            _median(results[key]["ours"]),
            limit,
            "yes" if (_median(results[key]["ours"]) or 0) <= limit else "no",
        )
        for key, limit in LIMITS.items()
    ]
    table("Ours alone", ("figure", "ours", "limit", "met"), only)
    table(
        "20,000 products beside 200",
        ("figure", "200", "20,000", "ratio", "target"),
        [
            (
                key,
                _median(by["200"]),
                _median(by["20000"]),
                (_median(by["20000"]) or 0) / (_median(by["200"]) or 1),
                1.5,
            )
            for key, by in sizes.items()
        ],
    )
    return 0


def _lower(ratio: float, target: float) -> bool:
    return ratio <= target


def _higher(ratio: float, target: float) -> bool:
    return ratio >= target


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


TARGETS: dict[str, tuple[float | None, Callable[[float, float], bool]]] = {
    "start to complete wall, s": (0.9, _lower),
    "CPU seconds to complete wall": (0.75, _lower),
    "memory idle, MiB PSS": (0.33, _lower),
    "memory after scrolling, MiB PSS": (0.33, _lower),
    "idle CPU, %": (0.5, _lower),
    "idle wake-ups per s": (None, _lower),
    "scroll, frames/s on the screen": (1.0, _higher),
    "scroll, frames/s counted inside": (1.0, _higher),
    "scroll, interval p99, ms": (None, _lower),
    "scroll CPU, %": (None, _lower),
    "touch to pixel p50 at 360x640, ms": (1.3, _lower),
    "touch to pixel p95 at 360x640, ms": (1.3, _lower),
    "touch to pixel p50 at 1080x1920, ms": (None, _lower),
}
LIMITS = {"main-thread work per frame p99, ms": 6.0, "idle wake-ups per s": 2.0}


if __name__ == "__main__":
    start = time.perf_counter()
    code = main()
    print(f"\nmeasured in {time.perf_counter() - start:.0f} s")
    sys.exit(code)
