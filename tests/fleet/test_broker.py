"""The embedded broker: starts on loopback, keeps to its folder, is missed when it dies, and outlives nobody."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.broker.broker import LOOPBACK, Broker, BrokerError, Kind, find_broker, start_broker
from tests.servers import broker_pid, kill_broker, wait_until

pytestmark = pytest.mark.server


def gone(pid: int) -> bool:
    """Ended, whether or not its parent has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_it_listens_on_loopback_alone_and_its_folder_is_private(own_broker: Broker, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700
    inodes = {
        link.readlink().name
        for link in Path(f"/proc/{broker_pid(own_broker)}/fd").iterdir()
        if link.is_symlink()
    }
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    listening = [row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]
    assert listening
    assert set(listening) == {"0100007F"}


def test_stopping_it_leaves_nothing(kind: Kind, tmp_path: Path) -> None:
    broker = start_broker(tmp_path, prefer=kind)
    pid = broker_pid(broker)
    broker.stop()
    broker.stop()
    assert gone(pid)
    assert not broker.alive


def test_its_death_is_noticed(kind: Kind, tmp_path: Path) -> None:
    deaths: list[str] = []
    broker = start_broker(tmp_path, prefer=kind, on_death=deaths.append)
    kill_broker(broker)
    assert len(deaths) == 1
    assert f"port {broker.port}" in deaths[0]
    broker.stop()


def test_it_ends_when_its_owner_is_killed(kind: Kind, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from fleet.broker.broker import start_broker; from tests.servers import broker_pid;"
        f"b = start_broker(pathlib.Path(sys.argv[1]), prefer={kind!r}); print(broker_pid(b), flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert not gone(pid)
        owner.kill()
    wait_until(lambda: gone(pid), "the broker to end with its owner")


def test_it_ends_when_its_guard_is_killed(kind: Kind, tmp_path: Path) -> None:
    broker = start_broker(tmp_path, prefer=kind)
    pid = broker_pid(broker)
    broker.process.send_signal(signal.SIGKILL)
    wait_until(lambda: gone(pid), "the broker to end with its guard")
    broker.stop()


def test_a_busy_port_gives_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            BrokerError, match=rf"port {port} on 127.0.0.1 cannot be used: Address already in use"
        ):
            start_broker(tmp_path, port)


def test_a_missing_broker_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        find_broker("mosquitto", search=str(tmp_path))
