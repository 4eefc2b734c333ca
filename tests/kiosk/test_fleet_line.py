"""The line to the fleet by itself: what is asked again, what is given up, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

import pytest

from kiosk.clock.clock import SystemClock
from kiosk.fleet_line.line import FleetLine, Heard
from kiosk.fleet_line.outbox import BATCH_EVENTS, PATIENCE_MS, WINDOW
from kiosk.ledger import Ledger
from mqtt.messages import (
    Ack,
    Batch,
    ChargeState,
    CodeState,
    CodeWanted,
    Health,
    Message,
    Request,
    StatusWanted,
    decode,
    encode,
)
from mqtt.outgoing import Beside
from mqtt.topics import Address
from tests.kiosk.orders import engaged, payment

ADDRESS = Address("demo", "s1", "K1")


class Clock(SystemClock):
    """The machine's clock, which a test may put forward."""

    ahead_ms = 0

    def mono_ms(self) -> int:
        return super().mono_ms() + self.ahead_ms


class Wire:
    """A connection that writes down what is published."""

    def __init__(self) -> None:
        self.connected = True
        self.room = 1000
        self.published: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes, **said: Unpack[Beside]) -> bool:
        if len(payload) > 256 * 1024:
            raise ValueError("too large")
        if not self.connected or self.room == 0:
            return False
        self.room -= 1
        self.published.append((topic, payload))
        return True

    @property
    def requests(self) -> list[Request]:
        return [decode(payload, Request) for topic, payload in self.published if topic == ADDRESS.requests]

    @property
    def references(self) -> list[str]:
        return [request.reference for request in self.requests if not isinstance(request, CodeWanted)]

    @property
    def batches(self) -> list[list[int]]:
        found = [decode(payload, Batch) for topic, payload in self.published if topic == ADDRESS.events]
        return [[event.seq for event in batch.events] for batch in found]


class Line:
    def __init__(self, path: Path) -> None:
        self.clock, self.wire = Clock(), Wire()
        self.ledger = Ledger(path, self.clock)
        self.line = FleetLine(ADDRESS, self.wire, self.ledger, self.clock, answer_ms=15_000)

    def note(self, count: int) -> None:
        for _ in range(count):
            self.ledger.note(engaged())
        self.ledger.flush()

    def says(self, topic: str, message: Message) -> object:
        return self.line.heard(Heard(topic, encode(message)))

    def later(self, ms: int) -> None:
        self.clock.ahead_ms += ms


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path / "ledger.sqlite")
    yield line
    line.ledger.close()


def test_what_was_answered_or_is_of_no_use_any_more_is_not_asked_again(kiosk: Line) -> None:
    kiosk.line.status("A" * 16)
    kiosk.later(10_000)
    kiosk.line.status("B" * 16)
    kiosk.line.status("C" * 16)
    answered = kiosk.wire.requests[2]
    kiosk.says(ADDRESS.responses, ChargeState(id=answered.id, reference="C" * 16, state="created"))
    kiosk.later(6_000)
    kiosk.wire.published.clear()
    kiosk.line.up()
    assert kiosk.wire.references == ["B" * 16]
    assert kiosk.line.counters["requests-unanswered"] == 1
    assert kiosk.line.counters["answers"] == 1


@pytest.mark.parametrize("state", ["unknown", "failed", "cancelled", "paid"])
def test_a_charge_whose_fate_was_told_is_not_wished_for_again(kiosk: Line, state: str) -> None:
    wanted = payment()
    kiosk.line.charge(wanted, card="TOKEN")  # lost: the fleet was away
    kiosk.line.status(wanted.reference)
    asked = kiosk.wire.requests[1]
    kiosk.says(ADDRESS.responses, ChargeState(id=asked.id, reference=wanted.reference, state=state))
    kiosk.wire.published.clear()
    kiosk.line.up()
    assert kiosk.wire.requests == [], "the card would be charged after the commuter was told no"


def test_a_fleet_that_does_not_know_whether_it_knows_leaves_the_wish_open(kiosk: Line) -> None:
    wanted = payment()
    kiosk.line.charge(wanted)
    broken = ChargeState(id="", reference=wanted.reference, state="unknown", reason="fleet-error")
    kiosk.says(ADDRESS.charges, broken)
    kiosk.wire.published.clear()
    kiosk.line.up()
    assert kiosk.wire.references == [wanted.reference]


