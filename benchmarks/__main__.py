"""python -m benchmarks: all of them, one after the other; each can be run by itself (python -m benchmarks.qr)."""

from __future__ import annotations

import subprocess
import sys

ALL = ("qr", "importing", "loop", "wall")


def main() -> int:
    """Run each in a process of its own; the worst exit code."""
    return max(
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in ALL
    )


if __name__ == "__main__":
    sys.exit(main())
