"""What all card readers do alike once they can look for a card and talk with it: when to look, what to tell, when to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from devices.drivers.base import merged
from devices.drivers.card_looker import Unsure
from devices.drivers.card_presence import LOOK_S, CardPresence, Remembers, mark_of
from devices.drivers.pn532_reader import token_of
from devices.errors import ProtocolError, Timeout
from devices.events import CardSeen, DeviceEvent, TagRead
from devices.protocol import ndef, own_app, tag_reading
from devices.protocol.tag_reading import TagContent, Target
from devices.transport.base import Transport

HEARTBEAT_S = 10.0  # a reader may be there and dead: ask now and then
POLL_S = 0.05  # between looks while armed
TAG_S = 3.0  # for reading one tag to its end; a hostile phone could go on for minutes
CARD_S = 1.0  # for one answer of a card
MOST_UNSURE = 20  # looks in a row that show nothing: it is not the card


class Front(Protocol):
    """A reader's own way to do it. Every method raises DeviceError."""

    def start(self) -> None:
        """Learn that it is one, and set it up."""

    def look(self) -> Target | None:
        """The card that is there now, ready to be talked with; None for none. Raises Unsure where it cannot be told."""

    def exchange(self, data: bytes, within_s: float) -> bytes:
        """What that card answers. Raises Timeout where it is silent or has gone."""

    def idle(self) -> None:
        """No card is wanted for a while."""

    def alive(self) -> None:
        """Does it still answer?"""

    def signal(self, good: bool) -> None:
        """Lamps and beeper: yes or no."""

    def rest(self, timeout_s: float) -> None:
        """Wait, until woken."""

    def counters(self) -> Mapping[str, int]:
        """What the wire cost."""


class CardReader(Remembers):
    """Reads ISO 14443 type A cards while armed; `key` (at least 16 bytes) makes their tokens. A card is taken once.

    `read_tags`: read what a card says, too. `aid`: ask a phone for that application of ours first; None asks for none.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        key: bytes,
        front: Front,
        *,
        read_tags: bool = False,
        aid: bytes | None = own_app.AID,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if len(key) < 16:
            raise ValueError("a token key has at least 16 bytes")
        self._name, self._transport, self._key, self._front = name, transport, key, front
        self._read_tags, self._aid, self._clock = read_tags, aid, clock
        self._presence = CardPresence()
        self._armed = self._looked = False
        self._signal: bool | None = None
        self._unread: tuple[Target, str] | None = None  # a card that was told of, and its token
        self._heard = 0.0
        self._unsure_in_a_row = 0
        self._counters = dict.fromkeys(("cards", "tags", "unread", "unsure"), 0)

    def start(self) -> None:
        """Learn that it is the right reader, and set it up. Raises DeviceError."""
        self._front.start()
        self._heard = self._clock()

    def arm(self, on: bool) -> None:
        """Look for cards, or leave the field off; from any thread."""
        self._armed = on
        self._transport.wake()

    def signal(self, good: bool) -> None:
        """Say yes or no to the person before it; from any thread. The last one wins."""
        self._signal = good
        self._transport.wake()

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Look for a card while armed, and then until it is gone; otherwise rest, with a heartbeat."""
        good, self._signal = self._signal, None
        if good is not None:
            self._front.signal(good)
        if self._unread is not None:
            (target, token), self._unread = self._unread, None
            content = self._content(target)
            return [] if content is None else [self._told(token, content)]
        if not (self._armed or self._presence.holds):
            return self._rest(timeout_s)
        events = self._look()
        if not events:
            self._front.rest(min(timeout_s, POLL_S if self._armed else LOOK_S))
        return events

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """Cards, tags, tags that could not be read, looks that showed nothing to rely on, and what the wire cost."""
        return merged(self._counters, self._front.counters())

    def close(self) -> list[DeviceEvent]:
        """Let go of the wire."""
        self._transport.close()
        return []

    def _rest(self, timeout_s: float) -> list[DeviceEvent]:
        if self._looked:
            self._looked = False
            self._front.idle()
            return []  # a command's answer is waited for deaf to `wake`: look again at what is wanted
        self._front.rest(min(timeout_s, HEARTBEAT_S))
        if self._clock() - self._heard >= HEARTBEAT_S:
            self._front.alive()
            self._heard = self._clock()
        return []

    def _look(self) -> list[DeviceEvent]:
        self._looked = True
        try:
            target = self._front.look()
        except Unsure:
            self._counters["unsure"] += 1
            self._unsure_in_a_row += 1
            if self._unsure_in_a_row >= MOST_UNSURE:
                raise
            return []
        self._heard, self._unsure_in_a_row = self._clock(), 0
        token = None if target is None else token_of(self._key, target.uid)
        mark = None if target is None or token is None else mark_of(target, token)
        armed = (
            self._armed
        )  # by now: a look may take long, and a card is not taken that nobody wants any more
        if not self._presence.look(mark, armed) or target is None or token is None:
            return []
        self._counters["cards"] += 1
        if self._read_tags:
            self._unread = target, token  # in the next turn: who pays does not wait for it
        return [CardSeen(self._name, token)]

    def _content(self, target: Target) -> TagContent | None:
        """What the card says, None where it says nothing or nonsense, or leaves too early: the next tap is another try."""
        end = self._clock() + TAG_S

        def exchange(data: bytes) -> bytes:
            left = end - self._clock()
            if left <= 0:
                raise Timeout(f"card: not read to its end in {TAG_S:g} s")
            return self._front.exchange(data, min(max(left, CARD_S / 2), CARD_S))

        try:
            content = tag_reading.run(tag_reading.read(target, aid=self._aid), exchange)
        except (ProtocolError, Timeout):
            self._counters["unread"] += 1
            self._front.alive()  # was it the card, or the reader?
            return None
        if content.technology == "none":
            return None
        self._counters["tags"] += 1
        return content

    def _told(self, token: str, content: TagContent) -> TagRead:
        uri = ""
        if content.technology != "hce" and content.message:
            try:
                uri = ndef.first_uri(content.message)
            except ProtocolError:
                self._counters["unread"] += 1  # it is told as it is: somebody may know what to do with it
        return TagRead(self._name, token, content.technology, content.message, uri)
