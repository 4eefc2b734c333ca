"""From a setting to a running driver."""

from __future__ import annotations

from devices import registry
from devices.drivers.base import Driver
from devices.models import Setting
from devices.transport.base import Transport
from devices.transport.serial import SerialTransport
from devices.wires import Serial, Wire


def open_wire(wire: Wire, port: str) -> Transport:
    """The wire at a port, open. Raises DeviceError."""
    match wire:
        case Serial(baudrate=baudrate, parity=parity, rtscts=rtscts):
            return SerialTransport(port, baudrate, parity, rtscts)
        case _:
            raise NotImplementedError(f"{port}: {wire}")


def open_device(setting: Setting) -> Driver:
    """Open a peripheral's wire and start its driver. Raises DeviceError, UnknownModel."""
    model = registry.model(setting.model)
    transport = open_wire(model.wire, setting.port)
    try:
        driver = model.drive(setting, transport)
    except BaseException:
        transport.close()
        raise
    try:
        driver.start()
    except BaseException:
        driver.close()
        raise
    return driver
