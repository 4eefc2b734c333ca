"""Listens in on a wire: what goes over it is counted and, where somebody wishes, becomes lines of a trace (devices.trace).

The driver notices nothing. The manager puts every wire behind one of these, so that a device can be listened to while it works.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.errors import DeviceError
from devices.trace import Broke, Moved, Sink
from devices.transport.base import BulkTransport, ReportTransport, Transport

Clock = Callable[[], float]


class RecordingTransport:
    """Any transport, recorded. `sink` is called within the driver's thread: it must only hand over.

    `withhold`: only how many bytes there were is written. Whoever records a card reader says withhold=True, because
    a card's number is in what readers say and may be in what they are told; without it only where somebody has
    asked for the numbers in so many words, and holds a test card.
    """

    def __init__(
        self,
        inner: Transport,
        sink: Sink | None = None,
        *,
        withhold: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self.inner, self._clock = inner, clock
        self.bytes_in = self.bytes_out = 0
        self.heard_at: float | None = None  # when the device last said something, by the clock
        self._listener: tuple[Sink, bool, float] | None = None
        if sink is not None:
            self.listen(sink, withhold=withhold)

    def listen(self, sink: Sink | None, *, withhold: bool = False) -> None:
        """Have `sink` told from now on, or nobody; from any thread."""
        self._listener = None if sink is None else (sink, withhold, self._clock())

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        try:
            data = self.inner.read(timeout_s)
        except DeviceError as error:
            self._broke(error)
            raise
        if data:
            self.bytes_in += len(data)
            self.heard_at = self._clock()
            self._moved(True, data, self.heard_at)
        return data

    def write(self, data: bytes, deadline_s: float) -> None:
        """See Transport. What a write that fails was about is written too: it may have gone out."""
        self._out(data)
        try:
            self.inner.write(data, deadline_s)
        except DeviceError as error:
            self._broke(error)
            raise

    def wake(self) -> None:
        """See Transport."""
        self.inner.wake()

    def close(self) -> None:
        """See Transport."""
        self.inner.close()

    def _out(self, data: bytes) -> None:
        self.bytes_out += len(data)
        if self._listener is not None:
            self._moved(False, data, self._clock())

    def _moved(self, to_host: bool, data: bytes, now: float) -> None:
        if (listener := self._listener) is not None:
            sink, withhold, began = listener
            at_s = max(0.0, now - began)
            sink(Moved(at_s, to_host, b"", len(data)) if withhold else Moved(at_s, to_host, data))

    def _broke(self, error: DeviceError) -> None:
        if (listener := self._listener) is not None:
            listener[0](Broke(max(0.0, self._clock() - listener[2]), type(error).__name__))


class RecordingReports(RecordingTransport):
    """A HID device, recorded."""

    def __init__(
        self,
        inner: ReportTransport,
        sink: Sink | None = None,
        *,
        withhold: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(inner, sink, withhold=withhold, clock=clock)
        self._reports, self.descriptor = inner, inner.descriptor

    def feature(self, data: bytes, deadline_s: float) -> None:
        """See ReportTransport. Written like any report: its id tells it."""
        self._out(data)
        try:
            self._reports.feature(data, deadline_s)
        except DeviceError as error:
            self._broke(error)
            raise


class RecordingBulk(RecordingTransport):
    """A USB interface by its bulk endpoints, recorded; control requests are not, they are no part of the stream."""

    def __init__(
        self,
        inner: BulkTransport,
        sink: Sink | None = None,
        *,
        withhold: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(inner, sink, withhold=withhold, clock=clock)
        self._bulk, self.in_size = inner, inner.in_size

    def control(
        self, request_type: int, request: int, value: int, data: bytes | int, deadline_s: float
    ) -> bytes:
        """See BulkTransport."""
        return self._bulk.control(request_type, request, value, data, deadline_s)

    def reset(self) -> None:
        """See BulkTransport."""
        self._bulk.reset()


def recording(
    inner: Transport, sink: Sink | None = None, *, withhold: bool = False, clock: Clock = time.monotonic
) -> RecordingTransport:
    """`inner`, recorded, and still whatever kind of transport it is."""
    if isinstance(inner, ReportTransport):
        return RecordingReports(inner, sink, withhold=withhold, clock=clock)
    if isinstance(inner, BulkTransport):
        return RecordingBulk(inner, sink, withhold=withhold, clock=clock)
    return RecordingTransport(inner, sink, withhold=withhold, clock=clock)
