"""One connection to a broker, from its beginning to its end: all that the contract's client needs of paho-mqtt 2.x.

What paho 2.2 does and this module keeps away (each was reproduced before it was written down; tests/mqtt/test_traps.py):

* it waits with select(), which cannot wait for a file numbered over 1023: here its reading and writing are driven from
  outside (mqtt.many), and nobody calls its `loop`;
* an exception in a callback ends paho's network thread while `is_connected()` stays true: it has no thread here;
* callbacks run under its locks: all of paho is called from one thread, and ours take no lock;
* a publish while offline is refused by return code but queued all the same: nothing is given to it before it is let in,
  and nothing outlives a connection: each one is a new paho client;
* it does not honour the server's receive maximum: the caller hands over only as many as `window` says;
* it answers a refused protocol version by reconnecting inside its own callback, as MQTT 3.1: switched off.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from mqtt import security
from mqtt.outgoing import MAX_PAYLOAD, Outgoing
from mqtt.security import Tls
from mqtt.version import Ended

log = logging.getLogger(__name__)

WINDOW: Final = 20  # unacknowledged at once: paho walks them all at each acknowledgement, so more is slower
RECEIVE: Final = 100  # what a broker may send us at once; mosquitto takes 20 where nothing is said
CONNECT_S: Final = 5.0  # for each address of the host, and once more for the TLS handshake
_LARGEST_PACKET: Final = MAX_PAYLOAD + 65_536  # we take, topic and properties included
_WRONG_VERSION: Final = 0x84


class Down(Exception):
    """Ends the connection; the text says why."""


class Refused(Down):
    """The broker answered the connect with no."""


class WrongVersion(Refused):
    """It does not speak MQTT 5."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every connection of a client has in common."""

    host: str
    port: int
    client_id: str
    will: tuple[str, bytes] | None = None
    will_delay_s: int = 0
    tls: Tls | None = None
    username: str = ""
    password: str = ""
    keepalive_s: int = 30
    session_s: int = 0


class _LastWords(logging.Logger):
    """Keeps what paho says of a failed socket: its return code alone says "lost"."""

    text = ""

    def log(self, level: int, msg: object, *args: object, **_: Any) -> None:
        if level >= logging.ERROR:
            self.text = str(msg) % args if args else str(msg)


