"""Events in: heard on MQTT, committed in one transaction, and only then acknowledged to the kiosk.

The network thread hands over into a bounded queue; one thread of ours reads all that waits, commits it, and tells each
kiosk how far its stream is complete. Nothing that was not committed is ever acknowledged: where the database cannot
write, the kiosks keep their events and send them again.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError

from fleet.clock import Clock, now_ms
from fleet.live import Hub
from fleet.rows import RESERVED_EPOCHS, Stored, plain
from fleet.sources.base import EventSource, Heard
from fleet.store import Store
from mqtt import topics
from mqtt.messages import Ack, BadMessage, Health, KioskEvent, Presence, decode, encode
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

QUEUE: Final = (
    2_000  # messages that may wait for the database; more are dropped, and come again from the outboxes
)
AT_ONCE: Final = 200  # messages in one transaction
LARGEST: Final = 2**63 - 1
RETRY_S: Final = 0.5  # after a commit that failed


@dataclass(slots=True)
class Counters:
    """What came in."""

    messages: int = 0
    events: int = 0  # new ones
    repeated: int = 0  # events that were there already
    poison: int = 0  # messages kept aside
    unreadable: int = 0  # events stored without being understood
    dropped: int = 0  # messages, because the database was too slow
    failed_commits: int = 0


class _Raw(msgspec.Struct):
    """A batch whose events are read one by one."""

    events: tuple[msgspec.Raw, ...]


class _Place(msgspec.Struct):
    """As much of an event as is needed to keep it in its place."""

    epoch: str
    seq: int


class Ingest:
    """Stores what a source delivers: events, and presence and health where it delivers those."""

    def __init__(
        self,
        source: EventSource,
        store: Store,
        live: Hub,
        clock: Clock = now_ms,
        appeared: Callable[[Address], object] = lambda _address: None,
    ) -> None:
        """`appeared` is called, from the thread that stores, with each kiosk whose presence is heard."""
        self._store, self._live, self._clock, self._appeared = store, live, clock, appeared
        self._source = source
        self._waiting: queue.Queue[Heard | None] = queue.Queue(QUEUE)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self.counters = Counters()

    @property
    def connected(self) -> bool:
        """Whether events can come."""
        return self._source.connected

    @property
    def alive(self) -> bool:
        """Whether events are being stored at all."""
        return self._thread.is_alive()

    def counts(self) -> dict[str, int]:
        """The counters by name."""
        return asdict(self.counters)

    def start(self) -> None:
        """Begin to listen and to store."""
        self._thread.start()
        self._source.start(self._heard)

    def stop(self) -> None:
        """Stop listening; what waits and is not committed comes again."""
        self._source.stop()
        self._stopping.set()
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            log.info("%d messages are left to be sent again", self._waiting.qsize())
        if self._thread.is_alive():
            self._thread.join(2.0)

    # --- the network thread -----------------------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        try:
            self._waiting.put_nowait(heard)
        except queue.Full:
            self.counters.dropped += 1

    # --- our thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            heard = self._next()
            while heard and not self._stopping.is_set():
                try:
                    self.take(heard)
                except OperationalError as error:  # disk full, locked, away: nothing is lost, so try again
                    self.counters.failed_commits += 1
                    log.error("%d messages cannot be stored now: %s", len(heard), error)
                    self._stopping.wait(RETRY_S)
                    continue
                except Exception:  # a fault of ours; not acknowledged, so they come again
                    self.counters.failed_commits += 1
                    log.exception("%d messages could not be stored", len(heard))
                break

    def _next(self) -> list[Heard]:
        """All that waits, at most AT_ONCE; blocks while nothing does."""
        heard = [self._waiting.get()]
        while len(heard) < AT_ONCE:
            try:
                heard.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return [item for item in heard if item is not None]

    def take(self, heard: Sequence[Heard]) -> None:
        """Store messages and acknowledge what is complete. Raises SQLAlchemyError where the database does not write."""
        batches: list[tuple[Heard, Address, list[Stored]]] = []
        for message in heard:
            topic, payload = message.topic, message.payload
            self.counters.messages += 1
            try:
                address = topics.address_of(topic)
                if topic == address.events:
                    batches.append((message, address, self._read(address, payload)))
                elif topic == address.state:
                    self._presence(address, payload)
                elif topic == address.health:
                    self._health(address, payload)
            except (BadTopic, BadMessage, DataError, IntegrityError) as error:
                self._keep_aside(topic, payload, str(error))
        try:
            self._commit([(address, item) for _, address, stored in batches for item in stored])
        except OperationalError:
            raise  # nobody's fault but the database's: all of it comes again
        except (SQLAlchemyError, OverflowError, ValueError):
            for message, address, stored in batches:  # one of them is at fault: find it
                try:
                    self._commit([(address, item) for item in stored])
                except OperationalError:
                    raise
                except (SQLAlchemyError, OverflowError, ValueError) as error:
                    self._keep_aside(message.topic, message.payload, str(error))
        self._source.done(heard)

    def _read(self, address: Address, payload: bytes) -> list[Stored]:
        """The events of a batch, one by one: what this fleet cannot understand is kept in its place all the same,
        so that one event from a newer kiosk does not hold up all that follow. Raises BadMessage.
        """
        now = self._clock()
        raw: _Raw = decode(payload, _Raw)
        stored = [self._event(str(address), bytes(body), now) for body in raw.events]
        if len({item.epoch for item in stored}) > 1:
            raise BadMessage("$.events: of one epoch expected")
        return stored

    def _event(self, kiosk: str, body: bytes, now: int) -> Stored:
        place: _Place = decode(body, _Place)
        if not (0 < place.seq <= LARGEST and 0 < len(place.epoch) <= 64):
            raise BadMessage("$.events: seq from 1 to 2**63-1 and an epoch of 1 to 64 characters expected")
        if place.epoch in RESERVED_EPOCHS:
            raise BadMessage(f"$.events: epoch {place.epoch!r} is the fleet's own, another one expected")
        event: KioskEvent | None
        try:
            event = decode(body, KioskEvent)
            _check_numbers(event)
        except BadMessage as error:
            event = None
            self.counters.unreadable += 1
            self._keep_aside(f"{kiosk} {place.epoch} {place.seq}", body, str(error))
        return Stored(kiosk=kiosk, epoch=place.epoch, seq=place.seq, body=body, event=event, received_ms=now)

    def _commit(self, items: list[tuple[Address, Stored]]) -> None:
        if not items:
            return
        done = self._store.commit([item for _, item in items], heard=True)
        self.counters.events += len(done.new)
        self.counters.repeated += len(items) - len(done.new)
        for address in dict.fromkeys(address for address, _ in items):
            for (kiosk, epoch), upto in done.upto.items():
                if kiosk == str(address):
                    ack = Ack(epoch=epoch, upto=upto, at_ms=self._clock())
                    self._source.publish(address.acks, encode(ack))
        for item in done.new:
            self._live.tell(
                "event", {"kiosk": item.kiosk, "received_ms": item.received_ms, "event": plain(item)}
            )

    def _presence(self, address: Address, payload: bytes) -> None:
        if not payload:  # somebody cleared what was retained
            return
        word: Presence = decode(payload, Presence)
        self._store.presence(str(address), word, self._clock())
        self._live.tell("state", {"kiosk": str(address), **msgspec.to_builtins(word)})
        self._appeared(address)

    def _health(self, address: Address, payload: bytes) -> None:
        word: Health = decode(payload, Health)
        self._store.health(str(address), word, self._clock())
        self._live.tell("health", {"kiosk": str(address), **msgspec.to_builtins(word)})

    def _keep_aside(self, topic: str, payload: bytes, reason: str) -> None:
        self.counters.poison += 1
        log.warning("kept aside from %s: %s", topic, reason)
        self._store.keep_aside(topic, payload, reason, self._clock())
        self._live.tell("poison", {"topic": topic, "reason": reason})


def _check_numbers(record: KioskEvent) -> None:
    """Raises BadMessage for a number no database column takes."""
    stack: list[tuple[str, Any]] = [("$", msgspec.to_builtins(record))]
    while stack:
        where, value = stack.pop()
        if isinstance(value, dict):
            stack += [(f"{where}.{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            stack += [(f"{where}[{number}]", inner) for number, inner in enumerate(value)]
        elif isinstance(value, int) and abs(value) > LARGEST:
            raise BadMessage(f"Expected a number of 63 bits - at `{where}`")
