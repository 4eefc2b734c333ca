"""What a scanned text means: a product's barcode, the Digital Link of a facing, a claim code, the code of a basket on a
phone, or nothing this kiosk knows. Pure.

Source: GS1 General Specifications 24 (7.9 check digit; AI 01), GS1 Digital Link URI Syntax 1.4 (a `/01/<gtin>` pair in
the path, anything before it, unknown query keys ignored).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

from content.gtin import gtin14
from content.references import parse_basket_code, parse_claim

MAX_CHARACTERS = 2048  # a QR version 40-L holds 4,296; nothing that is meant for a shop comes near
MAX_FACING_DIGITS = 7
_ELEMENT = re.compile(r"\A(?:\]C1|\]d2|\]Q3|\]e0)?(?:\(01\)|01)([0-9]{14})(?:[\x1d(]|\Z|[0-9])")
_PATH = re.compile(r"(?:/([0-9]+)(?:-[0-9a-z]+)?)?/(?:01|gtin)/([0-9]{8,14})(?:/|\Z)", re.ASCII)

_WRITTEN = re.compile(r"\A([0-9A-Za-z]{3}-[0-9A-Za-z]{3}|[0-9A-Za-z]{4}-[0-9A-Za-z]{4})\Z")
_CLAIM_PAGE = re.compile(r"/[cC]/([0-9A-Za-z-]{7,9})/?\Z")  # of the phone lane


class Code(Struct, frozen=True):
    """`kind`: gtin | digital-link | claim | basket | unknown. `gtin` has 14 digits, "" where there is none; `facing` 0 where
    not given; `code` of a claim or a basket as it is written.
    """

    kind: str
    gtin: str = ""
    facing: int = 0
    code: str = ""


UNKNOWN = Code("unknown")


def read_code(text: str) -> Code:
    """The meaning of a scanned text; a GTIN whose check digit is wrong means nothing."""
    text = text.strip()
    if not text or len(text) > MAX_CHARACTERS:
        return UNKNOWN
    if text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14):
        gtin = _gtin(text)
        return Code("gtin", gtin) if gtin else UNKNOWN
    if text[:8].lower().startswith(("http://", "https://")):
        return _digital_link(text)
    element = _ELEMENT.match(text)
    gtin = _gtin(element[1]) if element else ""
    return Code("gtin", gtin) if gtin else _carried(text)


def _carried(text: str) -> Code:
    """A code written as we write it, with its dash: eight or six characters by themselves are too many other things."""
    found = _WRITTEN.match(text)
    if found is None:
        return UNKNOWN
    claim, basket = parse_claim(found[1]), parse_basket_code(found[1])
    if claim:
        return Code("claim", code=claim)
    return Code("basket", code=basket) if basket else UNKNOWN


def _digital_link(text: str) -> Code:
    """A facing's link has the kiosk and the facing before the key, and its attribution: /K1/17-<token>/01/<gtin> (content.links)."""
    try:
        path = urlsplit(text).path
    except ValueError:
        return UNKNOWN
    if page := _CLAIM_PAGE.search(path):
        return _carried(page[1])
    found = _PATH.search(path.lower())
    gtin = _gtin(found[2]) if found else ""
    if found is None or not gtin:
        return UNKNOWN
    facing = found[1] or ""
    return Code("digital-link", gtin, int(facing) if len(facing) <= MAX_FACING_DIGITS and facing else 0)


def _gtin(digits: str) -> str:
    """Fourteen digits, or "" where they are no GTIN."""
    try:
        return gtin14(digits)
    except ValueError:
        return ""
