"""One MQTT client that comes back by itself: a surface of six calls over connections that come and go.

What paho-mqtt does, and is kept away from callers, is written in mqtt.connection. Here is what belongs to no single
connection: subscriptions, when to try again and in which version of MQTT, when one that looks alive is given up.

An acknowledged publish is in the broker's hands, not in the fleet's database: keep what matters until the fleet says so.
"""

from __future__ import annotations

import logging
import math
import random
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, Unpack

from mqtt.backoff import Backoff
from mqtt.connection import WINDOW, Connection, Down, Terms
from mqtt.counters import Counters
from mqtt.many import LEAVE_S, Loop
from mqtt.outgoing import MAX_PAYLOAD, Beside, Outgoing
from mqtt.security import Tls
from mqtt.version import Ended, version

__all__ = ["MAX_PAYLOAD", "QUEUE", "TICK_S", "WINDOW", "Client", "Counters", "OnMessage"]

log = logging.getLogger(__name__)

OnMessage = Callable[[str, bytes], None]
QUEUE: Final = 200  # unacknowledged and waiting; a further publish is refused
TICK_S: Final = 5.0  # between two looks at a connection that rests: 0.2 wake-ups/s
_NOT_IN_IDS: Final = frozenset(".*> \t")  # nats-server refuses them


