"""What ingest needs of whatever carries kiosks' messages: a broker, or a log with consumers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True)
class Heard:
    """A message as it came. `token` is the source's own, by which it knows the message again in `done`."""

    topic: str
    payload: bytes
    token: Any = None

    @property
    def said(self) -> tuple[str, bytes]:
        """Topic and payload."""
        return self.topic, self.payload


Deliver = Callable[[Heard], None]


class EventSource(Protocol):
    """A stream of messages, each delivered at least once, in any order, from one of the source's own threads."""

    @property
    def connected(self) -> bool:
        """Whether messages can come now."""

    def start(self, deliver: Deliver) -> None:
        """Begin to call `deliver` for every message. It returns at once, and it never raises."""

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send something down, from any thread. False where it was not accepted: whoever needs it will ask again."""

    def done(self, heard: Sequence[Heard]) -> None:
        """These are committed, or kept aside: a source that can deliver again need not deliver them any more."""

    def left(self, heard: Sequence[Heard]) -> None:
        """There was no room for these, or a fault: nobody works on them any more, and they are to come again."""

    def stop(self) -> None:
        """Deliver nothing more. What was delivered and is not `done` may come again to whoever listens next."""
