"""Events from a NATS cluster, whose nodes kiosks reach over its MQTT listener.

nats-server keeps every QoS 1 publish of an MQTT client in the stream `$MQTT_msgs` (as many copies as its configuration
says) before it answers PUBACK, for as long as a consumer has not acknowledged it. A durable pull consumer on that
stream is therefore all that is needed: workers share it, each asks for what it has room for, and what one of them took
and did not commit is given to another after ACK_WAIT_S.
https://docs.nats.io/running-a-nats-service/configuration/mqtt, https://docs.nats.io/nats-concepts/jetstream/consumers
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import nats
from nats.aio.client import Client as Connection
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from fleet.sources.base import Deliver, Heard

log = logging.getLogger(__name__)

STREAM: Final = "$MQTT_msgs"  # nats-server's own, made when the first MQTT client comes
PREFIX: Final = "$MQTT.msgs."
EVENTS: Final = PREFIX + "k1.*.*.*.up.ev"  # mqtt.topics.EVERY_EVENT as a subject
ACK_WAIT_S: Final = 30.0  # not acknowledged by then, it is delivered again
PENDING: Final = 20_000  # batches the consumer may have handed out, over all workers
AT_ONCE: Final = 200  # batches asked for at a time
HELD: Final = 1_000  # batches of ours that are not committed yet; then nothing more is asked for
PULL_S: Final = 1.0  # a request for batches ends by itself after that: it may be waiting at a node that died
AGAIN_S: Final = 0.2  # after an error
BUFFER: Final = 8 * 1024 * 1024  # bytes of publishes kept while no node answers
CLOSE_S: Final = 3.0


class NatsSource:
    """Every kiosk's events, from whichever of `servers` (`nats://host:4222`) answers.

    Presence and health do not come from here: the process with the pages hears them over MQTT.
    """

    def __init__(
        self, servers: Sequence[str], *, group: str = "ingest", tls: ssl.SSLContext | None = None
    ) -> None:
        """`group`: the durable consumer's name; the workers that share the events have the same one."""
        self._servers, self._group, self._tls = list(servers), group, tls
        self._deliver: Deliver = lambda _heard: None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="nats", daemon=True)
        self._connection: Connection | None = None
        self._bound = False
        self._held: dict[int, Msg] = {}  # taken and not done, by id(); of the loop's thread only
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        self.refused = 0  # publishes nobody took

    @property
    def connected(self) -> bool:
        """Whether a node answers and the consumer is there. Before it first was, the cluster kept nothing for us: what
        was published then comes again from the kiosks, which have no Ack.
        """
        connection = self._connection
        return self._bound and connection is not None and connection.is_connected

    def start(self, deliver: Deliver) -> None:
        """Connect, in a thread of our own."""
        self._deliver = deliver
        self._thread.start()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand over to the loop's thread. False where no node answers."""
        if not self.connected:
            return False
        return self._hand_over(self._publish(topic.replace("/", "."), payload))

    def done(self, heard: Sequence[Heard]) -> None:
        """Acknowledge: the cluster may forget them."""
        tokens = [item.token for item in heard if isinstance(item.token, Msg)]
        if tokens:
            self._hand_over(self._acknowledge(tokens))

    def left(self, heard: Sequence[Heard]) -> None:
        """Give back: they would count as held for ever, and with HELD of them nothing more was asked for."""
        tokens = [item.token for item in heard if isinstance(item.token, Msg)]
        if tokens:
            self._hand_over(self._give_back(tokens))

    def stop(self) -> None:
        """Take nothing more and hang up; what is not `done` is delivered again."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(CLOSE_S)

    # --- the loop's thread ------------------------------------------------------------------------------------

    def _hand_over(self, work: Coroutine[Any, Any, None]) -> bool:
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop has ended
            work.close()
            return False
        return True

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _work(self) -> None:
        taking = asyncio.create_task(self._take())
        await self._stopping.wait()
        taking.cancel()
        with suppress(asyncio.CancelledError):
            await taking
        if self._connection is not None:
            with suppress(NatsError, OSError, asyncio.TimeoutError):
                await asyncio.wait_for(self._hang_up(self._connection), CLOSE_S / 2)

    async def _hang_up(self, connection: Connection) -> None:
        try:
            # For another worker, soon and not after ACK_WAIT_S; at once, it would be given to our own last pull.
            for message in self._held.values():
                await message.nak(delay=2 * PULL_S)
            await connection.flush()
        finally:
            await connection.close()

    async def _take(self) -> None:
        """Connect, find the consumer, and pull for ever; every error is followed by another try."""
        subscription: JetStreamContext.PullSubscription | None = None
        while True:
            self._bound = subscription is not None
            try:
                if self._connection is None:
                    self._connection = await self._connect()
                if subscription is None:
                    subscription = await self._consumer(self._connection.jetstream())
                    self._bound = True
                await self._pull(subscription)
            except NotFoundError:  # no MQTT client has come yet, or somebody removed the consumer
                subscription = None
                await asyncio.sleep(AGAIN_S)
            except (NatsError, OSError) as error:
                log.info("nats: %s: %s", type(error).__name__, error)
                await asyncio.sleep(AGAIN_S)

    async def _connect(self) -> Connection:
        async def complain(error: Exception) -> None:
            log.info("nats: %s", error)

        return await nats.connect(
            self._servers,
            name=f"endcap {self._group}",
            tls=self._tls,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=AGAIN_S,
            connect_timeout=2,
            ping_interval=5,  # a node that fell silent is left after two of them
            max_outstanding_pings=2,
            pending_size=BUFFER,
            error_cb=complain,
        )

    async def _consumer(self, stream: JetStreamContext) -> JetStreamContext.PullSubscription:
        info = await stream.stream_info(STREAM)
        await stream.add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=self._group,
                filter_subject=EVENTS,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_S,
                max_ack_pending=PENDING,
                num_replicas=info.config.num_replicas,
            ),
        )
        return await stream.pull_subscribe_bind(consumer=self._group, stream=STREAM)

    async def _pull(self, subscription: JetStreamContext.PullSubscription) -> None:
        while len(self._held) >= HELD:
            self._room.clear()
            await self._room.wait()
        try:
            messages = await subscription.fetch(min(AT_ONCE, HELD - len(self._held)), timeout=PULL_S)
        except TimeoutError:  # nothing has come; nats' own TimeoutError is one
            return
        for message in messages:
            self._held[id(message)] = message
            topic = message.subject.removeprefix(PREFIX).replace(".", "/")
            self._deliver(Heard(topic, message.data, message))

    async def _acknowledge(self, messages: list[Msg]) -> None:
        for message in messages:
            self._held.pop(id(message), None)
        self._room.set()
        for message in messages:
            with suppress(NatsError, OSError):  # it is delivered once more, and known
                await message.ack()

    async def _give_back(self, messages: list[Msg]) -> None:
        for message in messages:
            self._held.pop(id(message), None)
        self._room.set()
        for message in messages:
            with suppress(NatsError, OSError):  # else it comes again after ACK_WAIT_S
                await message.nak(delay=2 * PULL_S)

    async def _publish(self, subject: str, payload: bytes) -> None:
        connection = self._connection
        try:
            if connection is not None:
                await connection.publish(subject, payload)
        except (NatsError, OSError) as error:
            self.refused += 1
            log.info("nats: %s was not sent: %s", subject, error)
