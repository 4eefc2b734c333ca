"""USB devices out of the kernel's own gadget drivers (configfs), on the pretended controllers of dummy_hcd.

What the other side sees is the real thing: enumeration, descriptors, cdc_acm, usbhid, udev. Each gadget has a
controller (a "UDC") to itself, so that several are plugged in at once and each keeps its port path.
"""

from __future__ import annotations

import os
import select
import termios
import tty
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.vm.waiting import until

CONFIGFS = Path("/sys/kernel/config/usb_gadget")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself. `serial` "" is what cheap ones have."""

    vid: int
    pid: int
    serial: str
    product: str
    maker: str = "Endcap"


@dataclass(slots=True)
class Gadget:
    """One device with one function, described and not plugged in."""

    name: str
    controller: str  # dummy_udc.N
    identity: Identity
    function: str  # of usb_f_*: acm | hid | printer | ffs
    attributes: dict[str, bytes] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Its place in configfs."""
        return CONFIGFS / self.name

    @property
    def _function(self) -> Path:
        return self.folder / "functions" / f"{self.function}.{self.name}"

    def describe(self) -> None:
        """Make it known to the kernel."""
        identity = self.identity
        self.folder.mkdir()
        self._put("idVendor", f"{identity.vid:#06x}")
        self._put("idProduct", f"{identity.pid:#06x}")
        self._put("bcdUSB", "0x0200")
        strings = self.folder / "strings/0x409"
        strings.mkdir()
        for key, text in (
            ("manufacturer", identity.maker),
            ("product", identity.product),
            ("serialnumber", identity.serial),
        ):
            if text:
                (strings / key).write_text(text)
        config = self.folder / "configs/c.1"
        config.mkdir()
        self._function.mkdir()
        for key, value in self.attributes.items():
            (self._function / key).write_bytes(value)
        (config / self._function.name).symlink_to(self._function)

    def plug(self) -> None:
        """Put its cable in."""
        if not self.attached:
            self._put("UDC", self.controller)

    def unplug(self) -> None:
        """Pull it, whatever is on its way."""
        if self.attached:
            self._put("UDC", "\n")

    @property
    def attached(self) -> bool:
        """Whether its cable is in."""
        return bool((self.folder / "UDC").read_text().strip())

    def attribute(self, key: str) -> str:
        """What the kernel says of its function: port_num, dev ..."""
        return (self._function / key).read_text().strip()

    def _put(self, key: str, text: str) -> None:
        (self.folder / key).write_text(text)


class Line:
    """The device's own end of a CDC-ACM gadget."""

    def __init__(self, gadget: Gadget) -> None:
        self.gadget = gadget
        self._fd = -1

    def plug(self) -> None:
        """Cable in, and its side of the line open."""
        self.gadget.plug()
        node = Path(f"/dev/ttyGS{self.gadget.attribute('port_num')}")
        until(f"{node}", node.exists)
        self._fd = os.open(node, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)

    def unplug(self) -> None:
        """Cable out."""
        self.gadget.unplug()
        with suppress(OSError):
            os.close(self._fd)
        self._fd = -1

    def say(self, data: bytes) -> None:
        """Send, and wait until the host has it."""
        while data:
            select.select([], [self._fd], [], 5)
            data = data[os.write(self._fd, data) :]
        termios.tcdrain(self._fd)

    def hear(self) -> bytes:
        """What the host has sent."""
        ready, _, _ = select.select([self._fd], [], [], 5)
        return os.read(self._fd, 4096) if ready else b""
