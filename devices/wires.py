"""How a product's wire is opened: one record per kind of wire.

`devices.supervision.opening` turns a record and a place into a Transport.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Serial:
    """RS-232 or USB CDC/FTDI: a tty. The speed is in baud; a CDC port ignores it."""

    baudrate: int = 115200
    parity: str = "N"  # N | E | O
    rtscts: bool = False


@dataclass(frozen=True, slots=True)
class Hid:
    """USB HID with its own report descriptor: hidraw, or pyusb where there is none. A read is one report, its id first."""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """A keyboard wedge: evdev, grabbed so that the wall never sees its keys. A read is whole input_event records."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A USB interface of one class (0x0B CCID, 0x07 printer, 0xFF vendor) by its bulk endpoints. A read is one transfer."""

    interface_class: int

    @property
    def rivals(self) -> str:
        """What to do where another program has it: the usual ones by class; "" for no usual one."""
        return _RIVALS.get(self.interface_class, "")


_RIVALS = {
    0x0B: "End pcscd, which takes every card reader: systemctl disable --now pcscd.socket pcscd.",
    0x07: "End CUPS, or remove this printer from it.",
}


@dataclass(frozen=True, slots=True)
class Tcp:
    """A device on the network."""

    port: int = 9100


Wire = Serial | Hid | Keyboard | Bulk | Tcp
