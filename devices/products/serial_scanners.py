"""Scanners that speak on a serial line or USB CDC.

Speeds are the makers' defaults; a CDC port ignores them. A product is matched by what usb.ids (2025.07.26) knows of its
CDC interface, or by its maker alone where the maker's serial interfaces all speak the same.
"""

from __future__ import annotations

from devices.drivers.line_scanner import line_scanner
from devices.drivers.ssi_scanner import ssi_scanner
from devices.models import Model, Usb
from devices.protocol.commands import CipherLab, Datalogic, De2120, Honeywell
from devices.protocol.gm65 import Gm65
from devices.protocol.newland import Newland
from devices.wires import Serial

_FAST, _SLOW = Serial(115200), Serial(9600)
_BY_MANUAL = "the simulator, the manual's bytes"

MODELS = (
    Model("line-scanner", "scanner", "any scanner that sends lines, 115200 baud", _FAST, line_scanner()),
    Model("line-scanner-9600", "scanner", "any scanner that sends lines, 9600 baud", _SLOW, line_scanner()),
    Model(
        "honeywell",
        "scanner",
        "Honeywell 1900, 3310, N3680 and kin, CDC or RS-232",
        _FAST,
        line_scanner(commands=Honeywell()),
        match=(Usb(0x0C2E),),
        tested=_BY_MANUAL,
    ),
    Model(
        "newland",
        "scanner",
        "Newland FM430, FM530, HR52, EM3000 series, CDC or RS-232",
        _SLOW,
        line_scanner(commands=Newland()),
        match=(Usb(0x1EAB),),
        tested=_BY_MANUAL,
    ),
    Model(
        "newland-em3095",
        "scanner",
        "Newland NLS-EM3095, TTL-232",
        _SLOW,
        line_scanner(commands=Gm65()),
        tested=_BY_MANUAL,
    ),
    Model(
        "gm65",
        "scanner",
        "Grow GM65, GM66, TTL-232 or CDC",
        _SLOW,
        line_scanner(commands=Gm65()),
        tested=_BY_MANUAL,
    ),
    Model(
        "gm805",
        "scanner",
        "Grow GM805, TTL-232 or CDC",
        _SLOW,
        line_scanner(commands=Gm65()),
        tested=_BY_MANUAL,
    ),
    Model(
        "waveshare-barcode",
        "scanner",
        "Waveshare Barcode Scanner Module, TTL-232 or CDC",
        _SLOW,
        line_scanner(commands=Gm65()),
        tested=_BY_MANUAL,
    ),
    Model(
        "datalogic-gryphon",
        "scanner",
        "Datalogic Gryphon, PowerScan, CDC or RS-232",
        _SLOW,
        line_scanner(commands=Datalogic(software_trigger=True)),
        match=(Usb(0x05F9, 0x4204),),
        tested=_BY_MANUAL,
    ),
    Model(
        "datalogic-magellan",
        "scanner",
        "Datalogic Magellan 800i and other fixed ones, CDC or RS-232",
        _SLOW,
        line_scanner(commands=Datalogic()),
        tested=_BY_MANUAL,
    ),
    Model(
        "zebra-cdc",
        "scanner",
        "Zebra and Symbol scanners as USB CDC host",
        _SLOW,
        line_scanner(),
        match=(Usb(0x05E0, 0x1701),),
    ),
    Model(
        "zebra-ssi",
        "scanner",
        "Zebra and Symbol DS457, SE955, SE4500 and kin in SSI host mode",
        _SLOW,
        ssi_scanner(),
        tested="the simulator, recorded packets",
    ),
    Model(
        "cipherlab-1664",
        "scanner",
        "CipherLab 1663, 1664, virtual COM",
        _FAST,
        line_scanner(commands=CipherLab()),
        tested=_BY_MANUAL,
    ),
    Model(
        "de2120",
        "scanner",
        "DYScan DE2120, CDC or TTL-232",
        _FAST,
        line_scanner(commands=De2120()),
        tested="the simulator, the library's bytes",
    ),
)