class Client:
    """A connection to `host`:`port` as `client_id`, kept up until `stop()`.

    `on_message(topic, payload)`, `on_up()` and `on_down()` are called from the network's thread: hand over and return.
    While they run nothing is received and no ping is sent. `on_up` comes when the broker has granted every subscription,
    so a request published from there will hear its response.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        *,
        will: tuple[str, bytes] | None = None,
        will_delay_s: int = 0,
        on_message: OnMessage | None = None,
        on_up: Callable[[], None] | None = None,
        on_down: Callable[[], None] | None = None,
        backoff: Backoff = Backoff(),  # noqa: B008 (frozen)
        keepalive_s: int = 30,
        answer_s: float = 10.0,
        tls: Tls | None = None,
        username: str = "",
        password: str = "",
        mqtt5: bool | None = None,
        session_s: int = 0,
        loop: Loop | None = None,
    ) -> None:
        """`will` is sent, retained, by the broker when the connection dies. `answer_s`: how long the broker may take to answer a connect, a subscribe or a publish. `keepalive_s`: a silent
        connection is given up after twice that; the broker sends the will after one and a half.
        `mqtt5`: True or False; None tries MQTT 5 first and takes 3.1.1 where the broker speaks nothing newer.
        `session_s`: how long the broker keeps what comes for us while we are away (3.1.1 cannot say how long: until the
        broker's own limit). `will_delay_s` (MQTT 5, at most `session_s`): the will is not sent if we are back by then.
        `loop`: one that is shared with others; by default each client has a thread of its own.
        """
        if not client_id or set(client_id) & _NOT_IN_IDS:
            raise ValueError(
                f"{client_id!r}: a client id has at least one character and no dot, blank, '*' or '>'"
            )
        if will_delay_s > session_s:
            raise ValueError(f"a will's delay of {will_delay_s} s ends with the session, after {session_s} s")
        self._terms = Terms(
            host, port, client_id, will, will_delay_s, tls, username, password, keepalive_s, session_s
        )
        self.name, self._name = client_id, f"{client_id}: {host}:{port}"
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._backoff, self._answer_s = backoff, answer_s
        self._version = version(mqtt5)
        self._own_loop = loop is None
        self._loop = loop or Loop(f"mqtt {client_id}", connects=0)
        self._filters: list[str] = []
        self._lock = threading.Lock()  # of `_outgoing` and `_sent`; nothing is called under it
        self._outgoing: deque[Outgoing] = deque()
        self._sent = 0  # accepted on this connection
        self._nudged = self._up = self._started = False
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._failures, self._jitter = 0, random.SystemRandom()
        self._link: Connection | None = None  # the one under way
        self._due = 0.0  # when it is looked at next
        self._forget()
        self.counters = Counters()

    # --- for the caller, from any thread ----------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the broker has let us in and granted every subscription, and our thread is alive."""
        return self._up and self._loop.alive

    @property
    def version5(self) -> bool:
        """Whether the connection, or the next try, speaks MQTT 5."""
        return self._version.five

    def counts(self) -> dict[str, int]:
        """The counters by name, for health messages."""
        return asdict(self.counters)

    def start(self) -> None:
        """Begin connecting. Returns at once."""
        if self._started:
            raise RuntimeError("a client starts once")
        self._started = True
        self._loop.call(self._begin)
        if self._own_loop:
            self._loop.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Send what was accepted, disconnect (the will is not sent) and end. False where it still hangs in a connect or
        a callback; it then ends by itself as soon as that returns.
        """
        self._stopping.set()
        if not self._started:
            return self._loop.stop() if self._own_loop else True
        end = time.monotonic() + timeout_s
        self._loop.call(self._leave)
        if self._loop.here:
            return True
        done = self._ended.wait(timeout_s)
        if self._own_loop:
            return self._loop.stop(max(0.0, end - time.monotonic())) and done
        return done

    def abandon(self) -> None:
        """End without a goodbye, as a cut wire or a power cut does: the broker sends the will. Returns at once."""
        self._stopping.set()
        self._loop.call(self._drop)
        if self._own_loop:
            self._loop.stop(0.0)

    def publish(self, topic: str, payload: bytes, **said: Unpack[Beside]) -> bool:
        """Send with QoS 1. False where it was not accepted: offline, or too many unacknowledged; keep it and try later.

        True does not mean that it arrived. `said`: see mqtt.outgoing.Beside. Raises ValueError for a topic with wildcards,
        and for more than MAX_PAYLOAD or the broker takes.
        """
        message = Outgoing(topic, payload, **said)
        message.check()
        link = self._link
        if link is None or not self.connected:
            self.counters.refused_offline += 1
            return False
        if link.largest and message.size > link.largest:
            raise ValueError(f"{len(payload)} bytes for {topic}: the broker takes packets of {link.largest}")
        with self._lock:
            if self._sent - link.acked >= QUEUE:
                self.counters.refused_full += 1
                return False
            self._sent += 1
            self._outgoing.append(message)
            nudge, self._nudged = not self._nudged, True
        if nudge:
            self._loop.call(self._nudge)
        return True

    def subscribe(self, topic_filter: str) -> None:
        """Ask for a topic filter with QoS 1, now and after every reconnect. Asking twice is asking once."""
        if topic_filter not in self._filters:
            self._filters.append(topic_filter)
            self._loop.call(self._nudge)

    # --- connecting, in the loop's thread ---------------------------------------------------------------------

    def _forget(self) -> None:
        """Nothing outlives a connection."""
        self._requested: set[str] = set()
        self._handed = 0  # of `_sent`, to the connection
        self._since = 0.0
        self._quiet_since, self._marks, self._settled = 0.0, (0, 0, False), False
        self._leave_by, self._left = 0.0, False
        with self._lock:
            self._sent = 0
            self._outgoing.clear()

    def _begin(self) -> None:
        if self._stopping.is_set() or self._link is not None:
            return
        self._forget()
        self.counters.tries += 1
        link = self._link = Connection(self._terms, self._version.five, self._received, self._closing)
        self._loop.connect(lambda: self._open(link))

    def _open(self, link: Connection) -> None:
        """In whichever thread may wait."""
        error: Exception | None = None
        try:
            link.open()
        except (OSError, ValueError) as reason:
            error = reason
        except Exception as reason:
            log.exception("mqtt %s: the connect failed", self._name)
            error = reason
        if not self._loop.call(lambda: self._opened(link, error)):
            link.close()

    def _opened(self, link: Connection, error: Exception | None) -> None:
        if link is not self._link:  # stopped meanwhile
            link.close()
        elif error is not None:
            self._lost(link, error)
        else:
            self._quiet_since = time.monotonic()
            self._loop.watch(link.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self._ready)
            self._look_at(self._quiet_since + min(TICK_S, self._answer_s))

    def _lost(self, link: Connection, reason: Exception) -> None:
        """It is over, or never came to be: tell, and try again after a while."""
        ended, stood_s = link.how(reason), time.monotonic() - self._since if self._up else 0.0
        self._note_refusals(link)
        link.close()
        self._link, self._due = None, 0.0
        if self._up:
            self._up = False
            self.counters.lost += 0 if self._stopping.is_set() else 1
            self._call(self._on_down)
        if self._stopping.is_set():
            self._ended.set()
            return
        log.log(
            logging.WARNING if ended is Ended.REFUSED else logging.INFO, "mqtt %s: %s", self._name, reason
        )
        self._failures = self._backoff.failures_after(self._failures, stood_s)
        # What never left this machine is no part of a crowd: our own network is away.
        crowd = ended is not Ended.UNREACHABLE or isinstance(reason, ConnectionError)
        wait = self._backoff.delay(self._failures, self._jitter.random(), crowd=crowd)
        before, self._version = self._version, self._version.after(ended)
        if self._version.fixed and not before.fixed:  # the broker said why it refused: no reason to wait
            self._failures, wait = 0, 0.0
        self._loop.at(time.monotonic() + wait, self._begin)

    def _closing(self, sock: Any) -> None:
        self._loop.forget(sock)
        if self._stopping.is_set():
            self._loop.linger(sock)

    # --- a connection under way, in the loop's thread ---------------------------------------------------------

    def _ready(self, mask: int) -> None:
        link = self._link
        if link is None:
            return
        try:
            if mask & selectors.EVENT_READ:
                link.read()
            if mask & selectors.EVENT_WRITE:
                link.write()
            self._advance(link)
        except (Down, OSError) as reason:
            self._lost(link, reason)

    def _nudge(self) -> None:
        """Something waits to be sent or asked for."""
        with self._lock:
            self._nudged = False
        link = self._link
        if link is None or not link.let_in:
            return
        try:
            self._advance(link)
        except (Down, OSError) as reason:
            self._lost(link, reason)

    def _advance(self, link: Connection) -> None:
        """Everything that follows from what was read or asked for."""
        if link.let_in:
            self._ask(link)
            refused = tuple(link.refused_filters)
            self._note_refusals(link)
            if refused:  # deaf: a cluster that elects a leader says no, and yes a moment later
                raise Down(f"the broker refuses {', '.join(refused)}")
            if not self._up and not link.unanswered:
                self._rise(link)
            if self._up:
                self._hand_over(link)
        if self._leave_by:
            self._say_goodbye(link)
        if link.wants_write:
            link.write()
        write = selectors.EVENT_WRITE if link.wants_write else 0
        self._loop.watch(link.socket, selectors.EVENT_READ | write, self._ready)
        self._watch_answers(link)

    def _ask(self, link: Connection) -> None:
        """Subscribe to every filter this connection has not asked for."""
        for topic_filter in tuple(self._filters):
            if topic_filter not in self._requested:
                self._requested.add(topic_filter)
                link.subscribe(topic_filter)

    def _rise(self, link: Connection) -> None:
        self._since = time.monotonic()
        self._up = True
        self._ask(link)  # what was added while we were not up yet
        self.counters.connected += 1
        self._call(self._on_up)

    def _hand_over(self, link: Connection) -> None:
        """As much as the window has room for."""
        while self._handed - link.acked < link.window:
            with self._lock:
                if not self._outgoing:
                    return
                message = self._outgoing.popleft()
            self._handed += 1
            link.publish(message)

    def _watch_answers(self, link: Connection) -> None:
        """A publish or subscription the broker does not answer: the connection looks alive and is not."""
        now = time.monotonic()
        marks, was = (link.acked, link.granted, link.let_in), self._settled
        self.counters.acknowledged += link.acked - self._marks[0]
        self._settled = self._up and link.acked >= self._sent and not link.unanswered
        if self._settled or was or marks != self._marks:
            self._quiet_since, self._marks = now, marks
        elif now - self._quiet_since > self._answer_s:
            raise Down(f"no answer for {self._answer_s:g} s")
        overdue = math.inf if self._settled else self._quiet_since + self._answer_s + 0.001
        rest = now + min(TICK_S, (link.keepalive_s or TICK_S) / 3)
        self._look_at(min(rest, overdue, self._leave_by or math.inf))

    def _look_at(self, when: float) -> None:
        if not self._due or when < self._due:
            self._due = when
            self._loop.at(when, lambda: self._tick(when))

    def _tick(self, when: float) -> None:
        link = self._link
        if link is None or when != self._due:
            return
        self._due = 0.0
        try:
            link.misc()
            self._advance(link)
        except (Down, OSError) as reason:
            self._lost(link, reason)

    def _note_refusals(self, link: Connection) -> None:
        for topic_filter in link.refused_filters:
            self.counters.refused_subscriptions += 1
            log.error("mqtt %s: the broker refuses subscription %s", self._name, topic_filter)
        for refusal in link.refused:
            self.counters.refused_publishes += 1
            log.error("mqtt %s: the broker refuses %s", self._name, refusal)
        self.counters.callback_errors += link.unreadable
        link.forget_refusals()

    def _leave(self) -> None:
        if self._link is not None and self._up:
            self._leave_by = time.monotonic() + LEAVE_S
            self._nudge()
            return
        self._drop()

    def _drop(self) -> None:
        link, opened = self._link, self._due > 0.0
        self._link, self._up = None, False
        if link is not None and opened:  # else `_opened` closes it
            link.close()
        self._ended.set()

    def _say_goodbye(self, link: Connection) -> None:
        """When all that was accepted is acknowledged, or is not in time; the socket closes when it is written."""
        now = time.monotonic()
        if not self._left and (link.acked >= self._sent or now >= self._leave_by):
            self._left, self._leave_by = True, now + LEAVE_S
            link.disconnect()
        elif self._left and now >= self._leave_by:
            raise Down("the broker does not read our last words")

    # --- the caller's functions -------------------------------------------------------------------------------

    def _received(self, topic: str, payload: bytes) -> None:
        self.counters.received += 1
        self._call(self._on_message, topic, payload)

    def _call(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        if callback is None:
            return
        try:
            callback(*arguments)
        except BaseException:  # even SystemExit: the thread that ends here would leave us looking connected
            self.counters.callback_errors += 1
            log.exception("mqtt %s: a callback failed", self._name)
