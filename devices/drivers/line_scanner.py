"""Scanners that send lines over serial or USB CDC."""

from __future__ import annotations

import time

from devices.events import DeviceEvent, Scan
from devices.protocol.lines import LineParser
from devices.transport.base import Transport


class LineScanner:
    """Turns bytes into Scan events. There is nothing to ask a plain scanner, so `start` asks nothing."""

    def __init__(self, name: str, transport: Transport) -> None:
        self._name, self._transport = name, transport
        self._parser = LineParser()

    def start(self) -> None:
        """Nothing to do: a line scanner only talks."""

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Wait for bytes or for the pause that ends a code."""
        now = time.monotonic()
        due = self._parser.wait_s(now)
        data = self._transport.read(timeout_s if due is None else min(timeout_s, due))
        now = time.monotonic()
        codes = self._parser.feed(data, now) if data else self._parser.timeout(now)
        return [Scan(self._name, code.data, code.text, code.aim) for code in codes]

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return {"dropped": self._parser.dropped}

    def close(self) -> list[DeviceEvent]:
        """A code cut off by the unplug is no code."""
        self._parser.reset()
        self._transport.close()
        return []
