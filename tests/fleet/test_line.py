"""Requests of kiosks and the answers to them, over a real broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from fleet.broker.broker import LOOPBACK, Broker
from fleet.clock import now_ms
from fleet.line import WAITING, WORKERS, Handler, Line, RestsOn
from fleet.services import ClosedDesk
from mqtt.messages import (
    Ack,
    Answer,
    CancelWanted,
    ChargeState,
    CodeState,
    CodeWanted,
    PhoneSale,
    Request,
    StatusWanted,
    encode,
)
from mqtt.topics import Address
from tests.fleet.kiosk import Kiosk, kiosk
from tests.servers import wait_until

pytestmark = pytest.mark.server


@contextmanager
def answering(broker: Broker, handler: Handler, rests_on: RestsOn = lambda _request: "") -> Iterator[Line]:
    line = Line(LOOPBACK, broker.port, "line-under-test")
    line.start(handler, rests_on)
    try:
        wait_until(lambda: line.connected, "the line")
        yield line
    finally:
        line.stop()


def ask(wall: Kiosk, request: Request) -> None:
    assert wall.client.publish(wall.address.requests, encode(request))


def status(number: int) -> StatusWanted:
    return StatusWanted(id=f"q{number}", expires_ms=0, reference=f"R{number}")


def seen(address: Address, request: Request) -> Answer:
    if isinstance(request, CodeWanted):
        return CodeState(id=request.id, code=request.code, kind="basket", basket=(("09521100100113", 2),))
    return ChargeState(id=request.id, reference=request.reference, state="created", merchant=str(address))


def test_a_request_is_answered_to_the_kiosk_that_asked(broker: Broker) -> None:
    with answering(broker, seen), kiosk(broker.port, "ask-1") as one, kiosk(broker.port, "ask-2") as other:
        before = now_ms()
        ask(one, status(1))
        wait_until(lambda: one.answers, "the answer")
        (answer,) = one.answers
        said = ChargeState(id="q1", reference="R1", state="created", merchant="t/s/ask-1", at_ms=answer.at_ms)
        assert answer == said
        assert before <= answer.at_ms <= now_ms(), "so a kiosk knows how much of `expires_ms` is left"
        assert other.answers == []


def test_both_kinds_of_answers_reach_who_asked(broker: Broker) -> None:
    with answering(broker, seen), kiosk(broker.port, "codes") as wall:
        ask(wall, status(1))
        ask(wall, CodeWanted(id="q2", expires_ms=0, code="K7Q-2M9"))
        wait_until(lambda: wall.answers and wall.codes, "both answers")
        assert [answer.id for answer in wall.answers] == ["q1"]
        assert wall.codes == [
            CodeState(id="q2", code="K7Q-2M9", kind="basket", basket=(("09521100100113", 2),))
        ]


def test_a_code_that_cannot_be_looked_up_is_answered_as_a_code(broker: Broker) -> None:
    def broken(_address: Address, _request: Request) -> Answer:
        raise RuntimeError("a bug")

    with answering(broker, broken), kiosk(broker.port, "code-broken") as wall:
        ask(wall, CodeWanted(id="q1", expires_ms=0, code="K7Q2-9MXT"))
        wait_until(lambda: wall.codes, "the answer")
        assert wall.codes == [CodeState(id="q1", code="K7Q2-9MXT", kind="unknown", state="failed")]


def test_requests_of_one_kiosk_are_answered_in_order(broker: Broker) -> None:
    with answering(broker, seen), kiosk(broker.port, "order") as wall:
        for number in range(20):
            ask(wall, status(number))
        wait_until(lambda: len(wall.answers) == 20, "every answer")
        assert [answer.id for answer in wall.answers] == [f"q{number}" for number in range(20)]


def test_a_slow_provider_holds_up_its_kiosk_only(broker: Broker) -> None:
    hold = threading.Event()

    def slow_for_one(address: Address, request: Request) -> Answer:
        if address.kiosk == "slow":
            assert hold.wait(60)
        return seen(address, request)

    with (
        answering(broker, slow_for_one) as line,
        kiosk(broker.port, "slow") as slow,
        kiosk(broker.port, "quick") as quick,
    ):
        for number in range(WAITING + 5):
            ask(slow, status(number))
        ask(quick, status(1))
        wait_until(lambda: quick.answers, "the quick kiosk's answer")
        assert slow.answers == []
        wait_until(lambda: line.counters.refused > 0, "the flood to be refused")
        hold.set()
        wait_until(lambda: len(slow.answers) >= WAITING, "the slow kiosk's answers")


def test_a_provider_that_hangs_holds_up_nobody_who_asks_for_another(broker: Broker) -> None:
    """More walls than there are threads ask for it at once; codes and another provider's answers come all the same."""
    hold = threading.Event()

    def hangs(address: Address, request: Request) -> Answer:
        if rests_on(request) == "hanging":
            assert hold.wait(60)
        return seen(address, request)

    def rests_on(request: Request) -> str:
        if isinstance(request, CodeWanted):
            return ""
        return "hanging" if request.reference != "R1" else "quick"

    with ExitStack() as stack:
        line = stack.enter_context(answering(broker, hangs, rests_on))
        walls = [stack.enter_context(kiosk(broker.port, f"hangs-{n}")) for n in range(WORKERS + 2)]
        other = stack.enter_context(kiosk(broker.port, "other-provider"))
        try:
            for wall in walls:
                ask(wall, status(2))
            ask(walls[0], status(1))
            wait_until(lambda: line.counters.requests == len(walls) + 1, "all to have asked")
            ask(other, status(1))
            ask(other, CodeWanted(id="q2", expires_ms=0, code="K7Q-2M9"))
            wait_until(lambda: other.answers and other.codes, "the other provider's answer, and the code's")
            assert not any(wall.answers for wall in walls)
        finally:
            hold.set()
        wait_until(lambda: all(wall.answers for wall in walls), "everybody's answer")
        wait_until(lambda: len(walls[0].answers) == 2, "in order")
        assert [answer.id for answer in walls[0].answers] == ["q2", "q1"]


