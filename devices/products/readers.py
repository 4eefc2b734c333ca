"""NFC readers."""

from __future__ import annotations

from devices.drivers.acr122_reader import Acr122Reader
from devices.drivers.acr1252_reader import Acr1252Reader
from devices.drivers.pn532_reader import Pn532Reader
from devices.models import Model, Setting, Usb
from devices.transport.base import Transport
from devices.wires import Bulk, Serial


def _pn532(setting: Setting, wire: Transport) -> Pn532Reader:
    return Pn532Reader(setting.name, wire, setting.key, read_tags=setting.read_tags)


def _acr122(setting: Setting, wire: Transport) -> Acr122Reader:
    return Acr122Reader(setting.name, wire, setting.key, read_tags=setting.read_tags)


def _acr1252(setting: Setting, wire: Transport) -> Acr1252Reader:
    return Acr1252Reader(setting.name, wire, setting.key, read_tags=setting.read_tags)


CCID = 0x0B  # the interface class of smart card readers
MODELS = (
    Model("pn532", "reader", "NXP PN532 on its UART (HSU)", Serial(115200), _pn532),
    Model(
        "acr122u",
        "reader",
        "ACS ACR122U, USB CCID",
        Bulk(CCID),
        _acr122,
        match=(Usb(0x072F, 0x2200, interface_class=CCID),),
        tested="the simulator, recorded exchanges",
    ),
    Model(
        "acr1252u",
        "reader",
        "ACS ACR1252U, USB CCID",
        Bulk(CCID),
        _acr1252,
        match=(Usb(0x072F, 0x223B, interface_class=CCID),),
    ),
)
