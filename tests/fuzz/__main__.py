"""Coverage-guided: `python -m tests.fuzz [EXECUTIONS]` by atheris (libFuzzer), a million where no number is given.

Prints how many were run, how many of them were read as a payment, and each finding once with an input that makes it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["fleet.payments.codecs"]):
    from tests.fuzz.mutate import mutate
    from tests.fuzz.target import check, seeds

LONGEST = 4096  # bytes


class Run:
    """What was run and found so far."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.executions = self.read = 0
        self.findings: dict[str, str] = {}
        self.began = time.monotonic()

    def one(self, data: bytes) -> None:
        """Run one input; at the last one, say what came of it and leave: libFuzzer does not come back."""
        self.executions += 1
        text = data.decode("utf-8", "surrogateescape")
        try:
            self.read += check(text)
        except Exception as error:  # noqa: BLE001 - whatever is raised is the finding
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {error}"
            key = where.partition(": ")[0]
            if key not in self.findings:
                self.findings[key] = f"{where[:300]}\n    {text[:300]!r}"
        if self.executions % max(1, self.wanted // 10) == 0:
            self.say(f"{self.executions} executions, {len(self.findings)} findings")
        if self.executions >= self.wanted:
            self.leave()

    def say(self, text: str) -> None:
        os.write(1, f"{text}\n".encode("utf-8", "backslashreplace"))  # libFuzzer ends without flushing

    def leave(self) -> None:
        seconds = time.monotonic() - self.began
        self.say(
            f"{self.executions} executions in {seconds:.0f} s, {self.read} read as a payment, "
            f"{len(self.findings)} findings"
        )
        for finding in self.findings.values():
            self.say(finding)
        os._exit(1 if self.findings else 0)


def main() -> None:
    """Fuzz until as many inputs were run as the command line says."""
    run = Run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    start = seeds()

    def mutator(data: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.25:
            return bytes(atheris.Mutate(data, longest))
        text = mutate(data.decode("utf-8", "surrogateescape"), random, start)
        return text.encode("utf-8", "surrogatepass")[:longest]

    with tempfile.TemporaryDirectory() as folder:
        for index, text in enumerate(start):
            (Path(folder) / f"{index:04}").write_bytes(text.encode())
        options = [
            f"-runs={2 * run.wanted}",
            f"-max_len={LONGEST}",
            "-seed=1",
            "-verbosity=0",
            "-print_final_stats=0",
        ]
        atheris.Setup([sys.argv[0], folder, *options], run.one, custom_mutator=mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
