"""What hangs on USB, read from /sys: no library, no privileges, no daemon.

/sys/bus/usb/devices has a directory per device (`1-1.3`: bus, then the hubs' ports) and one per interface (`1-1.3:1.0`).
Below an interface its drivers put what they made of it:

    tty/ttyACM0                                     cdc_acm
    ttyUSB0/tty/ttyUSB0                             usb-serial: ftdi_sio, cp210x, ch341, pl2303
    0003:0C2E:0901.0007/report_descriptor           usbhid, with hidraw/hidraw0 and input/input9/event4 beside it
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_INTERFACE = re.compile(r"(\d+-\d+(?:\.\d+)*):(\d+\.\d+)")
_KEY_ENTER, _KEY_A = 28, 30  # linux/input-event-codes.h
_LOOKED_AT = ("bus/usb/devices", "class/tty", "class/hidraw", "class/input")


@dataclass(frozen=True, slots=True)
class Found:
    """One USB interface and one node the kernel made of it; an interface without a node has one record, with node ""."""

    vid: int
    pid: int
    serial: str
    bus_path: str  # "1-1.3"
    interface: str  # "1.0": configuration, interface
    interface_class: int
    node: str = ""  # /dev/ttyACM0, /dev/hidraw1, /dev/input/event3
    kind: str = "usb"  # tty | hidraw | event | usb
    usage_pages: tuple[int, ...] = ()  # of a HID interface's top-level collections
    keys: bool = False  # an event node that can type letters and Enter
    product: str = ""  # as it calls itself

    @property
    def slot(self) -> str:
        """Where it is plugged in, as a port of the configuration."""
        return f"slot:{self.bus_path}"


class Sysfs:
    """A /sys and a /dev; other roots are for tests. Any thread may look."""

    def __init__(self, root: Path = Path("/sys"), dev: Path = Path("/dev")) -> None:
        self._root, self._dev = root, dev
        self._seen: tuple[object, list[Found], list[str]] = (
            None,
            [],
            [],
        )  # mark, found, nodes that were missing

    def mark(self) -> object:
        """Something that is another thing after a plug, an unplug, or a driver that came or went.

        Entries of sysfs have numbers of their own, so that a device that was pulled and put back is another one.
        """
        return tuple(tuple(sorted(self._entries(name))) for name in _LOOKED_AT)

    def present(self) -> list[Found]:
        """All that hangs on USB, hubs too, in the order of the slots; read anew only where `mark` has changed.

        A node that is not in /dev yet is left out until it is.
        """
        mark, (seen, found, missing) = self.mark(), self._seen
        if mark != seen or any(Path(node).exists() for node in missing):
            everything = list(self._read())
            missing = [one.node for one in everything if one.node and not Path(one.node).exists()]
            found = [one for one in everything if one.node not in missing]
            self._seen = (mark, found, missing)
        return found

    def _entries(self, name: str) -> Iterator[tuple[str, int]]:
        with suppress(OSError), os.scandir(self._root / name) as entries:
            yield from ((entry.name, entry.inode()) for entry in entries)

    def _read(self) -> Iterator[Found]:
        bus = self._root / "bus/usb/devices"
        names = sorted(name for name, _ in self._entries("bus/usb/devices"))
        for name in names:
            parts = _INTERFACE.fullmatch(name)
            if parts is None:
                continue  # the device itself, or a root hub
            with suppress(OSError, ValueError):  # unplugged while we look
                yield from self._interface(bus / parts[1], bus / name, parts[2])

    def _interface(self, device: Path, interface: Path, number: str) -> Iterator[Found]:
        base = Found(
            vid=_hex(device / "idVendor"),
            pid=_hex(device / "idProduct"),
            serial=_text(device / "serial"),
            bus_path=device.name,
            interface=number,
            interface_class=_hex(interface / "bInterfaceClass"),
            product=" ".join(
                part for part in (_text(device / "manufacturer"), _text(device / "product")) if part
            ),
        )
        nodes = [*self._ttys(base, interface), *self._hid(base, interface)]
        yield from nodes or [base]

    def _ttys(self, base: Found, interface: Path) -> Iterator[Found]:
        for name in sorted(
            path.name for path in (*interface.glob("tty/tty*"), *interface.glob("tty*/tty/tty*"))
        ):
            yield replaced(base, node=str(self._dev / name), kind="tty")

    def _hid(self, base: Found, interface: Path) -> Iterator[Found]:
        for described in sorted(interface.glob("*/report_descriptor")):
            pages = usage_pages(described.read_bytes())
            raw = sorted(described.parent.glob("hidraw/hidraw*"))
            if not raw:  # a kernel without hidraw: for libusb
                yield replaced(base, node="", kind="usb", usage_pages=pages)
            for path in raw:
                yield replaced(base, node=str(self._dev / path.name), kind="hidraw", usage_pages=pages)
            for path in sorted(described.parent.glob("input/input*/event*")):
                keys = _types(path.parent / "capabilities/key")
                node = str(self._dev / "input" / path.name)
                yield replaced(base, node=node, kind="event", usage_pages=pages, keys=keys)


def replaced(
    base: Found, *, node: str, kind: str, usage_pages: tuple[int, ...] = (), keys: bool = False
) -> Found:
    """The same interface by one of its nodes."""
    return Found(
        base.vid, base.pid, base.serial, base.bus_path, base.interface, base.interface_class,
        node, kind, usage_pages, keys, base.product,
    )  # fmt: skip


def usage_pages(descriptor: bytes) -> tuple[int, ...]:
    """The usage pages of a report descriptor's top-level collections, in order (HID 1.11, section 6.2.2)."""
    pages: list[int] = []
    page, depth, at = 0, 0, 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == 0xFE:  # a long item: its size follows
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[prefix & 3]
        value = int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        at += 1 + size
        match prefix & 0xFC:
            case 0x04:
                page = value
            case 0x08 if size == 4 and depth == 0:
                page = value >> 16  # a usage that brings its page with it
            case 0xA0:
                if depth == 0 and page not in pages:
                    pages.append(page)
                depth += 1
            case 0xC0:
                depth = max(0, depth - 1)
    return tuple(pages)


def _types(bitmap: Path) -> bool:
    """Whether an input device has the keys A and Enter: words of the bitmap, most significant first."""
    words = _text(bitmap).split()
    low = int(words[-1], 16) if words else 0
    return bool(low >> _KEY_ENTER & 1 and low >> _KEY_A & 1)


def _hex(path: Path) -> int:
    return int(path.read_text(encoding="ascii").strip(), 16)


def _text(path: Path) -> str:
    """A file's text without its line end; "" where there is none. Devices put anything into their strings."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip()
    except OSError:
        return ""
