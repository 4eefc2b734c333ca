"""Coverage-guided, over every parser of devices/protocol: `python -m tests.fuzz.devices [INPUTS [NAME ...]]` by atheris.

The targets of device_targets take turns of some seconds, each in a process of its own with the inputs that have led
somewhere new so far, until INPUTS (ten million where no number is given) were run in all. Prints a line per target with
how many there were, its slowest input and the most memory it took, and each finding once with an input that makes it;
exit code 1 where there is one. FUZZ_SEED (a number) makes another run than the last.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.errors import ProtocolError

LONGEST = 160  # bytes of one input: longer ones find the same, slower
TURN_S = 30.0  # of one target; a process starts in one
MOST_MIB = 256  # of memory a target's process may take
SLOWEST_S = 5  # for one input
_CHILD = "--target"


class Run:
    """One target: what was run and found so far."""

    def __init__(self, target: Callable[[bytes], None], seconds: float) -> None:
        self.target, self.seconds = target, seconds
        self.executions = self.refused = 0
        self.slowest = 0.0
        self.findings: dict[str, str] = {}
        self.began = time.monotonic()

    def one(self, data: bytes) -> None:
        """Run one input; at the last one, say what came of it and leave: libFuzzer does not come back."""
        self.executions += 1
        began = time.monotonic()
        try:
            self.target(data)
        except ProtocolError:
            self.refused += 1
        except Exception as error:  # noqa: BLE001 - whatever is raised is the finding
            self.find(error, data)
        now = time.monotonic()
        self.slowest = max(self.slowest, now - began)
        if now - self.began >= self.seconds:
            self.leave()

    def find(self, error: Exception, data: bytes) -> None:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        key = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        self.findings.setdefault(key, f"{key}: {str(error)[:200]}\n    {data.hex()}")

    def leave(self) -> None:
        answer = {
            "executions": self.executions,
            "refused": self.refused,
            "seconds": time.monotonic() - self.began,
            "slowest_s": self.slowest,
            "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "findings": self.findings,
        }
        os.write(1, json.dumps(answer).encode() + b"\n")  # libFuzzer ends without flushing
        os._exit(0)


def child(name: str, folder: Path, seconds: float, seed: int) -> None:
    """Fuzz one target in this process, with the branches of its parser counted. `folder` holds its inputs."""
    import atheris

    with atheris.instrument_imports(include=["devices.protocol"]):
        from tests.fuzz.device_targets import SEEDS, TARGETS
    run = Run(TARGETS[name], seconds)
    for index, data in enumerate(SEEDS[name]):
        (folder / f"seed-{index:04}").write_bytes(data)
    options = [
        f"-max_len={LONGEST}", f"-rss_limit_mb={MOST_MIB}", f"-timeout={SLOWEST_S}", f"-seed={seed}", "-verbosity=0",
        "-print_final_stats=0", f"-artifact_prefix={folder.parent}/",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], str(folder), *options], run.one)
    atheris.Fuzz()


def main() -> int:
    """Fuzz every target, or those that are named, in turns."""
    if sys.argv[1:2] == [_CHILD]:
        name, folder, seconds, seed = sys.argv[2:]
        child(name, Path(folder), float(seconds), int(seed))
        return 1
    from tests.fuzz.device_targets import TARGETS  # not before a child can count its branches

    if unknown := set(sys.argv[2:]) - TARGETS.keys():
        print(
            f"fuzz-devices: no parser {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}",
            file=sys.stderr,
        )
        return 2
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    first = int(os.environ.get("FUZZ_SEED", "0"))
    told = {name: Told() for name in sys.argv[2:] or TARGETS}
    with tempfile.TemporaryDirectory() as folder:
        for turn in itertools.count(1):
            for name, each in told.items():
                if turn == 1 or sum(each.executions for each in told.values()) < wanted:
                    each.add(_turn(name, Path(folder), first + turn))
            total = sum(each.executions for each in told.values())
            print(f"turn {turn}: {total} inputs", flush=True)
            if total >= wanted or all(each.dead for each in told.values()):
                break
    for name, each in told.items():
        print(each.line(name))
        for finding in each.findings.values():
            print(f"  {finding}")
    findings = sum(len(each.findings) for each in told.values())
    print(f"{total} inputs over {len(told)} parsers, {findings} findings")
    return 1 if findings else 0


@dataclass
class Told:
    """What the turns of a target have told."""

    executions: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    mib: float = 0.0
    findings: dict[str, str] = field(default_factory=dict)
    dead: bool = False

    def add(self, answer: dict[str, Any]) -> None:
        """Of one more turn."""
        self.executions += answer["executions"]
        self.seconds += answer["seconds"]
        self.slowest_s, self.mib = max(self.slowest_s, answer["slowest_s"]), max(self.mib, answer["mib"])
        self.findings = answer["findings"] | self.findings
        self.dead = not answer["executions"]

    def line(self, name: str) -> str:
        """For the table."""
        rate = self.executions / max(self.seconds, 0.001)
        return (
            f"{name:<20} {self.executions:>9} inputs, {rate:>6.0f}/s, slowest {self.slowest_s * 1000:.0f} ms, "
            f"{self.mib:.0f} MiB, {len(self.findings)} findings"
        )


def _turn(name: str, folder: Path, seed: int) -> dict[str, Any]:
    inputs = folder / name
    inputs.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.devices", _CHILD, name, str(inputs), str(TURN_S), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer
    except (ValueError, IndexError):  # libFuzzer has ended it: too slow or too much memory
        why = "; ".join(done.stderr.splitlines()[-6:])[-600:]
        return {
            "executions": 0,
            "seconds": 0.0,
            "slowest_s": 0.0,
            "mib": 0.0,
            "findings": {"ended": f"ended: {why}"},
        }


if __name__ == "__main__":
    sys.exit(main())
