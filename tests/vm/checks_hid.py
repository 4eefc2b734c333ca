"""Scanners on usbhid: HID-POS by hidraw and by libusb, and keyboards by evdev."""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from devices.drivers.base import CanTrigger, Driver
from devices.errors import Busy, Gone, NoPermission
from devices.events import DeviceEvent, Scan
from devices.finding.discovery import present
from devices.protocol.hidpos_layout import layouts
from devices.sim.hidpos import INITIATE, reports_of
from devices.transport.base import Transport
from devices.transport.evdev import RECORD, EvdevTransport
from devices.transport.hidraw import HidrawTransport
from devices.transport.usb import UsbHidTransport, UsbPlace
from tests.vm.bench import Bench
from tests.vm.driving import driven, elsewhere, events, node, raises, scans
from tests.vm.hid_gadgets import HIDPOS
from tests.vm.waiting import until

SCANNER = "usb:0c2e:0b87:SIM0002"
PLACE = UsbPlace(0x0C2E, 0x0B87, "SIM0002")
[LAYOUT] = layouts(HIDPOS)
WEDGE = (0x05E0, 0x1200)
LONG = "https://id.gs1.org/01/09521100100410/10/ABC/21/" + "x" * 100  # three reports
EV_KEY, KEY_1, KEY_ENTER = 1, 2, 28


@contextmanager
def _plugged(bench: Bench, name: str) -> Iterator[None]:
    bench.plug(name)
    try:
        yield
    finally:
        bench.unplug(name)


def _scan(bench: Bench, driver: Driver, text: str, aim: str = "]Q1") -> list[tuple[str, str]]:
    """Have it scanned; what the driver tells of it."""
    told: list[DeviceEvent] = []
    for report in reports_of(text, aim, LAYOUT):
        bench.say("hidpos", report)
        told += driver.turn(1)
    if not told:
        told += events(driver, bool)
    return [(event.aim, event.text) for event in told if isinstance(event, Scan)]


def a_scan_arrives_by_hidraw(bench: Bench) -> None:
    """HID-POS through usbhid and hidraw: short, over several reports, and its trigger the other way."""
    with _plugged(bench, "hidpos"), driven("honeywell-hidpos", SCANNER) as driver:
        assert _scan(bench, driver, "5901234123457", "]E0") == [("]E0", "5901234123457")]
        assert _scan(bench, driver, LONG) == [("]Q1", LONG)]
        assert isinstance(driver, CanTrigger)
        driver.trigger(True)
        driver.turn(0.2)
        report = bench.hear("hidpos")
        assert report[0] == 4, report
        assert report[1] & INITIATE, report


def a_scan_arrives_by_libusb(bench: Bench) -> None:
    """The same without hidraw: usbhid is asked to leave, without root, and has the device again afterwards."""
    with _plugged(bench, "hidpos"):
        path = node(SCANNER, "honeywell-hidpos")
        transport = until("the device ours", lambda: _opened(_libusb))
        assert isinstance(transport, UsbHidTransport)
        try:
            assert transport.descriptor == HIDPOS
            assert not Path(path).exists(), "usbhid still has it"
            report = reports_of("5901234123457", "]E0", LAYOUT)[0]
            bench.say("hidpos", report)
            assert until("a report", lambda: transport.read(0.2)) == report
            transport.write(bytes([4, INITIATE]), 1)
            assert bench.hear("hidpos")[:2] == bytes([4, INITIATE])
        finally:
            transport.close()
        node(SCANNER, "honeywell-hidpos")


def an_unplug_is_gone(bench: Bench) -> None:
    """In the middle of a message, by hidraw and by libusb: Gone, from a read that waits, soon."""
    for open_it in (_hidraw, _libusb):
        with _plugged(bench, "hidpos"):
            _gone_at_an_unplug(bench, until("the device ours", partial(_opened, open_it)))


def _hidraw() -> Transport:
    return HidrawTransport(node(SCANNER, "honeywell-hidpos"))


def _libusb() -> Transport:
    return UsbHidTransport(PLACE)


def _opened(open_it: Callable[[], Transport]) -> Transport | None:
    with suppress(Gone, NoPermission, Busy):
        return open_it()
    return None


def _gone_at_an_unplug(bench: Bench, transport: Transport | None) -> None:
    assert transport is not None
    try:
        bench.say("hidpos", reports_of(LONG, "]Q1", LAYOUT)[0])
        assert until("its first report", lambda: transport.read(0.2))
        bench.unplug("hidpos")
        began = time.monotonic()
        raises(Gone, lambda: transport.read(5))
        assert time.monotonic() - began < 2, f"{transport} waits though the device is gone"
        raises(Gone, lambda: transport.write(bytes([4, INITIATE]), 1))
    finally:
        transport.close()


