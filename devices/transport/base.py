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
    """A HID device: a read is one report, its id first (0 where it has none); so is a write."""

    @property
    def descriptor(self) -> bytes:
        """Its report descriptor (HID 1.11, section 6.2.2)."""
