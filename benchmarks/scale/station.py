"""Simulated kiosks, a mosquitto and a fleet as one thing that can be asked: who is connected, what each program has used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from benchmarks.scale.rig import children, cpu_s, fleet, mosquitto, rss_kib, worker
from fleet import tables
from fleet.config import Config
from fleet.store.store import Store
from kiosk.simulate.plan import Plan, Status
from kiosk.simulate.scenarios import NAMED
from kiosk.simulate.shares import Part, parts_of
from mqtt.client import Client
from tests.postgres import Cluster, running

RUSH_MS: Final = 1_795_420_800_000  # a Monday, 08:00 UTC
RUSH_MINUTE: Final = 480
LOOK_S: Final = 0.5  # asking ten thousand kiosks takes their own processor
HEALTH_S: Final = 300.0
DURABLE: Final = {"shared_buffers": "256MB", "max_wal_size": "2GB", "autovacuum": "on"}


@dataclass(frozen=True, kw_only=True)
class Station:
    """All of it, running. `ingest` is the program that stores events, `serve` the one with the pages: one with SQLite."""

    parts: Sequence[Part]
    broker: int
    ingest: int
    serve: int
    postgres: Cluster | None
    database: str
    bytes: Traffic

    def pids(self) -> dict[str, list[int]]:
        """The processes of each program."""
        found = {
            "simulator": [part.pid for part in self.parts],
            "broker": [self.broker],
            "fleet": [self.serve],
        }
        if self.postgres is not None:
            server = self.postgres.pid
            found |= {"ingest": [self.ingest], "postgres": [server, *children(server)]}
        return found

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far."""
        return {name: sum(map(cpu_s, pids)) for name, pids in self.pids().items()}

    def rss(self) -> dict[str, float]:
        """MiB. Of PostgreSQL nothing: its processes share their memory, and each is said to have all of it."""
        return {
            name: sum(map(rss_kib, pids)) / 1024 for name, pids in self.pids().items() if name != "postgres"
        }

    def status(self) -> Status:
        """Of all kiosks together."""
        first, *others = [part.status() for part in self.parts]
        for other in others:
            first += other
        return first

    def plug(self, most_s: float) -> float:
        """Switch all on; how many seconds until all were connected, at most so many."""
        for part in self.parts:
            part.start()
        return waited_for(lambda: (status := self.status()).connected == status.kiosks, most_s)

    def settle(self, waiting: float, most_s: float) -> float:
        """Until no more events than that wait for their acknowledgement; how many seconds, at most so many."""
        return waited_for(lambda: self.status().waiting <= waiting, most_s)

    def unplug(self, most_s: float = 120) -> Status:
        """Nothing more happens, all is acknowledged if it can be in so many seconds; how it was, all switched off."""
        for part in self.parts:
            part.rest()
        self.settle(0, most_s)
        told = [kiosk for part in self.parts for kiosk in part.stop()]
        written, acknowledged = sum(each.written for each in told), sum(each.acknowledged for each in told)
        return Status(kiosks=len(told), connected=0, written=written, acknowledged=acknowledged, failures=0)


def waited_for(condition: Callable[[], object], most_s: float) -> float:
    """Seconds until it was true, or `most_s`: on a busy machine a benchmark says what it has seen, and ends."""
    begun = time.monotonic()
    while (seconds := time.monotonic() - begun) < most_s and not condition():
        time.sleep(LOOK_S)
    return min(seconds, most_s)


class Traffic:
    """Bytes the broker has read and written, as it says itself once a second."""

    def __init__(self, port: int) -> None:
        self._said: dict[str, int] = {}
        self._client = Client("127.0.0.1", port, "traffic", on_message=self._heard)
        self._client.subscribe("$SYS/broker/bytes/#")
        self._client.start()

    def _heard(self, topic: str, payload: bytes) -> None:
        self._said[topic.rpartition("/")[2]] = int(payload)

    def now(self) -> tuple[int, int]:
        """(read, written)."""
        return self._said.get("received", 0), self._said.get("sent", 0)

    def stop(self) -> None:
        self._client.stop()


@contextmanager
def station(folder: Path, count: int, busy: float, *, postgres: bool = False) -> Iterator[Station]:
    """So many kiosks, not yet switched on, in two processes; a fleet on SQLite, or one with a worker and PostgreSQL."""
    with ExitStack() as ends:
        broker = ends.enter_context(mosquitto(folder))
        traffic = Traffic(broker.port)
        ends.callback(traffic.stop)
        cluster = ends.enter_context(running(durable=True, settings=DURABLE)) if postgres else None
        database = cluster.url(cluster.create()) if cluster else ""
        more = ("--no-ingest", "--database", database) if database else ()
        serve = ends.enter_context(fleet(folder / "fleet", broker.port, *more))
        stores = ends.enter_context(worker(broker.port, database)) if database else serve
        plan = Plan(
            count=count, scenario=NAMED["plain"], port=broker.port, begin_ms=RUSH_MS, busy=busy, tenant="scale",
            begun_ns=time.monotonic_ns(), health_s=HEALTH_S,
        )  # fmt: skip
        yield Station(
            parts=parts_of(plan, 2), broker=broker.process.pid, ingest=stores.pid, serve=serve.pid, postgres=cluster,
            database=database or Config(data=folder / "fleet").database, bytes=traffic,
        )  # fmt: skip


def stored(database: str) -> tuple[int, int]:
    """(events, bytes of the whole database) of a fleet."""
    store = Store(database)
    try:
        with store.read() as connection:
            events = int(connection.scalar(select(func.count()).select_from(tables.events)) or 0)
            if connection.dialect.name == "sqlite":
                page = connection.exec_driver_sql(
                    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
                )
            else:
                page = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
            return events, int(page.scalar() or 0)
    finally:
        store.close()
