"""A kiosk's end of the wire, for tests of the fleet: sends what a test says and keeps what comes down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fleet.broker.broker import LOOPBACK
from mqtt.client import Client
from mqtt.commands import LiveChanges
from mqtt.messages import (
    Ack,
    Batch,
    ChargeState,
    CodeState,
    KioskEvent,
    PhoneSale,
    Terms,
    decode,
    decode_answer,
    encode,
)
from mqtt.topics import Address
from tests.servers import wait_until


class Kiosk:
    """Connected; `address`, `client`, and the messages that came down by kind."""

    def __init__(self, port: int, name: str) -> None:
        self.address = Address("t", "s", name)
        self.acks: list[Ack] = []
        self.answers: list[ChargeState] = []
        self.codes: list[CodeState] = []
        self.news: list[ChargeState] = []
        self.notices: list[PhoneSale] = []
        self.terms: list[Terms] = []
        self.live: list[LiveChanges] = []
        self.client = Client(LOOPBACK, port, name, on_message=self._heard)
        self.client.subscribe(self.address.down)

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic == self.address.responses:
            answer = decode_answer(payload)
            if isinstance(answer, CodeState):
                self.codes.append(answer)
            elif isinstance(answer, ChargeState):
                self.answers.append(answer)
            return
        kinds: dict[str, tuple[list[Any], Any]] = {
            self.address.acks: (self.acks, Ack),
            self.address.charges: (self.news, ChargeState), self.address.notices: (self.notices, PhoneSale),
            self.address.terms: (self.terms, Terms), self.address.live: (self.live, LiveChanges),
        }  # fmt: skip
        heard, kind = kinds[topic]
        heard.append(decode(payload, kind))

    def send(self, *events: KioskEvent) -> None:
        batch = encode(Batch(events=events))
        wait_until(lambda: self.client.publish(self.address.events, batch), "room for a batch")

    def upto(self, epoch: str = "e1") -> int:
        """How far the fleet says it has our events."""
        return max((ack.upto for ack in self.acks if ack.epoch == epoch), default=0)


@contextmanager
def kiosk(port: int, name: str) -> Iterator[Kiosk]:
    """A kiosk of that name, connected."""
    made = Kiosk(port, name)
    made.client.start()
    try:
        wait_until(lambda: made.client.connected, "the kiosk to connect")
        yield made
    finally:
        assert made.client.stop()
