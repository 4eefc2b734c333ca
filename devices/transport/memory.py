"""A wire without a device: two ends in one process, for tests and for the replay of traces.

What one end writes in one call, the other reads in one call: a transfer, a report, a piece of a stream.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from devices.errors import Gone, Timeout

MOST = 65536  # bytes on their way to an end that does not read; then a write waits, as on a full buffer


class _Cable:
    """What both ends share."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.cut = ""  # why there is no cable any more


class MemoryTransport:
    """One end; made by `memory_pair`."""

    def __init__(self, cable: _Cable, descriptor: bytes, in_size: int) -> None:
        self._cable = cable
        self._arrived: deque[bytes] = deque()
        self._woken = self._closed = False
        self._peer = self
        self.descriptor, self.in_size = descriptor, in_size

    def read(self, timeout_s: float) -> bytes:
        """The next piece, b"" where none came in time or after `wake`. Raises Gone."""
        with self._cable.changed:
            self._cable.changed.wait_for(
                lambda: self._arrived or self._woken or self._over(), max(0.0, timeout_s)
            )
            self._woken = False
            if self._over():
                raise Gone(self._over())
            return self._arrived.popleft() if self._arrived else b""

    def write(self, data: bytes, deadline_s: float) -> None:
        """Hand over a piece. Raises Timeout where the other end does not read, and Gone."""
        end = time.monotonic() + deadline_s
        peer = self._peer
        with self._cable.changed:
            while not self._over() and sum(map(len, peer._arrived)) + len(data) > MOST:
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout(f"memory wire: 0 of {len(data)} bytes went out in {deadline_s:g} s")
                self._cable.changed.wait(left)
            if self._over():
                raise Gone(self._over())
            peer._arrived.append(bytes(data))
            self._cable.changed.notify_all()

    def feature(self, data: bytes, deadline_s: float) -> None:
        """See ReportTransport: the other end reads it like any report, and tells it by its id."""
        self.write(data, deadline_s)

    def wake(self) -> None:
        """End a waiting `read` early; where none waits, the next one."""
        with self._cable.changed:
            self._woken = True
            self._cable.changed.notify_all()

    def close(self) -> None:
        """Let go of this end; the other one finds it gone."""
        with self._cable.changed:
            self._closed = True
        self.unplug()

    def unplug(self) -> None:
        """Pull the cable: what was on its way is lost, and both ends are told Gone."""
        with self._cable.changed:
            self._cable.cut = "memory wire: unplugged"
            for end in (self, self._peer):
                end._arrived.clear()
            self._cable.changed.notify_all()

    def _over(self) -> str:
        return "memory wire: closed" if self._closed else self._cable.cut


def memory_pair(descriptor: bytes = b"", in_size: int = 64) -> tuple[MemoryTransport, MemoryTransport]:
    """Two ends of one wire: the driver's, and the device's. `descriptor` makes the wire a HID device's."""
    cable = _Cable()
    ours, theirs = MemoryTransport(cable, descriptor, in_size), MemoryTransport(cable, descriptor, in_size)
    ours._peer, theirs._peer = theirs, ours
    return ours, theirs
