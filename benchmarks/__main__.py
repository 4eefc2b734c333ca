"""python -m benchmarks [NAME ...]: those, or all of them, one after the other."""

from __future__ import annotations

import argparse
import subprocess
import sys

ALL = (
    "adopting",
    "authored",
    "cluster",
    "content",
    "qr",
    "event_forms",
    "gs1",
    "devices",
    "devices.pn532",
    "devices.printer",
    "hotplug",
    "ingest",
    "importing",
    "loop",
    "phone_lane",
    "playlist",
    "release_sizes",
    "rollouts",
    "ledger",
    "live_changes",
    "alerts",
    "scale",
    "software",
    "wall",
)


def main() -> int:
    """Run each in a process of its own; the worst exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    names = parser.parse_args().names
    if unknown := set(names) - set(ALL):
        parser.error(f"expected some of {', '.join(ALL)}, found {', '.join(sorted(unknown))}")
    return max(
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
        for name in names or ALL
    )


if __name__ == "__main__":
    sys.exit(main())
