"""Which of the things that hang on USB is the one a setting means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devices.errors import Gone, ProtocolError, translate
from devices.finding.ports import AutoPort, PathPort, Port, SlotPort, TcpPort, UsbPort, parse_port
from devices.finding.sysfs import Found, Sysfs
from devices.models import Model, Setting, Usb
from devices.wires import Bulk, Hid, Keyboard, Serial, Tcp, Wire


class Ambiguous(ProtocolError):
    """More than one device is what the setting says, and nothing tells which is meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wire is to be opened: a path, an address, or a device on USB (vid, pid, serial, bus_path)."""

    path: str = ""
    host: str = ""
    port: int = 0
    vid: int = 0
    pid: int = 0
    serial: str = ""
    bus_path: str = ""
    interface: int | None = None  # bInterfaceNumber

    def __str__(self) -> str:
        if self.host:
            return f"tcp://{self.host}:{self.port}"
        slot = f"slot:{self.bus_path}" if self.bus_path else ""
        return " ".join(part for part in (self.path, slot) if part)


class Bus(Protocol):
    """Whoever knows what hangs on USB: Sysfs, or the bus of a simulator."""

    def present(self) -> list[Found]:
        """All of it, in the order of the slots."""


SYSFS = Sysfs()


def present(bus: Bus = SYSFS) -> list[Found]:
    """All that hangs on USB now."""
    return bus.present()


def resolve(setting: Setting, model: Model, bus: Bus = SYSFS) -> Place | None:
    """Where the setting's device is now; None where it is not. Raises Ambiguous, BadPort, NoPermission."""
    port = parse_port(setting.port)
    match port, model.wire:
        case TcpPort(host, number), Tcp(port=usual):
            return Place(host=host, port=number or usual)
        case PathPort(path), _:
            return Place(path=path) if _there(path) else None
    found = _narrowed(port, model, bus.present())
    if len(found) > 1:
        raise _ambiguous(setting, found)
    return _place(found[0]) if found else None


def _there(path: str) -> bool:
    try:
        Path(path).stat()
    except OSError as error:
        problem = translate(error, path)
        if not isinstance(
            problem, Gone
        ):  # a folder on the way that may not be entered: nobody need look at the cable
            raise problem from error
        return False
    return True


def matches(usb: Usb, found: Found) -> bool:
    """Whether a product's own words fit what was found."""
    return (
        usb.vid in (None, found.vid)
        and usb.pid in (None, found.pid)
        and (usb.usage_page is None or usb.usage_page in found.usage_pages)
        and usb.interface_class in (None, found.interface_class)
    )


def carries(wire: Wire, found: Found) -> bool:
    """Whether such a wire can be opened on what was found."""
    match wire:
        case Serial():
            return found.kind == "tty"
        case Hid():  # without hidraw in the kernel: the bare interface, for pyusb
            return found.kind == "hidraw" or (found.kind == "usb" and found.interface_class == 3)
        case Keyboard():
            return found.kind == "event" and found.keys
        case Bulk(interface_class=wanted):
            return found.interface_class == wanted
        case Tcp():
            return False


def known_as(found: Found, models: Iterable[Model]) -> list[Model]:
    """The models that what was found may be, by their own words; whoever knows it best comes first."""
    fitting = [
        (max(_exactness(usb) for usb in model.match if matches(usb, found)), model)
        for model in models
        if carries(model.wire, found) and any(matches(usb, found) for usb in model.match)
    ]
    return [model for _, model in sorted(fitting, key=lambda pair: -pair[0])]


def _exactness(usb: Usb) -> int:
    return sum(word is not None for word in (usb.vid, usb.pid, usb.usage_page, usb.interface_class))


def _narrowed(port: Port, model: Model, present: Sequence[Found]) -> list[Found]:
    """What the port means, one record per interface; the model's own words decide where the port leaves several."""
    fitting = {
        (one.bus_path, one.interface): one
        for one in present
        if carries(model.wire, one) and _meant(port, model, one)
    }
    found = list(fitting.values())
    if len(found) > 1:
        found = [one for one in found if any(matches(usb, one) for usb in model.match)] or found
    return found


def _meant(port: Port, model: Model, found: Found) -> bool:
    match port:
        case AutoPort():
            return any(matches(usb, found) for usb in model.match)
        case UsbPort(vid, pid, serial):
            return (found.vid, found.pid) == (vid, pid) and serial in ("", found.serial)
        case SlotPort(bus_path, interface):
            return found.bus_path == bus_path and interface in ("", found.interface)
        case _:
            return False


def _place(found: Found) -> Place:
    return Place(
        path=found.node,
        vid=found.vid,
        pid=found.pid,
        serial=found.serial,
        bus_path=found.bus_path,
        interface=int(found.interface.partition(".")[2]),
    )


def _ambiguous(setting: Setting, found: Sequence[Found]) -> Ambiguous:
    several = len({one.bus_path for one in found}) > 1
    slots = [one.slot if several else f"{one.slot}:{one.interface}" for one in found]
    error = Ambiguous(f"{setting.name}: {setting.port} may be any of {', '.join(slots)}")
    error.remedy = f'Say which one in the configuration: port = "{slots[0]}" or "{slots[1]}".'
    return error
