"""One MQTT connection that comes back by itself: paho-mqtt 2.x behind a surface of six calls.

What paho 2.2 does and this module keeps away (each was reproduced before it was written down):

* an exception in a callback ends paho's network thread while `is_connected()` stays true: here the thread is our own,
  callbacks are caught and counted, and a connection whose acknowledgements stop coming is thrown away;
* a publish while offline is refused by return code but queued all the same, without bound: here it is refused, and
  the caller's outbox is the only queue. Nothing outlives a connection: each one is a new paho client;
* `is_published()` is true for an acknowledgement that says "not authorised": here it is counted and logged
  (MQTT 5 only: 3.1.1 has no reason code to say so);
* callbacks run under paho's locks: ours take no lock and hand over.

An acknowledged publish is in the broker's hands, not in the fleet's database: keep what matters until the fleet says so.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from mqtt.backoff import Backoff

log = logging.getLogger(__name__)

OnMessage = Callable[[str, bytes], None]
MAX_PAYLOAD: Final = 256 * 1024  # bytes; a broker closes the connection over its own limit (NATS: 1 MiB)
WINDOW: Final = 20  # unacknowledged at once: paho walks them all at each acknowledgement, so more is slower
QUEUE: Final = 200  # unacknowledged and waiting; a further publish is refused
_NOT_IN_IDS: Final = frozenset(".*> \t")  # nats-server refuses them
TICK_S: Final = 5.0  # longest sleep of the network thread: an idle connection costs 0.2 wake-ups/s
LEAVE_S: Final = 0.5  # longest wait, at the end, for the broker to read our last words


@dataclass(slots=True)
class Counters:
    """What has happened since the start. The last two are ours, the rest is the network's."""

    connected: int = 0
    lost: int = 0
    received: int = 0
    acknowledged: int = 0
    callback_errors: int = 0
    refused_publishes: int = 0  # by the broker
    refused_subscriptions: int = 0
    refused_offline: int = 0  # by us: not connected
    refused_full: int = 0  # by us: too many unacknowledged


class _Down(Exception):
    """Ends the connection under way; the text says why."""


class _Refused(_Down):
    """The broker answered the connect with no."""


