"""Between devices and a listener who is slow, hangs, or fails."""

from __future__ import annotations

import logging
import threading

import pytest

from devices.events import DeviceEvent, DeviceState, Printed, Scan
from devices.supervision.outbox import Outbox


def scan(number: int) -> Scan:
    return Scan("scanner", b"", str(number))


def test_events_arrive_in_their_order() -> None:
    heard: list[DeviceEvent] = []
    box = Outbox(heard.append)
    box.start()
    for number in range(100):
        box.put(scan(number))
    assert box.close(10)
    assert heard == [scan(number) for number in range(100)]


def test_a_listener_who_hangs_costs_events_that_are_counted_and_told_but_no_print_and_no_state(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[DeviceEvent] = []
    hangs, go_on = threading.Event(), threading.Event()

    def hang(event: DeviceEvent) -> None:
        hangs.set()
        assert go_on.wait(60)
        heard.append(event)

    box = Outbox(hang, most=5)
    box.start()
    box.put(scan(0))
    assert hangs.wait(60)
    with caplog.at_level(logging.ERROR):
        for number in range(1, 9):
            box.put(scan(number))
    assert box.dropped == {"scanner": 3}
    assert "scanner: nobody takes its events; 3 dropped" in caplog.text
    box.put(Printed("printer", "R1"))
    box.put(DeviceState("scanner", "lost"))
    box.put(DeviceState("scanner", "ready"))
    assert not box.close(0.01)
    go_on.set()
    assert box.close(10)
    assert heard == [*map(scan, range(6)), Printed("printer", "R1"), DeviceState("scanner", "ready")]


def test_a_listener_who_fails_hears_the_next_event_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[DeviceEvent] = []

    def fail(event: DeviceEvent) -> None:
        heard.append(event)
        raise RuntimeError("no")

    box = Outbox(fail)
    box.start()
    with caplog.at_level(logging.CRITICAL):
        box.put(scan(1))
        box.put(scan(2))
        assert box.close(10)
    assert heard == [scan(1), scan(2)]