class Connection:
    """`open` may wait and may be called from any thread; everything else from the one that drives it, afterwards.

    Methods that move bytes raise Down when it is over.
    """

    def __init__(
        self,
        terms: Terms,
        version5: bool,
        on_message: Callable[[str, bytes], None],
        on_close: Callable[[Any], None],
    ) -> None:
        """`on_close(socket)` is called just before the socket is closed."""
        self.version5 = version5
        self.let_in = False
        self.granted = 0  # subscriptions answered
        self.refused_filters: list[str] = []
        self.acked = 0  # publishes answered
        self.refused: list[str] = []  # and refused, with the reason
        self.window = WINDOW
        self.keepalive_s = terms.keepalive_s  # the broker's word counts
        self.unreadable = 0  # messages whose topic is no text
        self.largest = 0  # bytes of a packet the broker takes; 0: it did not say
        self._terms, self._on_message, self._on_close = terms, on_message, on_close
        self._asked: dict[int | None, str] = {}  # subscriptions not answered yet, by message id
        self._refusal: Down | None = None
        self._words = _LastWords("mqtt.paho")
        self._client = self._new_client()

    def _new_client(self) -> paho.Client:
        terms = self._terms
        version = MQTTProtocolVersion.MQTTv5 if self.version5 else MQTTProtocolVersion.MQTTv311
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            terms.client_id,
            clean_session=None if self.version5 else terms.session_s == 0,
            protocol=version,
            reconnect_on_failure=False,
        )
        client.enable_logger(self._words)
        client.connect_timeout = CONNECT_S
        client.suppress_exceptions = True
        client.max_inflight_messages_set(WINDOW)
        if terms.username:
            client.username_pw_set(terms.username, terms.password or None)
        if terms.will is not None:
            properties = Properties(PacketTypes.WILLMESSAGE) if self.version5 else None  # type: ignore[no-untyped-call]
            if properties is not None and terms.will_delay_s:
                properties.WillDelayInterval = terms.will_delay_s
            client.will_set(terms.will[0], terms.will[1], qos=1, retain=True, properties=properties)
        client.on_connect = self._connack
        client.on_subscribe = self._suback
        client.on_publish = self._puback
        client.on_message = self._received
        client.on_disconnect = self._disconnected
        client.on_socket_open = _no_delay
        client.on_socket_register_write = _leave_writing_to_the_loop
        client.on_socket_close = self._closing
        return client

    def open(self) -> None:
        """Connect, shake hands, and say CONNECT as soon as somebody drives. Raises OSError or ValueError in words."""
        terms, client = self._terms, self._client
        if terms.tls is not None:
            client.tls_set_context(security.context(terms.tls))
        if not self.version5:
            client.connect(terms.host, terms.port, keepalive=terms.keepalive_s)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = RECEIVE
        properties.MaximumPacketSize = _LARGEST_PACKET
        if terms.session_s:
            properties.SessionExpiryInterval = terms.session_s
        client.connect(
            terms.host,
            terms.port,
            keepalive=terms.keepalive_s,
            clean_start=terms.session_s == 0,
            properties=properties,
        )

    # --- for the loop -----------------------------------------------------------------------------------------

    @property
    def socket(self) -> Any:
        """To wait for; None where it is closed."""
        return self._client.socket()

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait to be written."""
        return bool(self._client.want_write())

    @property
    def unanswered(self) -> int:
        """Subscriptions the broker has not answered yet."""
        return len(self._asked)

    def read(self) -> None:
        """Take what has come."""
        self._check(self._client.loop_read())
        pending = getattr(self.socket, "pending", None)
        while pending is not None and pending():  # decrypted already: the kernel will not tell of it
            self._check(self._client.loop_read())

    def write(self) -> None:
        """Write what waits, as far as the socket takes it."""
        self._check(self._client.loop_write())

    def misc(self) -> None:
        """Ping where it is time, and see whether pings are answered. To be called at least every few seconds."""
        self._check(self._client.loop_misc())

    def _check(self, result: MQTTErrorCode) -> None:
        if self._refusal is not None:
            raise self._refusal
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS or self.socket is None:
            raise Down(self._words.text or paho.error_string(result))
        # Only MQTT 5 lets us say what we take, and paho would gather up to 256 MiB before it looks at them.
        if self._client._in_packet["remaining_length"] > _LARGEST_PACKET:
            raise Down(f"a packet of more than {_LARGEST_PACKET} bytes")

    def subscribe(self, topic_filter: str) -> None:
        """Ask for a filter with QoS 1."""
        self._asked[self._client.subscribe(topic_filter, qos=1)[1]] = topic_filter

    def publish(self, message: Outgoing) -> None:
        """Send with QoS 1. The caller keeps to `window`."""
        properties = message.properties() if self.version5 else None
        self._client.publish(message.topic, message.payload, 1, message.retain, properties)

    def forget_refusals(self) -> None:
        """They were noted."""
        self.refused_filters.clear()
        self.refused.clear()
        self.unreadable = 0

    def disconnect(self) -> None:
        """Say good-bye, so that the broker does not send the will; the socket closes when that is written."""
        self._client.disconnect()

    def close(self) -> None:
        """Drop it. Safe to repeat."""
        sock = self.socket
        self._client.on_socket_close = None
        if sock is not None:
            self._on_close(sock)
            sock.close()

    def how(self, reason: Exception) -> Ended:
        """How it came to its end, which was for this reason."""
        if isinstance(reason, WrongVersion):
            return Ended.WRONG_VERSION
        if isinstance(reason, Refused):
            return Ended.REFUSED
        if not isinstance(reason, Down):
            return Ended.UNREACHABLE
        return Ended.LOST if self.let_in else Ended.SILENT

    # --- paho's callbacks: no locks ---------------------------------------------------------------------------

    def _connack(self, _client: Any, _user: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            kind = WrongVersion if self.version5 and reason.value == _WRONG_VERSION else Refused
            self._refusal = kind(f"refused: {reason}")
            return
        self.window = max(1, min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW)))
        self.largest = getattr(properties, "MaximumPacketSize", 0)
        self.keepalive_s = getattr(properties, "ServerKeepAlive", self.keepalive_s)
        self.let_in = True

    def _suback(self, _client: Any, _user: Any, mid: int, reasons: Any, _properties: Any) -> None:
        self.granted += 1
        topic_filter = self._asked.pop(mid, "")
        if any(reason.is_failure for reason in reasons):
            self.refused_filters.append(topic_filter)

    def _puback(self, _client: Any, _user: Any, mid: int, reason: Any, _properties: Any) -> None:
        self.acked += 1
        if reason.is_failure:
            self.refused.append(f"message {mid}: {reason}")

    def _received(self, _client: Any, _user: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self.unreadable += 1
            return
        if topic:
            self._on_message(topic, bytes(message.payload))
        else:  # what the broker calls it by a number we never allowed (paho issue 893: a loop of reconnects)
            self._refusal = Down("a topic alias, which was not offered")

    def _disconnected(self, _client: Any, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure and self._refusal is None:
            said = f" ({self._words.text})" if self._words.text else ""
            self._refusal = Down(f"disconnected: {reason}{said}")

    def _closing(self, _client: Any, _user: Any, sock: Any) -> None:
        self._on_close(sock)


def _no_delay(_client: Any, _user: Any, sock: Any) -> None:
    """Without it a small message can wait 40 ms for the peer's delayed acknowledgement."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leave_writing_to_the_loop(_client: Any, _user: Any, _sock: Any) -> None:
    """While this is set paho never writes when something is queued: a full socket cannot block a caller."""
