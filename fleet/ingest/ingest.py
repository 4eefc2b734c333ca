"""Events in: heard from a source, committed in one transaction, and only then acknowledged to the kiosk.

The source's thread hands over into bounded inboxes; a thread at each reads all that waits, commits it, and tells each
kiosk how far its stream is complete. What comes from one kiosk is always in the same inbox, so these threads never wait
for each other: while one waits for PostgreSQL the other reads. SQLite, which has one writer, has one of them. Nothing
that was not committed is ever acknowledged: where the database cannot write, or is slower than the kiosks, they keep
their events and send them again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import msgspec
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fleet.clock import Clock, now_ms
from fleet.events.event_store import Committed
from fleet.events.reading import Unreadable, read
from fleet.events.rows import Aside, Stored, plain
from fleet.ingest.acks import Acks
from fleet.ingest.inbox import MOST, MOST_BYTES, Inbox
from fleet.ingest.latency import Latency
from fleet.live import Hub
from fleet.sources.base import EventSource, Heard
from fleet.store.store import Store
from fleet.store.trouble import passes
from mqtt import topics
from mqtt.messages import BadMessage, Health, Presence, decode
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

LANES: Final = 2  # inboxes, each with a thread and a connection to PostgreSQL
AT_ONCE: Final = 2_000  # messages in one transaction
AT_ONCE_BYTES: Final = 2 * 1024 * 1024  # and their bytes: some 7,000 events
RETRY_S: Final = 0.5  # after a commit that failed
PATIENCE_S: Final = 0.5  # how long the source is held up for room, before a message is left to be sent again
MOST_ADDRESSES: Final = 100_000  # remembered
LIVE_MOST: Final = 64  # events told live per commit; pages that want all of more ask anew


@dataclass(slots=True)
class Counters:
    """What came in."""

    messages: int = 0
    events: int = 0  # new ones
    repeated: int = 0  # events that were there already
    conflicts: int = 0  # events at a place another one has, and gaps that contradict; kept aside
    poison: int = 0  # messages kept aside
    unreadable: int = 0  # events stored without being understood
    dropped: int = 0  # messages, because the database was too slow
    failed_commits: int = 0


@dataclass(slots=True)
class _Read:
    """A message that was a batch of events."""

    heard: Heard
    stored: list[Stored]
    unreadable: list[Unreadable]


@dataclass(frozen=True, slots=True)
class _Word:
    """A message that was a kiosk's last word, `said` None where it was taken back."""

    heard: Heard
    address: Address
    said: Presence | Health | None


