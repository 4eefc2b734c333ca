"""python -m benchmarks.scale: a storm, a command's way, memory as kiosks grow. Some minutes; each also runs by its name."""

from __future__ import annotations

import subprocess
import sys

PARTS = ("storm", "command", "memory", "capacity")


def main() -> int:
    """Each in a process of its own; the worst exit code."""
    return max(
        subprocess.run([sys.executable, "-m", f"benchmarks.scale.{name}"], check=False).returncode
        for name in PARTS
    )


if __name__ == "__main__":
    sys.exit(main())
