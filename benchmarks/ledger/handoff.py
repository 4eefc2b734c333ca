"""What a slow card costs the thread that owns the session: every fsync is made 20 ms longer by strace."""

from __future__ import annotations

import shutil
import subprocess
import sys

from benchmarks._table import table

DELAY_US = 20_000


def main() -> None:
    """Print the table, or why there is none."""
    if shutil.which("strace") is None:
        print("handoff: not measured, Debian's strace is not installed")
        return
    rows = []
    for name, before in (
        ("this disk", []),
        (
            f"every fsync {DELAY_US // 1000} ms longer",
            ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
             "-e", f"inject=fsync,fdatasync:delay_exit={DELAY_US}"],
        ),
    ):  # fmt: skip
        done = subprocess.run(
            [*before, sys.executable, "-m", "benchmarks.ledger.handoff_subject"],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            what, *figures = line.split("\t")
            rows.append((name, what, *map(float, figures)))
    table(
        "Time of the owner's thread, ms; target: note p99 < 1",
        ("card", "call", "p50", "p99", "worst"),
        rows,
    )


if __name__ == "__main__":
    main()
