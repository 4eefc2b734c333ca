"""A USB receipt printer: the kernel's printer gadget, usblp that takes it, and our driver over bulk endpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from devices.drivers.base import CanPrint, Driver
from devices.errors import Gone
from devices.events import DeviceEvent, Printed
from devices.protocol import escpos
from devices.sim.escpos_machine import Condition
from devices.transport.usb import UsbBulkTransport, UsbPlace
from tests.vm.bench import Bench
from tests.vm.driving import driven, events, raises

PRINTER = "usb:04b8:0e15:SIM0004"
PLACE = UsbPlace(0x04B8, 0x0E15, "SIM0004")
CLASS = 7


@contextmanager
def _printing(bench: Bench) -> Iterator[Driver]:
    bench.plug("printer")
    try:
        with driven("escpos-usb", PRINTER) as driver:
            yield driver
    finally:
        bench.unplug("printer")


def _printed(driver: Driver, job: str, lines: int) -> list[DeviceEvent]:
    assert isinstance(driver, CanPrint)
    pieces = [escpos.text(f"{job} {number:03d} {'x' * 30}") for number in range(lines)]
    assert driver.print(job, [*pieces, escpos.text("end") + escpos.FEED_AND_CUT])
    return events(driver, lambda told: any(getattr(event, "job", "") == job for event in told))


def a_receipt_is_printed_once(bench: Bench) -> None:
    """Through usblp's back and the bulk endpoints: all lines on one piece of paper, and the printer says so."""
    with _printing(bench) as driver:
        assert Printed("it", "J1") in _printed(driver, "J1", 200)
        [receipt] = bench.play("printer.receipts")
        assert len([line for line in map(str, receipt) if line.startswith("J1 ")]) == 200
        bench.play("printer.receipts.clear")


def paper_out_is_told(bench: Bench) -> None:
    """Its own word for why nothing comes out arrives."""
    bench.play("be", Condition(no_paper=True))
    try:
        with _printing(bench) as driver:
            told = events(
                driver, lambda told: any(getattr(event, "status", "") == "no-paper" for event in told)
            )
            assert told
    finally:
        bench.play("be", Condition())


def an_unplug_is_gone(bench: Bench) -> None:
    """A read that waits, and the write after it, are Gone."""
    with _printing(bench):
        pass
    bench.plug("printer")
    bench.settle()
    transport = UsbBulkTransport(PLACE, CLASS)
    try:
        bench.unplug("printer")
        began = time.monotonic()
        raises(Gone, lambda: transport.read(5))
        assert time.monotonic() - began < 2, "a read waits though the device is gone"
        raises(Gone, lambda: transport.write(b"\x10\x04\x01", 1))
    finally:
        transport.close()


CHECKS = (a_receipt_is_printed_once, paper_out_is_told, an_unplug_is_gone)
