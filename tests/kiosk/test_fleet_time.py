"""The kiosk asks the fleet what time it is, and hears the best of a few answers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fleet.broker.broker import Broker
from fleet.line import Line
from kiosk.clock.clock import SystemClock
from kiosk.clock.fleet_time import AGAIN_MS, SAMPLES, USELESS_MS, FleetTime
from kiosk.peripherals.peripherals import DeviceState
from mqtt.messages import TimeTold, TimeWanted, decode_answer, encode
from mqtt.topics import Address
from tests.kiosk.kiosks import Kiosk
from tests.kiosk.until import until
from tests.mqtt.clients import connected
from tests.servers import wait_until

NOW = 1_800_000_000_000


class Clock(SystemClock):
    """Stands still until it is put forward."""

    ms = 0

    def mono_ms(self) -> int:
        return self.ms


class Asking:
    """A FleetTime whose questions are kept, and what it learnt."""

    def __init__(self) -> None:
        self.clock, self.asked, self.learnt = Clock(), list[TimeWanted](), list[tuple[int, int]]()
        self.online = True
        self.time = FleetTime(self._ask, self.clock, lambda at, error: self.learnt.append((at, error)))

    def _ask(self, wanted: TimeWanted) -> bool:
        if self.online:
            self.asked.append(wanted)
        return self.online

    def answer(self, after_ms: int, at_ms: int = NOW) -> bool:
        asked = self.asked[-1]
        self.clock.ms += after_ms
        return self.time.told(TimeTold(id=asked.id, mono_ms=asked.mono_ms, at_ms=at_ms))


def test_it_asks_a_few_times_and_an_hour_later_again() -> None:
    kiosk = Asking()
    kiosk.time.look()
    assert not kiosk.asked, "not before the first connect"
    kiosk.time.begin()
    for _ in range(SAMPLES):
        assert kiosk.answer(40)
    assert len(kiosk.asked) == SAMPLES
    assert kiosk.learnt == [(NOW + 20, 20)] * SAMPLES
    kiosk.clock.ms += AGAIN_MS - SAMPLES * 40 - 1
    kiosk.time.look()
    assert len(kiosk.asked) == SAMPLES
    kiosk.clock.ms += 1
    kiosk.time.look()
    assert len(kiosk.asked) == SAMPLES + 1


def test_an_answer_that_took_too_long_or_was_not_asked_for_is_not_heard() -> None:
    kiosk = Asking()
    assert not kiosk.time.told(TimeTold(id="x", mono_ms=0, at_ms=NOW))
    kiosk.time.begin()
    assert not kiosk.answer(USELESS_MS + 1)
    first = kiosk.asked[0]
    assert not kiosk.time.told(TimeTold(id=first.id, mono_ms=first.mono_ms, at_ms=NOW)), "answered already"
    assert not kiosk.learnt


def test_offline_it_asks_nobody_and_after_the_reconnect_all_over() -> None:
    kiosk = Asking()
    kiosk.online = False
    kiosk.time.begin()
    kiosk.online = True
    kiosk.time.begin()
    assert kiosk.answer(10)
    assert len(kiosk.asked) == 2


@pytest.mark.server
def test_the_fleet_answers_at_once_though_every_worker_waits_for_a_provider(broker: Broker) -> None:
    address = Address("time", "site", "K1")
    line = Line(broker.host, broker.port, "time-line")
    # Nobody is there to work: it is not even started, and yet the time is told.
    line._client.start()
    wanted = encode(TimeWanted(id="t1", expires_ms=0, mono_ms=7))
    with connected(broker.port, address.client_id, address.down) as (client, heard):
        wait_until(lambda: line.connected, "the line")
        assert client.publish(address.requests, wanted)
        wait_until(lambda: heard, "the answer")
    answer = decode_answer(heard[0][1])
    assert isinstance(answer, TimeTold)
    assert (answer.id, answer.mono_ms) == ("t1", 7)
    assert answer.at_ms > NOW - 10**12
    line.stop()


def test_the_fleets_time_is_asked_for_and_health_says_how_far_the_clock_is_off(tmp_path: Path) -> None:
    ahead_ms = 3_600_000
    with Kiosk(tmp_path, clock=SystemClock(disciplined=lambda: False)) as kiosk:
        kiosk.fleet.time_ms = lambda: time.time_ns() // 1_000_000 + ahead_ms
        kiosk.fleet.up()  # once more, now that it has a clock
        until(lambda: kiosk.program.clock.quality() == "synced")
        kiosk.devices.post(DeviceState("printer", "ready", "no-paper"))
        until(lambda: kiosk.fleet.health and kiosk.fleet.health[-1].clock == "synced")
        health = kiosk.fleet.health[-1]
        assert abs(health.clock_off_ms + ahead_ms) < 60_000
        assert abs(health.wall_ms - time.time_ns() // 1_000_000 - ahead_ms) < 60_000
