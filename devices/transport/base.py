"""What every transport promises."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Transport(Protocol):
    """A wire. One thread reads and writes; `wake` and `close` may be called from any."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing. Raises Gone."""

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`. Raises Timeout (saying how much went out) and Gone."""

    def wake(self) -> None:
        """End a waiting `read` early; where none waits, the next one."""

    def close(self) -> None:
        """Let go of the wire. A read or write under way ends with Gone. Twice is once."""


@runtime_checkable
class ReportTransport(Transport, Protocol):
    """A HID device: a read is one report as it was sent, its id first where its reports have ids (the descriptor says so);
    a write is one output report, its id first, 0 where there are none. Both as the kernel's hidraw has it.
    """

    @property
    def descriptor(self) -> bytes:
        """Its report descriptor (HID 1.11, section 6.2.2)."""

    def feature(self, data: bytes, deadline_s: float) -> None:
        """Set a feature report, its id first. Raises Timeout, Gone, ProtocolError where it is refused."""


@runtime_checkable
class BulkTransport(Transport, Protocol):
    """A USB interface by its bulk endpoints: a read is one transfer."""

    @property
    def in_size(self) -> int:
        """The longest transfer a read returns whole, in bytes."""

    def control(
        self, request_type: int, request: int, value: int, data: bytes | int, deadline_s: float
    ) -> bytes:
        """A class or vendor request to the interface: `data` to send, or how much to read."""

    def reset(self) -> None:
        """Reset the device; this transport is closed by it, and opens anew."""
