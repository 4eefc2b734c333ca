"""What a scanned text means: one code field for products, element strings, links, vouchers, claim codes, members and
badges. Pure.

The parsing of GS1's data is devices.protocol.gs1's; here is decided what it is to this shop. Nothing a code says opens
anything by itself: a voucher is asked about, a claim code handed over by the fleet, a badge only says who is there.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from content import links
from content.references import parse_basket_code, parse_claim
from devices.protocol import aim as aims
from devices.protocol.gs1 import associations, digital_link, elements, scan_data
from devices.protocol.gs1.check import expand_upce, gtin14, is_digits
from devices.protocol.gs1.digital_link import DigitalLink
from devices.protocol.gs1.elements import GS, Elements
from devices.protocol.gs1.errors import BadGs1

MAX_CHARACTERS: Final = 2048  # a QR version 40-L holds 4,296; nothing that is meant for a shop comes near
KINDS: Final = (
    "gtin",
    "gs1",
    "digital-link",
    "voucher",
    "pickup",
    "basket",
    "member",
    "badge",
    "url",
    "unknown",
)
PRODUCTS: Final = frozenset({"gtin", "gs1", "digital-link"})  # the kinds that open one
# What an AI makes of a code, in this order: coupons, GCN; the relationship of a provider, of a recipient of services.
_MEANING: Final = {"8110": "voucher", "8112": "voucher", "255": "voucher", "8017": "badge", "8018": "member"}
# Without an AIM identifier digits are taken for an element string only where one of these begins it: all but the
# coupons carry a check digit, and a coupon's lengths must come out.
_ANCHORS: Final = frozenset(
    {"00", "01", "02", "253", "255", "402", "8003", "8006", "8017", "8018", "8110", "8112"}
)
_LEAST_ELEMENT: Final = 10  # characters

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_WRITTEN = re.compile(r"\A([0-9A-Za-z]{3}-[0-9A-Za-z]{3}|[0-9A-Za-z]{4}-[0-9A-Za-z]{4})\Z")
_CLAIM_PAGE = re.compile(r"\Ahttps?://[^/?#]+/c/([0-9a-z-]{7,9})/?\Z", re.IGNORECASE)  # of the phone lane
_SPOT = re.compile(r"\Ahttps?://[^/]+/(?:.*/)?([0-9]{1,7})(?:-[0-9a-z]+)?\Z", re.IGNORECASE)
_SLIP = re.compile(r"\A0(98[0-4]|99)")  # GS1 prefixes 980 (refund receipts), 981-984 and 99 (coupons)
_PHONE = re.compile(r"\A(?:tel:)?(\+[1-9][0-9]{6,14})\Z", re.IGNORECASE)  # E.164


class Code(Struct, frozen=True):
    """`kind`: one of KINDS. `gtin` has 14 digits, "" where there is none; `facing` 0 where not given.

    `code`: a claim or basket code as it is written, a voucher's or badge's number, a member's number or telephone.
    `why`: of an unknown code, what it is not.
    """

    kind: str
    gtin: str = ""
    facing: int = 0
    code: str = ""
    why: str = ""


class Reading(Struct, frozen=True):
    """A code with all its parts: those of an element string or a link, `url` of an address."""

    code: Code
    aim: str = ""
    elements: Elements = ()
    link: DigitalLink | None = None
    url: str = ""
    problems: tuple[str, ...] = ()  # what does not follow the standard, and did not keep it from being read


def read_code(text: str, aim: str = "") -> Code:
    """The meaning of a scanned text; a GTIN whose check digit is wrong means nothing."""
    return examine(text, aim).code


def examine(text: str, aim: str = "") -> Reading:
    """The meaning of a scanned text with all its parts. `aim`: the identifier where the scanner has sent it apart."""
    text = text.strip()
    if not aim:
        aim, text = aims.split(text)
    if not text:
        return _unknown("nothing was read", aim)
    if len(text) > MAX_CHARACTERS:
        return _unknown(f"longer than {MAX_CHARACTERS} characters", aim)
    try:
        return _carried(text, aim)
    except BadGs1 as error:
        return _unknown(str(error), aim)


def _unknown(why: str, aim: str = "", url: str = "") -> Reading:
    return Reading(Code("unknown", why=why), aim, url=url)


def _carried(text: str, aim: str) -> Reading:
    """By what the carrier says of its data, then by the form of the text."""
    if aim in aims.GS1_CARRIERS:
        return _of_elements("gs1", elements.parse(text), aim)
    if is_digits(text):
        return _digits(text, aim)
    if aim[:2] in ("]E", "]I"):
        found = scan_data.parse(text, aim)
        return Reading(_numbered(found.gtin), aim, found.elements)
    if _SCHEME.match(text):
        return _address(text, aim)
    if text.startswith("("):
        return _of_elements("gs1", elements.parse_bracketed(text), aim)
    if phone := _PHONE.match(text):
        return Reading(Code("member", code=phone[1]), aim)
    if written := _WRITTEN.match(text):
        return Reading(_written(written[1]), aim)
    return _bare(text, aim) or _unknown("nothing this kiosk knows", aim)


def _digits(text: str, aim: str) -> Reading:
    """A GTIN, or the short form of one (UPC-E), or an element string of digits alone."""
    gtin = gtin14(text) or gtin14(expand_upce(text))
    if gtin:
        return Reading(_numbered(gtin), aim)
    if aim == "]E3":
        return Reading(_numbered(scan_data.parse(text, aim).gtin), aim)
    bare = _bare(text, aim)
    if bare is not None:
        return bare
    if len(text) in (8, 12, 13, 14):
        return _unknown("the check digit does not fit", aim)
    return _unknown("nothing this kiosk knows", aim)


def _numbered(gtin: str) -> Code:
    """What is numbered like a product and is none: refund receipts and coupons have prefixes of their own."""
    return Code("voucher", code=gtin) if _SLIP.match(gtin) else Code("gtin", gtin)


def _bare(text: str, aim: str) -> Reading | None:
    """An element string whose scanner does not say so; None where it is none."""
    if len(text) < _LEAST_ELEMENT or not text[0].isdecimal():
        return None
    try:
        parts = elements.parse(text)
    except BadGs1:
        return None
    if GS not in text and parts[0].ai not in _ANCHORS:
        return None
    return _of_elements("gs1", parts, aim)


def _written(text: str) -> Code:
    """A code written as we write it, with its dash: eight or six characters by themselves are too many other things."""
    claim, basket = parse_claim(text), parse_basket_code(text)
    if claim:
        return Code("pickup", code=claim)
    return Code("basket", code=basket) if basket else Code("unknown", why="no claim or basket code of ours")


def _of_elements(kind: str, parts: Elements, aim: str) -> Reading:
    """What an element string is to a shop."""
    return Reading(_meaning(kind, parts), aim, parts, problems=tuple(associations.problems(parts)))


def _meaning(kind: str, parts: Elements) -> Code:
    gtin = elements.value_of(parts, "01")
    for ai, meant in _MEANING.items():
        if value := elements.value_of(parts, ai):
            return Code(meant, gtin, code=value)
    return Code(kind, gtin)


def _address(text: str, aim: str) -> Reading:
    """A page of our phone lane, a product's link, or an address like any other."""
    if page := _CLAIM_PAGE.match(text):
        code = _written(page[1])
        return Reading(Code("url") if code.kind == "unknown" else code, aim, url=text)
    try:
        link = digital_link.parse(_lower_scheme(text), alphas=True, short_gtins=True)
    except BadGs1 as error:
        return _tolerated(text, aim, error)
    code = _meaning("digital-link", link.elements)
    if code.kind == "digital-link":
        code = Code("digital-link", code.gtin, _facing(link.stem))
    return Reading(code, aim, link.elements, link, text)


def _tolerated(text: str, aim: str, error: BadGs1) -> Reading:
    """A link with a product's key in it and something wrong beside it still leads to the product."""
    found = links.parse(text)
    if found is None or found.kind != "01":
        return Reading(Code("url"), aim, url=text)
    gtin = gtin14(found.value)
    if not gtin:
        return _unknown(f"a product's link, but {error}", aim, text)
    facing = _facing(f"https://_/{found.spot}") if found.spot else 0
    return Reading(Code("digital-link", gtin, facing), aim, url=text, problems=(str(error),))


def _facing(stem: str) -> int:
    """A facing's link has the kiosk and the facing before the key, and its attribution: /K1/17-<token>/01/<gtin>."""
    spot = _SPOT.match(stem)
    return int(spot[1]) if spot else 0


def _lower_scheme(text: str) -> str:
    """People type Https://, and browsers take it."""
    if digital_link.looks_like_one(text):
        return text
    scheme, colon, rest = text.partition(":")
    return scheme.lower() + colon + rest
