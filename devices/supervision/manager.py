"""All peripherals of a kiosk: each has its supervisor, all have one way out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from devices.events import DeviceEvent
from devices.models import Setting
from devices.supervision.opening import THIS_HOST, Host
from devices.supervision.outbox import Outbox
from devices.supervision.report import DeviceReport
from devices.supervision.supervisor import STOP_S, Emit, Supervisor

OUT_S = 1.0  # for the listener to take what is left at the end


class Manager:
    """The configured peripherals, by name. `emit` is called by one thread, never by two at once."""

    def __init__(self, settings: Iterable[Setting], emit: Emit, host: Host = THIS_HOST) -> None:
        self.host = host
        self._emit = emit
        self._watchers: tuple[Emit, ...] = ()
        self._watching = threading.Lock()
        self._outbox = Outbox(self._hand_out)
        self.devices = {one.name: Supervisor(one, self._outbox.put, host) for one in settings}

    def start(self) -> None:
        """Begin to look for them all."""
        self._outbox.start()
        for device in self.devices.values():
            device.start()

    def stop(self) -> bool:
        """Let go of them all, within 3 s and 1 s for each that hangs; False where one was left behind."""
        for device in self.devices.values():
            device.stopping()
        end = time.monotonic() + STOP_S
        free = [device.join(max(0.0, end - time.monotonic())) for device in self.devices.values()]
        return self._outbox.close(OUT_S) and all(free)

    def watch(self, watcher: Emit) -> Callable[[], None]:
        """Have `watcher` hear what the listener hears, from the same thread: it must only hand over. Returns how to end it."""
        with self._watching:
            self._watchers = (*self._watchers, watcher)

        def end() -> None:
            with self._watching:
                self._watchers = tuple(one for one in self._watchers if one is not watcher)

        return end

    def states(self) -> dict[str, str]:
        """Each device's state by name."""
        return {name: device.state for name, device in self.devices.items()}

    def snapshot(self) -> list[DeviceReport]:
        """What is known of each device now, in the order of the configuration."""
        reports = [device.report() for device in self.devices.values()]
        for report in reports:
            report.counters["dropped-events"] = self._outbox.dropped.get(report.name, 0)
        return reports

    def _hand_out(self, event: DeviceEvent) -> None:
        try:
            self._emit(event)
        finally:  # whoever only looks on comes last, and costs nobody an event
            for watcher in self._watchers:
                watcher(event)
