"""One CCID reader on its wire: a command and its answer, within a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.errors import ProtocolError, Timeout
from devices.protocol import ccid
from devices.protocol.ccid import Answer, Host, MoreTime, MoreToCome, Refused
from devices.transport.base import Transport

WRITE_S = 0.5
QUIET_S = 0.05  # silence after which nothing old is on its way any more; a whole exchange takes 4 ms
MOST_DRAINED = 64  # transfers: more is no leftover but a reader that talks by itself
LONGEST_S = 5.0  # for one answer, however often the reader asks for time


class CcidLink:
    """Asks and waits. Used by the driver's thread alone."""

    def __init__(self, name: str, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self._transport, self._clock = name, transport, clock
        self.host = Host()

    def ask(self, build: Callable[[Host], bytes], within_s: float) -> Answer:
        """The answer to the command that `build` makes.

        Raises Timeout where none came, or the card was mute; ProtocolError where the reader refuses; Gone.
        """
        started = self._clock()
        end = started + within_s
        self._transport.write(build(self.host), WRITE_S)
        while (left := end - self._clock()) > 0:
            for event in self.host.feed(self._transport.read(left)):
                match event:
                    case Answer():
                        return event
                    case MoreToCome():
                        self._transport.write(self.host.proceed(), WRITE_S)
                    case MoreTime(times):
                        end = min(started + LONGEST_S, self._clock() + times * within_s)
                    case Refused() if event.mute:
                        raise Timeout(f"{self.name}: {event}")
                    case Refused():
                        raise ProtocolError(f"{self.name}: {event}")
        self.host.reset()  # what comes from now on is stale
        raise Timeout(f"{self.name}: no answer in {within_s:g} s")

    def rest(self, timeout_s: float) -> None:
        """Wait; what comes by itself is counted and left."""
        self.host.feed(self._transport.read(timeout_s))

    def drain(self) -> None:
        """Read until it is quiet. Raises ProtocolError where it does not become so."""
        self.host.reset()
        for _ in range(MOST_DRAINED):
            data = self._transport.read(QUIET_S)
            if not data:
                return
            self.host.feed(data)
        raise ProtocolError(f"{self.name}: talks without being asked")

    def counters(self) -> dict[str, int]:
        """Replies to something else, and what was no reply."""
        return {"stale": self.host.stale, "damaged": self.host.damaged}


SLOT_STATUS: Callable[[Host], bytes] = ccid.Host.slot_status
POWER_ON: Callable[[Host], bytes] = ccid.Host.power_on


def transfer(data: bytes) -> Callable[[Host], bytes]:
    """An APDU or pseudo-APDU."""
    return lambda host: host.transfer(data)


def escape(data: bytes) -> Callable[[Host], bytes]:
    """A maker's own command."""
    return lambda host: host.escape(data)
