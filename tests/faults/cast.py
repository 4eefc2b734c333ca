"""Who takes part in a campaign, and how each of them dies and comes back: kiosks, brokers, the fleet, its database."""

from __future__ import annotations

import os
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fleet.broker.broker import find_broker, nats_config
from tests.faults.disks import Disk
from tests.faults.nursery import Child, Nursery, wait_for
from tests.faults.proxy import Proxy

KIOSK: Final = "tests.faults.kiosk_process"
STRAW: Final = "tests.faults.straw"


@dataclass(kw_only=True)
class Actor(ABC):
    """Somebody who can be killed."""

    nursery: Nursery
    folder: Path  # for logs and what no power cut may touch
    kind: str = ""
    child: Child | None = None
    killed: bool = False  # by us, and not started again

    @abstractmethod
    def start(self) -> None:
        """Begin, or begin again on what the last life has left."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.child is not None and self.child.alive

    def in_work(self) -> bool:
        """Whether it lives, and has done something since its start: only such a death counts."""
        return self.alive

    def kill(self) -> None:
        """kill -9; returns when it is gone."""
        assert self.child is not None
        self.killed = True
        self.child.kill()

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.child is not None
        self.child.signal(number)

    def cut_power(self, disk: Disk) -> None:
        """The power goes: only what was on the disk is there when it comes back."""
        self.signal(signal.SIGSTOP)
        taken = disk.copy()
        self.kill()
        disk.become(taken)

    def _begin(self, module: str, *arguments: str, log: Path) -> None:
        self.killed = False
        self.child = self.nursery.start(module, *arguments, log=log)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(kw_only=True)
class Kiosk(Actor):
    """One kiosk, honest or of straw: its state is on `disk` where it has one, its witness never is."""

    module: str
    number: int
    proxy: Proxy
    per_second: float
    disk: Disk | None = None
    kind: str = "kiosk"
    _life: int = 0
    _size: int = 0  # of the witness when it was started

    @property
    def address(self) -> str:
        """tenant/site/kiosk."""
        return f"{'straw' if self.module == STRAW else 'demo'}/s1/K{self.number:02d}"

    @property
    def witness(self) -> Path:
        """Where it says what it was told."""
        return self.folder / f"{self.address.replace('/', '-')}.witness"

    def start(self) -> None:
        """See Actor."""
        self._life += 1
        self._size = _size(self.witness)
        name = self.address.replace("/", "-")
        state = self.disk.root if self.disk else self.folder
        self._begin(
            self.module,
            "--address", self.address, "--port", str(self.proxy.port), "--ledger", str(state / f"{name}.db"),
            "--witness", str(self.witness), "--prefix", f"{self.number:03d}{self._life:06d}",
            "--seed", str(self.number * 1_000_003 + self._life), "--per-second", str(self.per_second),
            log=self.folder / f"{name}.log",
        )  # fmt: skip

    def in_work(self) -> bool:
        """See Actor."""
        return self.alive and _size(self.witness) > self._size

    def be_quiet(self) -> None:
        """Record nothing more, and end when nothing waits."""
        self.signal(signal.SIGTERM)


@dataclass(kw_only=True)
class Mosquitto(Actor):
    """mosquitto with no more configuration than it needs to speak at all: its defaults keep nothing."""

    port: int = field(default_factory=free_port)
    kind: str = "broker"

    def start(self) -> None:
        """See Actor."""
        config = self.folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n{user}log_type error\n")
        program = str(find_broker("mosquitto").program)
        log = self.folder / "mosquitto.log"
        self._begin("", program, "-c", str(config), log=log)

    def in_work(self) -> bool:
        """See Actor."""
        return self.alive and listens(self.port)


@dataclass(kw_only=True)
class NatsNode(Actor):
    """One node of a NATS cluster with JetStream, which speaks MQTT 3.1.1 to kiosks."""

    number: int
    ports: tuple[int, ...]  # MQTT, of each node
    routes: tuple[int, ...]  # between nodes
    kind: str = "cluster node"

    def start(self) -> None:
        """See Actor."""
        data = self.folder / f"nats-{self.number}"
        data.mkdir(exist_ok=True)
        config = nats_config(data, self.ports[self.number]).replace(
            "server_name: endcap", f"server_name: n{self.number}"
        )
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in self.routes)
        cluster = f'cluster {{\n  name: c\n  listen: "127.0.0.1:{self.routes[self.number]}"\n  routes: [{routes}]\n}}\n'
        path = self.folder / f"nats-{self.number}.conf"
        path.write_text(config + cluster)
        program = str(find_broker("nats").program)
        self._begin("", program, "-c", str(path), log=self.folder / f"nats-{self.number}.log")

    def in_work(self) -> bool:
        """See Actor."""
        return self.alive and listens(self.ports[self.number])


@dataclass(kw_only=True)
class Fleet(Actor):
    """`endcap fleet serve`."""

    proxy: Proxy
    database: Callable[[], str]  # its URL, "" for SQLite
    disk: Disk | None = None
    stores: bool = True  # itself; otherwise workers do
    kind: str = "ingest"
    _said: int = 0

    @property
    def data(self) -> Path:
        """Its folder."""
        return (self.disk.root if self.disk else self.folder) / "fleet"

    @property
    def url(self) -> str:
        """Of its store."""
        return self.database() or f"sqlite:///{self.data / 'fleet.db'}"

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.folder / "fleet.log"

    def start(self) -> None:
        """See Actor."""
        self.log.touch()
        self._said = _size(self.log)
        arguments = [
            "serve",
            "--raw-days",
            "0",  # what came while the clock was years off would be too old to keep
            "--data",
            str(self.data),
            "--port",
            "0",
            "--broker",
            f"127.0.0.1:{self.proxy.port}",
        ]
        if self.database():
            arguments += ["--database", self.database()]
        if not self.stores:
            arguments.append("--no-ingest")
        self._begin("fleet.cli.main", *arguments, log=self.log)

    def in_work(self) -> bool:
        """See Actor."""
        if not self.alive:
            return False
        with self.log.open("rb") as file:
            file.seek(self._said)
            return b"fleet ready" in file.read()

    def stop(self) -> None:
        """In order."""
        assert self.child is not None
        self.signal(signal.SIGTERM)
        if not self.child.wait(15.0):
            self.kill()


@dataclass(kw_only=True)
class Worker(Actor):
    """One of the `endcap fleet ingest` processes that divide the events by a shared subscription."""

    proxy: Proxy
    database: Callable[[], str]
    number: int
    kind: str = "ingest worker"
    _said: int = 0

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.folder / f"worker-{self.number}.log"

    def start(self) -> None:
        """See Actor."""
        self.log.touch()
        self._said = _size(self.log)
        self._begin(
            "fleet.cli.main", "ingest", "--number", str(self.number), "--broker", f"127.0.0.1:{self.proxy.port}",
            "--database", self.database(), log=self.log,
        )  # fmt: skip

    def in_work(self) -> bool:
        """See Actor."""
        return self.alive and b"ready" in self.log.read_bytes()[self._said :]


@dataclass(kw_only=True)
class StrawFleet(Actor):
    """The control's collector; it dies with the fleet."""

    proxy: Proxy
    kind: str = "straw fleet"

    @property
    def database(self) -> Path:
        """What it holds."""
        return self.folder / "straw-fleet.db"

    def start(self) -> None:
        """See Actor."""
        self._begin(
            STRAW, "--collect", "--port", str(self.proxy.port), "--ledger", str(self.database),
            log=self.folder / "straw-fleet.log",
        )  # fmt: skip


@dataclass(kw_only=True)
class Mischief(Actor):
    """Says again, late and in any order, what kiosks have said."""

    port: int
    kind: str = "mischief"

    @property
    def said(self) -> int:
        """How many batches it has said again."""
        return _size(self.folder / "mischief.said")

    def start(self) -> None:
        """See Actor."""
        self._begin(
            "tests.faults.mischief", "--port", str(self.port), "--said", str(self.folder / "mischief.said"),
            log=self.folder / "mischief.log",
        )  # fmt: skip


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def wait_in_work(actor: Actor, what: str, deadline_s: float = 30.0) -> None:
    """Wait until it lives and works; raises TimeoutError."""
    wait_for(actor.in_work, what, deadline_s)
