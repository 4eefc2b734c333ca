"""What the manager expects of a driver, and what a driver may be able to do besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from devices.events import DeviceEvent


class Driver(Protocol):
    """One peripheral on an open wire. One thread calls `start`, `turn` and `close`."""

    def start(self) -> None:
        """Wake it and learn that it is the right one. Raises DeviceError."""

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Wait for something, at most about `timeout_s`, and say what it was. Raises DeviceError."""

    def wake(self) -> None:
        """End a waiting `turn` early; from any thread."""

    def close(self) -> list[DeviceEvent]:
        """Let go of the wire; says what thereby came to nothing."""

    def counters(self) -> Mapping[str, int]:
        """What it has counted since `start`: retries, dropped, damaged, activated ... (lower-case words)."""


@runtime_checkable
class CanArm(Protocol):
    """A card reader: it looks for cards while armed. From any thread."""

    def arm(self, on: bool) -> None:
        """Look for cards, or leave the field off."""


@runtime_checkable
class CanOffer(Protocol):
    """A reader that can play a tag: a phone held to it while it is not armed opens `uri`. From any thread."""

    def offer(self, uri: str) -> None:
        """The address the next phones get; "" for none."""


@runtime_checkable
class CanPrint(Protocol):
    """A receipt printer. From any thread."""

    def print(self, job: str, pieces: Sequence[bytes]) -> bool:
        """Queue a job of whole commands; its outcome is an event. False where it cannot be taken."""


@runtime_checkable
class CanTrigger(Protocol):
    """A scanner that the host can start and stop. From any thread."""

    def trigger(self, on: bool) -> None:
        """Begin to read, or cease."""


@runtime_checkable
class CanSignal(Protocol):
    """A device with a beeper or a lamp. From any thread."""

    def signal(self, good: bool) -> None:
        """Say yes or no to the person before it."""


@runtime_checkable
class CanRemember(Protocol):
    """A driver that knows something about the world before the device that a reconnect does not change: a card lies there."""

    def memory(self) -> object:
        """What the next driver of this device shall know."""

    def remember(self, memory: object) -> None:
        """What `memory` of the last one gave; called before `start`."""


def merged(*parts: Mapping[str, int]) -> dict[str, int]:
    """Counters of several parts of a driver in one."""
    out: dict[str, int] = {}
    for part in parts:
        for name, count in dict(part).items():  # a copy: the driver's thread goes on counting
            out[name] = out.get(name, 0) + count
    return out
