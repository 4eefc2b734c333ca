"""NFC readers."""

from __future__ import annotations

from devices.drivers.pn532_reader import Pn532Reader
from devices.models import Model, Setting
from devices.transport.base import Transport
from devices.wires import Serial


def _pn532(setting: Setting, wire: Transport) -> Pn532Reader:
    return Pn532Reader(setting.name, wire, setting.key)


MODELS = (Model("pn532", "reader", "NXP PN532 on its UART (HSU)", Serial(115200), _pn532),)
