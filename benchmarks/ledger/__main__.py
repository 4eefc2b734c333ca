"""The kiosk's ledger beside what else one could do. `python -m benchmarks.ledger`; each part alone: `... [NAME ...]`."""

from __future__ import annotations

import subprocess
import sys

PARTS = ("outbox", "handoff", "opening", "drain", "flash")


def main() -> int:
    """Each in a process of its own."""
    names = sys.argv[1:] or PARTS
    return max(
        subprocess.run([sys.executable, "-m", f"benchmarks.ledger.{name}"], check=False).returncode
        for name in names
    )


if __name__ == "__main__":
    sys.exit(main())
