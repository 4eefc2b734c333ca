"""Kiosks are told how far they are stored, however few words at a time the broker takes."""

from __future__ import annotations

import threading
from functools import partial

from fleet.ingest.acks import Acks
from fleet.ingest.inbox import OVERHEAD, Inbox
from fleet.sources.base import Heard
from mqtt.messages import Ack, decode
from tests.waiting import wait_until

AT_MS = 1_700_000_000_000
KIOSKS = 1_000


class Broker:
    """Takes so many words before it is asked to take more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.heard: list[tuple[str, Ack]] = []

    def publish(self, topic: str, payload: bytes) -> bool:
        if len(self.heard) >= self.room:
            return False
        self.heard.append((topic, decode(payload, Ack)))
        return True


def acks(broker: Broker, most: int = 10_000) -> Acks:
    return Acks(broker.publish, lambda: AT_MS, most)


def test_a_thousand_kiosks_of_one_commit_are_told_though_two_hundred_fit() -> None:
    broker = Broker(200)
    telling = acks(broker)
    telling.start()
    telling.tell({(f"t/s/k{number}", "e"): number for number in range(1, KIOSKS + 1)})
    wait_until(lambda: len(broker.heard) == 200, "as many as fit")
    broker.room = KIOSKS
    wait_until(lambda: len(broker.heard) == KIOSKS, "all of them")
    telling.stop()
    assert {(topic, ack.upto) for topic, ack in broker.heard} == {
        (f"k1/t/s/k{number}/dn/ack", number) for number in range(1, KIOSKS + 1)
    }


def test_of_what_waits_the_latest_word_of_each_stream_is_told() -> None:
    broker = Broker(0)
    telling = acks(broker)
    for upto in (3, 9, 7):  # two threads commit: their words may come in any order
        telling.tell({("t/s/k1", "e"): upto, ("t/s/k1", "old"): 5})
        assert not telling.send()
    assert len(telling) == 2
    broker.room = 10
    assert telling.send()
    assert [(ack.epoch, ack.upto, ack.at_ms) for _, ack in broker.heard] == [
        ("e", 9, AT_MS),
        ("old", 5, AT_MS),
    ]


def test_what_waits_is_bounded() -> None:
    broker = Broker(0)
    telling = acks(broker, most=100)
    telling.tell({(f"t/s/k{number}", "e"): 1 for number in range(KIOSKS)})
    assert len(telling) == 100
    broker.room = KIOSKS
    assert telling.send()
    assert broker.heard[-1][0] == f"k1/t/s/k{KIOSKS - 1}/dn/ack", "the oldest words were left out"


def test_an_inbox_holds_so_many_bytes_whatever_comes() -> None:
    """The database is away: what comes is refused at the limit, and taken again as soon as there is room."""
    inbox = Inbox(most=1_000_000, most_bytes=64 * 1024)
    small, large = Heard("t", b"x" * 100), Heard("t", b"x" * 10_000)
    taken = sum(inbox.put(each) for _ in range(100) for each in (small, large))
    held = inbox.take(1_000_000, 1 << 30)
    size = sum(len(each.payload) + OVERHEAD for each in held)
    assert len(held) == taken
    assert 64 * 1024 - 10_000 - OVERHEAD < size <= 64 * 1024
    assert inbox.put(large)


def test_who_waits_for_room_gets_it_when_some_is_taken() -> None:
    inbox = Inbox(most=1)
    assert inbox.put(Heard("t", b"1"))
    got: list[bool] = []
    waiting = threading.Thread(target=lambda: got.append(inbox.put(Heard("t", b"2"), 30.0)))
    waiting.start()
    assert [each.payload for each in inbox.take(10, 1 << 20)] == [b"1"]
    waiting.join(30.0)
    assert got == [True]
    wait_until(partial(bool, inbox), "it is there")
    assert inbox.close() == 1
    assert not inbox.put(Heard("t", b"3"), 30.0), "it is closed"
