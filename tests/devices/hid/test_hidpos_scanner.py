"""A HID-POS scanner on a simulated USB bus: found, opened, driven, pulled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.drivers.hidpos_scanner import HidPosScanner
from devices.errors import Gone, ProtocolError
from devices.events import Scan
from devices.models import Setting
from devices.protocol.commands import Honeywell
from devices.protocol.hidpos_layout import HONEYWELL, NEWLAND, Channel
from devices.registry import models
from devices.sim import hidpos as sim
from devices.sim.hidpos import SimHidPos, reports_of
from devices.sim.libusb_bus import LibusbBus
from devices.sim.usb_bus import SimUsbBus
from devices.sim.usb_device import Stall
from devices.supervision.opening import Host
from devices.supervision.supervisor import Supervisor
from devices.transport.memory import MemoryTransport, memory_pair
from devices.transport.usb import UsbHidTransport, UsbPlace
from devices.wires import Hid
from tests.devices.helpers import Ear
from tests.devices.hid.hid_data import REPORTS, descriptor
from tests.kiosk.until import until

TRACES = Path(__file__).parents[2] / "data" / "scanners"
LONG = "https://example.com/01/09521234500015?" + "x" * 200
HIDDEN = bytes.fromhex("06 00 FF 09 01 A1 01 85 02 75 08 95 3F 09 01 81 02 C0")


@pytest.fixture
def bus() -> Iterator[SimUsbBus]:
    bus = SimUsbBus()
    yield bus
    bus.close()


def supervised(bus: SimUsbBus, model: str = "hidpos", port: str = "auto") -> tuple[Supervisor, Ear]:
    ear = Ear()
    device = Supervisor(Setting("scanner", model, port), ear, Host(LibusbBus(bus), bus))
    device.start()
    return device, ear


class TestOnTheBus:
    @pytest.mark.parametrize("port", ["auto", "usb:0c2e:0b61", "usb:0c2e:0b61:SIM0001", "slot:1-1"])
    def test_it_is_found_and_what_it_scans_is_an_event(self, bus: SimUsbBus, port: str) -> None:
        scanner = SimHidPos(bus)
        device, ear = supervised(bus, port=port)
        ear.state("absent")
        scanner.plug_in()
        ear.state("ready")
        assert scanner.redirected
        scanner.scan("9521234500015", "]E0")
        scanner.scan(LONG, "]Q1")
        short, long = ear.wait(Scan), ear.wait(Scan)
        assert (short.data, short.text, short.aim) == (b"9521234500015", "9521234500015", "]E0")
        assert (long.text, long.aim) == (LONG, "]Q1")
        device.stop()

    def test_pulled_in_the_middle_of_a_code_and_back_again(self, bus: SimUsbBus) -> None:
        scanner = SimHidPos(bus)
        scanner.plug_in()
        device, ear = supervised(bus, "honeywell-hidpos")
        for number in range(4):
            ear.state("ready")
            scanner.fault = sim.unplugged_in_the_middle
            scanner.scan(f"half {number} {LONG}", "]Q1")
            scanner.plug_in()
            ear.state("ready")
            scanner.fault = sim.whole
            scanner.scan(f"whole {number} {LONG}", "]Q1")
            assert ear.wait(Scan).text == f"whole {number} {LONG}"
            scanner.pull()
            scanner.plug_in()
        device.stop()
        assert len([one for one in ear.rest() if isinstance(one, Scan)]) == 4

    def test_pulled_a_hundred_times_nothing_is_lost_glued_doubled_or_left_open(self, bus: SimUsbBus) -> None:
        scanner = SimHidPos(bus)
        scanner.plug_in()
        expected = [f"whole {number} {LONG}" for number in range(100)]
        found: list[str] = []
        for text in expected:
            driver = HidPosScanner("s", UsbHidTransport(UsbPlace(scanner.vid, scanner.pid), bus))
            driver.start()
            scanner.fault = sim.whole
            scanner.scan(text, "]Q1")
            scanner.scan("9521234500015", "]E0")
            whole = len(found) + 2
            while len(found) < whole:
                found += [one.text for one in driver.turn(1.0) if isinstance(one, Scan)]
            scanner.fault = sim.unplugged_in_the_middle
            scanner.scan(f"half {text}", "]Q1")
            with pytest.raises(Gone):
                while True:
                    found += [one.text for one in driver.turn(1.0) if isinstance(one, Scan)]
            driver.close()
            scanner.plug_in()
        assert found == [one for text in expected for one in (text, "9521234500015")]

    def test_trigger_and_beeps_by_its_own_reports(self, bus: SimUsbBus) -> None:
        scanner = SimHidPos(bus)
        scanner.plug_in()
        device, ear = supervised(bus)
        ear.state("ready")
        driver = device.driver
        assert isinstance(driver, HidPosScanner)
        driver.trigger(False)
        until(lambda: not scanner.reading, "it to cease")
        driver.trigger(True)
        driver.signal(True)
        driver.signal(False)
        until(lambda: scanner.beeps == ["good", "error"], "two beeps")
        assert scanner.reading
        device.stop()

    def test_reports_too_long_are_lost_and_the_code_behind_them_read(self, bus: SimUsbBus) -> None:
        scanner = SimHidPos(bus)
        scanner.plug_in()
        device, ear = supervised(bus)
        ear.state("ready")
        scanner.fault = sim.overlong
        scanner.scan("after")
        assert ear.wait(Scan).text == "after"
        device.stop()

    def test_a_keyboard_is_told_to_be_one(self, bus: SimUsbBus) -> None:
        SimHidPos(bus, descriptor=descriptor("keyboard")).plug_in()
        device, ear = supervised(bus, port="usb:0c2e:0b61")
        assert "set up as a keyboard" in ear.state("failed").detail
        device.stop()

    def test_one_that_does_not_know_its_own_feature_report_still_scans(self, bus: SimUsbBus) -> None:
        class Refusing(SimHidPos):
            def on_control(
                self, request_type: int, request: int, value: int, index: int, data: bytes
            ) -> bytes:
                raise Stall

        scanner = Refusing(bus)
        scanner.plug_in()
        device, ear = supervised(bus)
        ear.state("ready")
        scanner.scan("9521234500015", "]E0")
        assert ear.wait(Scan).text == "9521234500015"
        device.stop()


class Bench:
    """A driver on a wire in memory, with a clock that only moves by hand."""

    def __init__(self, described: bytes = sim.DESCRIPTOR, **more: object) -> None:
        ours, self.scanner = memory_pair(described)
        self.now = 1000.0
        self.driver = HidPosScanner("s", ours, clock=lambda: self.now, **more)  # type: ignore[arg-type]
        self.wire: MemoryTransport = ours
        self.driver.start()

    def turn(self) -> list[tuple[str, str]]:
        """What one turn brings, where nothing more is to come."""
        return [(one.text, one.aim) for one in self.driver.turn(0.0) if isinstance(one, Scan)]

    def send(self, *reports: bytes) -> list[tuple[str, str]]:
        """What reports bring that come at once."""
        found = []
        for one in reports:
            self.scanner.write(one, 1.0)
            found += self.turn()
        return found

    def silence(self) -> list[tuple[str, str]]:
        """What a second without a report brings."""
        self.now += 1.0
        return self.turn()

    def close(self) -> dict[str, int]:
        self.driver.close()
        self.scanner.close()
        return self.driver.counters()


class TestFaults:
    """What a scanner may do wrong, and what comes of it. `next` is always read."""

    @pytest.mark.parametrize(
        ("fault", "length", "expected"),
        [
            (sim.whole, 300, ["x" * 300]),
            (sim.never_ending, 56, ["x" * 56]),  # the firmware of JieLi's SDK
            (sim.never_ending, 100, ["x" * 100]),
            (sim.last_lost, 10, []),
            (sim.last_lost, 57, ["x" * 56]),  # not to be told from never_ending
            (sim.miscounted, 10, ["x" * 10]),
            (sim.overlong, 10, ["x" * 10]),
            (
                sim.doubled,
                10,
                ["x" * 10] * 2,
            ),  # USB's own data toggle rules it out; a person may scan a thing twice
        ],
    )
    def test_of_reports(self, fault: sim.ReportFault, length: int, expected: list[str]) -> None:
        bench = Bench()
        reports = [one for one in fault(reports_of("x" * length, "]Q1")) if isinstance(one, bytes)]
        found = bench.send(*reports) + bench.silence()
        assert found == [(text, "]Q1") for text in expected]
        assert bench.send(*reports_of("next", "]E0")) == [("next", "]E0")]
        bench.close()

    def test_unplugged_in_the_middle(self) -> None:
        bench = Bench()
        *first, _ = reports_of(LONG)
        assert bench.send(*first) == []
        bench.close()


class TestCommands:
    def test_an_answer_is_counted_and_is_no_scan(self) -> None:
        bench = Bench(commands=Honeywell())
        bench.driver.ask(b"\x16M\rREVINF.")
        recorded = [bytes.fromhex(one) for one in REPORTS["honeywell_voyager1602g_REVINF"]["reports"]]
        assert bench.turn() == []
        assert bench.scanner.read(1.0) == b"\xfe\x01"
        assert bench.scanner.read(1.0)[:12] == b"\xfd\x0a\x16M\rREVINF."
        assert bench.send(*recorded) == []
        assert bench.send(*reports_of("other", "]X0")) == [("other", "]X0")], "nothing is awaited any more"
        assert bench.close()["answers"] == 2

    def test_a_scan_of_another_kind_is_one_while_an_answer_is_awaited(self) -> None:
        bench = Bench(commands=Honeywell())
        bench.driver.ask(b"\x16M\rREVINF.")
        assert bench.send(*reports_of("9521234500015", "]E0")) == [("9521234500015", "]E0")]
        bench.close()

    @pytest.mark.parametrize(
        ("act", "command"),
        [
            (lambda driver: driver.trigger(True), b"\x16T\r"),
            (lambda driver: driver.trigger(False), b"\x16U\r"),
            (lambda driver: driver.signal(True), b"\x16\x07\r"),
        ],
    )
    def test_without_buttons_the_familys_commands_are_sent(
        self, act: Callable[[HidPosScanner], None], command: bytes
    ) -> None:
        bench = Bench(HIDDEN, fallback=[HONEYWELL], channel=Channel(0xFD), commands=Honeywell())
        act(bench.driver)
        assert bench.turn() == []
        assert bench.scanner.read(1.0)[: 2 + len(command)] == bytes([0xFD, len(command)]) + command
        bench.close()

    def test_what_it_cannot_be_told_is_not_sent(self) -> None:
        bench = Bench(HIDDEN, fallback=[NEWLAND])
        bench.driver.trigger(True)
        bench.driver.signal(False)
        assert bench.send(*reports_of("1234", layout=NEWLAND)) == [("1234", "")]
        assert bench.scanner.read(0.0) == b""
        bench.close()

    def test_a_scanner_that_takes_no_report_still_scans(self, bus: SimUsbBus) -> None:
        scanner = SimHidPos(bus)
        scanner.plug_in()
        device, ear = supervised(bus)
        ear.state("ready")
        driver = device.driver
        assert isinstance(driver, HidPosScanner)
        scanner.halted.add(SimHidPos.OUT)
        driver.signal(True)
        until(lambda: driver.counters()["refused"] == 1, "the stall")
        scanner.scan("still")
        assert ear.wait(Scan).text == "still"
        device.stop()


def test_no_scanner_is_refused_before_it_is_driven() -> None:
    ours, theirs = memory_pair(descriptor("keyboard"))
    with pytest.raises(ProtocolError, match="set up as a keyboard"):
        HidPosScanner("s", ours)
    ours.close()
    theirs.close()


def test_every_hidpos_model_has_a_file_of_recorded_bytes() -> None:
    """tests/devices/scanners replays it."""
    ours = [name for name, each in models().items() if isinstance(each.wire, Hid)]
    missing = [name for name in ours if not (TRACES / f"{name}.trace").exists()]
    assert ours
    assert not missing
