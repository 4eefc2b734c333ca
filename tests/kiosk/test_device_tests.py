"""`endcap devices test` at a running kiosk: the glass leads, hands do what it says, the terminal has the verdict."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.sim.pn532_chip import SimPn532
from devices.sim.printer import SimPrinter
from devices.sim.scanner import SimScanner
from devices.technician import cli
from devices.technician.service_client import Client
from devices.trace import read_trace
from kiosk.views import Answer, Attract, DeviceTest, Done, OpenBasket, Start, Wall
from tests.kiosk.kiosks import Kiosk
from tests.kiosk.until import until

CARD = bytes.fromhex("04e1a5c0de0001")


class Station:
    """A kiosk whose devices are simulators on wires, and a technician's hands."""

    def __init__(self, folder: Path) -> None:
        self.scanner, self.reader = SimScanner(folder / "w-scanner"), SimPn532(folder / "w-reader")
        self.printer = SimPrinter(folder / "w-printer")
        more = "".join(
            f'\n[[devices]]\nname = "{name}"\nmodel = "{model}"\nport = "{folder}/w-{name}"\n'
            for name, model in (("scanner", "line-scanner"), ("reader", "pn532"), ("printer", "escpos"))
        )
        self.kiosk = Kiosk(folder, more=more, wired=True)
        state = self.kiosk.config.state
        self.config = folder / "technician.toml"
        self.config.write_text(f'[paths]\nstate = "{state}"\nstore = "x"\n{more}')

    def ready(self) -> bool:
        return [one["state"] for one in cli.listing(self.config)["devices"]] == ["ready"] * 3

    def test(self, *arguments: str, hands: Callable[[], None]) -> int:
        """Run the command while somebody does what the glass says."""
        helper = threading.Thread(target=hands)
        helper.start()
        try:
            return cli.main(["test", "--config", str(self.config), *arguments])
        finally:
            helper.join()

    def step(self, name: str) -> DeviceTest:
        return self.kiosk.sees(DeviceTest, where=lambda view: view.step == name)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path)
    with station.kiosk:
        until(station.ready, "three devices that are ready")
        yield station
    for sim in (station.scanner, station.reader, station.printer):
        sim.close()


def test_the_code_on_the_glass_is_scanned_and_nothing_is_sold(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    def hands() -> None:
        station.scanner.scan(station.step("scan").code)
        station.step("passed")

    assert station.test("scanner", hands=hands) == 0
    said = capsys.readouterr().out
    assert "1/1  Scan this code" in said
    assert "PASSED scanner (line-scanner): reads ENDCAP-" in said
    station.kiosk.do(Done())
    station.kiosk.sees(Attract)
    assert not any(isinstance(view, Wall) for _, view in station.kiosk.seen)


def test_the_cable_is_pulled_and_put_back(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    def hands() -> None:
        station.scanner.scan(station.step("scan").code)
        station.step("unplug")
        station.scanner.wire.unplug()
        station.step("plug")
        station.scanner.wire.plug()
        station.scanner.scan(
            station.kiosk.sees(DeviceTest, where=lambda v: v.step == "scan" and v.number == 4).code
        )

    assert station.test("scanner", "--plug", hands=hands) == 0
    assert "4/4  Scan this code" in capsys.readouterr().out


def test_a_card_is_held_twice_and_pays_nothing(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    def hands() -> None:
        station.step("card")
        station.reader.tap(CARD, polls=1)
        station.step("away")
        looks = station.reader.looks
        until(lambda: station.reader.looks > looks + 4, "looks that see no card")
        station.reader.tap(CARD)
        station.step("phone")
        station.kiosk.do(Answer(False))

    assert station.test("reader", hands=hands) == 0
    said = capsys.readouterr().out
    assert "PASSED reader (pn532): sees a card twice" in said
    assert CARD.hex() not in said.lower()


def test_a_receipt_is_torn_off_and_found_wanting(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    def hands() -> None:
        assert station.step("receipt").asks
        station.kiosk.do(Answer(False))
        assert "alcohol" in station.step("failed").detail

    assert station.test("printer", hands=hands) == 1
    assert "FAILED printer (escpos): the receipt is not as it should be" in capsys.readouterr().out
    assert "ENDCAP" in station.printer.receipts[0]


def test_a_touch_on_the_glass_stops_the_test(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    def hands() -> None:
        station.step("scan")
        station.kiosk.do(Done())

    assert station.test("scanner", hands=hands) == 2
    assert "STOPPED scanner" in capsys.readouterr().out
    station.kiosk.sees(Attract)


def test_nobody_who_is_buying_is_disturbed(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    station.kiosk.do(Start(), OpenBasket())
    until(lambda: not isinstance(station.kiosk.view, Attract))
    with Client(station.kiosk.config.device_socket) as watcher:
        watcher.ask(do="watch")
        for device in ("reader", "printer", "scanner"):
            assert station.test(device, hands=lambda: None) == 2
            assert "somebody is buying" in capsys.readouterr().err
        station.scanner.scan("4006381333931")
        event = watcher.next()
        assert event["event"] == "Scan", "not even for a moment was a device away"


def test_events_are_watched_and_bytes_recorded(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both for a second; the codes are scanned until one has been heard."""
    over = threading.Event()

    def hands() -> None:
        while not over.wait(0.05):
            station.scanner.scan("4006381333931")

    helper = threading.Thread(target=hands)
    helper.start()
    try:
        config = ["--config", str(station.config), "--seconds", "1"]
        assert cli.main(["watch", *config, "scanner"]) == 0
        assert cli.main(["trace", *config, "scanner", "--to", str(tmp_path / "t.trace")]) == 0
    finally:
        over.set()
        helper.join()
    assert "scanner\tScan\ttext='4006381333931'" in capsys.readouterr().out
    trace = read_trace(tmp_path / "t.trace")
    assert trace.model == "line-scanner"
    assert b"4006381333931" in b"".join(one.data for one in trace.to_host)


def test_without_an_agent_a_device_is_tested_by_its_model_and_port(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = SimPrinter(tmp_path / "printer")
    printer.state = "paper-out"
    try:
        assert cli.main(["test", "--model", "escpos", "--port", str(tmp_path / "printer")]) == 1
        said = capsys.readouterr().out
        assert "no kiosk runs here" in said
        assert "not printed: no-paper" in said
        assert cli.main(["test", "--model", "escpos", "--port", str(tmp_path / "none")]) == 2
        assert "printer is absent" in capsys.readouterr().err
        assert cli.main(["test", "--model", "kettle"]) == 2
        assert "no model 'kettle'" in capsys.readouterr().err
        assert cli.main(["test", "scanner"]) == 2
        assert "no device 'scanner'" in capsys.readouterr().err
    finally:
        printer.close()