@pytest.mark.parametrize(
    ("payload", "reference"),
    [
        (b'{"id":"q1","reference":"R1","type":"dance"}', "R1"),
        (b'{"id":"q1","type":"status"}', ""),
        (b'{"id":"q1","type":"status","expires_ms":"soon","reference":"R1"}', "R1"),
    ],
)
def test_a_bad_request_is_told_so(broker: Broker, payload: bytes, reference: str) -> None:
    with answering(broker, seen) as line, kiosk(broker.port, "bad") as wall:
        assert wall.client.publish(wall.address.requests, payload)
        wait_until(lambda: wall.answers, "the refusal")
        (answer,) = wall.answers
        assert (answer.id, answer.reference) == ("q1", reference)
        assert (answer.state, answer.reason) == ("failed", "bad-request")
        assert line.counters.bad_requests == 1


def test_junk_that_names_no_request_is_counted(broker: Broker) -> None:
    with answering(broker, seen) as line, kiosk(broker.port, "junk") as wall:
        assert wall.client.publish(wall.address.requests, b"\xff\x00")
        ask(wall, status(2))
        wait_until(lambda: wall.answers, "the answer to the good request")
        assert [answer.id for answer in wall.answers] == ["q2"]
        assert line.counters.bad_requests == 1


def test_a_desk_that_fails_leaves_the_outcome_open(broker: Broker) -> None:
    """What the provider did is not known, so the kiosk is not told "failed": it asks again."""

    def broken(_address: Address, _request: Request) -> ChargeState:
        raise RuntimeError("a bug")

    with answering(broker, broken) as line, kiosk(broker.port, "broken") as wall:
        ask(wall, CancelWanted(id="q1", expires_ms=0, reference="R1"))
        wait_until(lambda: wall.answers, "the answer")
        assert (wall.answers[0].state, wall.answers[0].reason) == ("unknown", "fleet-error")
        assert line.counters.failures == 1


def test_a_fleet_without_a_provider_says_so(broker: Broker) -> None:
    def closed(address: Address, request: Request) -> Answer:
        assert not isinstance(request, CodeWanted)
        return ClosedDesk().handle(address, request)

    with answering(broker, closed), kiosk(broker.port, "closed") as wall:
        ask(wall, status(1))
        wait_until(lambda: wall.answers, "the answer")
        assert (wall.answers[0].state, wall.answers[0].reason) == ("failed", "no-provider")


def test_news_goes_to_its_topic(broker: Broker) -> None:
    with answering(broker, seen) as line, kiosk(broker.port, "news") as wall:
        assert line.send(wall.address, ChargeState(id="", reference="R1", state="paid"))
        assert line.send(
            wall.address, PhoneSale(order="O1", claim_code="K7Q2-M4XD", total_minor=229, currency="EUR")
        )
        assert line.send(wall.address, Ack(epoch="e1", upto=3))
        wait_until(lambda: wall.news and wall.notices and wall.acks, "all three")
        with pytest.raises(TypeError, match="not for kiosks"):
            line.send(wall.address, status(1))


def test_sending_while_the_broker_is_away_is_refused_and_counted() -> None:
    line = Line(LOOPBACK, 1, "away")
    assert not line.send(Address("t", "s", "k"), Ack(epoch="e1", upto=1))
    assert line.counters.unsent == 1
