"""A device's whole life: what fails, what hangs, what is lent, what is listened to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.drivers.base import merged
from devices.drivers.line_scanner import LineScanner
from devices.errors import Gone, Timeout
from devices.events import DeviceEvent, DeviceState, NotPrinted, Printed, PrinterStatus, Scan
from devices.finding.discovery import Place
from devices.finding.sysfs import Sysfs
from devices.models import Model, Setting, Usb
from devices.sim.libusb_bus import LibusbBus
from devices.sim.printer import SimPrinter
from devices.sim.scanner import SimScanner
from devices.sim.usb_bus import SimUsbBus
from devices.sim.usb_device import Endpoint, Interface, SimUsbDevice
from devices.supervision.manager import Manager
from devices.supervision.opening import Host
from devices.supervision.supervisor import Supervisor
from devices.trace import Line, Moved
from devices.transport.base import Transport
from devices.wires import Bulk, Serial
from tests.devices.finding.usb_tree import UsbTree
from tests.devices.helpers import Ear
from tests.kiosk.until import until


class Odd:
    """A driver that does what a test wants."""

    def __init__(self, wire: Transport) -> None:
        self.wire = wire

    def start(self) -> None:
        self.wire.read(0)

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        self.wire.read(timeout_s)
        return []

    def wake(self) -> None:
        self.wire.wake()

    def counters(self) -> dict[str, int]:
        return {"turned": 1}

    def close(self) -> list[DeviceEvent]:
        self.wire.close()
        return []


class Deaf(Odd):
    """Does not hear that it shall stop."""

    def wake(self) -> None:
        pass

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        while True:
            self.wire.read(60)


class Mute(Odd):
    """Never gets an answer."""

    def start(self) -> None:
        raise Timeout("odd: no answer")


SERIAL = Serial()


def host(kind: type[Odd], wire: Serial | Bulk = SERIAL, *match: Usb, **other: object) -> Host:
    model = Model("odd", "scanner", "Odd", wire, lambda setting, wire: kind(wire), match)
    return Host(models={"odd": model}, **other)  # type: ignore[arg-type]


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimScanner]:
    sim = SimScanner(tmp_path / "scanner")
    yield sim
    sim.close()


def test_a_driver_that_hangs_does_not_hang_the_stop(scanner: SimScanner, tmp_path: Path) -> None:
    ear = Ear()
    device = Supervisor(Setting("odd", "odd", str(tmp_path / "scanner")), ear, host(Deaf))
    device.start()
    ear.state("ready")
    device.stopping()
    assert device.join(0.05), "its wire was taken from it, so it ended"


class Vanishing(Odd):
    """Pulled while it is being woken, the first time."""

    times = 0

    def start(self) -> None:
        Vanishing.times += 1
        if Vanishing.times == 1:
            raise Gone("odd: pulled")


def test_pulled_while_it_opens_is_absent_and_not_failed(scanner: SimScanner, tmp_path: Path) -> None:
    ear = Ear()
    device = Supervisor(Setting("odd", "odd", str(tmp_path / "scanner")), ear, host(Vanishing))
    device.start()
    ear.state("ready")
    assert device.stop()
    assert [event.state for event in ear.heard if isinstance(event, DeviceState)] == [
        "opening",
        "absent",
        "ready",
    ]
    assert device.counters()["failed"] == 0


def test_a_device_is_found_by_its_numbers_whatever_its_node(scanner: SimScanner, tmp_path: Path) -> None:
    tree = UsbTree(tmp_path / "usb")
    bus = Sysfs(tree.sys, tree.dev)
    ear = Ear()
    device = Supervisor(Setting("odd", "odd", "auto"), ear, host(Odd, Serial(), Usb(1, 2), bus=bus))
    device.start()
    ear.state("absent")
    [node] = tree.plug("1-1.3", 1, 2, interfaces=("02 tty",))
    Path(node).unlink()
    Path(node).symlink_to((tmp_path / "scanner").resolve())
    ear.state("ready")
    report = device.report()
    assert (report.place, report.state, report.counters["turned"]) == (f"{node} slot:1-1.3", "ready", 1)
    other = tree.plug("1-2", 1, 2, interfaces=("02 tty",))
    assert device.stop()
    again = Supervisor(Setting("odd", "odd", "auto"), ear, host(Odd, Serial(), Usb(1, 2), bus=bus))
    again.start()
    failed = ear.state("failed")
    assert failed.detail == "odd: auto may be any of slot:1-1.3, slot:1-2"
    assert 'port = "slot:1-1.3"' in failed.remedy
    assert again.stop()
    assert other


class Resettable(SimUsbDevice):
    resets = 0

    def on_reset(self) -> None:
        Resettable.resets += 1


def test_a_mute_device_on_usb_is_reset_and_then_reported() -> None:
    bus = SimUsbBus()
    bus.plug(Resettable(1, 2, [Interface(0, 0xFF, (Endpoint(0x81), Endpoint(0x02)))]), "1-4")
    ear = Ear()
    world = host(Mute, Bulk(0xFF), Usb(1, 2), bus=LibusbBus(bus), backend=bus)
    device = Supervisor(Setting("odd", "odd", "auto"), ear, world)
    device.start()
    assert "off and on" in ear.state("failed").remedy
    until(lambda: Resettable.resets == 1, "a reset")
    until(lambda: device.counters()["failed"] > 3, "a try after it")
    report = device.report()
    assert (report.error, report.counters["resets"], report.place) == ("odd: no answer", 1, "slot:1-4")
    assert device.stop()
    bus.close()


@pytest.mark.parametrize("serial", ["S1", "S1   ", "S1\0\0\0"])
def test_a_serial_number_is_the_same_to_the_kernel_and_to_libusb(serial: str, tmp_path: Path) -> None:
    tree = UsbTree(tmp_path / "usb")
    tree.plug("1-4", 1, 2, serial.partition("\0")[0], interfaces=("ff",))
    bus = SimUsbBus()
    ends = (Endpoint(0x81), Endpoint(0x02))
    bus.plug(SimUsbDevice(1, 2, [Interface(0, 0xFF, ends)], serial=serial), "1-4")
    ear = Ear()
    world = host(Odd, Bulk(0xFF), Usb(1, 2), bus=Sysfs(tree.sys, tree.dev), backend=bus)
    device = Supervisor(Setting("odd", "odd", "usb:0001:0002:S1"), ear, world)
    device.start()
    ear.state("ready")
    assert device.stop()
    bus.close()


def test_a_device_that_is_not_there_cannot_be_reset() -> None:
    from devices.supervision.opening import reset_usb

    assert not reset_usb(Place("/dev/ttyS0"))
    assert not reset_usb(Place(vid=1, pid=2), SimUsbBus())


class TestTheManager:
    @pytest.fixture
    def bench(
        self, tmp_path: Path, scanner: SimScanner
    ) -> Iterator[tuple[Manager, Ear, SimScanner, SimPrinter]]:
        printer = SimPrinter(tmp_path / "printer")
        ear = Ear()
        manager = Manager(
            [
                Setting("scanner", "line-scanner", str(tmp_path / "scanner")),
                Setting("printer", "escpos", str(tmp_path / "printer")),
            ],
            ear,
        )
        manager.start()
        until(lambda: set(manager.states().values()) == {"ready"}, "both to be ready")
        yield manager, ear, scanner, printer
        assert manager.stop()
        printer.close()

    def test_a_snapshot_tells_all(self, bench: tuple[Manager, Ear, SimScanner, SimPrinter]) -> None:
        manager, ear, scanner, _ = bench
        scanner.scan("1")
        ear.wait(Scan)
        first, second = manager.snapshot()
        assert (first.name, first.kind, first.state, first.error, first.lent) == (
            "scanner",
            "scanner",
            "ready",
            "",
            False,
        )
        assert (first.counters["opened"], first.counters["events"], first.counters["bytes-in"]) == (1, 1, 3)
        assert first.heard_s is not None
        assert first.heard_s <= first.since_s
        assert (second.name, second.model) == ("printer", "escpos")
        scanner.wire.unplug()
        until(lambda: manager.states()["scanner"] == "absent", "the unplug")
        first = manager.snapshot()[0]
        assert "Plug it in" in first.remedy
        assert first.counters["bytes-in"] == 3, "what was counted stays counted"

    def test_a_device_that_is_lent_is_heard_by_the_borrower_alone(
        self, bench: tuple[Manager, Ear, SimScanner, SimPrinter]
    ) -> None:
        manager, ear, scanner, _ = bench
        borrower = Ear()
        device = manager.devices["scanner"]
        loan = device.lend(borrower)
        assert loan is not None
        assert ear.state("absent").detail == "lent"
        assert device.lend(borrower) is None, "once is enough"
        scanner.scan("test")
        assert borrower.wait(Scan).text == "test"
        assert not loan.trigger(True), "a plain scanner has none"
        scanner.wire.unplug()
        borrower.state("absent")
        scanner.wire.plug()
        borrower.state("ready")
        loan.end()
        loan.end()
        ear.state("ready")
        scanner.scan("sold")
        assert ear.wait(Scan).text == "sold"
        assert not loan.signal(True)
        assert not [one for one in ear.rest() if isinstance(one, Scan) and one.text == "test"]

    def test_a_printer_that_is_lent_prints_for_the_borrower_and_tells_the_kiosk_no(
        self, bench: tuple[Manager, Ear, SimScanner, SimPrinter]
    ) -> None:
        manager, ear, _, printer = bench
        borrower = Ear()
        device = manager.devices["printer"]
        loan = device.lend(borrower)
        assert loan is not None
        assert loan.print("test", [b"hello\n", b"\x1dV\x00"])
        assert borrower.wait(Printed).job == "test"
        device.print("R1", [b"x"])
        assert ear.wait(NotPrinted) == NotPrinted("printer", "R1", "offline")
        printer.state = "paper-out"
        borrower.wait(PrinterStatus, lambda event: event.status == "no-paper")
        loan.end()
        assert ear.wait(PrinterStatus).status == "no-paper", "the kiosk hears what it has missed"
        assert not loan.print("late", [b"x"])
        assert printer.receipts == ["hello"]

    def test_a_device_is_listened_to_while_it_works_and_after_a_replug(
        self, bench: tuple[Manager, Ear, SimScanner, SimPrinter]
    ) -> None:
        manager, ear, scanner, _ = bench
        lines: list[Line] = []
        heard = threading.Event()

        def sink(line: Line) -> None:
            lines.append(line)
            heard.set()

        manager.devices["scanner"].listen(sink)
        scanner.wire.unplug()
        ear.state("absent")
        scanner.wire.plug()
        ear.wait(DeviceState, lambda event: event.device == "scanner" and event.state == "ready")
        scanner.scan("42")
        ear.wait(Scan)
        manager.devices["scanner"].listen(None)
        scanner.scan("43")
        ear.wait(Scan)
        assert b"".join(line.data for line in lines if isinstance(line, Moved)) == b"42\r\n"


def test_a_readers_bytes_are_withheld_unless_they_are_asked_for(scanner: SimScanner, tmp_path: Path) -> None:
    model = Model("odd", "reader", "Odd", Serial(), lambda setting, wire: Odd(wire))
    ear = Ear()
    device = Supervisor(Setting("reader", "odd", str(tmp_path / "scanner")), ear, Host(models={"odd": model}))
    device.start()
    ear.state("ready")
    lines: list[Line] = []
    device.listen(lines.append)
    scanner.wire.send(b"\x04\xa2")
    until(lambda: bool(lines))
    device.listen(lines.append, card_numbers=True)
    scanner.wire.send(b"\x04\xa3")
    until(lambda: len(lines) > 1)
    assert device.stop()
    assert [(line.data, line.withheld) for line in lines if isinstance(line, Moved)] == [
        (b"", 2),
        (b"\x04\xa3", 0),
    ]


def test_a_line_scanner_needs_no_declaration_of_ours(scanner: SimScanner, tmp_path: Path) -> None:
    model = Model("theirs", "scanner", "Theirs", Serial(9600, "E"), lambda s, wire: LineScanner(s.name, wire))
    ear = Ear()
    device = Supervisor(
        Setting("s", "theirs", str(tmp_path / "scanner")), ear, Host(models={"theirs": model})
    )
    device.start()
    ear.state("ready")
    scanner.scan("1")
    assert ear.wait(Scan).text == "1"
    assert device.stop()


class Unsound(Odd):
    """Has a fault of our own in it."""

    def start(self) -> None:
        raise RuntimeError("odd: a fault of ours")


def test_what_has_failed_for_long_has_failed_for_long_and_not_since_it_was_last_tried(
    scanner: SimScanner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear()
    device = Supervisor(Setting("odd", "odd", str(tmp_path / "scanner")), ear, host(Unsound))
    device.start()
    ear.state("failed")
    until(lambda: device.counters()["failed"] == 2, "a second try")
    since_s = device.report().since_s
    until(lambda: device.counters()["failed"] == 4, "more tries")
    assert device.report().since_s > since_s
    assert device.report().state == "failed", "while it is tried, too"
    assert device.stop()
    assert [one for one in ear.rest() if isinstance(one, DeviceState)][-1].state == "failed"
    assert len([one for one in caplog.records if one.exc_info]) == 1, "a traceback every 2 s fills a disk"


@pytest.mark.parametrize("path", ["file/scanner", "loop", "x" * 300])
def test_a_path_that_cannot_be_looked_at_fails_and_is_looked_at_again(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    ear = Ear()
    device = Supervisor(Setting("odd", "odd", str(tmp_path / path)), ear, host(Odd))
    device.start()
    ear.state("absent" if path.startswith("file") else "failed")
    assert device.stop()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_that_may_not_be_entered_is_no_unplug(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    ear = Ear()
    device = Supervisor(Setting("odd", "odd", str(tmp_path / "closed/scanner")), ear, host(Odd))
    device.start()
    assert "groups" in ear.state("failed").remedy
    assert device.stop()


class Slow(Odd):
    """Its counters take long for whoever gives it back."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def counters(self) -> dict[str, int]:
        if threading.current_thread() is threading.main_thread():
            Slow.meanwhile()
        return {}


