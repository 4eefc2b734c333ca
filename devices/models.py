"""What a product is to us: one declaration each, in devices/products/ or in another package (devices.registry).

Model("acme-2d", "scanner", "Acme 2D, USB CDC", Serial(57600), line_scanner(), match=(Usb(0x1234, 0x5678),))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.drivers.base import Driver
from devices.transport.base import Transport
from devices.wires import Wire


@dataclass(frozen=True, slots=True)
class Setting:
    """A configured peripheral.

    `port` says where it hangs: a path that names the slot or the device (a udev link, never /dev/ttyACM0), `usb:VVVV:PPPP`,
    `usb:VVVV:PPPP:SERIAL`, `slot:1-1.3` (the hub's port path), `tcp://host:9100`, or `auto` for the only one that matches its model.
    """

    name: str
    model: str
    port: str
    key: bytes = b""  # token key, for card readers
    read_tags: bool = False  # card readers: tell what tags and phones say, too (TagRead)
    notes: str = ""  # a folder where a driver may keep what must outlive a power cut; "" for none


@dataclass(frozen=True, slots=True)
class Usb:
    """What a product says of itself on USB. `vid` or `pid` None is any; `usage_page` is the HID collection's (0x8C bar code scanner)."""

    vid: int | None
    pid: int | None = None
    usage_page: int | None = None
    interface_class: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """What a receipt printer prints on: `dots` across (8 in a mm), `columns` of font A, and ESC t's number of code page 858."""

    dots: int = 512
    columns: int = 42
    code_page: int | None = 19  # None: only ASCII goes as letters, all else as a picture
    cuts: bool = True


Drive = Callable[[Setting, Transport], Driver]


@dataclass(frozen=True, slots=True)
class Model:
    """One product on one kind of wire: what it is, how it is found, how its wire is opened and driven."""

    name: str
    kind: str  # scanner | reader | printer
    product: str  # maker, type and interface as a technician knows them
    wire: Wire
    drive: Drive
    match: tuple[Usb, ...] = ()
    tested: str = "the simulator"  # what it was run against; its row in docs/devices.md says the same
    paper: Paper | None = None  # of a printer
