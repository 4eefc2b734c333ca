"""A clock that jumps while everything runs, for everything a nursery starts.

A small preloaded library adds what stands in a file to the wall clock, and leaves monotonic time alone, as setting a
machine's clock does. (libfaketime 0.9.10, Debian's, cannot: with FAKETIME_DONT_FAKE_MONOTONIC every time.sleep() of
Python 3.11 fails with EINVAL, and without it monotonic time jumps as well.)
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
YEAR: Final = 365 * DAY
JUMPS: Final = (-HOUR, HOUR, -3 * DAY, 3 * DAY, -2 * YEAR, 2 * YEAR, 10 * YEAR, -15 * YEAR, 0)


def missing() -> str:
    """Why no clock can jump here; "" where one can."""
    return "" if shutil.which("cc") else "clocks that jump need a C compiler: apt-get install gcc libc6-dev"


class JumpyClock:
    """A clock in a file, `file`; the library is built beside it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._library = file.with_suffix(".so")
        source = Path(__file__).with_name("jumpy_clock.c")
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", "-o", str(self._library), str(source), "-ldl"], check=True
        )
        self._file.write_bytes(bytes(8))

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to live by it."""
        return {"LD_PRELOAD": str(self._library), "JUMPY_CLOCK": str(self._file)}

    def jump(self, offset_s: int) -> None:
        """Be so far from the machine's clock."""
        with self._file.open("r+b", buffering=0) as file:  # written in place: it is mapped
            file.write(struct.pack("q", offset_s))
