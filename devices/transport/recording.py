"""Listens in on a wire: what goes over it becomes lines of a trace (devices.trace), and the driver notices nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.errors import DeviceError
from devices.trace import Broke, Moved, Sink
from devices.transport.base import ReportTransport, Transport

Clock = Callable[[], float]


class RecordingTransport:
    """Any transport, recorded. `sink` is called within the driver's thread: it must only hand over.

    `withhold`: only how many bytes there were is written. Whoever records a card reader says withhold=True, because
    a card's number is in what readers say and may be in what they are told; without it only where somebody has
    asked for the numbers in so many words, and holds a test card.
    """

    def __init__(
        self, inner: Transport, sink: Sink, *, withhold: bool = False, clock: Clock = time.monotonic
    ) -> None:
        self.inner, self._sink, self._withhold, self._clock = inner, sink, withhold, clock
        self._began = clock()

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        try:
            data = self.inner.read(timeout_s)
        except DeviceError as error:
            self._broke(error)
            raise
        if data:
            self._moved(True, data)
        return data

    def write(self, data: bytes, deadline_s: float) -> None:
        """See Transport. What a write that fails was about is written too: it may have gone out."""
        self._moved(False, data)
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

    def _moved(self, to_host: bool, data: bytes) -> None:
        at_s = self._clock() - self._began
        self._sink(Moved(at_s, to_host, b"", len(data)) if self._withhold else Moved(at_s, to_host, data))

    def _broke(self, error: DeviceError) -> None:
        self._sink(Broke(self._clock() - self._began, type(error).__name__))


class RecordingReports(RecordingTransport):
    """A HID device, recorded."""

    def __init__(
        self, inner: ReportTransport, sink: Sink, *, withhold: bool = False, clock: Clock = time.monotonic
    ) -> None:
        super().__init__(inner, sink, withhold=withhold, clock=clock)
        self._reports, self.descriptor = inner, inner.descriptor

    def feature(self, data: bytes, deadline_s: float) -> None:
        """See ReportTransport. Written like any report: its id tells it."""
        self._moved(False, data)
        try:
            self._reports.feature(data, deadline_s)
        except DeviceError as error:
            self._broke(error)
            raise


def recording(
    inner: Transport, sink: Sink, *, withhold: bool = False, clock: Clock = time.monotonic
) -> RecordingTransport:
    """`inner`, recorded, and still whatever kind of transport it is."""
    if isinstance(inner, ReportTransport):
        return RecordingReports(inner, sink, withhold=withhold, clock=clock)
    return RecordingTransport(inner, sink, withhold=withhold, clock=clock)
