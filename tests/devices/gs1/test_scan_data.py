"""What scanners send, identifier first."""

from __future__ import annotations

import pytest

from devices.protocol import aim
from devices.protocol.gs1 import scan_data
from devices.protocol.gs1.elements import GS, Element
from devices.protocol.gs1.errors import BadGs1

GTIN = "09506000134352"
LOT = Element("10", "A")


@pytest.mark.parametrize("carrier", sorted(aim.GS1_CARRIERS))
def test_element_strings_come_in_five_carriers(carrier: str) -> None:
    found = scan_data.parse(f"{carrier}01{GTIN}10A{GS}21B")
    assert (found.gtin, found.elements[1], found.aim) == (GTIN, LOT, carrier)
    with pytest.raises(BadGs1):
        scan_data.parse(carrier)


@pytest.mark.parametrize(
    ("text", "gtin", "name"),
    [
        ("]E04006381333931", "04006381333931", "EAN-13"),
        ("]E00036000291452", "00036000291452", "EAN-13"),
        ("]E496385074", "00000096385074", "EAN-8"),
        ("]E3400638133393112345", "04006381333931", "EAN-13 with add-on"),
        (f"]I1{GTIN}", GTIN, "Interleaved 2 of 5"),
        (f"]Q1https://a.example/01/{GTIN}/10/A", GTIN, "QR Code"),
        ("]Q1WIFI:S:station;;", "", "QR Code"),
        ("]A0MACHINE-7", "", "Code 39"),
    ],
)
def test_other_carriers_are_told_by_their_identifier(text: str, gtin: str, name: str) -> None:
    found = scan_data.parse(text)
    assert (found.gtin, found.symbology) == (gtin, name)
    assert scan_data.parse(text[3:], text[:3]) == found


def test_a_composite_symbol_has_both_its_parts() -> None:
    found = scan_data.parse(f"]E04006381333931|]e010A{GS}21B")
    assert found.gtin == "04006381333931"
    assert found.elements == (LOT, Element("21", "B"))


@pytest.mark.parametrize(
    "text",
    [
        "", "]", "]E", "4006381333931", "]Y1x", "]Qzx", "]E0", "]E04006381333932", "]E096385074", "]E0400638133393x",
        "]E44006381333931", "]E04006381333931|]e0", "]I112345", "]Q1https://a.example/about", "]C10109506000134353",
        "]Q1" + "x" * 8192,
    ],
)  # fmt: skip
def test_what_a_carrier_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(BadGs1):
        scan_data.parse(text)


def test_an_identifier_is_told_from_text() -> None:
    assert aim.split("]Q3abc") == ("]Q3", "abc")
    assert aim.split("]qqabc") == ("", "]qqabc")
    assert aim.symbology("]Q") is None
