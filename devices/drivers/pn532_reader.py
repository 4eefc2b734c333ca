"""PN532 readers over serial (HSU): cards as keyed tokens while armed, tags read to their end, and a tag of our own for phones."""

from __future__ import annotations

import hmac
import time

from devices.drivers.base import merged
from devices.drivers.card_presence import LOOK_S, CardPresence, Remembers, mark_of
from devices.drivers.pn532_link import Pn532Link
from devices.drivers.pn532_player import TagPlayer
from devices.errors import DeviceError, Gone, ProtocolError, Timeout
from devices.events import CardSeen, DeviceEvent, TagRead
from devices.protocol import ndef, own_app, tag_reading
from devices.protocol.pn532 import FEW_RETRIES, FIELD_OFF, GET_FIRMWARE_VERSION
from devices.protocol.pn532_commands import (
    SAM_CONFIGURATION,
    SET_PARAMETERS,
    data_exchange,
    firmware_of,
    more_follows,
)
from devices.protocol.pn532_targets import LIST_ONE_TYPE_A, RELEASE, exchanged, target_of
from devices.protocol.tag_reading import TagContent, Target
from devices.transport.base import Transport

START_S = 2.5  # a ttyUSB adapter may need up to 1.5 s after the open before anything goes through
HEARTBEAT_S = 10.0  # a port may be open and the chip behind it dead: ask now and then
POLL_PAUSE_S = 0.05  # between looks for a card that is wanted
CARD_S = 1.5  # a phone's application may take so long over an answer
CHAINED = 64  # parts of one answer
READINGS = 3  # of a tag that is moved about
TAG_S = 3.0  # for reading one tag to its end; a hostile phone could go on for minutes


def token_of(key: bytes, uid: bytes) -> str:
    """What stands for a card wherever its number must not go: HMAC-SHA256(key, UID), first 16 bytes, hex."""
    return hmac.digest(key, uid, "sha256").hex()[:32]


