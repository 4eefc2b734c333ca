"""A share of a simulation: the kiosks of one process, on one network loop, and what the scenario does to them."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from kiosk.simulate.clock import Era
from kiosk.simulate.crew import Order, addresses, dialler, man
from kiosk.simulate.day import MINUTE_MS, Happening, happenings
from kiosk.simulate.kiosk import SimulatedKiosk, Told
from kiosk.simulate.memory_ledger import Committer
from kiosk.simulate.plan import Plan, Status
from kiosk.simulate.room import FILES_PER_KIOSK, make_room
from kiosk.simulate.scenarios import Step, chosen
from kiosk.simulate.swarm import Swarm
from mqtt.many import Loop
from mqtt.security import Tls

log = logging.getLogger(__name__)

GOODBYE_S: Final = 1.0


class Share:
    """Made and started, asked, and stopped, by one thread."""

    def __init__(self, plan: Plan) -> None:
        """Raises NoRoom where the machine does not let one process have so many kiosks."""
        make_room(plan.count, FILES_PER_KIOSK[plan.ledger])
        self.pid = os.getpid()
        self._plan = plan
        self._loop = Loop("simulated network")
        self._committer = Committer()
        era = Era(plan.begin_ms, plan.speed, begun_ns=plan.begun_ns or time.monotonic_ns())
        self._swarm = Swarm(era, self._day, plan.health_s)
        tls = Tls(plan.ca, plan.certificate, plan.key) if plan.ca else None
        self._order = Order(
            count=plan.count, tenant=plan.tenant, seed=plan.seed, ledger=plan.ledger, folder=plan.folder,
            first=plan.first,
        )  # fmt: skip
        self._dial = dialler(plan.host, plan.port, self._loop, tls)

    def _day(self, kiosk: SimulatedKiosk, minute: int) -> list[Happening]:
        plan = self._plan
        return happenings(
            plan.seed, str(kiosk.address), minute, busy=plan.busy, zone_minutes=plan.zone_minutes
        )

    def start(self) -> None:
        """Plug all of them in."""
        self._loop.start()
        kiosks = man(self._swarm, self._order, self._committer, self._dial)
        by_address = {kiosk.address: kiosk for kiosk in kiosks}
        for number, step in enumerate(self._plan.scenario.steps):
            for address in chosen(step, number, self._plan.seed, addresses(self._order)):
                self._stage(step, by_address[address])
        self._swarm.start(kiosks)

    def _stage(self, step: Step, kiosk: SimulatedKiosk) -> None:
        begin = self._plan.begin_ms + int(step.at * MINUTE_MS)
        end = begin + int(step.minutes * MINUTE_MS)
        acts: dict[str, tuple[Callable[[], None], Callable[[], None] | None]] = {
            "network-away": (kiosk.unplug, kiosk.plug),
            "power-cut": (kiosk.cut_power, None),
            "card-swap": (kiosk.swap_card, None),
            "device-fails": (
                partial(kiosk.set_device, step.device, "failed"),
                partial(kiosk.set_device, step.device, "ready"),
            ),
        }
        act, undo = acts[step.what]
        self._swarm.at(begin, act)
        if undo is not None and step.minutes:
            self._swarm.at(end, undo)

    def status(self) -> Status:
        """How it is at this moment."""
        kiosks = self._swarm.kiosks
        bounds = [kiosk.progress() for kiosk in kiosks]
        return Status(
            kiosks=len(kiosks),
            connected=sum(kiosk.connected for kiosk in kiosks),
            written=sum(last for _, last in bounds),
            acknowledged=sum(acked for acked, _ in bounds),
            failures=self._swarm.failures,
        )

    def rest(self) -> None:
        """Let nothing more happen, and everybody's network come back; what was written is still sent."""
        self._swarm.rest()
        for kiosk in self._swarm.kiosks:
            self._swarm.call(kiosk.ledger.flush)
            self._swarm.call(kiosk.plug)

    def stop(self) -> list[Told]:
        """End all of them, and say what they did."""
        told = self._swarm.stop(GOODBYE_S)
        self._loop.stop()
        self._committer.stop()
        return list(told)
