"""`endcap devices` in a terminal of its own: Ctrl-C, a pipe nobody reads, no standard input, a device that is not there."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.events import Scan
from tests.devices.technician.test_service import Bench
from tests.kiosk.until import until

PATIENCE_S = 90.0  # a process starts: a second here, half a minute where all cores are busy


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def run(bench: Bench, *words: str, **how: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "endcap", "devices", *words, "--config", str(bench.config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)  # type: ignore[call-overload, no-any-return]


def test_ctrl_c_in_a_test_gives_the_device_back_and_says_no_more_than_that(bench: Bench) -> None:
    with run(bench, "test", "scanner") as tool:
        assert tool.stdout is not None
        assert tool.stdout.readline().startswith("1/1  Scan this code")
        assert bench.manager.snapshot()[0].lent
        tool.send_signal(signal.SIGINT)
        _, said = tool.communicate(timeout=PATIENCE_S)
    assert (tool.returncode, said.strip()) == (2, "endcap devices: stopped")
    until(
        lambda: not bench.manager.snapshot()[0].lent, "the device to be given back"
    )  # the agent sees it hang up
    until(lambda: bench.manager.states()["scanner"] == "ready", "the device to be the kiosk's again")


def test_a_device_that_is_not_there_is_not_tested(bench: Bench) -> None:
    with run(bench, "test", "reader") as tool:
        out, said = tool.communicate(timeout=PATIENCE_S)
    assert (tool.returncode, out) == (2, "")
    assert "endcap devices: reader is absent: nothing is there." in said


def test_an_agent_that_ends_in_the_middle_of_a_test_is_said_to_have(bench: Bench) -> None:
    with run(bench, "test", "scanner") as tool:
        assert tool.stdout is not None
        tool.stdout.readline()
        bench.service.stop()
        _, said = tool.communicate(timeout=PATIENCE_S)
    assert (tool.returncode, said.strip()) == (2, "endcap devices: the agent has hung up")


def test_nobody_reads_what_is_said(bench: Bench) -> None:
    with run(bench, "watch") as tool:
        assert tool.stdout is not None
        tool.stdout.close()
        assert tool.stderr is not None
        while tool.poll() is None:
            bench.scanner.scan("42")
            bench.ear.wait(Scan)
        assert (tool.returncode, tool.stderr.read()) == (2, "")


def test_without_a_standard_input_nobody_has_answered() -> None:
    words = "from devices.technician.cli_test import Console; print(repr(Console().answer()))"
    out = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable, words],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert (out.returncode, out.stdout, out.stderr) == (0, "''\n", "")
