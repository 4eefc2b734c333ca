"""What the kiosk tells of itself: how it is (retained presence), and health: its devices, its counters, its backlog."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kiosk import views
from kiosk.clock.clock import Clock
from kiosk.fleet_line.line import FleetLine
from kiosk.ledger import Backlog, Ledger, LedgerError
from kiosk.link.link import AgentEnd
from kiosk.peripherals.peripherals import DeviceState
from kiosk.runtime import Runtime
from mqtt.messages import Health, Presence

log = logging.getLogger(__name__)

PRESENCE_MS: Final = 1_000  # a change of screen is told at most that often


@dataclass(frozen=True, slots=True)
class PresenceDue:
    """What the kiosk shows is to be told."""


@dataclass(frozen=True, slots=True)
class HealthDue:
    """Health is to be told."""


class Telling:
    """Presence and health; for the owner's thread."""

    def __init__(
        self,
        runtime: Runtime,
        line: FleetLine,
        ledger: Ledger,
        link: AgentEnd,
        clock: Clock,
        health_ms: int,
        version: Callable[[], str],
        started_as: str = "",
        machine: str = "",
    ) -> None:
        """`health_ms`: from one health message to the next. `version` of the store that is sold from. `started_as`, `machine`: see Presence."""
        self._runtime, self._line, self._ledger, self._link = runtime, line, ledger, link
        self._clock, self._health_ms, self._version, self._started_as = clock, health_ms, version, started_as
        self._machine, self._words = machine, 0
        self.devices: dict[str, DeviceState] = {}
        self.view: views.View | None = None
        self._since_ms = clock.wall_ms()
        self._told_ms = -PRESENCE_MS  # monotonic

    def begin(self) -> None:
        """Tell health from now on."""
        self._runtime.after("health", self._health_ms, HealthDue())

    def health_soon(self) -> None:
        """Something changed that health says."""
        self._runtime.after("health", PRESENCE_MS, HealthDue())

    def shown(self, view: views.View) -> None:
        """The view that is on the glass now; another kind of screen is told, if not at once."""
        before, self.view = self.view, view
        if type(before) is type(view):
            return
        self._since_ms = self._clock.wall_ms()
        if not self._runtime.pending("presence"):
            wait = self._told_ms + PRESENCE_MS - self._clock.mono_ms()
            self._runtime.after("presence", max(0, wait), PresenceDue())

    def presence(self, state: str = "") -> None:
        """Tell the fleet, retained, that the kiosk is `state` (mqtt.messages.Presence); "": as its screen says."""
        self._told_ms = self._clock.mono_ms()
        self._words += 1
        view = self.view
        self._line.present(
            Presence(
                state=state or _state(view),
                boot=self._clock.boot,
                since_ms=self._since_ms,
                version=self._version(),
                view=str(type(view).__struct_config__.tag) if view is not None else "",
                session=self._started_as,
                epoch=self._ledger.epoch,
                machine=self._machine,
                word=self._words,
            )
        )

    def health(self, wall_ms: int) -> None:
        """Tell it, and again in `health_ms`."""
        self._runtime.after("health", self._health_ms, HealthDue())
        devices = {name: f"{one.state} {one.detail}".strip() for name, one in self.devices.items()}
        if trouble := self._ledger.trouble():
            devices["ledger"] = trouble
        backlog = self._backlog()
        self._line.health(
            Health(
                wall_ms=wall_ms,
                devices=devices,
                counters=self._counters(),
                backlog=backlog.count,
                oldest_ms=backlog.oldest_ms,
                acked_ms=backlog.acked_ms,
                clock=self._clock.quality(),
                clock_off_ms=self._clock.off_ms(),
            )
        )

    def _backlog(self) -> Backlog:
        try:
            return self._ledger.backlog()
        except LedgerError as error:
            log.error("how much waits for the fleet cannot be read: %s", error)
            return Backlog()

    def _counters(self) -> dict[str, int]:
        counters = {f"runtime.{name}": count for name, count in self._runtime.counters.items()}
        counters |= {f"line.{name}": count for name, count in self._line.counters.items()}
        counters |= {f"link.{name}": count for name, count in self._link.counters().items()}
        counters |= {f"ledger.{name}": count for name, count in self._ledger.counts().items()}
        return {**counters, "ledger.refunds-owed": self._ledger.owed_count()}


def _state(view: views.View | None) -> str:
    match view:
        case None | views.Attract():
            return "ready"
        case views.Closed():
            return "closed"
        case _:
            return "selling"
