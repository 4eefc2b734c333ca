"""A source that has no room for more just now, and messages nobody works on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from fleet.ingest.ingest import Ingest
from fleet.live import Hub
from fleet.sources.base import Deliver, Heard
from fleet.store.store import Store
from mqtt.messages import Ack, Batch, decode, encode
from tests.fleet.samples import event
from tests.servers import wait_until

KIOSKS, ROOM = 500, 7


class Narrow:
    """A source that takes ROOM acknowledgements and then refuses one, as a broker that answers slowly."""

    connected = True

    def __init__(self) -> None:
        self.said: dict[str, int] = {}
        self.given_back: list[Heard] = []
        self.taken: list[Heard] = []
        self._room = ROOM

    def start(self, deliver: Deliver) -> None:
        self.deliver = deliver

    def publish(self, topic: str, payload: bytes) -> bool:
        if self._room == 0:
            self._room = ROOM
            return False
        self._room -= 1
        self.said[topic] = decode(payload, Ack).upto
        return True

    def done(self, heard: Sequence[Heard]) -> None:
        self.taken += heard

    def left(self, heard: Sequence[Heard]) -> None:
        self.given_back += heard

    def stop(self) -> None:
        """Nothing runs."""


def batch(number: int) -> Heard:
    return Heard(f"k1/t/s/k{number}/up/ev", encode(Batch(events=(event(1, "play"),))))


def test_every_kiosk_of_a_commit_hears_its_ack_though_not_all_fit_at_once(store: Store) -> None:
    """A client takes 200 publishes at once, a commit is of up to 2,000 kiosks: the others waited for 5 to 60 s."""
    source = Narrow()
    ingest = Ingest(source, store, Hub())
    ingest.start()
    try:
        for number in range(KIOSKS):
            source.deliver(batch(number))
        wait_until(lambda: len(source.said) == KIOSKS, "all acknowledgements")
    finally:
        ingest.stop()
    assert set(source.said.values()) == {1}


def test_a_fault_gives_messages_back_to_the_source(store: Store) -> None:
    """Else a source that counts what it has handed out comes to its limit and asks for nothing more, for ever."""
    source = Narrow()

    def fail() -> int:
        raise RuntimeError("a fault of ours")

    ingest = Ingest(source, store, Hub(), clock=fail)
    ingest.start()
    try:
        source.deliver(batch(1))
        wait_until(lambda: len(source.given_back) == 1, "it to be given back")
    finally:
        ingest.stop()
    source.deliver(batch(2))
    assert len(source.given_back) == 2, "nor is there room in what is closed"
    assert source.taken == []
    with store.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM events")) == 0
