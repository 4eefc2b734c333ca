"""What looking for devices costs: reading /sys ourselves beside pyserial's and pyudev's lists. `python -m benchmarks.hotplug`.

Ours reads the /sys of a kiosk with five peripherals that was recorded in a virtual machine (tests/data/sysfs), laid out as files;
the peers read this machine's own /sys, which has no USB at all, so they have less to do than at a kiosk.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import serial.tools.list_ports

from benchmarks._table import interleaved, table
from devices.finding.sysfs import Sysfs
from devices.supervision.lifecycle import LOOK_S
from tests.vm.listing import lay_out

RECORDED = Path(__file__).parents[1] / "tests/data/sysfs/kiosk.txt"
NODES = ("ttyACM0", "ttyUSB0", "hidraw0", "hidraw1", "input/event1")


def peers() -> dict[str, Callable[[], object]]:
    """The lists other libraries make; pyudev where it is installed."""
    found: dict[str, Callable[[], object]] = {
        "pyserial comports()": lambda: list(serial.tools.list_ports.comports())
    }
    try:
        import pyudev

        context = pyudev.Context()
        found["pyudev list_devices(tty)"] = lambda: list(context.list_devices(subsystem="tty"))
    except ImportError:
        pass
    return found


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lay_out(RECORDED.read_text(), root)
        (root / "dev/input").mkdir(parents=True)
        for name in NODES:
            (root / "dev" / name).touch()
        bus = Sysfs(root / "sys", root / "dev")
        assert len(bus.present()) > len(NODES)
        subjects: dict[str, Callable[[], object]] = {
            "a path that is not there": Path(root / "none").exists,
            "has anything changed (mark)": bus.mark,
            "present(), nothing new": bus.present,
            "present(), read anew": lambda: Sysfs(root / "sys", root / "dev").present(),
            **peers(),
        }
        times = interleaved(subjects, rounds=25)
    rows = [
        (name, statistics.median(taken) * 1e6, max(taken) * 1e6, 100 * statistics.median(taken) / LOOK_S)
        for name, taken in times.items()
    ]
    table(
        f"One look for devices; a supervisor of an absent one takes {1 / LOOK_S:.0f} a second",
        ("look", "median us", "worst us", "% of a core"),
        rows,
    )


if __name__ == "__main__":
    main()
