"""The commands as processes: ready line, SIGTERM, busy port."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fleet.broker.broker import Broker
from fleet.cli.main import main
from tests.servers import wait_until

pytestmark = pytest.mark.server


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fleet", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_serve_says_where_and_ends_when_asked(broker: Broker, tmp_path: Path) -> None:
    process = run("serve", "--data", str(tmp_path), "--port", "0", "--broker", f"127.0.0.1:{broker.port}")
    with process:
        url = first_line(process).removeprefix("fleet ready at ")
        wait_until(lambda: httpx.get(f"{url}/healthz").json()["broker"], "the fleet to reach the broker")
        with httpx.stream("GET", f"{url}/api/live") as page:  # a page left open does not hold it up
            assert page.status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_broker_says_where_and_ends_when_asked(tmp_path: Path) -> None:
    with run("broker", "--data", str(tmp_path), "--port", "0") as process:
        assert " ready on 127.0.0.1:" in first_line(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_busy_port_is_one_line_and_exit_code_one(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["broker", "--data", str(tmp_path), "--port", str(broker.port)]) == 1
    assert main(["serve", "--data", str(tmp_path), "--port", str(broker.port)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(f"{broker.port}" in line and "Address already in use" in line for line in lines)


def test_a_folder_that_is_none_is_one_line_and_exit_code_one(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert main(["broker", "--data", str(file), "--port", "0"]) == 1
    assert main(["serve", "--data", str(file / "deeper"), "--port", "0"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(f"cannot keep data in {file}" in line for line in lines)


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fleet.db").write_bytes(b"not a database " * 100)
    assert main(["serve", "--data", str(tmp_path), "--port", "0"]) == 1
    assert "file is not a database" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["nowhere", "host:", "host:99999", ":1883"])
def test_a_broker_address_of_another_form_is_refused(
    wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--data", str(tmp_path), "--broker", wrong])
    assert "HOST:PORT expected" in capsys.readouterr().err


def test_ingest_asks_where_the_database_is(capsys: pytest.CaptureFixture[str]) -> None:
    """It once made one in the folder it was started in."""
    with pytest.raises(SystemExit) as end:
        main(["ingest", "--workers", "2"])
    assert end.value.code == 2
    assert "--data or --database is needed" in capsys.readouterr().err
