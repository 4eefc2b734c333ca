"""Messages from an MQTT broker.

MQTT cannot be asked for a message again, so `done` does nothing here: what is not committed comes again because the
kiosk keeps it until the fleet's own acknowledgement. With `share` several processes divide the events among them
(`$share/NAME/...`, MQTT 5); what a broker retains is not sent to shared subscriptions, so presence and health are left
to the one process that listens without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet.sources.base import Deliver, Heard
from mqtt import channels, topics
from mqtt.client import Client
from mqtt.security import Tls


class MqttSource:
    """Every kiosk's events, and without `share` their presence and health as well."""

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        share: str = "",
        events: bool = True,
        tls: Tls | None = None,
    ) -> None:
        """`share`: the name of the group that divides the events; needs an MQTT 5 broker. `events` False: presence and
        health alone.
        """
        self._deliver: Deliver = _nowhere
        self._client = Client(
            host, port, client_id, on_message=self._heard, mqtt5=True if share else None, tls=tls
        )
        if share:
            self._client.subscribe(f"$share/{share}/{topics.EVERY_EVENT}")
        else:
            for topic_filter in (topics.EVERY_STATE, topics.EVERY_HEALTH):
                self._client.subscribe(topic_filter)
            if events:
                self._client.subscribe(topics.EVERY_EVENT)

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.connected

    def start(self, deliver: Deliver) -> None:
        """Connect."""
        self._deliver = deliver
        self._client.start()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send with QoS 1; False where the broker is away or too slow."""
        return self._client.publish(topic, payload, expires_s=channels.expires_s(topic))

    def done(self, heard: Sequence[Heard]) -> None:
        """Nothing: see above."""

    def left(self, heard: Sequence[Heard]) -> None:
        """Nothing, likewise."""

    def stop(self) -> None:
        """Disconnect."""
        self._client.stop()

    def _heard(self, topic: str, payload: bytes) -> None:
        self._deliver(Heard(topic, payload))


def _nowhere(_heard: Heard) -> None:
    """Before the start nobody listens."""
