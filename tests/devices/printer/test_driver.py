"""The driver on every line it may hang on: serial, USB, network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.drivers.escpos_printer import EscPosPrinter
from devices.errors import Gone, Timeout
from devices.events import DeviceEvent, NotPrinted, Printed, PrinterStatus
from devices.products.printers import ANY, EPSON
from devices.protocol import escpos
from devices.protocol.escpos_terms import IN_TURN, Abilities
from devices.sim.escpos_machine import Condition, Firmware, Machine
from devices.sim.net_printer import SimNetPrinter
from devices.sim.printer import SimPrinter
from devices.sim.usb_bus import SimUsbBus
from devices.sim.usb_printer import SimUsbPrinter
from devices.transport.base import Transport
from devices.transport.serial import SerialTransport
from devices.transport.tcp import TcpTransport
from devices.transport.usb import UsbBulkTransport, UsbPlace
from tests.devices.printer.bench import receipt, whole

PATIENCE_S = 30.0
Line = tuple[Transport, Machine]


@pytest.fixture(params=["serial", "usb", "net"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    sims: list[SimPrinter | SimNetPrinter | SimUsbBus] = []
    if request.param == "serial":
        serial = SimPrinter(tmp_path / "printer")
        sims.append(serial)
        yield SerialTransport(str(tmp_path / "printer")), serial.machine
    elif request.param == "usb":
        bus, usb = SimUsbBus(), SimUsbPrinter()
        bus.plug(usb)
        sims.append(bus)
        yield UsbBulkTransport(UsbPlace(0x04B8, 0x0E28), 7, bus), usb.machine
    else:
        net = SimNetPrinter()
        sims.append(net)
        yield TcpTransport("127.0.0.1", net.port), net.machine
    for sim in sims:
        sim.close()


def turn_until(driver: EscPosPrinter, done: Callable[[list[DeviceEvent]], bool]) -> list[DeviceEvent]:
    """Turn the driver as its supervisor does."""
    heard, end = list[DeviceEvent](), time.monotonic() + PATIENCE_S
    while not done(heard):
        assert time.monotonic() < end, f"heard only {heard}"
        heard += driver.turn(1.0)
    return heard


def ended(heard: list[DeviceEvent]) -> bool:
    return any(isinstance(event, Printed | NotPrinted) for event in heard)


def test_a_receipt_is_printed_over_any_line(line: Line) -> None:
    transport, machine = line
    driver = EscPosPrinter("printer", transport, EPSON)
    driver.start()
    driver.kick()
    assert driver.print("A", receipt("A"))
    heard = turn_until(driver, ended)
    assert Printed("printer", "A") in heard
    assert PrinterStatus("printer", "ok") in heard
    assert whole(machine, "A") == 1
    turn_until(driver, lambda _: machine.kicks == 1)
    assert driver.counters()["printed"] == 1
    assert driver.close() == []


def test_no_paper_is_said_before_a_byte_is_printed(line: Line) -> None:
    transport, machine = line
    machine.condition = Condition(no_paper=True)
    driver = EscPosPrinter("printer", transport, EPSON)
    driver.start()
    assert driver.print("A", receipt("A"))
    heard = turn_until(driver, ended)
    assert heard[0] == PrinterStatus("printer", "no-paper")
    assert heard[-1] == NotPrinted("printer", "A", "no-paper")
    assert machine.hanging == []
    driver.close()


def test_a_note_is_kept_until_the_receipt_is_cut_and_read_by_the_next_driver(tmp_path: Path) -> None:
    sim, note = SimPrinter(tmp_path / "printer"), tmp_path / "printer.note"
    driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")), EPSON, note)
    driver.start()
    turn_until(driver, lambda _: driver._session.way != "")
    sim.machine.stopped = True
    driver.print("A", receipt("A"))
    turn_until(driver, lambda _: note.exists() and note.read_text() == "void\n")
    assert driver.close() == [NotPrinted("printer", "A", "lost")]
    sim.machine.stopped = False
    sim.drain(40)
    driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")), EPSON, note)
    driver.start()
    driver.print("B", receipt("B"))
    turn_until(driver, ended)
    assert note.read_text() == "\n"
    assert [one.splitlines()[-1] for one in sim.receipts] == ["* VOID *", "B code"]
    driver.close()
    sim.close()


def test_a_note_that_makes_no_sense_is_taken_for_half_a_receipt(tmp_path: Path) -> None:
    note = tmp_path / "printer.note"
    note.write_bytes(b"\xff\xfe")
    sim = SimPrinter(tmp_path / "printer")
    driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")), EPSON, note)
    driver.start()
    driver.print("A", receipt("A"))
    turn_until(driver, ended)
    assert "* VOID *" in sim.receipts[0]
    driver.close()
    sim.close()


def test_a_printer_that_reads_nothing_blocks_no_turn_longer_than_its_slice(tmp_path: Path) -> None:
    sim = SimPrinter(tmp_path / "printer")
    driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")), ANY)
    driver.start()
    turn_until(driver, lambda _: driver._session.way != "")
    sim.wire.half_open = True
    assert driver.print("A", [*escpos.raster(576, bytes(72 * 4000)), *receipt("A")])
    heard = list[DeviceEvent]()
    while not ended(heard):
        try:
            heard += driver.turn(0.1)
        except Timeout:
            heard += driver.close()
    assert any(isinstance(event, NotPrinted) for event in heard)
    driver.close()
    sim.close()


def test_a_jam_that_cannot_be_watched_any_more_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sim = SimPrinter(tmp_path / "printer", Firmware(auto_status=False))
    driver = EscPosPrinter(
        "printer", SerialTransport(str(tmp_path / "printer")), Abilities((IN_TURN,), room=48)
    )
    driver.start()
    sim.machine.condition.cutter = True
    assert driver.print("A", receipt("A"))
    turn_until(driver, lambda heard: "switch it off and on" in caplog.text)
    assert NotPrinted("printer", "A", "unsure") in driver.close()
    sim.close()


def test_a_printer_that_never_answers_is_none(tmp_path: Path) -> None:
    sim = SimPrinter(tmp_path / "printer", Firmware(answers=False))
    driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")), ANY)
    with pytest.raises(Timeout):
        driver.start()
    driver.close()
    sim.close()


def test_a_job_for_a_printer_that_was_just_let_go_of_is_refused(
    tmp_path: Path,
) -> None:
    sim = SimPrinter(tmp_path / "printer")
    driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")))
    driver.start()
    assert driver.print("waits", [b"one"])
    assert driver.close() == [NotPrinted("printer", "waits", "lost")]
    assert not driver.print("late", [b"two"])
    sim.close()


class TestUsb:
    def test_a_printer_without_a_voice_is_watched_through_its_port(self) -> None:
        bus, printer = SimUsbBus(), SimUsbPrinter(0x0416, 0x5011, Firmware(process_ids=False), speaks=False)
        bus.plug(printer)
        driver = EscPosPrinter("printer", UsbBulkTransport(UsbPlace(0x0416, 0x5011), 7, bus), ANY)
        driver.start()
        driver.print("A", receipt("A"))
        assert Printed("printer", "A") in turn_until(driver, ended)
        printer.be(Condition(no_paper=True))
        driver.print("B", receipt("B"))
        assert turn_until(driver, ended)[-1] == NotPrinted("printer", "B", "no-paper")
        driver.close()
        bus.close()

    def test_a_small_buffer_takes_a_long_receipt_in_its_own_time(self) -> None:
        bus, printer = SimUsbBus(), SimUsbPrinter(firmware=Firmware(buffer=200))
        bus.plug(printer)
        driver = EscPosPrinter("printer", UsbBulkTransport(UsbPlace(0x04B8, 0x0E28), 7, bus), EPSON)
        driver.start()
        driver.print("A", receipt("A", 60))
        assert Printed("printer", "A") in turn_until(driver, ended)
        assert whole(printer.machine, "A", 60) == 1
        driver.close()
        bus.close()

    def test_a_full_buffer_without_paper_is_known_by_what_it_says_unasked(self) -> None:
        bus, printer = SimUsbBus(), SimUsbPrinter(firmware=Firmware(buffer=200))
        bus.plug(printer)
        driver = EscPosPrinter("printer", UsbBulkTransport(UsbPlace(0x04B8, 0x0E28), 7, bus), EPSON)
        driver.start()
        turn_until(driver, lambda _: driver._session.way != "")
        printer.be(Condition(paper=20))
        driver.print("A", receipt("A", 60))
        heard = turn_until(driver, ended)
        assert heard[-1] == NotPrinted("printer", "A", "no-paper")
        driver.close()
        bus.close()

    def test_an_unplug_in_the_middle_is_gone_and_the_job_lost(self) -> None:
        bus, printer = SimUsbBus(), SimUsbPrinter()
        bus.plug(printer)
        driver = EscPosPrinter("printer", UsbBulkTransport(UsbPlace(0x04B8, 0x0E28), 7, bus), EPSON)
        driver.start()
        turn_until(driver, lambda _: driver._session.way != "")
        printer.machine.stopped = True
        driver.print("A", receipt("A"))
        turn_until(driver, lambda _: driver._session.residue == "void")
        bus.unplug(printer)
        with pytest.raises(Gone):
            turn_until(driver, ended)
        assert driver.close() == [NotPrinted("printer", "A", "lost")]
        bus.close()
