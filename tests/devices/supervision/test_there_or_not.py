"""A supervised device as the kiosk meets it: there or not, the right one or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.events import NotPrinted, Scan
from devices.models import Setting
from devices.protocol import escpos
from devices.sim.pn532_chip import SimPn532
from devices.sim.scanner import SimScanner
from devices.sim.wire import Wire
from tests.devices.helpers import supervise


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimScanner]:
    sim = SimScanner(tmp_path / "scanner")
    yield sim
    sim.close()


def test_a_scan_becomes_an_event(scanner: SimScanner, tmp_path: Path) -> None:
    device, ear = supervise(Setting("scanner", "line-scanner", str(tmp_path / "scanner")))
    ear.state("ready")
    scanner.scan("9521234500015", aim="]E0")
    scan = ear.wait(Scan)
    assert scan == Scan("scanner", b"9521234500015", "9521234500015", "]E0", scan.at)
    device.stop()


def test_a_scanner_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    device, ear = supervise(Setting("scanner", "line-scanner", str(tmp_path / "later")))
    ear.state("absent")
    sim = SimScanner(tmp_path / "later")
    ear.state("ready")
    device.stop()
    sim.close()


def test_an_unknown_model_fails_with_the_list_of_models(scanner: SimScanner, tmp_path: Path) -> None:
    device, ear = supervise(Setting("scanner", "laser-9000", str(tmp_path / "scanner")))
    assert "pn532" in ear.state("failed").detail
    device.stop()


def test_a_driver_that_fails_in_a_way_nobody_foresaw_is_told_and_tried_again(
    tmp_path: Path,
) -> None:
    chip = SimPn532(tmp_path / "reader")
    before = len(list(Path("/proc/self/fd").iterdir()))
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), b"too short"))
    assert "16 bytes" in ear.state("failed").detail
    device.stop()
    assert device.state == "failed"
    assert len(list(Path("/proc/self/fd").iterdir())) == before, "the port is free"
    chip.close()


def test_a_mute_port_is_failed_with_a_remedy(tmp_path: Path) -> None:
    wire = Wire(tmp_path / "mute", lambda data: b"")
    wire.plug()
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "mute"), bytes(32)))
    assert "off and on" in ear.state("failed").remedy
    device.stop()
    wire.close()


def test_without_a_printer_a_job_fails_at_once(tmp_path: Path) -> None:
    device, ear = supervise(Setting("printer", "escpos", str(tmp_path / "none")))
    ear.state("absent")
    device.print("R1", [escpos.text("Milk"), escpos.FEED_AND_CUT])
    assert ear.wait(NotPrinted).reason == "offline"
    device.stop()
