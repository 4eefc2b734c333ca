"""Each family's scanner on a real (pseudo-)terminal: told to read and to beep, on good and on bad lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.base import CanSignal, CanTrigger
from devices.drivers.line_scanner import CommandedScanner, LineScanner
from devices.drivers.ssi_scanner import NotSsi, SsiScanner
from devices.errors import Timeout
from devices.events import DeviceEvent, Scan
from devices.models import Setting
from devices.protocol.gm65 import Gm65
from devices.registry import model
from devices.sim import faults
from devices.sim.scanner import SetUp, SimScanner
from devices.sim.ssi import SimSsi
from devices.transport.serial import SerialTransport
from tests.devices.helpers import supervise
from tests.kiosk.until import until

MODELS = {
    "honeywell": "honeywell",
    "newland": "newland",
    "gm65": "gm65",
    "datalogic-gryphon": "datalogic",
    "datalogic-magellan": "datalogic",
    "cipherlab-1664": "cipherlab",
    "de2120": "de2120",
}


def drive(name: str, port: Path) -> CommandedScanner:
    declared = model(name)
    driver = declared.drive(Setting("scanner", name, str(port)), SerialTransport(str(port)))
    assert isinstance(driver, CommandedScanner)
    driver.start()
    return driver


def turn(driver: LineScanner | SsiScanner, *, until_true: object = None) -> list[Scan]:
    """Turn until there is a scan, or until something holds."""
    found: list[DeviceEvent] = []

    def done() -> bool:
        found.extend(driver.turn(0.05))
        return bool(until_true()) if callable(until_true) else bool(found)

    until(done, "a scan")
    return [event for event in found if isinstance(event, Scan)]


@pytest.mark.parametrize("name", MODELS)
class TestCommanded:
    def test_it_reads_when_it_is_told_to(self, name: str, tmp_path: Path) -> None:
        sim = SimScanner(tmp_path / "s", MODELS[name], SetUp(host_trigger=True))
        driver = drive(name, tmp_path / "s")
        assert isinstance(driver, CanTrigger)
        assert isinstance(driver, CanSignal)
        assert not sim.scan("4006381333931")
        driver.trigger(True)
        turn(driver, until_true=lambda: sim.head.reading)
        assert sim.scan("4006381333931", "]E0")
        (scan,) = turn(driver)
        assert (scan.text, scan.aim) == ("4006381333931", "]E0")
        driver.trigger(True)
        driver.trigger(False)
        turn(
            driver, until_true=lambda: driver._parser.stray == 0 and not driver._out and not sim.head.reading
        )
        driver.close()
        sim.close()

    def test_answers_among_codes_on_a_line_byte_by_byte(self, name: str, tmp_path: Path) -> None:
        sim = SimScanner(tmp_path / "s", MODELS[name], faults=faults.one_by_one)
        driver = drive(name, tmp_path / "s")
        texts = []
        for number in range(5):
            driver.trigger(True)
            sim.scan(f"]Q1code {number}")
            texts += [scan.text for scan in turn(driver)]
        assert texts == [f"code {number}" for number in range(5)]
        driver.close()
        sim.close()

    def test_a_scanner_that_takes_no_commands_any_more_is_given_up(self, name: str, tmp_path: Path) -> None:
        sim = SimScanner(tmp_path / "s", MODELS[name])
        driver = drive(name, tmp_path / "s")
        sim.wire.half_open = True
        with pytest.raises(Timeout):
            driver._transport.write(bytes(100_000), 0.05)  # fill its buffer
        driver.signal(True)
        driver.trigger(True)
        with pytest.raises(Timeout):
            driver.turn(1.0)
        driver.close()
        sim.close()


def test_beeps(tmp_path: Path) -> None:
    for name in ("honeywell", "datalogic-magellan", "cipherlab-1664"):
        sim = SimScanner(tmp_path / "s", MODELS[name])
        driver = drive(name, tmp_path / "s")
        driver.signal(True)
        turn(driver, until_true=lambda sim=sim: sim.head.beeps == ["good"])
        driver.close()
        sim.close()


class Clock:
    """Time that passes when nothing comes."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class DeafWire:
    """A transport whose far end answers some writes and whose silence takes no time."""

    def __init__(self, clock: Clock, answers: list[bytes]) -> None:
        self.clock, self.answers, self._waiting = clock, answers, b""
        self.sent: list[bytes] = []

    def read(self, timeout_s: float) -> bytes:
        data, self._waiting = self._waiting, b""
        if not data:
            self.clock.now += timeout_s
        return data

    def write(self, data: bytes, deadline_s: float) -> None:
        self.sent.append(data)
        self._waiting += self.answers.pop(0) if self.answers else b""

    def wake(self) -> None:
        pass

    def close(self) -> None:
        pass


