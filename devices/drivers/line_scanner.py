"""Scanners that send lines over serial or USB CDC; with a command family they can be triggered and beep."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from devices.drivers.base import merged
from devices.errors import Timeout
from devices.events import DeviceEvent, Scan
from devices.protocol.commands import Commands
from devices.protocol.lines import Answer, Code, Event, LineParser, Lines, Unanswered
from devices.transport.base import Transport

WRITE_S = 0.5  # a command is a few bytes: a scanner that does not take them is dead
BEAT_S = 10.0  # a port may be open and the scanner behind it dead: ask now and then, where the family can
MISSED = 2  # beats in a row; only one that has beaten before can stop

Clock = Callable[[], float]


class LineScanner:
    """Turns bytes into Scan events. There is nothing to ask a plain scanner, so `start` asks nothing."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        lines: Lines | None = None,
        commands: Commands | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._name, self._transport, self._clock = name, transport, clock
        self._commands = commands
        self._parser = LineParser(lines, commands)
        self._out: deque[bytes] = deque(maxlen=16)  # the newest count: a trigger of a minute ago is no use
        self._heard = clock()
        self._beat_at = self._heard + BEAT_S
        self._beats = self._missed = 0
        self._counted = {"scans": 0, "answers": 0, "refused": 0, "unanswered": 0}

    def start(self) -> None:
        """Nothing to do: a line scanner only talks."""

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Send what waits; wait for bytes, or for the pause that ends a code."""
        self._send()
        now = self._clock()
        waits = (timeout_s, self._parser.wait_s(now), self._beat_in(now))
        data = self._transport.read(min(wait for wait in waits if wait is not None))
        now = self._clock()
        if not data:
            return self._told(self._parser.timeout(now), self._heard)
        self._heard = now
        self._beat_at, self._missed = now + BEAT_S, 0  # any word is a sign of life
        return self._told(self._parser.feed(data, now), now)

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        parser = self._parser
        return merged(self._counted, {"dropped": parser.dropped, "cut": parser.cut, "stray": parser.stray})

    def close(self) -> list[DeviceEvent]:
        """A code cut off by the unplug is no code."""
        self._parser.reset()
        self._transport.close()
        return []

    def _say(self, command: bytes) -> None:
        """Have a command sent by the turning thread; from any thread."""
        if command:
            self._out.append(command)
            self._transport.wake()

    def _send(self) -> None:
        now = self._clock()
        if self._beat_in(now) == 0.0 and self._commands is not None:
            self._beat_at = now + BEAT_S
            self._out.append(self._commands.heartbeat())
        while self._out and not self._parser.awaiting:
            command = self._out.popleft()
            self._transport.write(command, WRITE_S)
            if self._commands is not None and self._commands.answered(command):
                self._parser.expect(command, now)

    def _beat_in(self, now: float) -> float | None:
        """Seconds until the next heartbeat is due; None where there is none."""
        if self._commands is None or not self._commands.heartbeat():
            return None
        return max(0.0, self._beat_at - now)

    def _told(self, events: list[Event], at: float) -> list[DeviceEvent]:
        scans: list[DeviceEvent] = []
        for event in events:
            match event:
                case Code(data, text, aim):
                    self._counted["scans"] += 1
                    scans.append(Scan(self._name, data, text, aim, at))
                case Answer(_, _, good):
                    self._beats, self._missed = self._beats + 1, 0
                    self._counted["answers" if good else "refused"] += 1
                case Unanswered(asked):
                    self._counted["unanswered"] += 1
                    self._missing(asked)
        return scans

    def _missing(self, asked: bytes) -> None:
        if self._commands is None or asked != self._commands.heartbeat():
            return
        if not self._beats:
            return
        self._missed += 1
        self._beat_at = self._clock()  # ask again at once
        if self._missed >= MISSED:
            raise Timeout(f"{self._name}: {MISSED} heartbeats were not answered")


class CommandedScanner(LineScanner):
    """A line scanner with host commands: CanTrigger, CanSignal. What its family has not is not sent."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        commands: Commands,
        lines: Lines | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(name, transport, lines, commands, clock)
        self._family = commands

    def trigger(self, on: bool) -> None:
        """See CanTrigger."""
        self._say(self._family.trigger(on))

    def signal(self, good: bool) -> None:
        """See CanSignal."""
        self._say(self._family.signal(good))


class Named(Protocol):
    """Whatever has a configured name, e.g. devices.models.Setting."""

    @property
    def name(self) -> str:
        """The device's."""


def line_scanner(
    lines: Lines | None = None, commands: Commands | None = None
) -> Callable[[Named, Transport], LineScanner]:
    """For a declaration (devices.models.Model): drives a scanner that is set up so, with those commands where it has any."""

    def drive(setting: Named, wire: Transport) -> LineScanner:
        if commands is None:
            return LineScanner(setting.name, wire, lines)
        return CommandedScanner(setting.name, wire, commands, lines)

    return drive
