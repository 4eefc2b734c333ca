"""Which board this is, read from folders laid out as a Pi's, a PC's and a container's."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.identity.machine import board_model, machine_id


def put(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def card(root: Path, name: str, address: str, bus: str = "pci", assigned: str = "0") -> None:
    put(root, f"sys/class/net/{name}/address", address + "\n")
    put(root, f"sys/class/net/{name}/addr_assign_type", assigned + "\n")
    (root / "sys/bus" / bus).mkdir(parents=True, exist_ok=True)
    device = root / f"sys/class/net/{name}/device"
    device.mkdir()
    (device / "subsystem").symlink_to(root / "sys/bus" / bus)


def test_a_cloned_card_in_another_pi_is_another_machine(tmp_path: Path) -> None:
    for board, serial in (("a", "100000003d1d1c36\0"), ("b", "1000000077aa0e01\0")):
        put(tmp_path / board, "proc/device-tree/serial-number", serial)
        put(tmp_path / board, "etc/machine-id", "bf6a60b8f3b14c9d9f5c9ac0cbd1a4d2\n")  # travels with the card
    one, other = machine_id(tmp_path / "a"), machine_id(tmp_path / "b")
    assert one != other
    assert one.startswith("pi-")
    assert one == machine_id(tmp_path / "a")


def test_a_pc_is_told_by_its_firmware(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/dmi/id/product_uuid", "4C4C4544-0035-3510-8053-B7C04F334D32\n")
    put(tmp_path, "etc/machine-id", "bf6a60b8f3b14c9d9f5c9ac0cbd1a4d2\n")
    assert machine_id(tmp_path).startswith("dmi-")


@pytest.mark.parametrize(
    "said",
    [
        "To Be Filled By O.E.M.\n", "Default string\n", "None\n", "0\n", "00000000-0000-0000-0000-000000000000\n",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n", "03000200-0400-0500-0006-000700080009\n", "",
    ],
)  # fmt: skip
def test_what_a_maker_left_open_is_nobodys_serial(tmp_path: Path, said: str) -> None:
    put(tmp_path, "sys/class/dmi/id/product_uuid", said)
    card(tmp_path, "enp1s0", "3c:ec:ef:12:34:56")
    assert machine_id(tmp_path).startswith("net-")


def test_a_card_that_is_plugged_or_made_up_does_not_count(tmp_path: Path) -> None:
    card(tmp_path, "eth1", "00:e0:4c:68:00:01", bus="usb")
    card(tmp_path, "veth0", "3e:11:22:33:44:55", assigned="3")
    put(tmp_path, "sys/class/net/lo/address", "00:00:00:00:00:00\n")
    put(tmp_path, "etc/machine-id", "bf6a60b8f3b14c9d9f5c9ac0cbd1a4d2\n")
    assert machine_id(tmp_path).startswith("os-")


def test_where_nothing_tells_it_says_nothing(tmp_path: Path) -> None:
    assert machine_id(tmp_path) == ""
    assert board_model(tmp_path) == ""


def test_a_board_says_its_name(tmp_path: Path) -> None:
    put(tmp_path, "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    assert board_model(tmp_path) == "Raspberry Pi 4 Model B Rev 1.5"


def test_this_machine_answers_the_same_twice() -> None:
    assert machine_id() == machine_id()
