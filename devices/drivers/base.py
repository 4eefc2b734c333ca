"""What the manager expects of a driver."""

from __future__ import annotations

from typing import Protocol

from devices.events import DeviceEvent


class Driver(Protocol):
    """One peripheral on an open wire."""

    def start(self) -> None:
        """Wake it and learn that it is the right one. Raises DeviceError."""

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Wait for something, at most about `timeout_s`, and say what it was. Raises DeviceError."""

    def wake(self) -> None:
        """End a waiting `turn` early; from any thread."""

    def close(self) -> list[DeviceEvent]:
        """Let go of the wire; says what thereby came to nothing."""
