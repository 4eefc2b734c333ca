"""A campaign of faults: kiosks sell, everything dies again and again, and at the end the store is held to the witnesses.

The seed decides who dies when, for how long, and what the network is like; what then happens is the machine's, so one
seed finds the same faults at nearly, not exactly, the same moments. See docs/faults.md.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from tests import postgres
from tests.faults import oracle, store_process, straw, witness
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
    free_port,
    wait_in_work,
)
from tests.faults.clocks import JUMPS, JumpyClock
from tests.faults.disks import Disk
from tests.faults.nursery import Nursery, wait_for
from tests.faults.oracle import Verdict
from tests.faults.proxy import CLEAR, Proxy, Spell, plan

StoreKind = Literal["sqlite", "postgres"]
Transport = Literal["mosquitto", "nats"]
FULL_S: Final = 4.0
DRAIN_S: Final = 150.0  # all that waits is in the store by then; the longest patience of an outbox is 60 s


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is made of. Kills are of one process each, while it works."""

    seed: int = 1
    store: StoreKind = "sqlite"
    transport: Transport = "mosquitto"
    kiosks: int = 4
    straws: int = 2
    per_second: float = 15.0
    kiosk_kills: int = 60
    broker_kills: int = 12
    ingest_kills: int = 12
    both_kills: int = 3  # the ingest's, and a moment later the broker's: two kills each
    store_kills: int = 0  # of PostgreSQL: its postmaster, or one of its backends
    kiosk_cuts: int = 0  # power
    fleet_cuts: int = 0
    kiosk_fills: int = 0  # of its disk, to the last byte, for FULL_S; needs disks of their own
    fleet_fills: int = 0
    jumps: int = 0  # of the kiosks' clock, or of the fleet's, by hours or years
    mischief: bool = False  # batches are said again, late and in any order
    pace_s: float = 0.6  # mean time between two faults


