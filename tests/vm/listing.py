"""A tree of files as text: one line each, so that a recorded /sys can be read, compared and laid out again in a test.

path/           a folder
path -> target  a link
path = 'text'   a file with that content, as a Python string or bytes literal
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# Of an attribute folder's hundred files, those that say who a device is and what became of it.
TOLD = frozenset(
    [
        "idVendor",
        "idProduct",
        "bcdDevice",
        "serial",
        "manufacturer",
        "product",
        "bDeviceClass",
        "bNumInterfaces",
        "busnum",
        "devnum",
        "devpath",
        "speed",
        "bInterfaceNumber",
        "bInterfaceClass",
        "bInterfaceSubClass",
        "bInterfaceProtocol",
        "bNumEndpoints",
        "interface",
        "report_descriptor",
        "dev",
        "name",
        "phys",
        "ev",
        "key",
        "port_number",
        "uevent",
    ]
)
LINKS = frozenset(("driver", "subsystem", "device"))
CLASSES = ("tty", "hidraw", "input", "usbmisc")
LEFT_OUT = ("power", "ep_", "wakeup", "usb1-port")


def record(sys: Path) -> str:
    """The USB part of a /sys: every USB device, its interfaces, and the class links that lead to their nodes."""
    lines: dict[str, str] = {}
    for link in sorted((sys / "bus/usb/devices").iterdir()):
        _tell(link, sys, lines)
        if ":" not in link.name and not link.name.startswith("usb"):  # a root hub says nothing that is needed
            for path in _walk(link.resolve()):
                _tell(path, sys, lines)
    for kind in CLASSES:
        folder = sys / "class" / kind
        for link in sorted(folder.iterdir()) if folder.exists() else ():
            if "/usb" in str(link.readlink()) or link.name in ("ttyS0", "tty0"):  # and two that are none
                _tell(link, sys, lines)
                _tell(link.resolve() / "dev", sys, lines)
    return "".join(f"{name}{lines[name]}\n" for name in sorted(lines))


def lay_out(text: str, root: Path) -> None:
    """Make the tree below `root`. Raises ValueError at a line that is none."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.endswith("/"):
            (root / line).mkdir(parents=True, exist_ok=True)
            continue
        name, sign, rest = line.partition(" -> ") if " -> " in line else line.partition(" = ")
        if not sign:
            raise ValueError(f"line {number}: expected a folder, a link or a file, found {line!r}")
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if sign == " -> ":
            place.symlink_to(rest)
        else:
            value = ast.literal_eval(rest)
            place.write_bytes(value if isinstance(value, bytes) else value.encode())


def _walk(folder: Path) -> Iterator[Path]:
    """What is told of a device's folder; what hangs below it as a hub is told by itself."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            if path.name in LINKS:
                yield path
        elif path.is_dir():
            if (
                not path.name.startswith(LEFT_OUT)
                and "::" not in path.name
                and not (path / "idVendor").exists()
            ):
                yield from _walk(path)
        elif path.name in TOLD:
            yield path


def _tell(path: Path, sys: Path, lines: dict[str, str]) -> None:
    if path.is_symlink():
        lines[_name(path, sys)] = f" -> {path.readlink()}"
    elif path.exists():
        try:
            content = path.read_bytes()
        except OSError:
            return
        try:
            lines[_name(path, sys)] = f" = {content.decode('ascii')!r}"
        except UnicodeDecodeError:
            lines[_name(path, sys)] = f" = {content!r}"


def _name(path: Path, sys: Path) -> str:
    return str(path.relative_to(sys.parent))
