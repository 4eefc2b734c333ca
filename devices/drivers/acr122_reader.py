"""ACR122U card readers over USB: a card's presence as a keyed token, tags and phones read to their end, lamps and beeper."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.drivers.acr122_link import ANSWER_S, Acr122Link
from devices.drivers.base import merged
from devices.drivers.card_looker import CardLooker, Unsure
from devices.drivers.card_presence import LOOK_S, CardPresence
from devices.drivers.ccid_link import CcidLink
from devices.drivers.pn532_reader import token_of
from devices.errors import ProtocolError, Timeout
from devices.events import CardSeen, DeviceEvent, TagRead
from devices.protocol import acr122, ndef, own_app, pn532, tag_reading
from devices.protocol.pn532_targets import EXCHANGE, exchanged
from devices.protocol.tag_reading import TagContent, Target
from devices.transport.base import Transport

HEARTBEAT_S = 10.0  # a reader may be there and dead: ask now and then
POLL_S = 0.05  # between looks while armed
LAMPS_S = 1.5  # NO blinks three times before it answers
TAG_S = 3.0  # for reading one tag to its end; a hostile phone could go on for minutes
CARD_S = 1.0  # for one answer of a card
MOST_UNSURE = 20  # looks in a row that show nothing: it is not the card
# PN532 SetParameters: it asks cards for their ATS by itself (bit 4) and answers attribute requests (bit 2).
_WITH_RATS = bytes([0x12, 0x14])


class Acr122Reader:
    """Reads ISO 14443 type A cards while armed; `key` (at least 16 bytes) makes their tokens. A card is taken once.

    `read_tags`: read what a card says, too. `aid`: ask a phone for that application of ours first; None asks for none.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        key: bytes,
        *,
        read_tags: bool = False,
        aid: bytes | None = own_app.AID,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if len(key) < 16:
            raise ValueError("a token key has at least 16 bytes")
        self._name, self._transport, self._key = name, transport, key
        self._read_tags, self._aid = read_tags, aid
        self._clock = clock
        self._ccid = CcidLink(name, transport, clock)
        self._link = Acr122Link(self._ccid)
        self._looker = CardLooker(self._link.chip, sure=True)
        self._presence = CardPresence()
        self._armed = self._field_on = False
        self._lamps = b""
        self._heard = 0.0
        self._unsure_in_a_row = 0
        self._counters = dict.fromkeys(("cards", "tags", "unread"), 0)
        self.version = ""

    def start(self) -> None:
        """Learn that it is one, have it do nothing by itself, and make looks short. Raises DeviceError."""
        self._link.drain()
        self.version = self._link.version()
        self._link.power_on()
        self._link.set_parameters(acr122.QUIET)
        self._link.lamps(acr122.READY)
        firmware = self._link.chip(pn532.GET_FIRMWARE_VERSION)
        if len(firmware) != 5 or firmware[1] != 0x32:
            raise ProtocolError(f"{self._name}: no PN532 inside: a firmware answer of {len(firmware)} bytes")
        self._link.chip(_WITH_RATS)
        self._link.chip(pn532.FEW_RETRIES)
        self._heard = self._clock()

    def arm(self, on: bool) -> None:
        """Look for cards, or leave the field off; from any thread."""
        self._armed = on
        self._transport.wake()

    def signal(self, good: bool) -> None:
        """Green and a beep, or red and three; from any thread. The last one wins."""
        self._lamps = acr122.YES if good else acr122.NO
        self._transport.wake()

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Look for a card while armed, and then until it is gone; otherwise rest, with a heartbeat."""
        lamps, self._lamps = self._lamps, b""
        if lamps:
            self._link.lamps(lamps, LAMPS_S)
        if not (self._armed or self._presence.holds):
            return self._rest(timeout_s)
        events = self._look()
        if not events:
            self._ccid.rest(min(timeout_s, POLL_S if self._armed else LOOK_S))
        return events

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """Cards, tags, tags that could not be read; retries and resyncs; replies that were stale or damaged; unsure looks."""
        link = {"retries": self._link.retries, "resyncs": self._link.resyncs, "unsure": self._looker.unsure}
        return merged(self._counters, link, self._ccid.counters())

    def close(self) -> list[DeviceEvent]:
        """Let go of the wire."""
        self._transport.close()
        return []

    def _rest(self, timeout_s: float) -> list[DeviceEvent]:
        if self._field_on:
            self._link.chip(pn532.FIELD_OFF)
            self._field_on = False
        self._ccid.rest(min(timeout_s, HEARTBEAT_S))
        if self._clock() - self._heard >= HEARTBEAT_S:
            self._link.alive()
            self._heard = self._clock()
        return []

    def _look(self) -> list[DeviceEvent]:
        armed, self._field_on = self._armed, True
        try:
            target = self._looker.look()
        except Unsure:
            self._unsure_in_a_row += 1
            if self._unsure_in_a_row >= MOST_UNSURE:
                raise
            return []
        self._heard, self._unsure_in_a_row = self._clock(), 0
        token = None if target is None else token_of(self._key, target.uid)
        if not self._presence.look(token, armed) or target is None or token is None:
            return []
        self._counters["cards"] += 1
        seen: list[DeviceEvent] = [CardSeen(self._name, token)]
        if self._read_tags and (content := self._content(target)) is not None:
            seen.append(self._told(token, content))
        return seen

    def _content(self, target: Target) -> TagContent | None:
        """What the card says, None where it says nothing or nonsense, or leaves too early: the next tap is another try."""
        end = self._clock() + TAG_S

        def exchange(data: bytes) -> bytes:
            left = end - self._clock()
            if left <= 0:
                raise Timeout(f"card: not read to its end in {TAG_S:g} s")
            return exchanged(self._link.chip(EXCHANGE + data, max(ANSWER_S, min(left, CARD_S))))

        try:
            content = tag_reading.run(tag_reading.read(target, aid=self._aid), exchange)
        except (ProtocolError, Timeout):
            self._counters["unread"] += 1
            self._link.alive()  # was it the card, or the reader?
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
