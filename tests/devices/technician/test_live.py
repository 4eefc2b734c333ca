"""`endcap devices watch` and `trace`: what comes into a file, and onto a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.models import Setting
from devices.sim.hidpos import DESCRIPTOR, SimHidPos
from devices.sim.libusb_bus import LibusbBus
from devices.sim.usb_bus import SimUsbBus
from devices.supervision.opening import Host
from devices.technician import cli, cli_live
from devices.technician.cli_live import words
from devices.technician.service_client import Client
from devices.trace import parse_trace, read_trace
from tests.devices.technician.test_service import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_a_trace_of_a_hid_device_that_is_opened_for_it_begins_with_its_descriptor() -> None:
    bus = SimUsbBus()
    scanner = SimHidPos(bus)
    scanner.plug_in()
    setting = Setting("scanner", "hidpos", "auto")
    with cli_live._lines(setting, None, False, Host(LibusbBus(bus), bus)) as (head, _):
        assert parse_trace(head).descriptor == DESCRIPTOR
    bus.close()


def test_a_device_that_is_traced_already_costs_nobody_the_trace_in_the_file(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bench.config.with_name("last.trace")
    file.write_text("# endcap trace 1\n")
    words = ["trace", "scanner", "--to", str(file), "--config", str(bench.config)]
    with Client(bench.socket) as other:
        other.send(do="trace", device="scanner")
        assert "head" in other.next()
        other.next()
        assert cli.main(words) == 2
    assert "is traced already" in capsys.readouterr().err
    assert file.read_text() == "# endcap trace 1\n"


def test_what_may_hold_card_numbers_is_its_owners_alone(bench: Bench) -> None:
    for number, (more, mode) in enumerate(((["--card-numbers"], 0o600), ([], 0o644))):
        file = bench.config.with_name(f"{number}.trace")
        file.touch(0o644)
        words = [
            "trace",
            "scanner",
            "--to",
            str(file),
            "--seconds",
            "0",
            "--config",
            str(bench.config),
            *more,
        ]
        assert cli.main(words) == 0
        assert read_trace(file).model == "line-scanner"
        assert file.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("command", [["watch", "kettle"], ["trace", "kettle", "--to", "none"]])
def test_a_name_nobody_has_is_no_long_silence(
    bench: Bench, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*command, "--config", str(bench.config)]) == 2
    assert "no device 'kettle' in the configuration; there are scanner, reader" in capsys.readouterr().err


def test_without_devices_there_is_nothing_to_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text('[paths]\nstate = "state"\n')
    assert cli.main(["watch", "--config", str(config)]) == 2
    assert "no devices are configured" in capsys.readouterr().err


def test_no_terminal_obeys_what_a_tag_or_a_device_says() -> None:
    for event in (
        {"event": "TagRead", "device": "reader", "uri": "https://\x1b]0;x\x07"},
        {"event": "Scan", "device": "scanner", "text": "\x1b[2J", "aim": "\x1b"},
    ):
        assert all(word.isprintable() for word in words(event))
    toaster = {"port": "slot:1-1", "usb": "1:2", "serial": "\x1b[2J", "product": "a\tb\n", "models": []}
    _, row = cli.rows({"devices": [], "found": [toaster]})
    assert all(cell.isprintable() for cell in row)


def test_what_a_slow_terminal_misses_is_told() -> None:
    waiting = cli_live._Queue()
    for number in range(cli_live.MOST_WAITING + 3):
        waiting.put({"number": number})
    told = [waiting.get(0) for _ in range(cli_live.MOST_WAITING + 2)]
    assert told[-3:] == [{"number": cli_live.MOST_WAITING - 1}, {"lost": 3}, None]