def half_a_message_is_not_glued_to_the_next(bench: Bench) -> None:
    """Pulled between two reports of a message and put back: the next scan is itself."""
    with _plugged(bench, "hidpos"):
        with driven("honeywell-hidpos", SCANNER) as driver:
            bench.say("hidpos", reports_of(LONG, "]Q1", LAYOUT)[0])
            bench.unplug("hidpos")
            with suppress(Gone):
                until("the unplug", lambda: driver.turn(0.2) and False)
        bench.plug("hidpos")
        with driven("honeywell-hidpos", SCANNER) as driver:
            assert _scan(bench, driver, "5901234123457", "]E0") == [("]E0", "5901234123457")]


def a_second_program_is_told_busy(bench: Bench) -> None:
    """By hidraw as by libusb the scanner is one program's; a kiosk that runs twice does not sell twice."""
    with _plugged(bench, "hidpos"):
        path = node(SCANNER, "honeywell-hidpos")
        transport = HidrawTransport(path)
        assert elsewhere(lambda: HidrawTransport(path).close()) == "Busy"
        raises(Busy, lambda: HidrawTransport(path))
        transport.close()
        assert elsewhere(lambda: HidrawTransport(path).close()) == ""
        second = UsbHidTransport(PLACE)
        try:
            assert elsewhere(lambda: UsbHidTransport(PLACE).close()) == "Busy"
        finally:
            second.close()


def without_our_rules_it_says_what_to_do(bench: Bench) -> None:
    """Without the rules: NoPermission by hidraw and by libusb, and the remedy names them."""
    bench.rules(on=False)
    try:
        with _plugged(bench, "hidpos"):
            found = until("its node", lambda: [one for one in present() if one.kind == "hidraw"])
            bench.settle()
            for open_it in (lambda: HidrawTransport(found[0].node), lambda: UsbHidTransport(PLACE)):
                assert "99-endcap.rules" in raises(NoPermission, open_it).remedy
    finally:
        bench.rules(on=True)


def keys_reach_us_alone(bench: Bench) -> None:
    """A keyboard scanner's keys are ours while it is grabbed, and everybody's when it is not; its unplug is Gone."""
    with _plugged(bench, "wedge"):
        path = until("its event node", _event_node)
        other = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # the screen's own input
        try:
            transport = EvdevTransport(path)
            try:
                _type(bench, "1")
                assert until("a key", lambda: _pressed(transport.read(0.2))) == [KEY_1]
                assert not select.select([other], [], [], 0.3)[0], "somebody else saw the key"
                assert elsewhere(lambda: EvdevTransport(path).close()) == "Busy"
                bench.unplug("wedge")
                raises(Gone, lambda: [transport.read(5) for _ in range(20)])
            finally:
                transport.close()
        finally:
            os.close(other)
        bench.plug("wedge")
        path = until("its event node", _event_node)
        other = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        _type(bench, "\n")
        assert until("a key for everybody", lambda: _pressed(_taken(other))) == [KEY_ENTER]
        os.close(other)


def a_keyboard_types_a_scan(bench: Bench) -> None:
    """Keys through usbhid and evdev to the wedge driver are a Scan event."""
    with _plugged(bench, "wedge"), driven("wedge-us", "usb:05e0:1200") as driver:
        typing = threading.Thread(target=_type, args=(bench, "5901234123457\n"))  # faster than anybody types
        typing.start()
        try:
            assert scans(driver, 1) == [("", "5901234123457")]
        finally:
            typing.join()


def _event_node() -> str:
    nodes = [
        one.node for one in present() if one.kind == "event" and one.keys and (one.vid, one.pid) == WEDGE
    ]
    return next((path for path in nodes if os.access(path, os.R_OK)), "")


def _type(bench: Bench, text: str) -> None:
    """Press and let go of the keys of digits and Enter, as boot keyboard reports."""
    usages = [0x28 if sign == "\n" else 0x1E + "1234567890".index(sign) for sign in text]
    bench.say("wedge", b"".join(struct.pack("8B", 0, 0, usage, 0, 0, 0, 0, 0) + bytes(8) for usage in usages))


def _taken(fd: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(fd, 4096)
    return b""


def _pressed(data: bytes) -> list[int]:
    return [code for _, _, kind, code, value in RECORD.iter_unpack(data) if kind == EV_KEY and value == 1]


CHECKS = (
    a_scan_arrives_by_hidraw,
    a_scan_arrives_by_libusb,
    an_unplug_is_gone,
    half_a_message_is_not_glued_to_the_next,
    a_second_program_is_told_busy,
    without_our_rules_it_says_what_to_do,
    a_keyboard_types_a_scan,
    keys_reach_us_alone,
)