def test_what_the_kiosk_is_told_last_of_a_device_that_comes_back_is_true(
    scanner: SimScanner, tmp_path: Path
) -> None:
    ear, told = Ear(), threading.Event()

    def hear(event: DeviceEvent) -> None:
        ear(event)
        if isinstance(event, DeviceState) and event.state == "absent" and event.detail != "lent":
            told.set()

    device = Supervisor(Setting("odd", "odd", str(tmp_path / "scanner")), hear, host(Slow))
    device.start()
    ear.state("ready")
    loan = device.lend(Ear())
    assert loan is not None

    def unplug() -> None:
        Slow.meanwhile = staticmethod(lambda: None)
        scanner.wire.unplug()
        told.wait(
            0.5
        )  # the kiosk hears of it before it hears that the device is back, or after, and not both ways round

    Slow.meanwhile = staticmethod(unplug)
    loan.end()
    until(lambda: device.state == "absent", "the unplug")
    assert device.stop()
    states = [one.state for one in ear.rest() if isinstance(one, DeviceState)]
    assert states[-1] == "absent", states


def test_counters_may_be_read_while_they_grow() -> None:
    growing: dict[str, int] = {}
    stop = threading.Event()

    def grow() -> None:
        while not stop.is_set():
            growing[str(len(growing))] = 1
            if len(growing) > 500:
                growing.clear()

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        for _ in range(2000):
            merged(growing, {"other": 1})
    finally:
        stop.set()
        thread.join()