class Client:
    """A connection to `host`:`port` as `client_id`, kept up until `stop()`.

    `on_message(topic, payload)`, `on_up()` and `on_down()` are called from the client's own thread: hand over and
    return. While they run nothing is received and no ping is sent. `on_up` comes when the broker has granted every
    subscription, so a request published from there will hear its response.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        will: tuple[str, bytes] | None = None,
        on_message: OnMessage | None = None,
        on_up: Callable[[], None] | None = None,
        on_down: Callable[[], None] | None = None,
        backoff: Backoff = Backoff(),  # noqa: B008 (frozen)
        keepalive_s: int = 30,
        answer_s: float = 10.0,
        mqtt5: bool = False,
    ) -> None:
        """`will` is sent, retained, by the broker when the connection dies; the rest has good defaults.

        `answer_s`: how long the broker may take to answer a connect, a subscribe or a publish. `keepalive_s`: a silent
        connection is given up after twice that; the broker sends the will after one and a half.
        """
        if not client_id or set(client_id) & _NOT_IN_IDS:
            raise ValueError(
                f"{client_id!r}: a client id has at least one character and no dot, blank, '*' or '>'"
            )
        self._address, self._client_id, self._will = (host, port), client_id, will
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._backoff, self._keepalive_s, self._answer_s = backoff, keepalive_s, answer_s
        self._protocol = MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311
        self._filters: list[str] = []
        self._live: paho.Client | None = None  # the client of the connection under way
        self._up = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._sent_lock = threading.Lock()  # never taken in a callback
        self.counters = Counters()
        self._reset()

    # --- for the caller, from any thread ----------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the broker has let us in and granted every subscription."""
        return self._up

    def counts(self) -> dict[str, int]:
        """The counters by name, for health messages."""
        return asdict(self.counters)

    def start(self) -> None:
        """Begin connecting, in a thread of its own. Returns at once."""
        if self._thread is not None:
            raise RuntimeError("a client starts once")
        self._thread = threading.Thread(target=self._run, name=f"mqtt {self._client_id}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Disconnect (the will is not sent) and end the thread. False where it still hangs in a connect or a callback;
        it then ends by itself as soon as that returns.
        """
        self._stopping.set()
        live = self._live
        if live is not None:
            with suppress(OSError, ValueError):
                live.disconnect()  # wakes the network thread
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send with QoS 1. False where it was not accepted: offline, or too many unacknowledged; keep it and try later.

        True does not mean that it arrived. Raises ValueError for a payload over MAX_PAYLOAD or a topic with wildcards.
        """
        if len(payload) > MAX_PAYLOAD:
            raise ValueError(f"{len(payload)} bytes for {topic}: at most {MAX_PAYLOAD} fit into a message")
        live = self._live
        if live is None or not self._up:
            self.counters.refused_offline += 1
            return False
        with self._sent_lock:
            self._sent += 1
        if live.publish(topic, payload, qos=1, retain=retain).rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
            return True
        with self._sent_lock:
            self._sent -= 1
        self.counters.refused_full += 1
        return False

    def subscribe(self, topic_filter: str) -> None:
        """Ask for a topic filter with QoS 1, now and after every reconnect. Asking twice is asking once."""
        if topic_filter in self._filters:
            return
        self._filters.append(
            topic_filter
        )  # the network thread asks for it before it rises, and once more after
        live = self._live
        if live is not None and self._up:
            live.subscribe(topic_filter, qos=1)

    # --- the network thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        failures, jitter = 0, random.SystemRandom()
        while not self._stopping.is_set():
            try:
                self._connection()
            except _Refused as reason:  # will not get better by itself
                log.warning("mqtt %s: %s:%d: %s", self._client_id, *self._address, reason)
            except (_Down, OSError, ValueError) as reason:
                log.info("mqtt %s: %s:%d: %s", self._client_id, *self._address, reason)
            except Exception:
                log.exception("mqtt %s: the connection failed", self._client_id)
            stood_s = time.monotonic() - self._since if self._up else 0.0
            self._end()
            failures = self._backoff.failures_after(failures, stood_s)
            self._stopping.wait(self._backoff.delay(failures, jitter.random()))

    def _connection(self) -> None:
        """One connection, from first to last. Raises when it ends, unless it was asked to."""
        self._reset()
        client = self._new_client()
        self._live = client
        client.connect(*self._address, keepalive=self._keepalive_s)
        quiet_since, seen, settled = time.monotonic(), (0, 0), False
        while True:
            if self._stopping.is_set():
                client.disconnect()
            result = client.loop(TICK_S if settled else min(TICK_S, self._answer_s))
            if result != MQTTErrorCode.MQTT_ERR_SUCCESS or self._refusal:
                if self._stopping.is_set():
                    return
                why = self._refusal or paho.error_string(result)
                raise _Down(why) if self._let_in or not self._refusal else _Refused(why)
            if self._let_in:
                self._ask(client)
                self._rise(client)
            # A publish or subscription the broker does not answer: the connection looks alive and is not.
            now, marks = time.monotonic(), (self.counters.acknowledged, self._granted)
            settled = self._up and self._acked >= self._sent
            if settled or marks != seen:
                quiet_since, seen = now, marks
            elif now - quiet_since > self._answer_s:
                raise _Down(f"no answer for {self._answer_s:g} s")

    def _new_client(self) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, self._client_id, protocol=self._protocol)
        client.suppress_exceptions = True
        client.max_inflight_messages_set(WINDOW)
        client.max_queued_messages_set(QUEUE)
        if self._will is not None:
            client.will_set(self._will[0], self._will[1], qos=1, retain=True)
        client.on_connect = self._connack
        client.on_subscribe = self._suback
        client.on_publish = self._puback
        client.on_message = self._received
        client.on_disconnect = self._disconnected
        client.on_socket_open = _no_delay
        client.on_socket_register_write = _leave_writing_to_the_loop
        client.on_socket_close = self._leave_politely
        return client

    def _reset(self) -> None:
        self._sent = self._acked = self._granted = 0
        self._requested: set[str] = set()
        self._asked: dict[int | None, str] = {}  # subscriptions not answered yet, by message id
        self._let_in = False
        self._refusal = ""
        self._since = 0.0

    def _ask(self, client: paho.Client) -> None:
        """Subscribe to every filter this connection has not asked for."""
        for topic_filter in tuple(self._filters):
            if topic_filter not in self._requested:
                self._requested.add(topic_filter)
                self._asked[client.subscribe(topic_filter, qos=1)[1]] = topic_filter

    def _rise(self, client: paho.Client) -> None:
        if self._up or self._asked:
            return
        self._since = time.monotonic()
        self._up = True
        self._ask(client)  # what was added while we were not up yet
        self.counters.connected += 1
        self._call(self._on_up)

    def _end(self) -> None:
        self._live = None
        if self._up:
            self._up = False
            self.counters.lost += 0 if self._stopping.is_set() else 1
            self._call(self._on_down)

    def _call(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        if callback is None:
            return
        try:
            callback(*arguments)
        except Exception:
            self.counters.callback_errors += 1
            log.exception("mqtt %s: a callback failed", self._client_id)

    # --- paho's callbacks: no locks ---------------------------------------------------------------------------

    def _connack(self, _client: Any, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refusal = f"refused: {reason}"
            return
        self._let_in = True

    def _suback(self, _client: Any, _user: Any, mid: int, reasons: Any, _properties: Any) -> None:
        self._granted += 1
        topic_filter = self._asked.pop(mid, "")
        if any(reason.is_failure for reason in reasons):
            self.counters.refused_subscriptions += 1
            log.error("mqtt %s: the broker refuses subscription %s", self._client_id, topic_filter)

    def _puback(self, _client: Any, _user: Any, mid: int, reason: Any, _properties: Any) -> None:
        self._acked += 1
        self.counters.acknowledged += 1
        if reason.is_failure:
            self.counters.refused_publishes += 1
            log.error("mqtt %s: the broker refuses message %d: %s", self._client_id, mid, reason)

    def _received(self, _client: Any, _user: Any, message: paho.MQTTMessage) -> None:
        self.counters.received += 1
        self._call(self._on_message, message.topic, bytes(message.payload))

    def _leave_politely(self, _client: Any, _user: Any, sock: Any) -> None:
        """A socket closed with unread data in it sends a reset, and the broker then may drop what it has not read yet:
        the last words and the disconnect, so that it sends the will. Seen when a message arrived meanwhile.
        """
        if self._stopping.is_set():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(LEAVE_S)
                while sock.recv(65536):
                    pass

    def _disconnected(self, _client: Any, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure and not self._refusal:
            self._refusal = f"disconnected: {reason}"


def _no_delay(_client: Any, _user: Any, sock: Any) -> None:
    """Without it a small message can wait 40 ms for the peer's delayed acknowledgement."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leave_writing_to_the_loop(_client: Any, _user: Any, _sock: Any) -> None:
    """While this is set paho never writes from the publishing thread: a full socket cannot block a caller, and two
    threads cannot interleave halves of packets.
    """
