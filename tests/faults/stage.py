"""What a campaign plays on: brokers, a fleet with its database, kiosks and what stands between them."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.faults.cast import (
    KIOSK,
    STRAW,
    Actor,
    Fleet,
    Kiosk,
    Mischief,
    Mosquitto,
    NatsNode,
    StrawFleet,
    Worker,
    free_port,
    wait_in_work,
)
from tests.faults.clocks import JumpyClock
from tests.faults.disks import Disk
from tests.faults.nursery import Nursery
from tests.faults.outcome import Plan
from tests.faults.proxy import Proxy, Where


class Stage:
    """Everybody who takes part, made and not yet started. What `stack` closes ends all of it."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self._plan, self._folder, self._stack = plan, folder, stack
        self.clocks: list[JumpyClock] = []
        self.proxies: list[Proxy] = []  # the fleet's, then each kiosk's
        self._nursery = stack.enter_context(Nursery(self._clock_of("fleet")))
        self._kiosks_nursery = self._nursery
        if plan.jumps:
            self._kiosks_nursery = stack.enter_context(Nursery(self._clock_of("kiosks")))
        self._ports: list[int] = []
        self.brokers = self._make_brokers()
        self.store_disk: Disk | None = None  # PostgreSQL's
        self.cluster = self._make_postgres() if plan.store == "postgres" else None
        self._make_fleet()
        self.kiosks, self.straws = list[Kiosk](), list[Kiosk]()
        for number in range(plan.kiosks):
            self._make_kiosk(number)
        self.mischief = Mischief(nursery=self._nursery, folder=folder, port=self._ports[0])

    @property
    def servers(self) -> tuple[Actor, ...]:
        """All but the kiosks."""
        servers: tuple[Actor, ...] = (*self.brokers, self.fleet, *self.workers, self.straw_fleet)
        return (*servers, self.mischief) if self._plan.mischief else servers

    @property
    def everybody(self) -> tuple[Actor, ...]:
        """All who can be started."""
        return (*self.servers, *self.kiosks, *self.straws)

    def start(self) -> None:
        """Start all of them; returns when all work."""
        for group in (self.servers, (*self.kiosks, *self.straws)):
            for actor in group:
                actor.start()
            for actor in group:
                wait_in_work(actor, f"{actor.kind} to start")

    # --- how it is made ---------------------------------------------------------------------------------------

    def _make_fleet(self) -> None:
        plan = self._plan
        proxy = self._proxy(self._where)
        own_disk = (plan.fleet_cuts or plan.fleet_fills) and self.cluster is None
        self.fleet = Fleet(
            nursery=self._nursery, folder=self._folder, proxy=proxy, database=lambda: self._database,
            disk=self._disk("fleet", 48) if own_disk else None, stores=not plan.workers,
        )  # fmt: skip
        self.workers = [
            Worker(
                nursery=self._nursery,
                folder=self._folder,
                proxy=proxy,
                database=lambda: self._database,
                number=number,
            )
            for number in range(plan.workers)
        ]
        self.straw_fleet = StrawFleet(nursery=self._nursery, folder=self._folder, proxy=proxy)

    def _make_kiosk(self, number: int) -> None:
        """And the one of straw behind the same proxy."""
        plan, where = self._plan, self._where
        first = number % len(where)
        proxy = self._proxy(where[first:] + where[:first])
        disk = self._disk(f"kiosk-{number}") if plan.kiosk_cuts or plan.kiosk_fills else None
        wanted = [(KIOSK, disk, self.kiosks)]
        if number < plan.straws:
            wanted.append((STRAW, None, self.straws))
        for module, of_its_own, group in wanted:
            kiosk = Kiosk(
                nursery=self._kiosks_nursery, folder=self._folder, module=module, number=number, proxy=proxy,
                per_second=plan.per_second, disk=of_its_own,
            )  # fmt: skip
            group.append(kiosk)

    @property
    def _where(self) -> list[Where]:
        return [("127.0.0.1", port) for port in self._ports]

    def _clock_of(self, name: str) -> dict[str, str] | None:
        """The environment of processes whose clock is to jump; None where none is."""
        if not self._plan.jumps:
            return None
        clock = JumpyClock(self._folder / f"{name}.clock")
        self.clocks.append(clock)
        return clock.environment

    def _make_brokers(self) -> list[Actor]:
        if self._plan.transport == "mosquitto":
            broker = Mosquitto(nursery=self._nursery, folder=self._folder)
            self._ports = [broker.port]
            return [broker]
        self._ports, routes = [free_port() for _ in range(3)], [free_port() for _ in range(3)]
        return [
            NatsNode(
                nursery=self._nursery,
                folder=self._folder,
                number=number,
                ports=tuple(self._ports),
                routes=tuple(routes),
            )
            for number in range(3)
        ]

    def _make_postgres(self) -> postgres.Cluster:
        cluster = postgres.Cluster(durable=True)
        self._stack.callback(cluster.remove)
        if self._plan.fleet_cuts:
            disk = self._disk("postgres", 192)
            self.store_disk = disk
            if cluster.user is not None:
                shutil.chown(disk.root, cluster.user.pw_uid, cluster.user.pw_gid)
            cluster.data = disk.root / "data"
            self._stack.callback(cluster.stop)  # before its disk goes
        cluster.make()
        cluster.start()
        self._database_name = cluster.create()
        os.sync()  # its making is not what is tried
        return cluster

    def _proxy(self, targets: list[Where]) -> Proxy:
        proxy = self._stack.enter_context(Proxy(*targets))
        self.proxies.append(proxy)
        return proxy

    def _disk(self, name: str, mib: int = 24) -> Disk:
        disk = Disk(self._folder, name, mib)
        self._stack.callback(disk.close)
        self._stack.callback(self._nursery.kill_all)  # before it
        self._stack.callback(self._kiosks_nursery.kill_all)
        return disk

    @property
    def _database(self) -> str:
        return self.cluster.url(self._database_name) if self.cluster else ""
