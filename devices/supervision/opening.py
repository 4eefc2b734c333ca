"""From a setting to a running driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devices import registry
from devices.drivers.base import Driver
from devices.errors import Busy, Gone
from devices.finding.discovery import SYSFS, Bus, Place, resolve
from devices.models import Model, Setting
from devices.transport.base import Transport
from devices.wires import Bulk, Hid, Keyboard, Serial, Tcp, Wire


@dataclass(frozen=True, slots=True)
class Host:
    """Where devices are sought and opened: this machine, or what a simulator plays."""

    bus: Bus = SYSFS
    backend: object = None  # pyusb's; None is libusb
    models: Mapping[str, Model] | None = None  # None is all that are declared

    def known(self) -> Mapping[str, Model]:
        """The models there are, by name."""
        return registry.models() if self.models is None else self.models


THIS_HOST = Host()


def open_wire(wire: Wire, place: Place | str, backend: object = None) -> Transport:
    """The wire at a place (or at a path), open. Raises DeviceError.

    The libraries are loaded here, so that a kiosk with serial lines alone needs no libusb.
    """
    if isinstance(place, str):
        place = Place(path=place)
    match wire:
        case Serial(baudrate=baudrate, parity=parity, rtscts=rtscts):
            from devices.transport.serial import SerialTransport

            return SerialTransport(place.path, baudrate, parity, rtscts)
        case Hid() if place.path:
            from devices.transport.hidraw import HidrawTransport

            return HidrawTransport(place.path)
        case Keyboard():
            from devices.transport.evdev import EvdevTransport

            return EvdevTransport(place.path)
        case Tcp():
            from devices.transport.tcp import TcpTransport

            return TcpTransport(place.host, place.port)
        case _:
            return _open_usb(wire, place, backend)


def open_device(setting: Setting, host: Host = THIS_HOST) -> Driver:
    """Find a peripheral, open its wire and start its driver. Raises DeviceError, UnknownModel, BadPort."""
    model = registry.named(setting.model, host.known())
    place = resolve(setting, model, host.bus)
    if place is None:
        raise Gone(f"{setting.name}: nothing at {setting.port}")
    driver = drive(setting, model, open_wire(model.wire, place, host.backend))
    try:
        driver.start()
    except BaseException:
        driver.close()
        raise
    return driver


def drive(setting: Setting, model: Model, wire: Transport) -> Driver:
    """The driver of a wire that is open, not started; where none can be made the wire is closed."""
    try:
        return model.drive(setting, wire)
    except BaseException:
        wire.close()
        raise


def reset_usb(place: Place, backend: object = None) -> bool:
    """Reset the device there, as if it had been pulled for a moment; False where that is not possible."""
    if not place.vid:
        return False
    from devices.transport.usb import UsbPlace, reset_device

    return reset_device(UsbPlace(place.vid, place.pid, place.serial, place.bus_path), backend)


def _open_usb(wire: Wire, place: Place, backend: object) -> Transport:
    from devices.transport.usb import UsbBulkTransport, UsbHidTransport, UsbPlace

    where = UsbPlace(place.vid, place.pid, place.serial, place.bus_path, place.interface)
    match wire:
        case Bulk(interface_class=interface_class):
            try:
                return UsbBulkTransport(where, interface_class, backend)
            except Busy as error:
                error.remedy = wire.rivals or error.remedy
                raise
        case _:
            return UsbHidTransport(where, backend)