class Ingest:
    """Stores what a source delivers: events, and presence and health where it delivers those."""

    def __init__(
        self,
        source: EventSource,
        store: Store,
        live: Hub,
        clock: Clock = now_ms,
        appeared: Callable[[Address], object] = lambda _address: None,
        present: Callable[[Address, Presence], object] = lambda _address, _word: None,
    ) -> None:
        """`appeared` is called with each kiosk whose presence is heard, `present` with what it said as well: from the
        threads that store, one call at a time.
        """
        self._store, self._live, self._clock, self._appeared = store, live, clock, appeared
        self._present = present
        self._source = source
        lanes = LANES if store.parallel else 1
        self._inboxes = tuple(Inbox(MOST // lanes, MOST_BYTES // lanes) for _ in range(lanes))
        self.acks = Acks(source.publish, clock)
        self._away = False  # the database was, when last asked
        self._addresses: dict[str, Address] = {}  # by topic of their events
        self._stopping = threading.Event()
        self._threads = tuple(
            threading.Thread(target=self._run, args=(inbox,), name=f"ingest {number}", daemon=True)
            for number, inbox in enumerate(self._inboxes)
        )
        self._counting, self._saying = threading.Lock(), threading.Lock()
        self.counters = Counters()
        self.types: Counter[str] = Counter()  # new events by their type
        self.commits = Latency()

    @property
    def oldest_s(self) -> float:
        """How long the oldest message that is not stored has waited here."""
        return max(inbox.oldest_s for inbox in self._inboxes)

    @property
    def connected(self) -> bool:
        """Whether events can come."""
        return self._source.connected

    @property
    def alive(self) -> bool:
        """Whether events are being stored at all."""
        return all(thread.is_alive() for thread in self._threads)

    def counts(self) -> dict[str, int]:
        """The counters by name, and how many messages are waiting."""
        waiting = sum(map(len, self._inboxes))
        return asdict(self.counters) | {"waiting": waiting, "acks_waiting": len(self.acks)}

    def start(self) -> None:
        """Begin to listen and to store."""
        self.acks.start()
        for thread in self._threads:
            thread.start()
        self._source.start(self._heard)

    def stop(self) -> None:
        """Stop listening; what waits and is not committed comes again."""
        self._source.stop()
        self._stopping.set()
        if left := sum(inbox.close() for inbox in self._inboxes):
            log.info("%d messages are left to be sent again", left)
        self.acks.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2.0)

    # --- the source's thread ----------------------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        """Hand over. A burst holds the source up a little; a database that is away does not, so that pings go on."""
        inbox = self._inboxes[hash(tuple(heard.topic.split("/", 4)[1:4])) % len(self._inboxes)]
        if not inbox.put(heard, 0.0 if self._away else PATIENCE_S):
            self.counters.dropped += 1
            self._source.left([heard])

    # --- our threads ------------------------------------------------------------------------------------------

    def _run(self, inbox: Inbox) -> None:
        while not self._stopping.is_set():
            heard = inbox.take(AT_ONCE, AT_ONCE_BYTES)
            while heard and not self._stopping.is_set():
                try:
                    self.take(heard)
                except DBAPIError as error:  # disk full, locked, away: nothing is lost, so try again
                    self._count(failed_commits=1)
                    self._away = True
                    log.error("%d messages cannot be stored now: %s", len(heard), error)
                    self._stopping.wait(RETRY_S)
                    continue
                except Exception:  # a fault of ours; not acknowledged, so they come again
                    self._count(failed_commits=1)
                    log.exception("%d messages could not be stored", len(heard))
                    self._source.left(heard)
                break

    def take(self, heard: Sequence[Heard]) -> None:
        """Store messages and acknowledge what is complete. Raises SQLAlchemyError where the database does not write."""
        batches: list[_Read] = []
        words: list[_Word] = []
        aside: list[Aside] = []
        now = self._clock()
        for message in heard:
            try:
                if (word := self._word(message)) is not None:
                    words.append(word)
                else:
                    address = self._address(message.topic)
                    batches.append(_Read(message, *read(str(address), message.payload, now)))
            except (BadTopic, BadMessage, SQLAlchemyError, OverflowError) as error:
                if passes(error):
                    raise
                aside.append(Aside(message.topic, message.payload, str(error), now))
        try:
            self._commit(batches, aside)
        except (SQLAlchemyError, OverflowError, ValueError) as error:
            if passes(error):  # nobody's fault but the database's: all of it comes again
                raise
            self._one_by_one(batches, aside)
        self._keep_words([word for word in words if word.said is not None])
        self._away = False
        self._count(messages=len(heard))
        self._source.done(heard)

    def _one_by_one(self, batches: Sequence[_Read], aside: Sequence[Aside]) -> None:
        """One of them is at fault: store the others, and keep it aside."""
        self._commit([], aside)
        for batch in batches:
            try:
                self._commit([batch], [])
            except (SQLAlchemyError, OverflowError, ValueError) as error:
                if passes(error):
                    raise
                self._commit([], [Aside(*batch.heard.said, str(error), self._clock())])

    def _address(self, topic: str) -> Address:
        """Whose events come on a topic. Raises BadTopic."""
        known = self._addresses.get(topic)
        if known is None:
            if len(self._addresses) >= MOST_ADDRESSES:
                self._addresses.clear()
            known = topics.address_of(topic)
            if topic != known.events:
                raise BadTopic(f"{topic!r} is nothing ingest listens to")
            self._addresses[topic] = known
        return known

    def _commit(self, batches: Sequence[_Read], aside: Sequence[Aside]) -> None:
        """Store events, and what is kept aside, in one transaction; then say so."""
        items = [item for batch in batches for item in batch.stored]
        unreadable = [each for batch in batches for each in batch.unreadable]
        asides = [*aside, *(each.aside for each in unreadable)]
        began = time.monotonic()
        done = self._store.commit(items, heard=True, aside=asides)
        self.commits.tell(time.monotonic() - began)
        with self._counting:
            self.types.update(item.type for item in done.new)
        self._count(
            events=len(done.new), repeated=len(items) - len(done.new), unreadable=len(unreadable), poison=len(asides),
            conflicts=len(done.conflicts),
        )  # fmt: skip
        self.acks.tell(done.upto)
        self._tell(done)
        for topic, _, reason, _ in [*asides, *done.conflicts]:
            log.warning("kept aside from %s: %s", topic, reason)
            self._live.tell("poison", {"topic": topic, "reason": reason})

    def _count(self, **more: int) -> None:
        """From any of our threads."""
        with self._counting:
            for name, number in more.items():
                setattr(self.counters, name, getattr(self.counters, name) + number)

    def _tell(self, done: Committed) -> None:
        if len(done.new) > LIVE_MOST:
            self._live.tell("missed", {})
        for item in done.new[-LIVE_MOST:]:
            self._live.tell(
                "event", {"kiosk": item.kiosk, "received_ms": item.received_ms, "event": plain(item)}
            )

    # --- presence and health: behind the events, whose acknowledgements kiosks wait for ---------------------------

    def _word(self, message: Heard) -> _Word | None:
        """Presence or health; None for anything else. Raises BadMessage, BadTopic."""
        if message.topic in self._addresses:
            return None
        address = topics.address_of(message.topic)
        if message.topic == address.state:  # nothing in it: somebody cleared what was retained
            return _Word(message, address, decode(message.payload, Presence) if message.payload else None)
        if message.topic == address.health:
            return _Word(message, address, decode(message.payload, Health))
        return None

    def _keep_words(self, words: Sequence[_Word]) -> None:
        """Store them in one transaction, or one by one where one of them is at fault; then tell."""
        if not words:
            return
        try:
            self._store.last_words(
                [(str(word.address), word.said) for word in words if word.said is not None], self._clock()
            )
        except (SQLAlchemyError, OverflowError, ValueError) as error:
            if passes(error):
                raise
            if len(words) > 1:
                for word in words:
                    self._keep_words([word])
            else:
                self._commit([], [Aside(*words[0].heard.said, str(error), self._clock())])
            return
        for word in words:
            self._tell_word(word)

    def _tell_word(self, word: _Word) -> None:
        name = "state" if isinstance(word.said, Presence) else "health"
        self._live.tell(name, {"kiosk": str(word.address), **msgspec.to_builtins(word.said)})
        if isinstance(word.said, Presence):
            with self._saying:
                self._appeared(word.address)
                self._present(word.address, word.said)
