"""Discovery on a /sys that was recorded in the guest: the same answer, without the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.finding.sysfs import Sysfs
from tests.vm.checks_sysfs import KIOSK, slim
from tests.vm.listing import lay_out, record

RECORDED = (Path(__file__).parents[1] / "data" / "sysfs" / "kiosk.txt").read_text()


@pytest.fixture
def bus(tmp_path: Path) -> Sysfs:
    lay_out(RECORDED, tmp_path)
    (tmp_path / "dev/input").mkdir(parents=True)
    for name in ("ttyACM0", "ttyUSB0", "hidraw0", "hidraw1", "input/event1"):
        (tmp_path / "dev" / name).touch()
    return Sysfs(tmp_path / "sys", tmp_path / "dev")


def test_every_device_is_found_with_its_node(bus: Sysfs) -> None:
    assert {slim(found) for found in bus.present()} == set().union(*KIOSK.values())


def test_nodes_belong_to_their_devices(bus: Sysfs) -> None:
    nodes = {Path(found.node).name: found.product for found in bus.present() if found.node}
    assert nodes == {
        "ttyACM0": "Endcap Serial scanner",
        "ttyUSB0": "QEMU QEMU USB SERIAL",
        "hidraw0": "Endcap HID-POS scanner",
        "hidraw1": "Endcap Keyboard scanner",
        "event1": "Endcap Keyboard scanner",
    }


def test_a_listing_laid_out_is_recorded_the_same(tmp_path: Path) -> None:
    lay_out(RECORDED, tmp_path)
    told = [line for line in RECORDED.splitlines() if not line.startswith("#")]
    again = record(tmp_path / "sys").splitlines()
    # A link to a root hub, and a driver's, leads nowhere in here.
    assert set(again) <= set(told)
    assert len(again) > 0.9 * len(told)


def test_a_line_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: expected"):
        lay_out("# a note\nsys/what\n", tmp_path)
