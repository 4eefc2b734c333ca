"""The command: it ends when asked and leaves nothing, and says in one line why it cannot begin."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from fleet.broker.broker import Broker
from fleet.cli import main as cli
from fleet.serve import Fleet
from kiosk.simulate.plan import Report
from tests.servers import wait_until
from tests.simulate.swarms import is_all_stored

COMMAND = [sys.executable, "-m", "fleet", "simulate"]


@contextmanager
def simulation(*words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.server
@pytest.mark.parametrize("processes", [1, 2])
def test_what_it_reports_is_what_the_fleet_has(
    processes: int, broker: Broker, fleet: Fleet, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    words = (
        "--kiosks", "8", "--broker", f"127.0.0.1:{broker.port}", "--tenant", f"cli{processes}", "--speed", "60",
        "--scenario", "field", "--begin", "2026-11-23 08:00", "--seconds", "4", "--drain", "40", "--processes", str(processes),
        "--report", str(report),
    )  # fmt: skip
    with simulation(*words) as process:
        out, err = process.communicate(timeout=90)
    assert (process.returncode, err) == (0, ""), out
    told = msgspec.json.decode(report.read_bytes(), type=Report)
    assert len(told.kiosks) == 8
    assert told.written == told.acknowledged > 100
    assert f"{told.written}" in out.splitlines()[-1]
    assert all(is_all_stored(fleet.services.config.database, one) for one in told.kiosks)


@pytest.mark.server
def test_ctrl_c_ends_it_and_everything_it_began(broker: Broker, tmp_path: Path) -> None:
    words = ("--kiosks", "6", "--processes", "2", "--broker", f"127.0.0.1:{broker.port}", "--every", "0.2")
    with simulation(*words) as process:
        assert process.stdout is not None
        while "6 of 6 connected" not in process.stdout.readline():
            assert process.poll() is None
        begun = [int(pid) for pid in children(process.pid)]
        assert len(begun) >= 2
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert err == ""
    assert out.splitlines()[-1].startswith("all")
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in begun), "its processes to end")


@pytest.mark.server
def test_without_a_broker_it_goes_on_and_says_that_nothing_was_acknowledged(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        words = (
            "--kiosks", "3", "--broker", f"127.0.0.1:{port}", "--speed", "60", "--seconds", "2", "--drain", "0",
            "--ledger", "sqlite", "--data", str(tmp_path / "ledgers"), "--begin", "2026-11-23 08:00",
        )  # fmt: skip
        with simulation(*words) as process:
            out, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "0 of 3 connected" in out
    assert len(list((tmp_path / "ledgers").glob("*.db"))) == 3


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--kiosks", "0"], "at least 1"),
        (["--speed", "0"], "--speed: more than 0"),
        (["--busy", "-1"], "--busy: 0 or more"),
        (["--begin", "yesterday"], "a moment such as"),
        (["--scenario", "nothing"], "no scenario of that name"),
        (["--tenant", "a/b"], "a level has 1 to 32"),
        (["--kiosks", "5000", "--ledger", "sqlite"], "--ledger memory takes more"),
        (["--kiosks", "90000000"], "open files"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    words: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        assert cli.main(["simulate", *words]) == 1
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    said = capsys.readouterr().err
    assert what in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("broker", ["nowhere", "host:port", ":1883", "h:99999"])
def test_a_broker_is_a_host_and_a_port(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["simulate", "--broker", broker])
    assert "HOST:PORT expected" in capsys.readouterr().err
