"""Scanners that speak on a serial line or USB CDC."""

from __future__ import annotations

from devices.drivers.line_scanner import LineScanner
from devices.models import Model, Setting
from devices.transport.base import Transport
from devices.wires import Serial


def _lines(setting: Setting, wire: Transport) -> LineScanner:
    return LineScanner(setting.name, wire)


MODELS = (
    Model("line-scanner", "scanner", "any scanner that sends lines, 115200 baud", Serial(115200), _lines),
    Model("line-scanner-9600", "scanner", "any scanner that sends lines, 9600 baud", Serial(9600), _lines),
)
