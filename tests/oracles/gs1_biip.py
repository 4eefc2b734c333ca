"""What biip makes of a vector of GS1's syntax engine."""

from __future__ import annotations

import biip
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message

from devices.protocol.gs1.elements import GS, Element, write
from tests.oracles.gs1_engine import Vector

ASKED = (
    "test_processAIdata", "test_parseAIdata", "linters", "test_parseDLuri", "test_testProcessScanData",
)  # fmt: skip


def is_text(vector: Vector) -> bool:
    """Whether scan data is text of no GS1 kind, which biip does not claim to read."""
    plain = vector.symbology in ("QR", "DM", "DotCode") and vector.ok
    return plain and not vector.expect.startswith("^") and "/01/" not in vector.expect


def biips(vector: Vector) -> tuple[bool, bool]:
    """(the same verdict, the same verdict and result); a result is compared where the vector has one in elements."""
    try:
        found = _read(vector)
    except (biip.BiipException, IndexError):  # it indexes into what is too short
        return not vector.ok, not vector.ok
    same = not vector.expect or vector.kind == "test_testProcessScanData" or found == vector.expect
    return vector.ok, vector.ok and same


def _read(vector: Vector) -> str:
    match vector.kind:
        case "test_processAIdata":
            if vector.input[:1] != "^":
                raise biip.ParseError("no FNC1")
            return _carried(GS1Message.parse(vector.input[1:].replace("^", GS)))
        case "test_parseAIdata" | "linters":
            return _carried(GS1Message.parse_hri(vector.input))
        case "test_parseDLuri":
            return _carried(GS1DigitalLinkURI.parse(vector.input))
        case _:
            found = biip.parse(vector.input)
            if not (found.gtin or found.gs1_message or found.gs1_digital_link_uri):
                raise biip.ParseError("nothing of GS1's")
            return ""


def _carried(message: GS1Message | GS1DigitalLinkURI) -> str:
    parts = [Element(each.ai.ai, each.value) for each in message.element_strings]
    return "^" + write(parts).replace(GS, "^")
