"""Real drivers on the agent's port, with simulators that speak the wire at the other end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from devices.models import Setting
from devices.sim.pn532_chip import SimPn532
from devices.sim.printer import SimPrinter
from devices.sim.scanner import SimScanner
from devices.technician.cli import main as devices_command
from kiosk.config import load_config
from kiosk.peripherals.hardware import Hardware
from kiosk.peripherals.peripherals import CardRead, CodeRead, DeviceState, PeripheralEvent, Printed, of_kind
from kiosk.peripherals.receipt import Receipt, ReceiptLine, receipt_of
from kiosk.program import hardware
from tests.kiosk.kiosks import store
from tests.kiosk.orders import payment
from tests.kiosk.until import until


def receipt(language: str = "en") -> Receipt:
    return receipt_of(payment(), "K7Q2-9MXT", language, store().store, "K1", 1_795_000_000_000)


class Bench:
    """Three simulators, the drivers on them, and what the agent would hear."""

    def __init__(self, folder: Path) -> None:
        self.scanner, self.reader = SimScanner(folder / "scanner"), SimPn532(folder / "reader")
        self.printer = SimPrinter(folder / "printer")
        self.heard: list[PeripheralEvent] = []
        self.hardware = Hardware(
            [
                Setting("scanner", "line-scanner", str(folder / "scanner")),
                Setting("reader", "pn532", str(folder / "reader"), bytes(32)),
                Setting("printer", "escpos", str(folder / "printer")),
            ]
        )

    def ready(self) -> bool:
        return {event.name for event in self.heard if isinstance(event, DeviceState) and event.state == "ready"} == {
            "scanner", "reader", "printer",
        }  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.hardware.start(bench.heard.append)
    until(bench.ready)
    yield bench
    bench.hardware.close()
    for sim in (bench.scanner, bench.reader, bench.printer):
        sim.close()


def test_a_code_that_is_scanned_arrives(bench: Bench) -> None:
    bench.scanner.scan("9521100100113")
    until(lambda: CodeRead("9521100100113") in bench.heard)
    bench.scanner.scan("]Q310A\x1d0109521100100113")
    until(lambda: CodeRead("10A\x1d0109521100100113", "]Q3") in bench.heard)


def test_a_card_is_heard_of_while_the_reader_is_armed_and_only_as_a_token(bench: Bench) -> None:
    bench.hardware.arm(True)
    bench.reader.tap(bytes.fromhex("04e1a5c0de0001"))
    until(lambda: any(isinstance(event, CardRead) for event in bench.heard))
    [card] = [event for event in bench.heard if isinstance(event, CardRead)]
    assert "04e1a5c0de0001" not in card.token.lower()


def test_a_receipt_comes_out_whole(bench: Bench) -> None:
    bench.hardware.print(receipt())
    until(lambda: Printed(payment().reference) in bench.heard)
    [paper] = bench.printer.receipts
    assert "Gala apples" in paper
    assert "€4.98" in paper
    assert "K7Q2-9MXT" in paper


@pytest.mark.parametrize("language", ["zh", "ar"])
def test_scripts_the_printer_does_not_know_are_printed_as_pictures(bench: Bench, language: str) -> None:
    bench.hardware.print(receipt(language))
    until(lambda: Printed(payment().reference) in bench.heard)
    [paper] = bench.printer.receipts
    assert "[picture 512 x " in paper
    assert "?" not in paper
    assert "K7Q2-9MXT" in paper, "what Latin letters can say is said in them"


def test_without_paper_the_agent_is_told_and_paper_brings_it_back(bench: Bench) -> None:
    bench.printer.state = "paper-out"
    bench.hardware.print(receipt())
    until(lambda: Printed(payment().reference, "no-paper") in bench.heard)
    until(lambda: DeviceState("printer", "ready", "no-paper") in bench.heard)
    bench.printer.state = "ok"
    until(
        lambda: (
            DeviceState("printer", "ready")
            in bench.heard[bench.heard.index(DeviceState("printer", "ready", "no-paper")) :]
        )
    )


def test_a_pulled_plug_is_told_and_a_receipt_is_answered_all_the_same(bench: Bench) -> None:
    bench.printer.wire.unplug()
    until(
        lambda: any(
            isinstance(e, DeviceState) and e.name == "printer" and e.state in ("lost", "absent")
            for e in bench.heard
        )
    )
    bench.hardware.print(structs.replace(receipt(), reference="ZZZZZZZZZZZZZZZZ"))
    until(lambda: Printed("ZZZZZZZZZZZZZZZZ", "no-printer") in bench.heard)


def test_a_receipt_that_cannot_be_made_is_answered_all_the_same(bench: Bench) -> None:
    too_much = structs.replace(receipt(), lines=(ReceiptLine("code", "K" * 5_000),))  # for any QR code
    bench.hardware.print(too_much)
    assert bench.heard[-1] == Printed(payment().reference, "no-printer")


def test_a_kiosk_without_a_printer_says_so(tmp_path: Path) -> None:
    heard: list[PeripheralEvent] = []
    hardware = Hardware([])
    hardware.start(heard.append)
    hardware.print(receipt())
    hardware.arm(True)
    hardware.close()
    assert [event for event in heard if isinstance(event, DeviceState)] == [
        DeviceState(name, "absent") for name in ("scanner", "reader", "printer")
    ]
    assert heard[-1] == Printed(payment().reference, "no-printer")


def test_of_two_scanners_either_sells_and_one_that_fails_leaves_the_other(tmp_path: Path) -> None:
    first, second = SimScanner(tmp_path / "one"), SimScanner(tmp_path / "two")
    heard: list[PeripheralEvent] = []
    hardware = Hardware(
        [
            Setting("scanner", "line-scanner", str(tmp_path / "one")),
            Setting("scanner-2", "line-scanner", str(tmp_path / "two")),
        ]
    )
    hardware.start(heard.append)
    until(lambda: {DeviceState("scanner", "ready"), DeviceState("scanner-2", "ready")} <= set(heard))
    first.wire.unplug()
    until(lambda: DeviceState("scanner", "absent") in heard)
    second.scan("9521100100113")
    until(lambda: CodeRead("9521100100113") in heard)
    hardware.close()
    second.close()
    first.close()


def test_two_of_a_kind_are_as_good_as_the_better_one() -> None:
    states = [
        DeviceState("reader", "lost"),
        DeviceState("reader-2", "ready"),
        DeviceState("printer", "absent"),
    ]
    assert of_kind("reader", states) == DeviceState("reader", "ready")
    assert of_kind("reader-2", [states[0], DeviceState("reader-2", "failed", "mute")]) == DeviceState(
        "reader", "lost"
    )
    assert of_kind("printer", states) == DeviceState("printer", "absent")


def test_a_technician_is_told_by_the_agent_that_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sim = SimScanner(tmp_path / "wire")
    file = tmp_path / "kiosk.toml"
    file.write_text(
        '[address]\ntenant = "demo"\nsite = "central"\nkiosk = "K1"\n[paths]\nstore = "store"\nstate = "state"\n'
        f'[[devices]]\nname = "scanner"\nmodel = "line-scanner"\nport = "{tmp_path / "wire"}"\n'
    )
    config = load_config(file)
    config.state.mkdir()
    heard: list[PeripheralEvent] = []
    peripherals = hardware(config)
    peripherals.start(heard.append)
    until(lambda: DeviceState("scanner", "ready") in heard)
    assert devices_command(["--config", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["agent"] is True
    assert [(one["name"], one["state"]) for one in told["devices"]] == [("scanner", "ready")]
    peripherals.close()
    assert not config.device_socket.exists()
    sim.close()
