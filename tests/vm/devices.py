"""Everything that can be plugged into the guest, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tests.vm.gadgets import Gadget, Identity, Line
from tests.vm.hid_gadgets import HIDPOS, KEYBOARD, Reports, attributes
from tests.vm.printer_gadget import IEEE_1284, Paper

HostCall = Callable[[dict[str, Any]], Any]


class Pluggable(Protocol):
    """A device and its far end."""

    def plug(self) -> None:
        """Put its cable in."""

    def unplug(self) -> None:
        """Pull it."""

    def say(self, data: bytes) -> None:
        """Have it send something without being asked."""

    def hear(self) -> bytes:
        """What has been sent to it."""


class AtTheHost:
    """A device QEMU plugs in: the PN532 simulator behind an FTDI adapter."""

    def __init__(self, name: str, host: HostCall) -> None:
        self._name, self._host = name, host

    def plug(self) -> None:
        """See Pluggable."""
        self._host({"do": "plug", "device": self._name})

    def unplug(self) -> None:
        """See Pluggable."""
        self._host({"do": "unplug", "device": self._name})

    def say(self, data: bytes) -> None:
        """Cards are held to it at the host."""
        raise NotImplementedError

    def hear(self) -> bytes:
        """It answers by itself."""
        raise NotImplementedError


def all_devices(host: HostCall) -> dict[str, Pluggable]:
    """Described and not plugged in; a controller each, hence the same port path at every plug."""
    devices: dict[str, Pluggable] = {"reader": AtTheHost("reader", host)}
    for number, make in enumerate((_serial_scanner, _hidpos_scanner, _keyboard_scanner, _printer)):
        gadget, end = make(f"dummy_udc.{number}")
        gadget.describe()
        devices[gadget.name] = end
    return devices


def _serial_scanner(controller: str) -> tuple[Gadget, Pluggable]:
    gadget = Gadget("scanner", controller, Identity(0x0C2E, 0x0B61, "SIM0001", "Serial scanner"), "acm")
    return gadget, Line(gadget)


def _hidpos_scanner(controller: str) -> tuple[Gadget, Pluggable]:
    identity = Identity(0x0C2E, 0x0B87, "SIM0002", "HID-POS scanner")
    gadget = Gadget("hidpos", controller, identity, "hid", attributes(HIDPOS, 64))
    return gadget, Reports(gadget)


def _keyboard_scanner(controller: str) -> tuple[Gadget, Pluggable]:
    identity = Identity(0x05E0, 0x1200, "", "Keyboard scanner")  # no serial number, as cheap ones have none
    gadget = Gadget("wedge", controller, identity, "hid", attributes(KEYBOARD, 8, boot_keyboard=True))
    return gadget, Reports(gadget)


def _printer(controller: str) -> tuple[Gadget, Pluggable]:
    identity = Identity(0x04B8, 0x0E15, "SIM0004", "Receipt printer")
    gadget = Gadget("printer", controller, identity, "printer", {"pnp_string": IEEE_1284, "q_len": b"10"})
    return gadget, Paper(gadget, lambda data: b"")
