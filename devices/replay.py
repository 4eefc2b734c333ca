"""A recorded trace (devices.trace) played to a model's driver, as if the device were there: what a test of a model needs.

assert replay(model("acme-2d"), read_trace(path)) == ""
"""

from __future__ import annotations

import time

from devices.errors import Gone
from devices.events import DeviceEvent
from devices.models import Model, Setting
from devices.trace import Broke, Expected, Moved, Trace, matched

SHORT_S = 0.5  # a driver that asks for less wants the line's silence measured; longer rests are skipped
TURN_S = 5.0


class ReplayTransport:
    """Gives what the device said, in the order and at about the pace it said it, and keeps what it is told.

    What the device said after it was told something comes only after it is told as much. At the trace's end the wire is Gone.
    """

    def __init__(self, trace: Trace) -> None:
        self._lines = [line for line in trace.lines if not isinstance(line, Expected)]
        self._next = 0
        self._now = self._lines[0].at_s if self._lines else 0.0
        self._owed = 0  # bytes that the driver has yet to send
        self.written = bytearray()
        self.descriptor, self.in_size = trace.descriptor, 64

    def read(self, timeout_s: float) -> bytes:
        """See Transport. Raises Gone."""
        self._pass_commands()
        if self._owed > 0 or self._next == len(self._lines):
            if timeout_s <= SHORT_S:
                return self._silence(timeout_s)
            raise Gone(
                f"the trace waits for {self._owed} bytes" if self._owed > 0 else "the end of the trace"
            )
        line = self._lines[self._next]
        if line.at_s - self._now > timeout_s:
            self._now += timeout_s
            return self._silence(timeout_s)
        self._now = line.at_s
        self._next += 1
        if isinstance(line, Broke):
            raise Gone(f"the trace says {line.error}")
        return line.data

    def write(self, data: bytes, deadline_s: float) -> None:
        """See Transport."""
        self.written += data
        self._owed -= len(data)

    def feature(self, data: bytes, deadline_s: float) -> None:
        """See ReportTransport; recorded like any report."""
        self.write(data, deadline_s)

    def wake(self) -> None:
        """See Transport."""

    def close(self) -> None:
        """See Transport."""

    def _pass_commands(self) -> None:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            if not isinstance(line, Moved) or line.to_host:
                return
            self._owed += len(line.data)
            self._next += 1

    def _silence(self, timeout_s: float) -> bytes:
        time.sleep(min(timeout_s, SHORT_S))
        return b""


def replay(model: Model, trace: Trace) -> str:
    """Play a trace to the model's driver: "" where it gives the events the trace expects, and sends what was sent; else what differs."""
    wire = ReplayTransport(trace)
    driver = model.drive(Setting(model.name, model.name, "trace", key=bytes(32)), wire)
    events: list[DeviceEvent] = []
    try:
        driver.start()
        while True:
            events += driver.turn(TURN_S)
    except Gone:
        events += driver.close()
    sent = b"".join(line.data for line in trace.moved if not line.to_host)
    if bytes(wire.written) != sent:
        return f"sent {wire.written.hex(' ') or 'nothing'}, expected {sent.hex(' ') or 'nothing'}"
    return matched(trace.expected, events)
