"""Scanners on USB HID: bar code scanner reports, and keyboards.

Matched by what usb.ids (2025.07.26) knows of their HID-POS interfaces, else by their maker and the usage page of bar code
scanners: then the descriptor says the rest. What the descriptor of a maker's older models hides, a table has.
"""

from __future__ import annotations

from devices.drivers.hidpos_scanner import hidpos_scanner
from devices.drivers.wedge_scanner import wedge_scanner
from devices.models import Model, Usb
from devices.protocol.commands import Honeywell
from devices.protocol.hidpos_layout import HONEYWELL, MICROSCAN, NEWLAND, OFFSET_1, Channel
from devices.protocol.key_layouts import DE, FR, US
from devices.protocol.newland import Newland
from devices.wires import Hid, Keyboard

BAR_CODE_SCANNER = 0x8C
_NEWLAND_POS = (
    0x0110,
    0x0C10,
    0x0D10,
    0x1310,
    0x1410,
    0x1610,
    0x1910,
    0x1A10,
    0x1C10,
    0x1D10,
    0x1E10,
    0x2010,
)
# Exactly those that usb.ids names as scanners in keyboard mode (Zebra's by its manuals): no maker as a whole, because a
# keyboard must not be grabbed by accident. Another wedge's port has to be said.
_WEDGES = (
    Usb(0x05E0, 0x1200),
    Usb(0x05F9, 0x2206),
    Usb(0x0C2E, 0x0204),
    *(Usb(0x1EAB, pid & 0xFF00 | 0x03) for pid in _NEWLAND_POS),
)

MODELS: tuple[Model, ...] = (
    Model(
        "hidpos",
        "scanner",
        "any scanner in HID-POS mode",
        Hid(),
        hidpos_scanner(),
        match=(Usb(None, usage_page=BAR_CODE_SCANNER),),
        tested="the simulator; layouts of four recorded descriptors",
    ),
    Model(
        "honeywell-hidpos",
        "scanner",
        "Honeywell Voyager, Xenon, Vuquest, Orbit; Metrologic; HID-POS",
        Hid(),
        hidpos_scanner(HONEYWELL, OFFSET_1, channel=Channel(0xFD), commands=Honeywell()),
        match=(Usb(0x0C2E, usage_page=BAR_CODE_SCANNER),),
        tested="reports recorded from a Voyager 1602g; the simulator",
    ),
    Model(
        "access-is-hidpos",
        "scanner",
        "Access-IS LSR118 and kin, HID-POS",
        Hid(),
        hidpos_scanner(HONEYWELL),
        match=(Usb(0x0DB5, usage_page=BAR_CODE_SCANNER), Usb(0x23D0, usage_page=BAR_CODE_SCANNER)),
        tested="reports printed in the LSR118 manual",
    ),
    Model(
        "datalogic-hidpos",
        "scanner",
        "Datalogic Gryphon, QuickScan, Magellan, HID-POS",
        Hid(),
        hidpos_scanner(HONEYWELL, OFFSET_1),
        match=(Usb(0x05F9, usage_page=BAR_CODE_SCANNER),),
        tested="the simulator",
    ),
    Model(
        "zebra-hidpos",
        "scanner",
        "Zebra and Symbol scanners, HID-POS (not IBM hand-held, not SNAPI)",
        Hid(),
        hidpos_scanner(HONEYWELL, OFFSET_1),
        match=(Usb(0x05E0, usage_page=BAR_CODE_SCANNER),),
        tested="the simulator",
    ),
    Model(
        "newland-hidpos",
        "scanner",
        "Newland FM430, QU-R302, EM and HR series, HID-POS",
        Hid(),
        hidpos_scanner(NEWLAND, channel=Channel(4), commands=Newland()),
        match=(*(Usb(0x1EAB, pid) for pid in _NEWLAND_POS), Usb(0x1EAB, usage_page=BAR_CODE_SCANNER)),
        tested="the layout of its manual, by the simulator",
    ),
    Model(
        "microscan-hid",
        "scanner",
        "Microscan (Omron) MINI Hawk and kin, HID",
        Hid(),
        hidpos_scanner(MICROSCAN, channel=Channel(1)),
        match=(Usb(0x1777),),
        tested="a report printed in the MINI Hawk help",
    ),
    *(
        Model(
            f"wedge-{layout.name}",
            "scanner",
            f"any scanner that plays a keyboard, set up for layout {layout.name}",
            Keyboard(),
            wedge_scanner(layout),
            match=_WEDGES,
            tested="the simulator's key events",
        )
        for layout in (US, DE, FR)
    ),
)
