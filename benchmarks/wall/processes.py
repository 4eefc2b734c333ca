"""What a tree of processes costs, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all its descendants that live."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


@dataclass(frozen=True)
class Cost:
    """CPU seconds used so far, times it gave up the processor (sleeps and so wake-ups), memory in MiB."""

    cpu_s: float
    switches: int
    pss_mb: float


def cost(pid: int, *, memory: bool = True) -> Cost:
    """The whole tree's. PSS shares what processes share, so a browser's eight do not count libraries eight times."""
    cpu, switches, pss = 0.0, 0, 0.0
    for each in tree(pid):
        home = Path("/proc") / str(each)
        try:
            fields = (home / "stat").read_text().rpartition(")")[2].split()
            cpu += sum(int(field) for field in fields[11:15]) / _TICK  # with children that have ended
            for task in (home / "task").iterdir():
                for line in (task / "status").read_text().splitlines():
                    if line.startswith("voluntary_ctxt_switches"):
                        switches += int(line.split()[1])
            if memory:
                for line in (home / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        pss += int(line.split()[1]) / 1024
        except OSError:
            continue  # it ended while we looked
    return Cost(cpu, switches, pss)
