"""A device under test: a simulator, a supervisor, and an ear that waits for events with a deadline."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import TypeVar

from devices.events import DeviceEvent, DeviceState
from devices.models import Setting
from devices.supervision.supervisor import Supervisor

E = TypeVar("E")
PATIENCE_S = 60.0  # generous: a loaded machine is no failure


class Ear:
    """Hears what a supervisor emits."""

    def __init__(self) -> None:
        self._events: queue.Queue[DeviceEvent] = queue.Queue()
        self.heard: list[DeviceEvent] = []

    def __call__(self, event: DeviceEvent) -> None:
        self._events.put(event)

    def wait(self, kind: type[E], test: Callable[[E], bool] = lambda event: True) -> E:
        """The next event of a kind that passes `test`; fails after the deadline with all that was heard."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                event = self._events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__}; heard {self.heard}") from None
            self.heard.append(event)
            if isinstance(event, kind) and test(event):
                return event

    def rest(self) -> list[DeviceEvent]:
        """All that was heard so far."""
        while not self._events.empty():
            self.heard.append(self._events.get_nowait())
        return self.heard

    def state(self, name: str) -> DeviceState:
        """Wait for a device state."""
        return self.wait(DeviceState, lambda event: event.state == name)


def supervise(setting: Setting) -> tuple[Supervisor, Ear]:
    """A started supervisor and an ear for it."""
    ear = Ear()
    supervisor = Supervisor(setting, ear)
    supervisor.start()
    return supervisor, ear
