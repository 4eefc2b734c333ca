"""What a scanner sends with its AIM symbology identifier in front: EAN/UPC, element strings, Digital Links or text.

Source: GS1 General Specifications 5.1.3 (symbology identifiers) and 7.8 (processing of data from GS1 carriers).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.protocol import aim as aims
from devices.protocol.gs1 import digital_link, elements
from devices.protocol.gs1.check import gtin14, is_digits
from devices.protocol.gs1.digital_link import DigitalLink
from devices.protocol.gs1.elements import Elements
from devices.protocol.gs1.errors import BadGs1

MOST = 8191  # characters behind the identifier
_COMPOSITE = "|]e0"  # between an EAN/UPC and its two-dimensional component
_EAN_DIGITS = {"]E0": (13,), "]E4": (8,), "]E3": (15, 18), "]I1": (14,)}


@dataclass(frozen=True, slots=True)
class ScanData:
    """`text`: the data as it came, without its identifier. `gtin`: 14 digits, "" where there is none in it.

    `elements` are those of an element string, of a composite component, or of the Digital Link in `link`.
    """

    aim: str
    symbology: str
    text: str
    gtin: str = ""
    elements: Elements = ()
    link: DigitalLink | None = None


def parse(text: str, aim: str = "") -> ScanData:
    """Scan data with its identifier, in front of `text` or given as `aim`. Raises BadGs1 for what its carrier cannot hold.

    An address behind ]Q1, ]d1 or ]J0 must be a Digital Link here; whoever takes other addresses too asks before.
    """
    if not aim:
        aim, text = aims.split(text)
    found = aims.symbology(aim)
    if found is None:
        raise BadGs1("expected an AIM identifier such as ]E0 or ]Q3")
    if len(text) > MOST:
        raise BadGs1(f"expected at most {MOST} characters, found {len(text)}")
    if found.gs1:
        parts = elements.parse(text)
        return ScanData(aim, found.name, text, elements.value_of(parts, "01"), parts)
    if aim in _EAN_DIGITS:
        return _ean(aim, found.name, text)
    if aim in aims.LINK_CARRIERS and digital_link.looks_like_one(text):
        link = digital_link.parse(text)
        return ScanData(aim, found.name, text, elements.value_of(link.elements, "01"), link.elements, link)
    return ScanData(aim, found.name, text)


def _ean(aim: str, name: str, text: str) -> ScanData:
    """EAN/UPC or ITF-14: the digits, an add-on behind them (]E3), a composite component."""
    digits, composite, rest = text.partition(_COMPOSITE)
    allowed = _EAN_DIGITS[aim]
    if len(digits) not in allowed or not is_digits(digits):
        raise BadGs1(f"expected {' or '.join(map(str, allowed))} digits behind {aim}")
    gtin = gtin14(digits[:13] if aim == "]E3" else digits)
    if not gtin:
        raise BadGs1("expected the check digit to fit")
    return ScanData(aim, name, text, gtin, elements.parse(rest) if composite else ())