@dataclass(slots=True)
class Outcome:
    """What was done and what came of it."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    straw_durable: int = 0
    straw_lost: int = 0
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        """kill -9 of agents, brokers, ingest, stores and cluster nodes; those of straw are not counted."""
        return sum(count for name, count in self.faults.items() if name.startswith("kill -9 "))

    @property
    def cuts(self) -> int:
        """Power cuts."""
        return sum(count for name, count in self.faults.items() if name.startswith("power cut "))


class Campaign:
    """`Campaign(plan, folder).run()`."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None] = lambda _text: None) -> None:
        """`say` is told how it goes."""
        self._plan, self._folder, self._say = plan, folder, say
        self._draw = random.Random(plan.seed)
        self._later: list[tuple[float, Callable[[], None]]] = []  # what is due when
        self._outcome = Outcome(plan)
        self._weather: list[tuple[Proxy, Iterator[Spell]]] = []
        self._clocks: list[JumpyClock] = []
        self._stormy = True

    def run(self) -> Outcome:
        """Everything from the first start to the verdict. Raises TimeoutError where something does not come back."""
        begun = time.monotonic()
        with ExitStack() as stack:
            self._set_up(stack)
            for act in self._acts():
                self._let_pass(self._draw.expovariate(1 / self._plan.pace_s))
                act()
            self._quiet_down()
            self._judge()
        self._outcome.seconds = time.monotonic() - begun
        return self._outcome

    # --- who takes part ---------------------------------------------------------------------------------------

    def _set_up(self, stack: ExitStack) -> None:
        p, folder = self._plan, self._folder
        self._nursery = stack.enter_context(Nursery(self._clock_of("fleet")))
        self._kiosks_nursery = self._nursery
        if p.jumps:
            self._kiosks_nursery = stack.enter_context(Nursery(self._clock_of("kiosks")))
        self._brokers = self._make_brokers()
        ports = [("127.0.0.1", port) for port in self._ports]
        self._cluster = self._make_postgres(stack) if p.store == "postgres" else None
        fleet_proxy = self._proxy(stack, ports, p.seed * 1_000)
        fleet_disk = (
            self._disk(stack, "fleet", 48) if (p.fleet_cuts or p.fleet_fills) and not self._cluster else None
        )
        self._fleet = Fleet(
            nursery=self._nursery, folder=folder, proxy=fleet_proxy, database=lambda: self._database, disk=fleet_disk
        )  # fmt: skip
        self._straw_fleet = StrawFleet(nursery=self._nursery, folder=folder, proxy=fleet_proxy)
        self._kiosks, self._straws = list[Kiosk](), list[Kiosk]()
        for number in range(p.kiosks):
            turned = ports[number % len(ports) :] + ports[: number % len(ports)]
            proxy = self._proxy(stack, turned, p.seed * 1_000 + 1 + number)
            disk = self._disk(stack, f"kiosk-{number}") if p.kiosk_cuts or p.kiosk_fills else None
            for module, disk_of, group in ((KIOSK, disk, self._kiosks), (STRAW, None, self._straws)):
                if module == KIOSK or number < p.straws:
                    kiosk = Kiosk(
                        nursery=self._kiosks_nursery, folder=folder, module=module, number=number, proxy=proxy,
                        per_second=p.per_second, disk=disk_of,
                    )  # fmt: skip
                    group.append(kiosk)
        servers: tuple[Actor, ...] = (*self._brokers, self._fleet, self._straw_fleet)
        self._mischief = Mischief(nursery=self._nursery, folder=folder, port=self._ports[0])
        if p.mischief:
            servers = (*servers, self._mischief)
        self._watched = (*servers, *self._kiosks, *self._straws)
        for actor in servers:
            actor.start()
        for actor in servers:
            wait_in_work(actor, f"{actor.kind} to start")
        for kiosk in (*self._kiosks, *self._straws):
            kiosk.start()
        for kiosk in (*self._kiosks, *self._straws):
            wait_in_work(kiosk, f"{kiosk.address} to start")
        for proxy, weather in self._weather:
            self._turn(proxy, weather)

    def _clock_of(self, name: str) -> dict[str, str] | None:
        """The environment of processes whose clock is to jump; None where none is."""
        if not self._plan.jumps:
            return None
        clock = JumpyClock(self._folder / f"{name}.clock")
        self._clocks.append(clock)
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

    def _make_postgres(self, stack: ExitStack) -> postgres.Cluster:
        cluster = postgres.Cluster(durable=True)
        stack.callback(cluster.remove)
        if self._plan.fleet_cuts:
            disk = self._disk(stack, "postgres", 256)
            self._store_disk = disk
            if cluster.user is not None:
                shutil.chown(disk.root, cluster.user.pw_uid, cluster.user.pw_gid)
            cluster.data = disk.root / "data"
            stack.callback(cluster.stop)  # before its disk goes
        cluster.make()
        cluster.start()
        self._database_name = cluster.create()
        os.sync()  # its making is not what is tried
        return cluster

    def _proxy(self, stack: ExitStack, targets: list[tuple[str, int]], seed: int) -> Proxy:
        proxy = stack.enter_context(Proxy(*targets))
        self._weather.append((proxy, plan(seed)))
        return proxy

    def _disk(self, stack: ExitStack, name: str, mib: int = 24) -> Disk:
        disk = Disk(self._folder, name, mib)
        stack.callback(disk.close)
        stack.callback(self._nursery.kill_all)  # before it
        stack.callback(self._kiosks_nursery.kill_all)
        return disk

    @property
    def _database(self) -> str:
        return self._cluster.url(self._database_name) if self._cluster else ""

    # --- what happens -----------------------------------------------------------------------------------------

    def _acts(self) -> list[Callable[[], None]]:
        """All that will be done, in the seed's order."""
        p = self._plan
        acts = [*[self._kill_kiosk] * p.kiosk_kills, *[self._kill_broker] * p.broker_kills]
        acts += [*[self._kill_ingest] * p.ingest_kills, *[self._kill_store] * p.store_kills]
        acts += [self._kill_both] * p.both_kills
        acts += [*[self._cut_kiosk] * p.kiosk_cuts, *[self._cut_fleet] * p.fleet_cuts]
        acts += [self._jump] * p.jumps
        acts += [*[self._fill_kiosk] * p.kiosk_fills, *[self._fill_fleet] * p.fleet_fills]
        self._draw.shuffle(acts)
        return acts

    def _kill_kiosk(self) -> None:
        kiosk = self._draw.choice(self._kiosks)
        self._ready(kiosk)
        kiosk.kill()
        self._count("kill -9 kiosk")
        fellows = [one for one in self._straws if one.number == kiosk.number and one.alive]
        for one in fellows:
            one.kill()
            self._count("straw killed with it")
        self._back(kiosk, *fellows)

    def _kill_broker(self) -> None:
        broker = self._draw.choice(self._brokers)
        self._ready(broker)
        broker.kill()
        self._count(f"kill -9 {broker.kind}")
        self._back(broker)

    def _kill_ingest(self, away_s: float | None = None) -> None:
        self._ready(self._fleet)
        self._fleet.kill()
        self._straw_fleet.kill()
        self._count("kill -9 ingest")
        self._back(self._fleet, self._straw_fleet, away_s=away_s)

    def _kill_both(self) -> None:
        """As when the operator's machine dies: what the broker holds for the ingest goes with it."""
        self._kill_ingest(self._draw.uniform(1.5, 2.5))
        self._let_pass(1.0)
        self._kill_broker()

    def _kill_store(self) -> None:
        assert self._cluster is not None
        backends = store_process.backends(self._cluster)
        if backends and self._draw.random() < 0.5:
            os.kill(self._draw.choice(backends), signal.SIGKILL)
            self._count("kill -9 store (backend)")
            return
        self._cluster.kill()
        self._count("kill -9 store (postmaster)")
        self._let_pass(self._draw.uniform(0.0, 1.0))
        self._cluster.start()

    def _cut_kiosk(self) -> None:
        kiosk = self._draw.choice(self._kiosks)
        self._ready(kiosk)
        assert kiosk.disk is not None
        kiosk.cut_power(kiosk.disk)
        self._count("power cut kiosk")
        self._back(kiosk)

    def _cut_fleet(self) -> None:
        self._ready(self._fleet)
        if self._cluster is None:
            assert self._fleet.disk is not None
            self._fleet.cut_power(self._fleet.disk)
            self._count("power cut store (SQLite)")
            self._back(self._fleet)
            return
        self._cut_postgres()

    def _cut_postgres(self) -> None:
        assert self._cluster is not None
        taken: list[Path] = []
        store_process.stop_dead(self._cluster, lambda: taken.append(self._store_disk.copy()))
        self._store_disk.become(taken[0])
        self._count("power cut store (PostgreSQL)")
        self._cluster.start()

    def _jump(self) -> None:
        offset = self._draw.choice(JUMPS)
        self._draw.choice(self._clocks).jump(offset)
        self._count("clock jumps")

    def _fill_kiosk(self) -> None:
        kiosk = self._draw.choice(self._kiosks)
        self._ready(kiosk)
        self._fill(kiosk.disk, "disk full: kiosk")

    def _fill_fleet(self) -> None:
        self._ready(self._fleet)
        self._fill(self._fleet.disk, "disk full: store (SQLite)")

    def _fill(self, disk: Disk | None, what: str) -> None:
        """For a while there is no room, then again."""
        assert disk is not None
        disk.fill()
        self._count(what)
        self._let_pass(FULL_S)
        disk.make_room()

    def _count(self, what: str) -> None:
        self._outcome.faults[what] += 1
        self._say(what)

    # --- time -------------------------------------------------------------------------------------------------

    def _back(self, *actors: Actor, away_s: float | None = None) -> None:
        """They come back after a while."""
        at = time.monotonic() + (self._draw.uniform(0.0, 1.0) if away_s is None else away_s)
        for actor in actors:
            self._later.append((at, actor.start))

    def _ready(self, actor: Actor) -> None:
        """Wait until it works: the death of somebody who does nothing proves nothing."""
        end = time.monotonic() + 60.0
        while not actor.in_work():
            if time.monotonic() > end:
                raise TimeoutError(f"a {actor.kind} did not come back in 60 s: its log is in {self._folder}")
            self._let_pass(0.02)

    def _let_pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            due = [item for item in self._later if item[0] <= now]
            self._later = [item for item in self._later if item[0] > now]
            for _, act in due:
                act()
            self._supervise()
            if now >= end:
                return
            time.sleep(min(0.02, end - now))

    def _supervise(self) -> None:
        """Start again who has ended by itself, as a service manager does: a fleet whose database is away gives up."""
        for actor in self._watched:
            if actor.child is not None and not actor.alive and not actor.killed:
                actor.killed = True  # until it is started
                self._count(f"ended by itself: {actor.kind}")
                self._later.append((time.monotonic() + 0.5, actor.start))

    def _turn(self, proxy: Proxy, weather: Iterator[Spell]) -> None:
        if not self._stormy:
            return
        spell = next(weather)
        proxy.begin(spell)
        if spell.name != "clear":
            self._outcome.faults[f"network: {spell.name}"] += 1
        self._later.append((time.monotonic() + spell.lasts_s, lambda: self._turn(proxy, weather)))

    # --- the end ----------------------------------------------------------------------------------------------

    def _quiet_down(self) -> None:
        """Everybody comes back, nobody records, and what waits arrives."""
        self._stormy = False
        for proxy, _ in self._weather:
            proxy.weather = CLEAR
        self._let_pass(1.1)
        for actor in (*self._brokers, self._fleet, *self._kiosks):
            self._ready(actor)
        everybody = (*self._kiosks, *self._straws)
        self._watched = (*self._brokers, self._fleet, self._straw_fleet)
        self._outcome.faults["batches said again, in any order"] = self._mischief.said
        for kiosk in everybody:
            kiosk.be_quiet()
        waiting = [kiosk.address for kiosk in everybody]

        def drained() -> bool:
            self._let_pass(0.0)
            waiting[:] = [kiosk.address for kiosk in everybody if kiosk.alive]
            return not waiting

        self._say("quiet")
        try:
            wait_for(drained, "all outboxes to be empty", DRAIN_S)
        except TimeoutError:
            self._outcome.verdict.problems.append(f"after {DRAIN_S:g} s still waiting: {', '.join(waiting)}")

    def _judge(self) -> None:
        self._settle_straw()
        self._fleet.stop()
        accounts = {kiosk.address: witness.read(kiosk.witness) for kiosk in self._kiosks}
        drained = self._outcome.verdict.problems
        self._outcome.verdict = oracle.compare(accounts, self._fleet.url)
        self._outcome.verdict.problems += drained
        told = [kiosk.witness for kiosk in self._straws]
        if told:
            self._outcome.straw_durable, self._outcome.straw_lost = straw.lost(
                told, self._straw_fleet.database
            )

    def _settle_straw(self) -> None:
        """Wait until nothing more comes to the straw fleet for a while."""
        if not self._straws:
            return
        held, since = -1, time.monotonic()
        while time.monotonic() - since < 3.0:
            now = len(straw.collected(self._straw_fleet.database))
            if now != held:
                held, since = now, time.monotonic()
            time.sleep(0.1)
