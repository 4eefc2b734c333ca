"""What every transport promises."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A wire. One thread reads and writes; `wake` may be called from any."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing. Raises Gone."""

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`. Raises Timeout (saying how much went out) and Gone."""

    def wake(self) -> None:
        """End a waiting `read` early."""

    def close(self) -> None:
        """Let go of the wire."""
