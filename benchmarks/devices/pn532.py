"""python -m benchmarks.devices.pn532 [--seconds 10] [--only ours]: our PN532 driver beside Adafruit's and nfcpy's, at one simulated chip.

Each reads pages of a tag, no two alike, over a line with a fault; a page that is another one's is a wrong result. Each
driver is a process of its own, so that the chip costs it nothing. Adafruit's and nfcpy come by `make oracles`; what is not
installed has no column. Damage: one bit of one frame in twenty, from the chip, or both ways.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks._table import table
from benchmarks.devices.pn532_subject import page
from devices.sim import faults
from devices.sim.faults import Fault, whole
from devices.sim.pn532_chip import SimPn532
from devices.sim.tags import Type2Tag

ROOT = Path(__file__).resolve().parents[2]
PEERS = {"ours": "", "adafruit": "adafruit_pn532", "nfcpy": "nfc"}
COUNT, SECONDS = 20_000, 10.0
OPEN_S = 30.0


@dataclass(frozen=True)
class Line:
    """What happens to the chip's frames and to the host's; `early`: from the opening on."""

    name: str
    up: Fault = whole
    down: Fault = whole
    early: bool = False


def lines() -> list[Line]:
    return [
        Line("a good line"),
        Line("5 % of the chip's frames damaged", faults.sometimes(faults.damaged(1), 0.05, 2)),
        Line(
            "5 % damaged both ways",
            faults.sometimes(faults.damaged(3), 0.05, 4),
            faults.sometimes(faults.damaged(5), 0.05, 6),
        ),
        Line("one 00 before each frame", faults.preamble(b"\x00"), early=True),
        Line("one byte at a time", faults.one_by_one, early=True),
    ]


def run(library: str, line: Line, count: int, seconds: float) -> dict[str, float] | None:
    """What a driver makes of a line; None where it cannot even open the chip."""
    with tempfile.TemporaryDirectory() as folder:
        chip = SimPn532(Path(folder) / "reader")
        memory = b"".join(page(number) for number in range(256))
        chip.core.hold(Type2Tag(bytes.fromhex("04a2b3c4d5e680"), memory))
        if line.early:
            chip.wire.faults, chip.incoming = line.up, line.down
        device = os.path.realpath(Path(folder) / "reader")
        command = [
            sys.executable,
            "-m",
            "benchmarks.devices.pn532_subject",
            library,
            device,
            str(count),
            str(seconds),
        ]
        peers = os.environ | {"PYTHONPATH": str(ROOT / ".oracles" / "python")}
        subject = subprocess.Popen(
            command, cwd=ROOT, env=peers, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert subject.stdout is not None
            if subject.stdout.readline().strip() != "ready":
                return None
            chip.wire.faults, chip.incoming = line.up, line.down
            said, _ = subject.communicate("go\n", timeout=seconds + OPEN_S)
            told: dict[str, float] = json.loads(said.splitlines()[-1])
            return told
        finally:
            subject.kill()
            subject.communicate()
            chip.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Our PN532 driver beside two others.")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each driver on each line")
    parser.add_argument("--count", type=int, default=COUNT, help="pages at most")
    parser.add_argument("--only", choices=list(PEERS), help="one driver")
    options = parser.parse_args()
    there = [
        name
        for name, module in PEERS.items()
        if options.only in (None, name) and (not module or (ROOT / ".oracles" / "python" / module).exists())
    ]
    for line in lines():
        rows = [judged(library, run(library, line, options.count, options.seconds)) for library in there]
        table(
            f"PN532, {line.name}: pages of a tag",
            ("driver", "asked", "wrong", "right, %", "median, ms", "p99, ms", "0 wrong and >= 99.9 %"),
            rows,
        )


def judged(library: str, told: dict[str, float] | None) -> tuple[object, ...]:
    """A driver's row."""
    if told is None:
        return (library, 0, None, 0.0, None, None, "does not open")
    success = 100 * told["right"] / told["asked"]
    met = "yes" if told["wrong"] == 0 and success >= 99.9 else "no"
    return (
        library,
        int(told["asked"]),
        int(told["wrong"]),
        f"{success:.2f}",
        told["median_ms"],
        told["p99_ms"],
        met,
    )


if __name__ == "__main__":
    main()
