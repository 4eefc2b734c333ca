"""The rules that let an ordinary account open the devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices import registry
from devices.finding import udev
from devices.models import Model, Setting, Usb
from devices.technician import cli
from devices.transport.base import Transport
from devices.wires import Bulk, Keyboard, Wire

FILE = Path(__file__).parents[3] / "systemd" / "99-endcap.rules"


def model(name: str, wire: Wire, *match: Usb) -> Model:
    def drive(setting: Setting, wire: Transport) -> object:
        raise AssertionError

    return Model(name, "scanner", name, wire, drive, match)  # type: ignore[arg-type]


def test_the_file_that_is_shipped_is_up_to_date() -> None:
    ours = registry.load(registry.OURS)
    assert FILE.read_text() == udev.rules(ours.values()), "endcap devices rules > systemd/99-endcap.rules"


def test_every_maker_of_a_model_is_let_in_by_usb_and_hidraw() -> None:
    text = FILE.read_text()
    makers = {
        usb.vid for one in registry.load(registry.OURS).values() for usb in one.match if usb.vid is not None
    }
    assert makers
    for vid in makers:
        assert f'ENV{{DEVTYPE}}=="usb_device", ATTR{{idVendor}}=="{vid:04x}", GROUP="plugdev"' in text
        assert f'SUBSYSTEM=="hidraw", ATTRS{{idVendor}}=="{vid:04x}", GROUP="plugdev"' in text
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in text


def test_the_keys_of_a_scanner_that_types_reach_the_agent_alone() -> None:
    text = udev.rules(
        [model("types", Keyboard(), Usb(0x1234, 0x0001)), model("reads", Bulk(11), Usb(0x5678))]
    )
    [rule] = [row for row in text.splitlines() if 'SUBSYSTEM=="input"' in row]
    assert 'ATTRS{idVendor}=="1234", ATTRS{idProduct}=="0001"' in rule
    assert 'ENV{LIBINPUT_IGNORE_DEVICE}="1"' in rule


def test_a_maker_nobody_declares_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "BEEF"]) == 0
    text = capsys.readouterr().out
    assert 'ATTR{idVendor}=="beef"' in text
    assert 'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{idVendor}=="beef"' not in text
    with pytest.raises(SystemExit):
        cli.main(["rules", "123"])
    assert "invalid vendor value: '123'" in capsys.readouterr().err


def test_a_scanner_that_types_can_be_asked_for_by_its_product(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "beef:1200"]) == 0
    text = capsys.readouterr().out
    assert 'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{idVendor}=="beef", ATTRS{idProduct}=="1200"' in text
