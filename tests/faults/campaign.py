"""A campaign of faults: kiosks sell, everything dies again and again, and at the end the store is held to the witnesses.

The seed decides who dies when, for how long, and what the network is like; what then happens is the machine's, so one
seed finds the same faults at nearly, not exactly, the same moments. See docs/faults.md.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.faults import oracle, store_process, straw, witness
from tests.faults.cast import Actor
from tests.faults.clocks import JUMPS
from tests.faults.disks import Disk
from tests.faults.nursery import wait_for
from tests.faults.outcome import FULL_S, Outcome, Plan
from tests.faults.proxy import CLEAR, Proxy, Spell, plan
from tests.faults.stage import Stage

DRAIN_S: Final = 150.0  # all that waits is in the store by then; the longest patience of an outbox is 60 s


class Campaign:
    """`Campaign(plan, folder).run()`."""

    def __init__(self, wanted: Plan, folder: Path, say: Callable[[str], None] = lambda _text: None) -> None:
        """`say` is told how it goes."""
        self._plan, self._folder, self._say = wanted, folder, say
        self._draw = random.Random(wanted.seed)
        self._later: list[tuple[float, Callable[[], None]]] = []  # what is due when
        self._outcome = Outcome(wanted)
        self._stormy = True

    def run(self) -> Outcome:
        """Everything from the first start to the verdict. Raises TimeoutError where something does not come back."""
        begun = time.monotonic()
        with ExitStack() as stack:
            self._stage = stage = Stage(self._plan, self._folder, stack)
            stage.start()
            self._watched = stage.everybody
            for number, proxy in enumerate(stage.proxies):
                self._turn(proxy, plan(self._plan.seed * 1_000 + number))
            for act in self._acts():
                self._let_pass(self._draw.expovariate(1 / self._plan.pace_s))
                act()
            self._quiet_down()
            self._judge()
        self._outcome.seconds = time.monotonic() - begun
        return self._outcome

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
        kiosk = self._draw.choice(self._stage.kiosks)
        self._ready(kiosk)
        kiosk.kill()
        self._count("kill -9 kiosk")
        fellows = [one for one in self._stage.straws if one.number == kiosk.number and one.alive]
        for one in fellows:
            one.kill()
            self._count("straw killed with it")
        self._back(kiosk, *fellows)

    def _kill_broker(self) -> None:
        broker = self._draw.choice(self._stage.brokers)
        self._ready(broker)
        broker.kill()
        self._count(f"kill -9 {broker.kind}")
        self._back(broker)

    def _kill_ingest(self, away_s: float | None = None) -> None:
        victim = self._draw.choice([*self._stage.workers, self._stage.fleet])
        self._ready(victim)
        victim.kill()
        self._stage.straw_fleet.kill()
        self._count(f"kill -9 {victim.kind}")
        self._back(victim, self._stage.straw_fleet, away_s=away_s)

    def _kill_both(self) -> None:
        """As when the operator's machine dies: what the broker holds for the ingest goes with it."""
        self._kill_ingest(self._draw.uniform(1.5, 2.5))
        self._let_pass(1.0)
        self._kill_broker()

    def _kill_store(self) -> None:
        assert self._stage.cluster is not None
        backends = store_process.backends(self._stage.cluster)
        if backends and self._draw.random() < 0.5:
            os.kill(self._draw.choice(backends), signal.SIGKILL)
            self._count("kill -9 store (backend)")
            return
        self._stage.cluster.kill()
        self._count("kill -9 store (postmaster)")
        self._let_pass(self._draw.uniform(0.0, 1.0))
        self._stage.cluster.start()

    def _cut_kiosk(self) -> None:
        kiosk = self._draw.choice(self._stage.kiosks)
        self._ready(kiosk)
        assert kiosk.disk is not None
        kiosk.cut_power(kiosk.disk)
        self._count("power cut kiosk")
        self._back(kiosk)

    def _cut_fleet(self) -> None:
        self._ready(self._stage.fleet)
        if self._stage.cluster is None:
            assert self._stage.fleet.disk is not None
            self._stage.fleet.cut_power(self._stage.fleet.disk)
            self._count("power cut store (SQLite)")
            self._back(self._stage.fleet)
            return
        self._cut_postgres()

    def _cut_postgres(self) -> None:
        cluster, disk = self._stage.cluster, self._stage.store_disk
        assert cluster is not None
        assert disk is not None
        taken: list[Path] = []
        store_process.stop_dead(cluster, lambda: taken.append(disk.copy()))
        disk.become(taken[0])
        self._count("power cut store (PostgreSQL)")
        cluster.start()

    def _jump(self) -> None:
        offset = self._draw.choice(JUMPS)
        self._draw.choice(self._stage.clocks).jump(offset)
        self._count("clock jumps")

    def _fill_kiosk(self) -> None:
        kiosk = self._draw.choice(self._stage.kiosks)
        self._ready(kiosk)
        self._fill(kiosk.disk, "disk full: kiosk")

    def _fill_fleet(self) -> None:
        self._ready(self._stage.fleet)
        self._fill(self._stage.fleet.disk, "disk full: store (SQLite)")

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
                raise TimeoutError(f"a {actor.kind} did not come back in 60 s: {self._last_words(actor)}")
            self._let_pass(0.02)

    def _last_words(self, actor: Actor) -> str:
        """Whether it lives, and the end of every log; those of our own processes say where their threads are."""
        if actor.alive:
            actor.signal(signal.SIGUSR1)
            time.sleep(1.0)  # it writes
        logs = (
            f"{log.name}: {log.read_text(errors='replace')[-2_000:]}" for log in self._folder.glob("*.log")
        )
        return "\n".join((f"alive: {actor.alive}", *logs))

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
        for proxy in self._stage.proxies:
            proxy.weather = CLEAR
        self._let_pass(1.1)
        for actor in (*self._stage.brokers, self._stage.fleet, *self._stage.workers, *self._stage.kiosks):
            self._ready(actor)
        everybody = (*self._stage.kiosks, *self._stage.straws)
        self._watched = (
            *self._stage.brokers,
            self._stage.fleet,
            *self._stage.workers,
            self._stage.straw_fleet,
        )
        self._outcome.faults["batches said again, in any order"] = self._stage.mischief.said
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
        self._stage.fleet.stop()
        accounts = {kiosk.address: witness.read(kiosk.witness) for kiosk in self._stage.kiosks}
        drained = self._outcome.verdict.problems
        self._outcome.verdict = oracle.compare(accounts, self._stage.fleet.url)
        self._outcome.verdict.problems += drained
        told = [kiosk.witness for kiosk in self._stage.straws]
        if told:
            self._outcome.straw_durable, self._outcome.straw_lost = straw.lost(
                told, self._stage.straw_fleet.database
            )

    def _settle_straw(self) -> None:
        """Wait until nothing more comes to the straw fleet for a while."""
        if not self._stage.straws:
            return
        held, since = -1, time.monotonic()
        while time.monotonic() - since < 3.0:
            now = len(straw.collected(self._stage.straw_fleet.database))
            if now != held:
                held, since = now, time.monotonic()
            time.sleep(0.1)