def test_the_same_question_asked_twice_waits_once(kiosk: Line) -> None:
    for _ in range(5):
        kiosk.line.status("A" * 16)
    kiosk.line.charge(payment())
    kiosk.wire.published.clear()
    kiosk.line.up()
    assert len(kiosk.wire.requests) == 2
    assert isinstance(kiosk.wire.requests[0], StatusWanted)


def test_what_could_not_be_sent_is_said_and_not_kept(kiosk: Line) -> None:
    kiosk.wire.connected = False
    assert not kiosk.line.charge(payment())
    kiosk.wire.connected = True
    kiosk.line.up()
    assert kiosk.wire.requests == []


def test_events_go_out_in_batches_and_only_a_few_at_a_time(kiosk: Line) -> None:
    kiosk.note(BATCH_EVENTS * (WINDOW + 2))
    wait = kiosk.line.pump()
    assert wait is not None
    assert 0 < wait <= PATIENCE_MS[0]
    assert [batch[-1] for batch in kiosk.wire.batches] == [50, 100, 150, 200]
    kiosk.says(ADDRESS.acks, Ack(epoch=kiosk.ledger.epoch, upto=100))
    kiosk.line.pump()
    assert [batch[-1] for batch in kiosk.wire.batches][4:] == [250, 300]
    kiosk.says(ADDRESS.acks, Ack(epoch=kiosk.ledger.epoch, upto=300))
    assert kiosk.line.pump() is None


def test_without_an_ack_all_of_it_goes_again_from_the_front(kiosk: Line) -> None:
    kiosk.note(60)
    kiosk.line.pump()
    kiosk.later(PATIENCE_MS[0])
    wait = kiosk.line.pump()
    assert kiosk.wire.batches == [list(range(1, 51)), list(range(51, 61)), list(range(1, 51))], "one at first"
    kiosk.says(ADDRESS.acks, Ack(epoch=kiosk.ledger.epoch, upto=50))
    kiosk.line.pump()
    assert kiosk.wire.batches[3:] == [list(range(51, 61))]
    assert wait is not None
    assert wait > PATIENCE_MS[0]


def test_a_broker_that_takes_no_more_is_tried_later_from_where_it_stopped(kiosk: Line) -> None:
    kiosk.note(100)
    kiosk.wire.room = 1
    kiosk.line.pump()
    kiosk.wire.room = 1000
    kiosk.line.pump()
    assert [(batch[0], batch[-1]) for batch in kiosk.wire.batches] == [(1, 50), (51, 100)]


def test_an_ack_for_another_ledger_or_of_no_number_changes_nothing(kiosk: Line) -> None:
    kiosk.note(3)
    kiosk.line.pump()
    kiosk.says(ADDRESS.acks, Ack(epoch="another", upto=3))
    kiosk.says(ADDRESS.acks, Ack(epoch=kiosk.ledger.epoch, upto=-1))
    kiosk.ledger.flush()
    assert kiosk.ledger.bounds() == (0, 3)
    assert kiosk.line.counters["acks-refused"] == 2


def test_a_message_no_broker_takes_is_counted(kiosk: Line) -> None:
    devices = {f"device {number}": "x" * 1000 for number in range(300)}
    assert not kiosk.line.health(Health(wall_ms=0, devices=devices, counters={}))
    assert kiosk.line.counters["too-large"] == 1


def test_only_the_answer_to_the_last_code_is_heard(kiosk: Line) -> None:
    """Somebody else may stand at the wall by the time an old answer comes."""
    kiosk.line.code("K7Q2-9MXT")
    kiosk.line.code("K7Q-2M9")
    first, second = kiosk.wire.requests
    late = CodeState(id=first.id, code="K7Q2-9MXT", kind="unknown")
    assert kiosk.says(ADDRESS.responses, late) is None
    told = CodeState(id=second.id, code="K7Q-2M9", kind="basket", basket=(("09521100100113", 1),))
    assert kiosk.says(ADDRESS.responses, told) == told
    assert kiosk.says(ADDRESS.responses, told) is None, "said twice"
