"""Zebra scanners and engines in SSI host mode: every code acknowledged, none twice; trigger, beep and a sign of life."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from devices.drivers.base import merged
from devices.drivers.line_scanner import BEAT_S, WRITE_S, Clock, Named
from devices.errors import DeviceError, Timeout
from devices.events import DeviceEvent, Scan
from devices.protocol import ssi
from devices.protocol.lines import Code
from devices.protocol.ssi_host import RESENDS, RESPONSE_S, Answered, Host
from devices.transport.base import Transport

START_S = (RESENDS + 1) * RESPONSE_S + 0.5
PACKETED = bytes([0xFF, 0xEE, 0x01])  # no beep; parameter EE, Decode Data Packet Format: until power-off
HOST_TRIGGER = bytes([0xFF, 0x8A, 0x08])  # parameter 8A, Trigger Mode: until power-off
YES, NO = b"\x00", b"\x06"  # one short high beep, two short low ones


class NotSsi(Timeout):
    """Nothing answers in SSI."""

    remedy = "Scan the codes `SSI Host` and `9600 baud` of the scanner's guide; see docs/technician.md."


class SsiScanner:
    """CanTrigger, CanSignal. `host_trigger` has it read only between trigger(True) and trigger(False)."""

    def __init__(
        self, name: str, transport: Transport, *, host_trigger: bool = False, clock: Clock = time.monotonic
    ) -> None:
        self._name, self._transport, self._clock = name, transport, clock
        self._host_trigger = host_trigger
        self._host = Host()
        self._begun: list[DeviceEvent] = []  # what was scanned while it was started
        self._wanted: deque[tuple[int, bytes]] = deque(
            maxlen=8
        )  # appended by any thread, taken by the turning one
        self._heard = clock()
        self._scans = self._silent = 0
        self.revision = b""

    def start(self) -> None:
        """Ask for its revision, and have it send packets, until power-off. Raises NotSsi where nothing answers."""
        end = self._clock() + START_S
        self._host.command(ssi.REQUEST_REVISION)
        self._finish(end)
        if self._silent:
            raise NotSsi(f"{self._name}: no answer to REQUEST_REVISION in {RESENDS + 1} tries")
        self._host.command(ssi.PARAM_SEND, PACKETED)
        if self._host_trigger:
            self._host.command(ssi.PARAM_SEND, HOST_TRIGGER)
        self._finish(end)

    def trigger(self, on: bool) -> None:
        """See CanTrigger."""
        self._want(ssi.START_SESSION if on else ssi.STOP_SESSION)

    def signal(self, good: bool) -> None:
        """See CanSignal."""
        self._want(ssi.BEEP, YES if good else NO)

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Send what waits, and wait for packets."""
        if self._begun:
            begun, self._begun = self._begun, []
            return begun
        while self._wanted:
            self._command(*self._wanted.popleft())
        due = self._heard + BEAT_S - self._clock()
        if due <= 0 and not self._host.waiting:
            self._command(ssi.REQUEST_REVISION)
        return self._exchange(min(timeout_s, max(0.0, due)) if due > 0 else timeout_s)

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return merged(self._host.counts, {"scans": self._scans})

    def close(self) -> list[DeviceEvent]:
        """What was read while it was started is told; a code cut off is none."""
        self._host.reset()
        self._transport.close()
        begun, self._begun = self._begun, []
        return begun

    def _finish(self, end: float) -> None:
        """Until every command is answered or given up, or `end`."""
        while self._host.waiting and (left := end - self._clock()) > 0:
            self._begun += self._exchange(left)

    def _want(self, opcode: int, data: bytes = b"") -> None:
        self._wanted.append((opcode, data))
        self._transport.wake()

    def _command(self, opcode: int, data: bytes = b"") -> None:
        try:
            self._host.command(opcode, data)
        except DeviceError:  # as many wait as may: the oldest are still being repeated
            self._host.counts["refused"] += 1

    def _exchange(self, timeout_s: float) -> list[DeviceEvent]:
        now = self._clock()
        if out := self._host.to_send(now):
            self._transport.write(out, WRITE_S)
        wait = self._host.wait_s(now)
        data = self._transport.read(timeout_s if wait is None else min(timeout_s, wait))
        now = self._clock()
        if data:
            self._heard, self._silent = now, 0
        events = self._host.feed(data, now) if data else self._host.timeout(now)
        if out := self._host.to_send(now):  # the acknowledgement goes out before the scan is told
            self._transport.write(out, WRITE_S)
        return self._told(events, now)

    def _told(self, events: list[Code | Answered], now: float) -> list[DeviceEvent]:
        scans: list[DeviceEvent] = []
        for event in events:
            match event:
                case Code(data, text, aim):
                    self._scans += 1
                    scans.append(Scan(self._name, data, text, aim, now))
                case Answered(ssi.REQUEST_REVISION, heard=False):
                    self._silent += 1
                    if self.revision and not scans:
                        raise Timeout(f"{self._name}: no sign of life in {RESENDS + 1} tries")
                case Answered(ssi.REQUEST_REVISION, data=revision):
                    self.revision = revision
                case _:
                    pass  # counted by the host
        return scans


def ssi_scanner(*, host_trigger: bool = False) -> Callable[[Named, Transport], SsiScanner]:
    """For a declaration (devices.models.Model)."""
    return lambda setting, wire: SsiScanner(setting.name, wire, host_trigger=host_trigger)
