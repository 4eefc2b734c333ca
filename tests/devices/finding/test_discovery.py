"""Devices are found by what they say of themselves or by where they hang, however the kernel numbers their nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.finding.discovery import Ambiguous, Place, known_as, resolve
from devices.finding.sysfs import Found, Sysfs, usage_pages
from devices.models import Model, Setting, Usb
from devices.transport.base import Transport
from devices.wires import Bulk, Hid, Keyboard, Serial, Tcp, Wire
from tests.devices.finding.usb_tree import UsbTree


def model(wire: Wire, *match: Usb) -> Model:
    def drive(setting: Setting, transport: Transport) -> object:
        raise AssertionError("nothing is opened here")

    return Model("acme", "scanner", "Acme", wire, drive, match)  # type: ignore[arg-type]


def at(port: str) -> Setting:
    return Setting("scanner", "acme", port)


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    return UsbTree(tmp_path)


@pytest.fixture
def bus(tree: UsbTree) -> Sysfs:
    return Sysfs(tree.sys, tree.dev)


def test_what_hangs_on_usb_is_told_interface_by_interface(tree: UsbTree, bus: Sysfs) -> None:
    assert bus.present() == []
    [tty] = tree.plug("1-1.3", 0x0C2E, 0x0CAA, "SIM0001", "Voyager", ("02 tty", "0a"))
    [usb_serial] = tree.plug("1-2", 0x0403, 0x6001, interfaces=("ff usb-serial",))
    hidraw, keys_raw, event = tree.plug("1-4", 0x0C2E, 0x0901, interfaces=("03 hid", "03 keyboard"))
    name = "Acme Inc. Voyager"
    assert bus.present() == [
        Found(0x0C2E, 0x0CAA, "SIM0001", "1-1.3", "1.0", 2, tty, "tty", product=name),
        Found(0x0C2E, 0x0CAA, "SIM0001", "1-1.3", "1.1", 10, product=name),
        Found(0x0403, 0x6001, "", "1-2", "1.0", 0xFF, usb_serial, "tty", product="Acme Inc. Acme"),
        Found(0x0C2E, 0x0901, "", "1-4", "1.0", 3, hidraw, "hidraw", (0x8C,), product="Acme Inc. Acme"),
        Found(0x0C2E, 0x0901, "", "1-4", "1.1", 3, keys_raw, "hidraw", (1,), product="Acme Inc. Acme"),
        Found(0x0C2E, 0x0901, "", "1-4", "1.1", 3, event, "event", (1,), True, product="Acme Inc. Acme"),
    ]


def test_a_machine_without_usb_has_nothing(tmp_path: Path) -> None:
    assert Sysfs(tmp_path / "none", tmp_path).present() == []


def test_a_replug_gives_another_node_and_is_noticed(tree: UsbTree, bus: Sysfs) -> None:
    wanted = model(Serial(), Usb(0x0C2E, 0x0CAA))
    [first] = tree.plug("1-1", 0x0C2E, 0x0CAA, interfaces=("02 tty",))
    assert resolve(at("auto"), wanted, bus) == Place(
        first, vid=0x0C2E, pid=0x0CAA, bus_path="1-1", interface=0
    )
    tree.pull("1-1")
    assert resolve(at("auto"), wanted, bus) is None
    [second] = tree.plug("1-1", 0x0C2E, 0x0CAA, interfaces=("02 tty",))
    again = resolve(at("auto"), wanted, bus)
    assert again is not None
    assert again.path == second != first


def test_nothing_new_costs_no_reading(tree: UsbTree, bus: Sysfs) -> None:
    tree.plug("1-1", 0x0C2E, 0x0CAA, interfaces=("02 tty",))
    before = bus.mark()
    assert bus.mark() == before
    assert bus.present() is bus.present()
    tree.plug("1-2", 0x0C2E, 0x0CAA)
    assert bus.mark() != before


def test_a_node_udev_has_not_made_yet_is_waited_for(tree: UsbTree, bus: Sysfs) -> None:
    [node] = tree.plug("1-1", 0x0C2E, 0x0CAA, interfaces=("02 tty",))
    Path(node).unlink()
    assert bus.present() == []
    assert bus.present() is bus.present(), "one that never comes costs no reading either"
    Path(node).touch()
    assert [one.node for one in bus.present()] == [node]


@pytest.mark.parametrize(
    ("port", "slot"),
    [
        ("auto", None),
        ("usb:0c2e:0caa", None),
        ("usb:0C2E:0CAA:B2", "1-2"),
        ("usb:0c2e:0caa:C3", ""),
        ("usb:0c2e:0cab", ""),
        ("slot:1-1.4", "1-1.4"),
        ("slot:1-1", ""),
        ("slot:1-2:1.0", "1-2"),
        ("slot:1-2:1.1", ""),
    ],
)
def test_of_two_alike_the_serial_number_or_the_slot_tells(
    tree: UsbTree, bus: Sysfs, port: str, slot: str | None
) -> None:
    for place, serial in (("1-1.4", ""), ("1-2", "B2")):
        tree.plug(place, 0x0C2E, 0x0CAA, serial, interfaces=("02 tty", "0a"))
    wanted = model(Serial(), Usb(0x0C2E, 0x0CAA))
    if slot is None:
        with pytest.raises(Ambiguous, match=r"scanner: .* may be any of slot:1-1\.4, slot:1-2") as caught:
            resolve(at(port), wanted, bus)
        assert 'port = "slot:1-1.4" or "slot:1-2"' in caught.value.remedy
    else:
        found = resolve(at(port), wanted, bus)
        assert (found.bus_path if found else "") == slot


def test_one_device_with_two_lines_is_told_apart_by_interface(tree: UsbTree, bus: Sysfs) -> None:
    first, second = tree.plug("1-1", 0x0403, 0x6010, interfaces=("ff usb-serial", "ff usb-serial"))
    wanted = model(Serial())
    with pytest.raises(Ambiguous, match=r"slot:1-1:1\.0, slot:1-1:1\.1"):
        resolve(at("slot:1-1"), wanted, bus)
    for port, node in (("slot:1-1:1.0", first), ("slot:1-1:1.1", second)):
        found = resolve(at(port), wanted, bus)
        assert found is not None
        assert found.path == node


def test_each_wire_finds_its_own_node_of_a_device_that_is_many_things(tree: UsbTree, bus: Sysfs) -> None:
    tty, pos, keys_raw, event, button_raw, button = tree.plug(
        "1-1", 0x1EAB, 0x22, interfaces=("02 tty", "0a", "03 hid", "03 keyboard", "03 button", "0b")
    )

    def path(wire: Wire, *match: Usb) -> str | None:
        place = resolve(at("slot:1-1"), model(wire, *match), bus)
        return place.path if place else None

    assert path(Serial()) == tty
    assert path(Hid(), Usb(0x1EAB, usage_page=0x8C)) == pos
    assert path(Keyboard()) == event
    ccid = resolve(at("usb:1eab:0022"), model(Bulk(0x0B)), bus)
    assert ccid is not None
    assert (ccid.path, ccid.interface) == ("", 5)
    assert path(Bulk(7)) is None
    assert {button_raw, button, keys_raw}.isdisjoint(
        {path(Keyboard()), path(Hid(), Usb(0x1EAB, usage_page=0x8C))}
    )


def test_a_kernel_without_hidraw_leaves_hid_to_libusb(tree: UsbTree, bus: Sysfs) -> None:
    tree.plug("1-1", 0x0C2E, 0x0901, interfaces=("03 hid-only-usb",))
    for port, match in (("usb:0c2e:0901", ()), ("auto", (Usb(None, usage_page=0x8C),))):
        found = resolve(at(port), model(Hid(), *match), bus)
        assert found is not None
        assert (found.path, found.vid) == ("", 0x0C2E)


def test_a_path_and_an_address_need_no_usb(bus: Sysfs, tmp_path: Path) -> None:
    assert resolve(at(str(tmp_path / "later")), model(Serial()), bus) is None
    (tmp_path / "later").touch()
    assert resolve(at(str(tmp_path / "later")), model(Serial()), bus) == Place(str(tmp_path / "later"))
    assert resolve(at("tcp://10.0.0.9"), model(Tcp(9100)), bus) == Place(host="10.0.0.9", port=9100)
    assert str(resolve(at("tcp://10.0.0.9:515"), model(Tcp(9100)), bus)) == "tcp://10.0.0.9:515"


def test_what_is_found_is_recognised(tree: UsbTree, bus: Sysfs) -> None:
    tree.plug("1-1", 0x0C2E, 0x0901, interfaces=("03 hid",))
    pos, other = model(Hid(), Usb(0x0C2E, usage_page=0x8C)), model(Hid(), Usb(0x0C2E, usage_page=1))
    assert known_as(bus.present()[0], [other, pos, model(Serial(), Usb(0x0C2E))]) == [pos]


@pytest.mark.parametrize(
    ("descriptor", "pages"),
    [
        ("058c0902a101 05010930 8102 c0", (0x8C,)),
        ("0501 0906 a101 c0 068cff 0902 a101 c0", (1, 0xFF8C)),
        ("0b02008c00 a101 c0", (0x8C,)),
        ("fe0201aabb 058c 0902 a101 c0", (0x8C,)),
        ("", ()),
    ],
)
def test_usage_pages(descriptor: str, pages: tuple[int, ...]) -> None:
    assert usage_pages(bytes.fromhex(descriptor)) == pages


@given(st.binary(max_size=200))
def test_no_descriptor_upsets_it(descriptor: bytes) -> None:
    assert len(usage_pages(descriptor)) <= len(descriptor)
