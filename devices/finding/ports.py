"""Where a peripheral hangs, as a configuration says it: the forms of `port`.

auto                     the only device on USB that its model matches
usb:VVVV:PPPP            the only one of that vendor and product (hexadecimal)
usb:VVVV:PPPP:SERIAL     the one with that serial number
slot:1-1.3               whatever hangs in that socket: bus, then the hubs' ports (the kernel's name in /sys/bus/usb/devices)
slot:1-1.3:1.2           there, configuration 1, interface 2, where the device has several alike
tcp://HOST:9100          a device on the network; without a port, its model's
/dev/endcap/scanner      a path that stays: a udev link, a UART of the board. /dev/ttyACM0 does not stay
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from devices.models import Model
from devices.wires import Hid, Keyboard, Serial, Tcp, Wire


class BadPort(ValueError):
    """A port nobody can find a device by; says what was expected."""


@dataclass(frozen=True, slots=True)
class AutoPort:
    """The only one that matches."""


@dataclass(frozen=True, slots=True)
class UsbPort:
    """By what it says of itself; `serial` "" is any."""

    vid: int
    pid: int
    serial: str = ""


@dataclass(frozen=True, slots=True)
class SlotPort:
    """By where it is plugged in; `interface` is "1.2" or "" for any."""

    bus_path: str
    interface: str = ""


@dataclass(frozen=True, slots=True)
class TcpPort:
    """By its address; `port` None is the model's."""

    host: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class PathPort:
    """By a path."""

    path: str


Port = AutoPort | UsbPort | SlotPort | TcpPort | PathPort

_USB = re.compile(r"usb:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::(.+))?")
_SLOT = re.compile(r"slot:(\d+-\d+(?:\.\d+)*)(?::(\d+\.\d+))?")
_MOVES = re.compile(r"/dev/(ttyACM|ttyUSB|hidraw|input/event|usb/hiddev|usb/lp)\d+")
FORMS = "auto, usb:VVVV:PPPP[:SERIAL], slot:1-1.3[:1.0], tcp://HOST[:PORT] or an absolute path"


def parse_port(text: str) -> Port:
    """The port a text is. Raises BadPort."""
    if text == "auto":
        return AutoPort()
    if found := _USB.fullmatch(text):
        return UsbPort(int(found[1], 16), int(found[2], 16), found[3] or "")
    if found := _SLOT.fullmatch(text):
        return SlotPort(found[1], found[2] or "")
    if text.startswith("tcp://"):
        return _tcp(text)
    if text.startswith("/") and "\0" not in text:
        return PathPort(text)
    raise BadPort(f"{text!r}: expected {FORMS}")


def check_port(text: str, model: Model) -> Port:
    """The port, where `model` can be found by it and it stays the same at a replug. Raises BadPort."""
    port = parse_port(text)
    if isinstance(port, TcpPort) != isinstance(model.wire, Tcp):
        wanted = "tcp://HOST[:PORT]" if isinstance(model.wire, Tcp) else "a port on this machine"
        raise BadPort(f"{text!r}: {model.name} ({model.product}) needs {wanted}")
    match port:
        case AutoPort() if not model.match:
            raise BadPort(
                f"'auto': {model.name} does not say what it is on USB; expected usb:VVVV:PPPP, slot:1-1.3 or a path"
            )
        case PathPort(path) if _MOVES.fullmatch(path):
            raise BadPort(
                f"{path!r} is another device's after a replug; expected auto, usb:VVVV:PPPP[:SERIAL], slot:1-1.3 or a udev link"
            )
        case PathPort(path) if not by_path(model.wire):
            raise BadPort(
                f"{path!r}: {model.name} is no file; expected auto, usb:VVVV:PPPP[:SERIAL] or slot:1-1.3"
            )
    return port


def by_path(wire: Wire) -> bool:
    """Whether such a wire is a file in /dev."""
    return isinstance(wire, Serial | Hid | Keyboard)


def _tcp(text: str) -> TcpPort:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadPort(f"{text!r}: {error}") from None
    if not host or parts.path or parts.query or parts.username is not None:
        raise BadPort(f"{text!r}: expected tcp://HOST or tcp://HOST:PORT")
    return TcpPort(host, port)
