"""Receipt printers."""

from __future__ import annotations

from devices.drivers.escpos_printer import EscPosPrinter
from devices.models import Model, Setting
from devices.transport.base import Transport
from devices.wires import Serial


def _escpos(setting: Setting, wire: Transport) -> EscPosPrinter:
    return EscPosPrinter(setting.name, wire)


MODELS = (
    Model("escpos", "printer", "any ESC/POS printer, serial, 115200 baud", Serial(115200), _escpos),
    Model("escpos-9600", "printer", "any ESC/POS printer, serial, 9600 baud", Serial(9600), _escpos),
)
