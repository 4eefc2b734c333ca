"""A message on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MAX_PAYLOAD: Final = 256 * 1024  # bytes; a broker closes the connection over its own limit (NATS: 1 MiB)
_FRAME: Final = 64  # bytes of a PUBLISH beside topic, payload and texts of its properties, at most


class Beside(TypedDict, total=False):
    """What may be said beside topic and payload. All but `retain` are said with MQTT 5 only."""

    retain: bool
    expires_s: int | None  # a broker drops what has waited for so long
    content_type: str
    response_topic: str
    correlation: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way; behind the payload what Beside says."""

    topic: str
    payload: bytes
    retain: bool = False
    expires_s: int | None = None
    content_type: str = ""
    response_topic: str = ""
    correlation: bytes = b""

    @property
    def size(self) -> int:
        """Bytes of its packet, at most."""
        return (
            _FRAME
            + len(self.topic.encode())
            + len(self.payload)
            + len(self.content_type.encode())
            + len(self.response_topic.encode())
            + len(self.correlation)
        )

    def check(self) -> None:
        """Raises ValueError for a topic with wildcards and for more than MAX_PAYLOAD."""
        if len(self.payload) > MAX_PAYLOAD:
            raise ValueError(
                f"{len(self.payload)} bytes for {self.topic}: at most {MAX_PAYLOAD} fit into a message"
            )
        if not self.topic or set(self.topic) & set("+#\0"):
            raise ValueError(f"{self.topic!r}: a topic has at least one character and no '+', '#' or NUL")

    def properties(self) -> Properties | None:
        """What MQTT 5 says beside the payload."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if self.expires_s is not None:
            properties.MessageExpiryInterval = self.expires_s
        if self.content_type:
            properties.ContentType = self.content_type
        if self.response_topic:
            properties.ResponseTopic = self.response_topic
        if self.correlation:
            properties.CorrelationData = self.correlation
        return None if properties.isEmpty() else properties  # type: ignore[no-untyped-call]