class Reader(Odd):
    """It is armed slowly the first time."""

    armed: list[bool]
    meanwhile: Callable[[], None]

    def arm(self, on: bool) -> None:
        if not Reader.armed:
            Reader.armed.append(on)
            Reader.meanwhile()
            Reader.armed.pop(0)
        Reader.armed.append(on)


def test_a_reader_that_is_armed_while_it_comes_back_is_armed(scanner: SimScanner, tmp_path: Path) -> None:
    Reader.armed, wanted, done = [], threading.Event(), threading.Event()

    def meanwhile() -> None:
        wanted.set()
        done.wait(0.5)  # for whoever arms it: before this is over, or after, and then it stays armed

    Reader.meanwhile = staticmethod(meanwhile)
    device = Supervisor(Setting("odd", "odd", str(tmp_path / "scanner")), Ear(), host(Reader))
    device.start()
    assert wanted.wait(60)
    device.arm(True)
    done.set()
    until(lambda: device.state == "ready")
    assert Reader.armed[-1]
    assert device.stop()


def test_whoever_looks_on_and_fails_costs_the_kiosk_no_event(scanner: SimScanner, tmp_path: Path) -> None:
    ear = Ear()
    manager = Manager([Setting("scanner", "line-scanner", str(tmp_path / "scanner"))], ear)

    def fails(event: DeviceEvent) -> None:
        raise RuntimeError("a tool's fault")

    end = manager.watch(fails)
    manager.start()
    ear.state("ready")
    scanner.scan("42")
    assert ear.wait(Scan).text == "42"
    end()
    assert manager.stop()
