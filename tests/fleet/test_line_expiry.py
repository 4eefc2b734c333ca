"""Requests have a name and an end: none that moves money is acted upon when whoever asked has given up."""

from __future__ import annotations

import threading
import time
from typing import get_args

import msgspec
import pytest

from fleet.broker.broker import LOOPBACK, Broker
from fleet.line import Line
from mqtt import channels
from mqtt.messages import (
    CancelWanted,
    ChargeState,
    ChargeWanted,
    CodeState,
    CodeWanted,
    MoneyRequest,
    RefundCharge,
    Request,
    StatusWanted,
    encode,
)
from mqtt.topics import Address
from tests.fleet.kiosk import kiosk
from tests.servers import wait_until

STALE_S = 0.2
REFERENCE = "0123456789ABCDE0"
MONEY: tuple[MoneyRequest, ...] = (
    ChargeWanted(
        id="m1", expires_ms=2**53, order=REFERENCE[:15], reference=REFERENCE, method="link", currency="EUR",
        total_minor=100, lines=(), version="v",
    ),
    CancelWanted(id="m2", expires_ms=2**53, reference=REFERENCE),
    RefundCharge(id="m3", expires_ms=2**53, reference=REFERENCE, reason="unknown-reference"),
)  # fmt: skip


@pytest.mark.parametrize("kind", get_args(Request))
def test_every_request_has_a_name_and_an_end(kind: type[msgspec.Struct]) -> None:
    needed = {field.name for field in msgspec.structs.fields(kind) if field.required}
    assert {"id", "expires_ms"} <= needed


@pytest.mark.parametrize("kind", [ChargeState, CodeState])
def test_every_answer_names_its_request(kind: type[msgspec.Struct]) -> None:
    assert "id" in {field.name for field in msgspec.structs.fields(kind) if field.required}


def test_brokers_drop_requests_and_answers_nobody_waits_for() -> None:
    here = Address("t", "s", "k")
    for topic in (here.requests, here.responses):
        assert 0 < (channels.expires_s(topic) or 0) <= 120


@pytest.mark.server
def test_money_that_was_asked_for_too_long_ago_is_not_moved_whatever_the_kiosks_clock_says(
    broker: Broker,
) -> None:
    """`expires_ms` is far ahead here: the kiosk's clock is wrong, and only the fleet's own receipt counts."""
    acted: list[str] = []
    go_on = threading.Event()

    def handle(address: Address, request: Request) -> ChargeState | CodeState:
        acted.append(request.id)
        if isinstance(request, StatusWanted):
            go_on.wait(30)
        if isinstance(request, CodeWanted):
            return CodeState(id=request.id, code=request.code, kind="unknown")
        return ChargeState(id=request.id, reference=request.reference, state="unknown")

    line = Line(LOOPBACK, broker.port, "line-stale", stale_s=STALE_S)
    line.start(handle)
    try:
        with kiosk(broker.port, "stale-1") as wall:
            wait_until(lambda: line.connected, "the line")
            slow = StatusWanted(id="slow", expires_ms=0, reference=REFERENCE)
            assert wall.client.publish(wall.address.requests, encode(slow))
            wait_until(lambda: acted == ["slow"], "the slow one")
            for request in MONEY:
                assert wall.client.publish(wall.address.requests, encode(request))
            wait_until(lambda: line.counters.requests == 1 + len(MONEY), "all requests")
            over = time.monotonic() + STALE_S
            wait_until(lambda: time.monotonic() > over, "them to be stale")
            go_on.set()
            wait_until(lambda: line.counters.stale == len(MONEY), "them to be given up")
            fresh = StatusWanted(id="fresh", expires_ms=0, reference=REFERENCE)
            assert wall.client.publish(wall.address.requests, encode(fresh))
            wait_until(lambda: [one.id for one in wall.answers] == ["slow", "fresh"], "the fresh answer")
            assert acted == ["slow", "fresh"]
    finally:
        go_on.set()
        line.stop()
