"""What every benchmark shares: fair rounds, medians, and one printed table with date and machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table under a title and the line about the machine; numbers are set to the right.

    Cells may be text, None (printed as a dash) or numbers, which keep three significant digits.
    """
    body = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *body, strict=True)]
    right = [all(_is_number(row[index]) for row in body) for index in range(len(headers))]

    def line(cells: Iterable[str]) -> str:
        padded = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, right, strict=True)
        ]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * (width - 1) + (":" if number else "-") for width, number in zip(widths, right, strict=True)]
    print(f"\n{title}\n{machine()}\n")
    print(line(headers))
    print(line(rule))
    for row in body:
        print(line(row))


def machine() -> str:
    """Return date, processor, cores, load and Python in one line."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, {_processor()}, {os.cpu_count()} cores{load}, {platform.system()}, {python}"


def interleaved(
    subjects: Mapping[str, Callable[[], object]], rounds: int = 15, seconds: float = 0.005
) -> dict[str, list[float]]:
    """Time each subject once per round, all in turn, so that a busy moment of the machine falls on all of them.

    A time is the seconds of one call, averaged over as many calls as `seconds` hold (at least one). Each subject is
    called before the first round, unmeasured. Return the times by name, one per round.
    """
    calls = {}
    for name, subject in subjects.items():
        subject()
        calls[name] = max(1, round(seconds / max(_seconds(subject, 1), 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            times[name].append(_seconds(subject, calls[name]))
    return times


def median_ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Return the median over the rounds of `slower` divided by `faster`, pairs measured next to each other."""
    return statistics.median([a / b for a, b in zip(slower, faster, strict=True)])


def _seconds(subject: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        subject()
    return (time.perf_counter() - start) / calls


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)


def _is_number(text: str) -> bool:
    return text == "-" or text.rstrip("x%").replace(".", "").replace("-", "").isdigit()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model"} and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()
