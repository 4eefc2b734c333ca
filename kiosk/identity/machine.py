"""Which board this is: an id that stays with the hardware and does not travel with a disk.

A cloned card has the same /etc/machine-id, the same keys and the same ledger as the one it was made from; only what is
burnt into the board tells the two apart. Sources, best first:

* `pi`: the serial number a Raspberry Pi's firmware puts into the device tree (also other boards that set it);
* `dmi`: product UUID, board or product serial of a PC's firmware (SMBIOS 3, 7.2 and 7.3), where this account may read them;
* `net`: the hardware address of the first network card on the board (PCI, SoC): not USB, which is plugged elsewhere;
* `os`: /etc/machine-id, which a clone shares.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SOURCES: Final = (
    ("pi", "proc/device-tree/serial-number"),
    ("pi", "sys/firmware/devicetree/base/serial-number"),
    ("dmi", "sys/class/dmi/id/product_uuid"),
    ("dmi", "sys/class/dmi/id/board_serial"),
    ("dmi", "sys/class/dmi/id/product_serial"),
)
# What makers leave in the field when they do not fill it in; compared in lower case without signs.
_NOBODY: Final = frozenset(
    {
        "", "none", "na", "notspecified", "notapplicable", "notavailable", "tobefilledbyoem", "defaultstring", "default",
        "systemserialnumber", "chassisserialnumber", "baseboardserialnumber", "empty", "unknown", "123456789", "0123456789",
        "03000200040005000006000700080009", "xxxxxxxxxx", "oem", "serial",
    }
)  # fmt: skip
_SIGNS: Final = re.compile(r"[^0-9a-z]")


def machine_id(root: Path = Path("/")) -> str:
    """The board's id: its source, "-" and 16 hexadecimal digits, "" where nothing tells. `root`: where / is."""
    for source, value in _found(root):
        digest = hashlib.sha256(f"endcap machine {source} {value}".encode()).hexdigest()[:16]
        return f"{source}-{digest}"
    return ""


def board_model(root: Path = Path("/")) -> str:
    """What the board calls itself, for people: "Raspberry Pi 4 Model B Rev 1.5"; "" where it does not say."""
    for path in ("proc/device-tree/model", "sys/class/dmi/id/product_name"):
        if model := _text(root / path):
            return model[:80]
    return ""


def _found(root: Path) -> Iterator[tuple[str, str]]:
    for source, path in _SOURCES:
        value = _SIGNS.sub("", _text(root / path).lower())
        if value not in _NOBODY and len(set(value)) > 1:  # 000000 and FFFFFF are nobody's
            yield source, value
    yield from _network(root)
    if value := _text(root / "etc/machine-id"):
        yield "os", value


def _network(root: Path) -> Iterator[tuple[str, str]]:
    """Addresses the makers gave to cards on the board (`addr_assign_type` 0), by name."""
    try:
        cards = sorted((root / "sys/class/net").iterdir())
    except OSError:
        return
    for card in cards:
        try:
            bus = (card / "device" / "subsystem").resolve(strict=True).name
        except OSError:  # not hardware
            continue
        if bus == "usb" or bus.startswith("virtio") or _text(card / "addr_assign_type") != "0":
            continue
        value = _text(card / "address").lower()
        if len(set(value)) > 2:
            yield "net", value


def _text(path: Path) -> str:
    """The first line of a small file without what firmware pads it with; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(256)
    except OSError:
        return ""
    return raw.split(b"\0")[0].decode("utf-8", "replace").split("\n")[0].strip()
