"""A simulated kiosk's connection: the product's client, and a network that may be away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Unpack

from kiosk.fleet_line.line import Connection
from mqtt.outgoing import Beside
from mqtt.topics import Address


class Caller(Connection, Protocol):
    """As much of mqtt.client.Client as a simulated kiosk needs."""

    def start(self) -> None:
        """Begin connecting; returns at once."""

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Disconnect and end."""

    def abandon(self) -> None:
        """End without a goodbye, as a cut wire does; returns at once."""


Post = Callable[[object], None]
Dial = Callable[
    [Address, bytes, Post], Caller
]  # address, last will, where to post LineUp, LineDown and Heard


class Wire:
    """What the line publishes on, whichever client stands behind it at the moment. For the owner's thread only."""

    def __init__(self) -> None:
        self._caller: Caller | None = None

    @property
    def connected(self) -> bool:
        """Whether something can be published now."""
        return self._caller is not None and self._caller.connected

    @property
    def plugged(self) -> bool:
        """Whether there is a network at all."""
        return self._caller is not None

    def publish(self, topic: str, payload: bytes, **said: Unpack[Beside]) -> bool:
        """See Client.publish; False while there is no network."""
        return self._caller is not None and self._caller.publish(topic, payload, **said)

    def plug(self, caller: Caller) -> None:
        """The network is there: begin connecting."""
        self._caller = caller
        caller.start()

    def unplug(self) -> Caller | None:
        """The network is away; the client that was there is to be ended."""
        caller, self._caller = self._caller, None
        return caller
