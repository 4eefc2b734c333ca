"""What DECODE_DATA's code type means as an AIM identifier, and a UPC code as the GTIN it stands for.

Code types: SSI Programmer's Guide, DECODE_DATA; C1 and C2 as in Zebra's Scanner SDK. AIM: ISO/IEC 15424.
"""

from __future__ import annotations

from devices.protocol.gs1.check import expand_upce, is_digits
from devices.protocol.lines import Code, aim_of, text_of

_UPC_A, _UPC_E, _UPC_E1 = 0x08, 0x09, 0x10

_AIM = {
    0x01: "]A0",  # Code 39
    0x02: "]F0",  # Codabar
    0x03: "]C0",  # Code 128
    0x04: "]S0",  # Discrete 2 of 5
    0x05: "]R0",  # IATA 2 of 5
    0x06: "]I0",  # Interleaved 2 of 5
    0x07: "]G0",  # Code 93
    0x0A: "]E4",  # EAN-8
    0x0B: "]E0",  # EAN-13
    0x0C: "]H0",  # Code 11
    0x0E: "]M0",  # MSI
    0x0F: "]C1",  # GS1-128
    0x11: "]L0",  # PDF417
    0x13: "]A4",  # Code 39, full ASCII
    0x16: "]E0",  # Bookland EAN
    0x18: "]F0",  # NW-7
    0x19: "]C0",  # ISBT 128
    0x1A: "]L0",  # MicroPDF417
    0x1B: "]d1",  # Data Matrix
    0x1C: "]Q1",  # QR Code
    0x25: "]U0",  # MaxiCode
    0x2D: "]z0",  # Aztec
    0x30: "]e0",  # GS1 DataBar
    0x31: "]e0",
    0x32: "]e0",
    0xC1: "]d2",  # GS1 Data Matrix
    0xC2: "]Q3",  # GS1 QR Code
}


def code_of(code_type: int, data: bytes) -> Code:
    """The code that was decoded. An AIM identifier in the data, where the scanner is set up to send it, is the truth.

    AIM's ]E0 means 13 digits: a UPC-A gets its leading 0, a whole UPC-E is expanded. One without its check digit or
    number system has no identifier ("]X0"): read as an EAN-8 it would be another product.
    """
    if aim := aim_of(data):
        body = data[3:]
        return Code(body, text_of(body), aim.decode("ascii"))
    if code_type in (_UPC_A, _UPC_E, _UPC_E1):
        digits = data.decode("ascii", "replace")
        whole = digits if code_type == _UPC_A else expand_upce(digits)
        if len(whole) == 12 and is_digits(whole):
            return Code(data, "0" + whole, "]E0")
        return Code(data, text_of(data), "]X0")
    return Code(data, text_of(data), _AIM.get(code_type, ""))
