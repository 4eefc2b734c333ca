"""Where a delivery goes, as people type it: read kindly, refused field by field. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from content.fulfilment import Fulfilment
from content.slots import reaches
from fleet.shop.orders import Contact

FIELDS: Final = {"name": 80, "street": 120, "postcode": 12, "city": 80, "phone": 25}  # and their longest
_POSTCODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{1,10}[0-9A-Za-z]", re.ASCII)
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()/.-]{4,23}", re.ASCII)
_DIGITS: Final = {ord(other): str(value) for start in (0x660, 0x6F0, 0xFF10) for value, other in
                  enumerate(map(chr, range(start, start + 10)))}  # fmt: skip


def read(said: Mapping[str, str], way: Fulfilment) -> tuple[Contact, dict[str, str]]:
    """What was typed as a contact, and per field the key of what is wrong with it: empty, long, shape, reach.

    Spaces around and within are made one, and Arabic, Persian and full-width digits are read as European ones.
    """
    typed = {name: " ".join(said.get(name, "").split()) for name in FIELDS}
    for name in ("postcode", "phone"):
        typed[name] = typed[name].translate(_DIGITS)
    wrong = {name: "empty" for name in FIELDS if not typed[name] and name != "phone"}
    wrong |= {name: "long" for name, most in FIELDS.items() if len(typed[name]) > most}
    if "postcode" not in wrong:
        if not _POSTCODE.fullmatch(typed["postcode"]):
            wrong["postcode"] = "shape"
        elif not reaches(way, typed["postcode"]):
            wrong["postcode"] = "reach"
    if typed["phone"] and "phone" not in wrong and not _PHONE.fullmatch(typed["phone"]):
        wrong["phone"] = "shape"
    if any(not char.isprintable() for value in typed.values() for char in value):
        wrong |= {name: "shape" for name, value in typed.items() if not value.isprintable()}
    return Contact(**typed), wrong
