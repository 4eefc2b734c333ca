"""The machine's clocks, as far as a test can know them, and with a clock that steps under a running program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.clock.clock import KERNEL_MS, Clock, SystemClock
from kiosk.clock.time_quality import PLAUSIBLE_MS
from tests.servers import wait_until

HOUR_MS = 3_600_000


def system_ms() -> int:
    return time.time_ns() // 1_000_000


def test_the_clock_tells_time_in_milliseconds_and_how_far_to_believe_it() -> None:
    clock: Clock = SystemClock()
    before, wall = clock.mono_ms(), system_ms()
    assert wall <= clock.wall_ms()
    assert before <= clock.mono_ms()
    assert clock.quality() in {"unsynced", "synced"}, "a clock that was never in step holds nothing over"
    assert clock.off_ms() == 0
    assert clock.boot == SystemClock().boot, "one boot, one name"


def test_where_nobody_keeps_the_clock_the_fleets_time_counts() -> None:
    clock = SystemClock(disciplined=lambda: False)
    assert clock.quality() == "unsynced"
    clock.learn(system_ms() + HOUR_MS, 20)
    assert clock.quality() == "synced"
    assert abs(clock.wall_ms() - system_ms() - HOUR_MS) < 5_000
    assert abs(clock.off_ms() + HOUR_MS) < 5_000, "the machine's own is an hour behind"


def test_a_disciplined_clock_hears_of_the_fleets_and_goes_by_its_own() -> None:
    clock = SystemClock(disciplined=lambda: True)
    clock.learn(system_ms() + HOUR_MS, 20)
    assert abs(clock.wall_ms() - system_ms()) < 5_000
    assert clock.quality() == "synced"
    assert abs(clock.off_ms() + HOUR_MS) < 5_000, "and the operator sees that one of the two is wrong"


def test_a_kernel_that_loses_its_daemon_holds_over() -> None:
    kept = [True]
    clock = SystemClock(disciplined=lambda: kept[0])
    assert clock.quality() == "synced"
    kept[0] = False
    wait_until(lambda: clock.quality() == "holdover", "the next look at the kernel", 15 + KERNEL_MS / 1000)
    assert abs(clock.wall_ms() - system_ms()) < 5_000


def test_a_trusted_clock_is_believed_without_anybodys_word() -> None:
    clock = SystemClock(trusted=True, disciplined=lambda: False)
    assert clock.quality() == "holdover"


@pytest.mark.parametrize(("at_ms", "error_ms"), [(PLAUSIBLE_MS - 1, 10), (0, 0), (PLAUSIBLE_MS * 2, -1)])
def test_nonsense_is_not_learnt(at_ms: int, error_ms: int) -> None:
    clock = SystemClock(disciplined=lambda: False)
    clock.learn(at_ms, error_ms)
    assert clock.quality() == "unsynced"


PROGRAM = """
import sys, time
from kiosk.clock.clock import SystemClock
clock = SystemClock(disciplined=lambda: sys.argv[1] == "disciplined")
for line in sys.stdin:
    if line.startswith("learn"):
        clock.learn(int(line.split()[1]), 20)
    print(time.time_ns() // 1_000_000, clock.wall_ms(), clock.mono_ms(), clock.quality(), flush=True)
"""


class Stepped:
    """A program under libfaketime, whose system clock a test moves while it runs."""

    def __init__(self, process: subprocess.Popen[str], file: Path) -> None:
        self._process, self._file = process, file

    def step(self, seconds: int) -> None:
        self._file.write_text(f"{seconds:+d}")

    def say(self, line: str = "") -> tuple[int, int, int, str]:
        """What system clock, wall clock, monotonic clock and quality are."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        system, wall, mono, quality = self._process.stdout.readline().split()
        return int(system), int(wall), int(mono), quality


@contextmanager
def stepped(folder: Path, kernel: str) -> Iterator[Stepped]:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("no libfaketime here: apt-get install faketime")
    file = folder / "faketime"
    file.write_text("+0")
    environment = os.environ | {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kernel], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    with process:
        yield Stepped(process, file)
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("step_s", [-3 * 86_400, 40 * 365 * 86_400, -1])
def test_a_step_of_the_systems_clock_moves_no_duration_and_no_time_that_was_told(
    tmp_path: Path, step_s: int
) -> None:
    with stepped(tmp_path, "free") as program:
        system, wall, mono, quality = program.say()
        assert quality == "unsynced"
        assert abs(wall - system) < 1_000
        truth = system + 10 * HOUR_MS
        *_, quality = program.say(f"learn {truth}")
        assert quality == "synced"
        program.step(step_s)
        after_system, after_wall, after_mono, quality = program.say()
        assert abs(after_system - system - step_s * 1000) < 60_000, "the system's clock has stepped"
        assert 0 <= after_mono - mono < 60_000, "no duration has"
        assert 0 <= after_wall - truth < 60_000, "nor what the fleet told"
        assert quality == "synced"


def test_a_step_by_the_daemon_that_keeps_the_clock_is_followed(tmp_path: Path) -> None:
    with stepped(tmp_path, "disciplined") as program:
        system, _, mono, quality = program.say()
        assert quality == "synced"
        program.step(7_200)
        after_system, after_wall, after_mono, quality = program.say()
        assert abs(after_system - system - 7_200_000) < 60_000
        assert after_wall == pytest.approx(after_system, abs=1_000)
        assert 0 <= after_mono - mono < 60_000
        assert quality == "synced"