class Pn532Reader(Remembers):
    """Reads ISO 14443 type A cards while armed; `key` (at least 16 bytes) makes their tokens.

    `read_tags`: what a card or phone has to say is read as well (TagRead after CardSeen). While it is not armed it plays a
    tag with the offered address.
    """

    def __init__(self, name: str, transport: Transport, key: bytes, *, read_tags: bool = False) -> None:
        if len(key) < 16:
            raise ValueError("a token key has at least 16 bytes")
        self._name, self._transport, self._key, self._read_tags = name, transport, key, read_tags
        self._link = Pn532Link(name, transport)
        self._player = TagPlayer(name, self._link)
        self._presence = CardPresence()
        self._armed, self._uri = False, ""
        self._field_on = False
        self._unread: tuple[Target, str] | None = None  # a card that was told of, and its token
        self._reading_until = 0.0
        self._counters = dict.fromkeys(("polls", "cards", "tags_read", "tags_unread"), 0)
        self.firmware = ""

    def start(self) -> None:
        """Wake the chip, put it into normal mode and make polls short. Raises DeviceError."""
        end = time.monotonic() + START_S
        while True:
            try:
                self._link.wake_chip()
                self._link.command(SAM_CONFIGURATION, blind=True)
                break
            except Timeout:
                if time.monotonic() > end:
                    raise
        self.firmware = firmware_of(self._link.command(GET_FIRMWARE_VERSION))
        self._link.command(SET_PARAMETERS)
        self._link.command(FEW_RETRIES)

    def arm(self, on: bool) -> None:
        """Look for cards, or leave the field off; from any thread."""
        self._armed = on
        self._transport.wake()

    def offer(self, uri: str) -> None:
        """The address phones get while no card is wanted, "" for none; from any thread."""
        self._uri = uri
        self._transport.wake()

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Poll for a card while armed, and then until it is gone; else play the tag, or rest with a heartbeat."""
        if self._unread is not None:
            target, token, self._unread = *self._unread, None
            return self._tag(target, token)
        if self._armed or self._presence.holds:
            return [*self._player.stop(), *self._look(timeout_s)]
        uri = self._uri
        if uri:
            self._field_on = False
            self._beat()
            return [*self._player.turn(uri, timeout_s)]
        told = self._player.stop()
        self._rest(timeout_s)
        return [*told]

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return merged(self._counters, self._link.counters, self._player.counters)

    def close(self) -> list[DeviceEvent]:
        """Let go of the wire."""
        self._transport.close()
        return []

    # --- cards ------------------------------------------------------------------------------------------------

    def _look(self, timeout_s: float) -> list[DeviceEvent]:
        """One poll, and a short rest where it showed nothing new."""
        self._counters["polls"] += 1
        self._field_on = True
        target = self._poll()
        if target is None and self._presence.holds:
            # A card that was talked with may miss the next look (ISO 14443-4; users of other drivers see each second one
            # fail). Only a fresh field tells whether it has left.
            self._link.command(FIELD_OFF)
            target = self._poll()
        token = None if target is None else token_of(self._key, target.uid)
        armed = self._armed
        mark = None if target is None or token is None else mark_of(target, token)
        if not self._presence.look(mark, armed) or target is None or token is None:
            self._link.rest(min(timeout_s, POLL_PAUSE_S if armed else LOOK_S))
            return []
        self._counters["cards"] += 1
        if self._read_tags:
            self._unread = target, token  # in the next turn: who pays does not wait for it
        return [CardSeen(self._name, token)]

    def _poll(self) -> Target | None:
        answer = self._link.command(LIST_ONE_TYPE_A)
        try:
            return target_of(answer)
        except ProtocolError:  # a card that is torn away in the middle of its own name is none
            return None

    def _tag(self, target: Target, token: str) -> list[DeviceEvent]:
        """What the card has to say. One that is moved is asked again; another one in its place is not."""
        self._reading_until = time.monotonic() + TAG_S
        for attempt in range(READINGS):
            if attempt:
                again = self._poll()
                if again is None or again.uid != target.uid:
                    break
            try:
                content = tag_reading.run(tag_reading.read(target, aid=own_app.AID), self._exchange)
                self._link.command(RELEASE)
                return self._read(content, token)
            except Gone:
                raise
            except DeviceError:
                continue
        self._counters["tags_unread"] += 1
        return []

    def _read(self, content: TagContent, token: str) -> list[DeviceEvent]:
        self._counters["tags_read"] += content.technology != "none"
        uri = ""
        if content.technology in ("type-2", "type-4") and content.message:
            try:
                uri = ndef.first_uri(content.message)
            except ProtocolError:  # whatever it is, it was read as it stands
                uri = ""
        if content.technology == "none":
            return []
        return [TagRead(self._name, token, content.technology, content.message, uri)]

    def _exchange(self, data: bytes) -> bytes:
        """Have the card answer. Raises Timeout where it is silent, ProtocolError."""
        if time.monotonic() > self._reading_until:
            raise Timeout("card: it takes too long")
        answer = self._link.command(data_exchange(data), answer_s=CARD_S)
        told = exchanged(answer)
        for _ in range(CHAINED):
            if not more_follows(answer):
                return told
            answer = self._link.command(data_exchange(b""), answer_s=CARD_S, once=True)
            told += exchanged(answer)
        raise ProtocolError("an answer of a card that does not end")

    # --- rest -------------------------------------------------------------------------------------------------

    def _rest(self, timeout_s: float) -> None:
        if self._field_on:
            self._link.command(FIELD_OFF)
            self._field_on = False
        self._link.rest(timeout_s)
        self._beat()

    def _beat(self) -> None:
        """Raises Timeout where the chip behind an open port has died."""
        if not self._link.busy and time.monotonic() - self._link.heard_at > HEARTBEAT_S:
            self._link.command(GET_FIRMWARE_VERSION)
