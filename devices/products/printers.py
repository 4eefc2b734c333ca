"""Receipt printers.

What is known of each and from where: Epson's ESC/POS reference lists GS ( H function 48 and DLE DC4 8 for the TM-T20 and
TM-T88 families; Citizen's manuals (CT-S300, PPU-700) have DLE DC4 8; dots, columns and the number of code page 858 are those
of the makers' manuals as collected in the escpos-printer-db. "ESC/POS compatible" promises none of the rest, and a clone may even give
Epson's name for its own (Rongta does), so it is never asked who it is: what it answers decides.
"""

from __future__ import annotations

from pathlib import Path

from devices.drivers.escpos_printer import EscPosPrinter
from devices.models import Drive, Model, Paper, Setting, Usb
from devices.protocol.escpos_terms import IN_TURN, PROCESS_ID, STATUS, Abilities
from devices.transport.base import Transport
from devices.wires import Bulk, Serial, Tcp, Wire

PRINTER_CLASS, VENDOR_CLASS = 0x07, 0xFF

EPSON = Abilities((PROCESS_ID, IN_TURN), auto_status=True, clears=True)
CITIZEN = Abilities((IN_TURN, STATUS), clears=True)
ANY = Abilities((IN_TURN, STATUS))

MM80 = Paper()  # 512 dots fit the 576 of other 80 mm printers too
MM80_WIDE = Paper(576, 48)
MM80_PLAIN = Paper(576, 48, code_page=None)
MM58 = Paper(384, 32, cuts=False)


def _drive(can: Abilities) -> Drive:
    def drive(setting: Setting, wire: Transport) -> EscPosPrinter:
        notes = Path(setting.notes) / f"{setting.name}.note" if setting.notes else None
        return EscPosPrinter(setting.name, wire, can, notes)

    return drive


def _printer(name: str, product: str, wire: Wire, can: Abilities, paper: Paper, *match: Usb) -> Model:
    tested = "the simulator; emupos 0.4.0" if isinstance(wire, Tcp) else "the simulator"
    return Model(name, "printer", product, wire, _drive(can), match, tested, paper)


def _usb(vid: int, *pids: int, of: int = PRINTER_CLASS) -> tuple[Usb, ...]:
    return tuple(Usb(vid, pid, interface_class=of) for pid in pids) or (Usb(vid, interface_class=of),)


MODELS = (
    _printer("escpos", "any ESC/POS printer, serial, 115200 baud", Serial(115200), ANY, MM80),
    _printer("escpos-9600", "any ESC/POS printer, serial, 9600 baud", Serial(9600), ANY, MM80),
    _printer("escpos-usb", "any ESC/POS printer, USB", Bulk(PRINTER_CLASS), ANY, MM80),
    _printer("escpos-net", "any ESC/POS printer, network", Tcp(9100), ANY, MM80),
    _printer(
        "epson-tm-t20", "Epson TM-T20 family, USB", Bulk(PRINTER_CLASS), EPSON, MM80_WIDE, *_usb(0x04B8, 0x0E27, 0x0E28)
    ),
    _printer("epson-tm-t88", "Epson TM-T88 family, USB", Bulk(PRINTER_CLASS), EPSON, MM80, *_usb(0x04B8, 0x0E21)),
    _printer(
        "epson-tm-vendor", "Epson TM set to its own USB class", Bulk(VENDOR_CLASS), EPSON, MM80,
        *_usb(0x04B8, 0x0202, of=VENDOR_CLASS),
    ),
    _printer("epson-tm-serial", "Epson TM, serial, 38400 baud, RTS/CTS", Serial(38400, rtscts=True), EPSON, MM80),
    _printer("epson-tm-net", "Epson TM, network", Tcp(9100), EPSON, MM80),
    _printer("star-escpos", "Star TSP/mC-Print in ESC/POS mode, USB", Bulk(PRINTER_CLASS), ANY, MM80_PLAIN, *_usb(0x0519)),
    _printer("citizen-ct", "Citizen CT-S/CT-E, USB", Bulk(PRINTER_CLASS), CITIZEN, MM80_WIDE, *_usb(0x1D90)),
    _printer("bixolon-srp", "Bixolon SRP, USB", Bulk(PRINTER_CLASS), ANY, MM80, *_usb(0x1504)),
    _printer("pos-80", "80 mm printers of many names, USB", Bulk(PRINTER_CLASS), ANY, MM80_WIDE, *_usb(0x0483, 0x5743)),
    _printer("pos-58", "58 mm printers of many names, USB, no knife", Bulk(PRINTER_CLASS), ANY, MM58, *_usb(0x0416, 0x5011)),
)  # fmt: skip
