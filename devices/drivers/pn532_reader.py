"""PN532 card readers over serial (HSU): a card's presence as a keyed token, with NACK and retry on a bad line."""

from __future__ import annotations

import hmac
import time

from devices.errors import ProtocolError, Timeout
from devices.events import CardSeen, DeviceEvent
from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Damaged, Data
from devices.transport.base import Transport

ACK_S = 0.1  # the chip acknowledges within 15 ms; 100 ms is the usual wait
ANSWER_S = 0.5  # the longest answer, a poll without a card, takes about 30 ms
TRIES = 4
HEARTBEAT_S = 10.0  # a port may be open and the chip behind it dead: ask now and then
GONE_AFTER = 2  # polls without the card before the same card counts as a new tap
LOOK_S = 0.25  # between looks whether a card that was read has been taken away


def token_of(key: bytes, uid: bytes) -> str:
    """What stands for a card wherever its number must not go: HMAC-SHA256(key, UID), first 16 bytes, hex."""
    return hmac.digest(key, uid, "sha256").hex()[:32]


class Pn532Reader:
    """Reads ISO 14443 type A cards while armed; `key` (at least 16 bytes) makes their tokens.

    A card is read once: armed anew, the reader takes it again only after it has left the field. One that was left lying
    there would otherwise pay, or be declined, a second time without anybody's doing.
    """

    def __init__(self, name: str, transport: Transport, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a token key has at least 16 bytes")
        self._name, self._transport, self._key = name, transport, key
        self._parser = pn532.Parser()
        self._armed = False
        self._present: str | None = None
        self._absent_polls = 0
        self._heard = 0.0
        self.retries = 0

    def start(self) -> None:
        """Wake the chip, put it into normal mode and make polls short."""
        self._transport.write(pn532.WAKE_UP, ACK_S)
        self._command(pn532.SAM_CONFIGURATION)
        version = self._command(pn532.GET_FIRMWARE_VERSION)
        if len(version) != 5 or version[1] != 0x32:
            raise ProtocolError(f"not a PN532: firmware answer {version.hex()}")
        self._command(pn532.FEW_RETRIES)

    def arm(self, on: bool) -> None:
        """Look for cards, or leave the field off; from any thread."""
        self._armed = on
        self._transport.wake()

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Poll for a card while armed, and then until it is gone; otherwise rest, with a heartbeat."""
        if not self._armed:
            if self._present is not None:
                self._look(self._poll())
                self._transport.read(min(timeout_s, LOOK_S))
                return []
            self._parser.feed(self._transport.read(timeout_s))
            if time.monotonic() - self._heard > HEARTBEAT_S:
                self._command(pn532.GET_FIRMWARE_VERSION)
            return []
        token = self._poll()
        before = self._present
        self._look(token)
        if token is None or token == before:
            self._transport.read(min(timeout_s, 0.05))
            return []
        self._present = token
        return [CardSeen(self._name, token)]

    def _look(self, token: str | None) -> None:
        """Notice that the card which was read last has gone: another one lies there, or none a few times over."""
        self._absent_polls = self._absent_polls + 1 if token is None else 0
        if self._absent_polls >= GONE_AFTER or (token is not None and token != self._present):
            self._present = None

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return {"retries": self.retries}

    def close(self) -> list[DeviceEvent]:
        """Let go of the wire."""
        self._parser.reset()
        self._transport.close()
        return []

    def _poll(self) -> str | None:
        uid = pn532.uid_of(self._command(pn532.LIST_ONE_TYPE_A))
        return None if uid is None else token_of(self._key, uid)

    def _command(self, payload: bytes) -> bytes:
        """Send a command; returns its answer, code first. Raises Timeout, Gone, ProtocolError."""
        for attempt in range(TRIES):
            if attempt:
                self.retries += 1
            self._transport.write(pn532.build(payload), ACK_S)
            answer = self._answer(payload[0] + 1)
            if answer is not None:
                self._heard = time.monotonic()
                return answer
            # Host ACK aborts what the chip may still be doing, so that the next try starts clean.
            self._transport.write(pn532.ACK, ACK_S)
        raise Timeout(f"{self._name}: no good answer to command {payload[0]:02X} in {TRIES} tries")

    def _answer(self, code: int) -> bytes | None:
        """The answer with that code, None where it did not come; a damaged one is asked for again at once."""
        acked, asked_again = False, 0
        end = time.monotonic() + ACK_S
        while (left := end - time.monotonic()) > 0:
            for frame in self._parser.feed(self._transport.read(left)):
                match frame:
                    case Ack() if not acked:
                        acked, end = True, time.monotonic() + ANSWER_S
                    case Data(pn532.TO_HOST, payload) if acked and payload[:1] == bytes([code]):
                        return payload
                    case Damaged() if acked and asked_again < TRIES:
                        asked_again += 1
                        self.retries += 1
                        self._transport.write(pn532.NACK, ACK_S)
                    case _:
                        pass  # an answer to something earlier
        return None
