"""Everything that can be plugged into the guest, by name: what it says of itself, and the simulator behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from devices.sim.acr122 import PRODUCT, VENDOR, Acr122Core
from devices.sim.ccid import BULK_IN, BULK_OUT, CHANGES_IN, DESCRIPTOR
from devices.sim.escpos_machine import Condition, Machine
from tests.vm.functionfs import BULK, INTERRUPT, Shape, Spoken
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
    """A device QEMU plugs in: the PN532 simulator behind an FTDI adapter. It answers, and is played with, at the host."""

    def __init__(self, name: str, host: HostCall) -> None:
        self._name, self._host = name, host

    def plug(self) -> None:
        """See Pluggable."""
        self._host({"do": "plug", "device": self._name})

    def unplug(self) -> None:
        """See Pluggable."""
        self._host({"do": "unplug", "device": self._name})

    def say(self, data: bytes) -> None:
        """See Pluggable."""
        raise NotImplementedError

    def hear(self) -> bytes:
        """See Pluggable."""
        raise NotImplementedError


class Box:
    """All devices, described and not plugged in, each on a controller of its own: the same port path at every plug."""

    def __init__(self, host: HostCall) -> None:
        self.acr122 = Acr122Core()
        self.printer = Machine(time.monotonic)
        self.devices: dict[str, Pluggable] = {"pn532": AtTheHost("pn532", host)}
        makers = (self._scanner, self._hidpos, self._wedge, self._printer, self._acr122)
        for number, make in enumerate(makers):
            gadget, device = make(f"dummy_udc.{number}")
            gadget.describe()
            self.devices[gadget.name] = device

    def be(self, condition: Condition) -> None:
        """Somebody does something to the printer."""
        self.printer.condition = condition
        self.devices["printer"].say(self.printer.run())

    def _scanner(self, controller: str) -> tuple[Gadget, Pluggable]:
        gadget = Gadget("scanner", controller, Identity(0x0C2E, 0x0B61, "SIM0001", "Serial scanner"), "acm")
        return gadget, Line(gadget)

    def _hidpos(self, controller: str) -> tuple[Gadget, Pluggable]:
        identity = Identity(0x0C2E, 0x0B87, "SIM0002", "HID-POS scanner")
        gadget = Gadget("hidpos", controller, identity, "hid", attributes(HIDPOS, 64))
        return gadget, Reports(gadget, 63, pace_s=0.005)

    def _wedge(self, controller: str) -> tuple[Gadget, Pluggable]:
        identity = Identity(
            0x05E0, 0x1200, "", "Keyboard scanner"
        )  # no serial number, as cheap ones have none
        gadget = Gadget("wedge", controller, identity, "hid", attributes(KEYBOARD, 16, boot_keyboard=True))
        return gadget, Reports(gadget, 8, pace_s=0.005)

    def _printer(self, controller: str) -> tuple[Gadget, Pluggable]:
        identity = Identity(0x04B8, 0x0E15, "SIM0004", "Receipt printer")
        gadget = Gadget("printer", controller, identity, "printer", {"pnp_string": IEEE_1284, "q_len": b"10"})
        return gadget, Paper(gadget, self.printer.hear)

    def _acr122(self, controller: str) -> tuple[Gadget, Pluggable]:
        identity = Identity(VENDOR, PRODUCT, "", "ACR122U PICC Interface", maker="ACS")
        gadget = Gadget("acr122", controller, identity, "ffs")
        ends = ((BULK_OUT, BULK, 64), (BULK_IN, BULK, 64), (CHANGES_IN, INTERRUPT, 8))
        return gadget, Spoken(gadget, Shape(0x0B, ends, DESCRIPTOR), self.acr122.handle, self.acr122.power_up)
