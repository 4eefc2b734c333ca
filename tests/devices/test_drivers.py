"""Peripherals on a real (pseudo-)terminal, on good and on bad days."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.escpos_printer import EscPosPrinter
from devices.errors import Busy, Gone, Timeout
from devices.events import CardSeen, NotPrinted, Printed, PrinterStatus, Scan
from devices.models import Setting
from devices.protocol import escpos
from devices.sim.pn532_chip import SimPn532
from devices.sim.printer import SimPrinter
from devices.sim.scanner import SimScanner
from devices.sim.wire import Wire, one_by_one
from devices.transport.serial import SerialTransport
from tests.devices.helpers import supervise
from tests.kiosk.until import until

KEY = bytes(range(32))
UID = bytes.fromhex("04a2b3c4d5e680")


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimScanner]:
    sim = SimScanner(tmp_path / "scanner")
    yield sim
    sim.close()


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimPn532]:
    sim = SimPn532(tmp_path / "reader")
    yield sim
    sim.close()


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[SimPrinter]:
    sim = SimPrinter(tmp_path / "printer")
    yield sim
    sim.close()


class TestScanner:
    def test_a_scan_becomes_an_event(self, scanner: SimScanner, tmp_path: Path) -> None:
        device, ear = supervise(Setting("scanner", "line-scanner", str(tmp_path / "scanner")))
        ear.state("ready")
        scanner.scan("9521234500015", aim="]E0")
        scan = ear.wait(Scan)
        assert scan == Scan("scanner", b"9521234500015", "9521234500015", "]E0", scan.at)
        device.stop()

    def test_unplugged_in_the_middle_of_a_code_and_back_again(
        self, scanner: SimScanner, tmp_path: Path
    ) -> None:
        device, ear = supervise(Setting("scanner", "line-scanner", str(tmp_path / "scanner")))
        for number in range(20):
            ear.state("ready")
            scanner.wire.send(b"HALF")
            scanner.wire.unplug()
            ear.state("absent")
            scanner.wire.plug()
            ear.state("ready")
            scanner.scan(f"WHOLE{number}")
            assert ear.wait(Scan).text == f"WHOLE{number}"
            scanner.wire.unplug()
            ear.state("absent")
            scanner.wire.plug()
        device.stop()

    def test_a_scanner_that_is_not_there_is_waited_for(self, tmp_path: Path) -> None:
        device, ear = supervise(Setting("scanner", "line-scanner", str(tmp_path / "later")))
        ear.state("absent")
        sim = SimScanner(tmp_path / "later")
        ear.state("ready")
        device.stop()
        sim.close()

    def test_an_unknown_model_fails_with_the_list_of_models(
        self, scanner: SimScanner, tmp_path: Path
    ) -> None:
        device, ear = supervise(Setting("scanner", "laser-9000", str(tmp_path / "scanner")))
        assert "pn532" in ear.state("failed").detail
        device.stop()

    def test_a_driver_that_fails_in_a_way_nobody_foresaw_is_told_and_tried_again(
        self, chip: SimPn532, tmp_path: Path
    ) -> None:
        before = len(list(Path("/proc/self/fd").iterdir()))
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), b"too short"))
        assert "16 bytes" in ear.state("failed").detail
        device.stop()
        assert device.state == "failed"
        assert len(list(Path("/proc/self/fd").iterdir())) == before, "the port is free"


class TestTheWire:
    def test_a_wake_up_that_comes_too_late_never_writes_into_another_file(
        self, scanner: SimScanner, tmp_path: Path
    ) -> None:
        wire = SerialTransport(str(tmp_path / "scanner"))
        wire.close()
        others = [os.pipe() for _ in range(8)]  # take the numbers that have become free
        wire.wake()
        wire.close()
        for out, into in others:
            os.set_blocking(out, False)
            with pytest.raises(BlockingIOError):
                os.read(out, 1)
            os.close(out)
            os.close(into)

    def test_a_job_for_a_printer_that_was_just_let_go_of_is_refused(
        self, printer: SimPrinter, tmp_path: Path
    ) -> None:
        driver = EscPosPrinter("printer", SerialTransport(str(tmp_path / "printer")))
        driver.start()
        assert driver.print("waits", [b"one"])
        assert driver.close() == [NotPrinted("printer", "waits", "lost")]
        assert not driver.print("late", [b"two"])


class TestReader:
    def test_a_tap_is_one_event_with_a_keyed_token(self, chip: SimPn532, tmp_path: Path) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        chip.tap(UID)
        first = ear.wait(CardSeen)
        assert len(first.token) == 32
        assert UID.hex() not in first.token
        device.arm(False)
        device.stop()
        assert [event for event in ear.heard if isinstance(event, CardSeen)] == [first]

    def test_nothing_is_read_while_it_is_not_armed(self, chip: SimPn532, tmp_path: Path) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        chip.tap(UID, polls=1, held_s=60)
        device.arm(True)
        ear.wait(CardSeen)  # only now: the one poll the card was there for was not used up before
        device.stop()

    def test_a_tap_nobody_waited_for_does_not_pay_later(self, chip: SimPn532, tmp_path: Path) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        chip.tap(UID, held_s=0)
        device.arm(True)
        until(lambda: chip.looks >= 2, "two looks")
        device.stop()
        assert not [event for event in ear.rest() if isinstance(event, CardSeen)]

    def test_a_card_left_on_the_reader_is_not_read_again_until_it_was_taken_away(
        self, chip: SimPn532, tmp_path: Path
    ) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        chip.tap(UID, polls=10_000, held_s=60)
        token = ear.wait(CardSeen).token
        device.arm(False)  # declined
        device.arm(True)  # "try again", and the card still lies there
        looks = chip.looks
        until(lambda: chip.looks >= looks + 5, "five looks")
        assert len([event for event in ear.rest() if isinstance(event, CardSeen)]) == 1
        device.arm(False)
        chip.tap(UID, held_s=0)  # taken away while nobody waits for a card
        gone = [
            0x4A,
            0x32,
            0x4A,
            0x4A,
            0x32,
            0x4A,
            0x32,
        ]  # two looks, each of them in a fresh field too; field off
        until(lambda: [code for code in chip.commands[-20:] if code][-7:] == gone, "the reader to notice")
        device.arm(True)
        chip.tap(UID, polls=10_000, held_s=60)
        assert ear.wait(CardSeen).token == token
        device.stop()

    def test_another_card_may_be_read_at_once(self, chip: SimPn532, tmp_path: Path) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        chip.tap(UID, polls=10_000, held_s=60)
        token = ear.wait(CardSeen).token
        device.arm(False)
        device.arm(True)
        chip.tap(UID[:4], polls=10_000, held_s=60)
        assert ear.wait(CardSeen).token != token
        device.stop()

    def test_a_line_that_gives_one_byte_at_a_time(self, chip: SimPn532, tmp_path: Path) -> None:
        chip.wire.faults = one_by_one
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        chip.tap(UID)
        ear.wait(CardSeen)
        device.stop()

    def test_a_line_that_damages_every_fifth_answer(self, chip: SimPn532, tmp_path: Path) -> None:
        sent = 0

        def damage(data: bytes) -> list[bytes]:
            nonlocal sent
            sent += 1
            if sent % 5:
                return [data]
            spoiled = bytearray(data)
            spoiled[-3] ^= 0x40
            return [bytes(spoiled)]

        chip.wire.faults = damage
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        chip.tap(UID, polls=50)
        token = ear.wait(CardSeen).token
        chip.tap(UID[:4], polls=50)
        assert ear.wait(CardSeen).token != token
        device.stop()

    def test_a_mute_port_is_failed_with_a_remedy(self, tmp_path: Path) -> None:
        wire = Wire(tmp_path / "mute", lambda data: b"")
        wire.plug()
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "mute"), KEY))
        assert "off and on" in ear.state("failed").remedy
        device.stop()
        wire.close()


class TestPrinter:
    RECEIPT = (escpos.INIT, escpos.CODE_PAGE_858 + escpos.text("Milk 1 l   1,19 €"), escpos.FEED_AND_CUT)

    def test_a_receipt_comes_out_whole(self, printer: SimPrinter, tmp_path: Path) -> None:
        device, ear = supervise(Setting("printer", "escpos", str(tmp_path / "printer")))
        ear.state("ready")
        device.print("R1", [*self.RECEIPT[:2], *escpos.raster(384, bytes(48 * 60)), self.RECEIPT[2]])
        assert ear.wait(Printed).job == "R1"
        device.stop()
        assert printer.receipts == ["Milk 1 l   1,19 €\n[picture 384 x 48 dots]\n[picture 384 x 12 dots]"]

    @pytest.mark.parametrize(("state", "reason"), [("paper-out", "no-paper"), ("cover-open", "cover-open")])
    def test_a_printer_that_cannot_says_why(
        self, printer: SimPrinter, tmp_path: Path, state: str, reason: str
    ) -> None:
        printer.state = state
        device, ear = supervise(Setting("printer", "escpos", str(tmp_path / "printer")))
        ear.state("ready")
        device.print("R1", self.RECEIPT)
        assert ear.wait(PrinterStatus).status == reason
        assert ear.wait(NotPrinted) == NotPrinted("printer", "R1", reason)
        printer.state = "ok"
        device.print("R2", self.RECEIPT)
        assert ear.wait(Printed).job == "R2"
        device.stop()
        assert len(printer.receipts) == 1

    def test_without_a_printer_a_job_fails_at_once(self, tmp_path: Path) -> None:
        device, ear = supervise(Setting("printer", "escpos", str(tmp_path / "none")))
        ear.state("absent")
        device.print("R1", self.RECEIPT)
        assert ear.wait(NotPrinted).reason == "offline"
        device.stop()


class TestSerialTransport:
    def test_a_port_that_is_not_there_is_gone(self, tmp_path: Path) -> None:
        with pytest.raises(Gone):
            SerialTransport(str(tmp_path / "nothing"))

    def test_a_port_somebody_holds_is_busy(self, scanner: SimScanner, tmp_path: Path) -> None:
        held = SerialTransport(str(tmp_path / "scanner"))
        with pytest.raises(Busy):
            SerialTransport(str(tmp_path / "scanner"))
        held.close()
        SerialTransport(str(tmp_path / "scanner")).close()

    def test_a_peer_that_does_not_read_is_a_timeout_that_says_how_much_went_out(self, tmp_path: Path) -> None:
        master, slave = os.openpty()
        port = SerialTransport(os.ttyname(slave))
        with pytest.raises(Timeout, match=r"\d+ of 1000000 bytes"):
            port.write(bytes(1_000_000), 0.05)
        port.close()
        os.close(master)
        os.close(slave)

    def test_an_unplug_ends_a_read_as_gone(self, scanner: SimScanner, tmp_path: Path) -> None:
        port = SerialTransport(str(tmp_path / "scanner"))
        scanner.wire.unplug()
        with pytest.raises(Gone):
            while True:
                port.read(1.0)
        port.close()
