"""What these benchmarks stand on: a mosquitto that takes many, a fleet as a process, and what /proc says of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.broker.broker import find_broker

TICKS = os.sysconf("SC_CLK_TCK")


class Mosquitto:
    """Debian's, on 127.0.0.1:`port`, with room for many; may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n{user}persistence false\n"
            "max_queued_messages 10000\nmax_inflight_messages 200\nconnection_messages false\nlog_type error\n"
            "sys_interval 1\n"
        )
        self._log = (folder / "mosquitto.log").open("ab")
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        program = str(find_broker("mosquitto").program)
        process = subprocess.Popen([program, "-c", str(self._config)], stdout=self._log, stderr=self._log)
        until(lambda: _accepts(self.port), "mosquitto to listen", 10)
        return process

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def again(self) -> None:
        """Start it anew on the same port."""
        self.process = self._started()

    def stop(self) -> None:
        self.kill()
        self._log.close()


@contextmanager
def mosquitto(folder: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder)
    try:
        yield broker
    finally:
        broker.stop()


@contextmanager
def fleet(folder: Path, port: int, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`endcap fleet serve` on SQLite, ready. `more`: further options."""
    with _ready(
        "serve", "--data", str(folder), "--port", "0", "--broker", f"127.0.0.1:{port}", *more
    ) as process:
        yield process


@contextmanager
def worker(port: int, database: str) -> Iterator[subprocess.Popen[bytes]]:
    """One `endcap fleet ingest`, ready."""
    with _ready("ingest", "--database", database, "--broker", f"127.0.0.1:{port}") as process:
        yield process


@contextmanager
def _ready(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet", *words, "--log", "ERROR"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert b" ready" in process.stdout.readline()
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)  # whoever was stopped does not hear that it is to end
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def rss_kib(pid: int) -> int:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def cpu_s(pid: int) -> float:
    """Processor seconds a process has used, its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def until(condition: Callable[[], object], what: str, deadline_s: float, every_s: float = 0.02) -> float:
    """Wait for something; how long it took. `every_s`: asking ten thousand kiosks costs them some time themselves.

    Raises TimeoutError.
    """
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > deadline_s:
            raise TimeoutError(f"waited {deadline_s:g} s for {what}")
        time.sleep(every_s)
    return time.monotonic() - begun


def children(pid: int) -> list[int]:
    """Processes it has started itself."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True
