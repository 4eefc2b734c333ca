"""A /sys as Linux 6.1 lays it out for USB devices, and a /dev, as plain files: what discovery reads, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

SCANNER_PAGE = bytes.fromhex("058c0902a101c0")  # a bar code scanner's report descriptor, as short as it gets
KEYBOARD_PAGE = bytes.fromhex("05010906a101c0")
KEYBOARD_BITS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"  # of a plain USB keyboard
POWER_BUTTON_BITS = "10000000000000 0"


class UsbTree:
    """Plug devices in and pull them out."""

    def __init__(self, folder: Path) -> None:
        self.sys, self.dev = folder / "sys", folder / "dev"
        self._real = self.sys / "devices/pci0000:00/0000:00:14.0/usb1"
        for name in ("bus/usb/devices", "class/tty", "class/hidraw", "class/input"):
            (self.sys / name).mkdir(parents=True)
        (self.dev / "input").mkdir(parents=True)
        self._link("usb1", self._real)
        self._numbers = 0

    def plug(
        self,
        slot: str,
        vid: int,
        pid: int,
        serial: str = "",
        product: str = "Acme",
        interfaces: Iterable[str] = ("ff",),
    ) -> list[str]:
        """A device in a slot ("1-1.3"). An interface is "CLASS", "CLASS tty", "CLASS usb-serial", "03 hid", "03 hid-only-usb",
        "03 keyboard" or "03 button". Returns the nodes that came of it.
        """
        device = self._real / slot
        self._files(
            device, idVendor=f"{vid:04x}", idProduct=f"{pid:04x}", product=product, manufacturer="Acme Inc."
        )
        if serial:
            self._files(device, serial=serial)
        self._link(slot, device)
        nodes: list[str] = []
        for number, words in enumerate(interfaces):
            kind, _, maker = words.partition(" ")
            place = device / f"{slot}:1.{number}"
            self._files(place, bInterfaceNumber=f"{number:02x}", bInterfaceClass=kind)
            nodes += self._driver(place, maker)
            self._link(place.name, place)
        return nodes

    def pull(self, slot: str) -> None:
        """Take a device out, with all that came of it."""
        device = self._real / slot
        for path in [*device.rglob("tty*"), *device.rglob("hidraw*"), *device.rglob("event*")]:
            for subsystem in ("tty", "hidraw", "input"):
                (self.sys / "class" / subsystem / path.name).unlink(missing_ok=True)
            (self.dev / path.name).unlink(missing_ok=True)
            (self.dev / "input" / path.name).unlink(missing_ok=True)
        for link in [*(self.sys / "bus/usb/devices").glob(f"{slot}:*"), self.sys / "bus/usb/devices" / slot]:
            link.unlink()
        shutil.rmtree(device)

    def _driver(self, place: Path, maker: str) -> list[str]:
        self._numbers += 1
        number = self._numbers
        match maker:
            case "tty":
                return [self._node("tty", place / "tty", f"ttyACM{number}")]
            case "usb-serial":
                return [self._node("tty", place / f"ttyUSB{number}" / "tty", f"ttyUSB{number}")]
            case "hid" | "hid-only-usb" | "keyboard" | "button":
                return self._hid(place / f"0003:0C2E:0901.{number:04X}", maker, number)
        return []

    def _hid(self, place: Path, maker: str, number: int) -> list[str]:
        if maker == "hid-only-usb":  # a kernel without hidraw
            place.mkdir(parents=True)
            (place / "report_descriptor").write_bytes(SCANNER_PAGE)
            return []
        place.mkdir(parents=True)
        (place / "report_descriptor").write_bytes(SCANNER_PAGE if maker == "hid" else KEYBOARD_PAGE)
        nodes = [self._node("hidraw", place / "hidraw", f"hidraw{number}")]
        if maker in ("keyboard", "button"):
            bits = KEYBOARD_BITS if maker == "keyboard" else POWER_BUTTON_BITS
            self._files(place / f"input/input{number}/capabilities", key=bits)
            nodes.append(self._node("input", place / f"input/input{number}", f"event{number}", "input/"))
        return nodes

    def _node(self, subsystem: str, place: Path, name: str, folder: str = "") -> str:
        (place / name).mkdir(parents=True)
        (self.sys / "class" / subsystem / name).symlink_to(place / name)
        node = self.dev / (folder + name)
        node.touch()
        return str(node)

    def _files(self, place: Path, **files: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (place / name).write_text(text + "\n")

    def _link(self, name: str, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        (self.sys / "bus/usb/devices" / name).symlink_to(target)
