"""Scanners that play a keyboard, on a grabbed evdev node."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.drivers.line_scanner import Named
from devices.events import DeviceEvent, Scan
from devices.protocol.key_layouts import US, KeyLayout
from devices.protocol.wedge import WedgeParser
from devices.transport.base import Transport

Clock = Callable[[], float]


class WedgeScanner:
    """Turns keys into Scan events. A keyboard cannot be asked for anything, so `start` asks nothing."""

    def __init__(
        self, name: str, transport: Transport, layout: KeyLayout = US, clock: Clock = time.monotonic
    ) -> None:
        self._name, self._transport, self._clock = name, transport, clock
        self._parser = WedgeParser(layout)
        self._scans = 0

    def start(self) -> None:
        """Nothing to do: a wedge only types."""

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Wait for keys, or for the pause that ends a code."""
        due = self._parser.wait_s(self._clock())
        data = self._transport.read(timeout_s if due is None else min(timeout_s, due))
        now = self._clock()
        found = self._parser.feed(data, now) if data else self._parser.timeout(now)
        self._scans += len(found)
        return [Scan(self._name, one.data, one.text, one.aim, now) for one in found]

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return {"scans": self._scans, "unknown": self._parser.unknown, "dropped": self._parser.dropped}

    def close(self) -> list[DeviceEvent]:
        """A code cut off by the unplug is no code."""
        self._parser.reset()
        self._transport.close()
        return []


def wedge_scanner(layout: KeyLayout) -> Callable[[Named, Transport], WedgeScanner]:
    """For a declaration (devices.models.Model): a wedge that is set up for that layout."""

    def drive(setting: Named, wire: Transport) -> WedgeScanner:
        return WedgeScanner(setting.name, wire, layout)

    return drive