class TestHeartbeat:
    BEAT = bytes.fromhex("03000001003331")

    def test_one_that_has_answered_and_stops_is_given_up(self) -> None:
        clock = Clock()
        wire = DeafWire(clock, [self.BEAT] * 3)
        driver = CommandedScanner("scanner", wire, Gm65(), clock=clock)
        with pytest.raises(Timeout, match="heartbeats"):
            for _ in range(200):
                driver.turn(5.0)
        assert len(wire.sent) == 5, "three answered, two in vain"
        assert clock.now < 160

    def test_one_that_never_answers_is_left_in_peace(self) -> None:
        clock = Clock()
        wire = DeafWire(clock, [])
        driver = CommandedScanner("scanner", wire, Gm65(), clock=clock)
        for _ in range(50):
            assert driver.turn(5.0) == []
        assert driver.counters()["unanswered"] == len(wire.sent) > 5


@pytest.fixture
def decoder(tmp_path: Path) -> Iterator[SimSsi]:
    sim = SimSsi(tmp_path / "ssi", response_s=0.2)
    yield sim
    sim.close()


def ssi_driver(port: Path, *, host_trigger: bool = False) -> SsiScanner:
    driver = SsiScanner("scanner", SerialTransport(str(port)), host_trigger=host_trigger)
    driver.start()
    return driver


class TestSsi:
    LONG = ("https://example.com/01/09506000134352?" + "x" * 700).encode()

    def test_start_learns_who_it_is(self, decoder: SimSsi, tmp_path: Path) -> None:
        driver = ssi_driver(tmp_path / "ssi")
        assert driver.revision.startswith(b"PAAAAS00")
        assert decoder.parameters == {0xEE: 1}
        driver.close()

    def test_a_scanner_of_another_mind_is_told_apart(self) -> None:
        clock = Clock()
        wire = DeafWire(clock, [])
        with pytest.raises(NotSsi) as caught:
            SsiScanner("scanner", wire, clock=clock).start()
        assert "SSI Host" in caught.value.remedy
        assert len(wire.sent) == 3

    def test_codes_short_and_long(self, decoder: SimSsi, tmp_path: Path) -> None:
        driver = ssi_driver(tmp_path / "ssi")
        decoder.scan(b"4006381333931", 0x0B)
        decoder.scan(self.LONG)
        scans = turn(driver)
        while len(scans) < 2:
            scans += turn(driver)
        assert [(scan.data, scan.aim) for scan in scans] == [(b"4006381333931", "]E0"), (self.LONG, "]Q1")]
        driver.close()
        assert decoder.given_up == 0

    def test_trigger_and_beep(self, decoder: SimSsi, tmp_path: Path) -> None:
        driver = ssi_driver(tmp_path / "ssi", host_trigger=True)
        assert isinstance(driver, CanTrigger)
        assert isinstance(driver, CanSignal)
        assert not decoder.scan(b"x")
        driver.trigger(True)
        driver.signal(False)
        turn(driver, until_true=lambda: decoder.head.reading and decoder.head.beeps == ["bad"])
        driver.trigger(False)
        turn(driver, until_true=lambda: not decoder.head.reading)
        driver.close()

    @pytest.mark.parametrize("bad", ["damaged", "lossy", "noise"])
    def test_a_bad_line_loses_nothing_and_doubles_nothing(
        self, decoder: SimSsi, tmp_path: Path, bad: str
    ) -> None:
        driver = ssi_driver(tmp_path / "ssi")
        fault = {"damaged": faults.damaged(1), "lossy": faults.lossy(1), "noise": faults.noise(6, 1)}[bad]
        decoder.wire.faults = faults.together(faults.every(4, fault), faults.ragged(9, 2))
        wanted = [f"code {number}".encode() for number in range(25)]
        got: list[bytes] = []
        for code in wanted:
            decoder.scan(code)
            got += [scan.data for scan in turn(driver)]
        driver.close()
        assert decoder.given_up == 0
        assert got == wanted

    def test_acknowledgements_that_are_lost_double_nothing(self, decoder: SimSsi, tmp_path: Path) -> None:
        driver = ssi_driver(tmp_path / "ssi")
        decoder.deaf_to_acks = 2
        decoder.scan(b"once")
        turn(driver, until_true=lambda: decoder.deaf_to_acks == 0)
        decoder.scan(b"next")
        scans = turn(driver)
        driver.close()
        assert [scan.data for scan in scans] == [b"next"]
        assert driver.counters()["repeated"] == 2
        assert driver.counters()["scans"] == 2

    def test_unplugged_in_the_middle_of_a_long_code(self, decoder: SimSsi, tmp_path: Path) -> None:
        device, ear = supervise(Setting("scanner", "zebra-ssi", str(tmp_path / "ssi")))
        for number in range(5):
            ear.state("ready")
            decoder.wire.faults = faults.unplug_after(300)
            decoder.scan(self.LONG)
            ear.state("absent")
            decoder.wire.faults = faults.whole
            decoder.plug()
            ear.state("ready")
            decoder.scan(f"whole {number}".encode())
            assert ear.wait(Scan).text == f"whole {number}"
            decoder.wire.unplug()
            ear.state("absent")
            decoder.plug()
        device.stop()
