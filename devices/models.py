"""The table of products we can drive: one declaration each. A new one with a known protocol is one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.drivers.base import Driver
from devices.drivers.escpos_printer import EscPosPrinter
from devices.drivers.line_scanner import LineScanner
from devices.drivers.pn532_reader import Pn532Reader
from devices.transport.serial import SerialTransport


@dataclass(frozen=True, slots=True)
class Setting:
    """A configured peripheral. `port` is a path that names the slot or the device (a udev link), never ttyACM0."""

    name: str
    model: str
    port: str
    key: bytes = b""  # token key, for card readers


@dataclass(frozen=True, slots=True)
class Model:
    """One product: what it is, how fast its line is, how to drive it."""

    kind: str  # scanner | reader | printer
    baudrate: int
    open: Callable[[Setting, SerialTransport], Driver]


MODELS: dict[str, Model] = {
    "line-scanner": Model("scanner", 115200, lambda setting, wire: LineScanner(setting.name, wire)),
    "line-scanner-9600": Model("scanner", 9600, lambda setting, wire: LineScanner(setting.name, wire)),
    "pn532": Model("reader", 115200, lambda setting, wire: Pn532Reader(setting.name, wire, setting.key)),
    "escpos": Model("printer", 115200, lambda setting, wire: EscPosPrinter(setting.name, wire)),
    "escpos-9600": Model("printer", 9600, lambda setting, wire: EscPosPrinter(setting.name, wire)),
}


class UnknownModel(ValueError):
    """A configuration names a model that is not in the table."""


def open_device(setting: Setting) -> Driver:
    """Open a peripheral's port and start its driver. Raises DeviceError, UnknownModel."""
    model = MODELS.get(setting.model)
    if model is None:
        raise UnknownModel(f"{setting.name}: no model {setting.model!r}; there are {', '.join(MODELS)}")
    transport = SerialTransport(setting.port, model.baudrate)
    try:
        driver = model.open(setting, transport)
    except BaseException:
        transport.close()
        raise
    try:
        driver.start()
    except BaseException:
        driver.close()
        raise
    return driver
