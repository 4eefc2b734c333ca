"""EMV QR Code Specification for Payment Systems, Merchant-Presented Mode: objects of id, length and value, with a CRC.

The length counts characters while the CRC runs over UTF-8 bytes (the specification's sample with a Chinese merchant
name proves both). Objects are never written empty, but read: banks do print `5900`.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fleet.payments.codecs import fields
from fleet.payments.codecs.errors import BadPayload

_TWO_DIGITS = re.compile(r"[0-9]{2}")
_NO_DECIMALS = re.compile(r"(?<=[0-9])\.0+\Z")
ACCOUNTS = range(26, 52)  # ids of the templates that say who is paid; their object 00 names the scheme
MOST_CENTS = 999_999_999_999  # 9 999 999 999.99: what object 54 holds with two decimals
FORMATS = ("01", "02")  # PayNet's DuitNow says 02 (QR data object documentation, version 1.5)


@dataclass(frozen=True, slots=True)
class Object:
    """A data object as it was read; `position` is where its value begins in the payload."""

    tag: str
    value: str
    position: int


def is_template(tag: str) -> bool:
    """Does a root object hold objects: accounts (26 to 51), additional data, languages, unreserved ones (80 to 99)?"""
    return int(tag) in ACCOUNTS or tag in ("62", "64") or int(tag) >= 80


def write(objects: Iterable[tuple[str, str]]) -> str:
    """Objects one after the other; those with an empty value are left out. Raises BadPayload."""
    return "".join(_write(tag, value) for tag, value in objects if value)


def _write(tag: str, value: str) -> str:
    if _TWO_DIGITS.fullmatch(tag) is None:
        raise BadPayload(tag, "an object's id is two digits")
    if len(value) > 99:
        raise BadPayload(tag, f"at most 99 characters, has {len(value)}")
    return f"{tag}{len(value):02}{value}"


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE over UTF-8: four upper-case hexadecimal digits, zero-padded."""
    return f"{crc_hqx(fields.utf8('63', text), 0xFFFF):04X}"


def amount(value: str | None, places: int, most: int = MOST_CENTS, at: int | None = None) -> str:
    """A decimal string with all `places` decimals, "" for None. Where a currency has none, zeros are taken away, as in
    "79000.00". `most`: in minor units. Raises BadPayload."""
    if value is None:
        return ""
    if places == 0:
        value = _NO_DECIMALS.sub("", value)
    return fields.decimal(fields.minor("amount", value, places, most=most, at=at), places)


def seal(objects: str) -> str:
    """The objects with the CRC object behind them."""
    body = f"{objects}6304"
    return body + crc(body)


def read(text: str, within: str = "", position: int = 0) -> dict[str, Object]:
    """The objects of a payload or template by id, in order.

    `within` is the id of the template they stand in, `position` where it begins. Raises BadPayload for an id or length
    that is not two digits, a value cut short, an object that comes twice.
    """
    objects: dict[str, Object] = {}
    index = 0
    while index < len(text):
        at = position + index
        tag, length = text[index : index + 2], text[index + 2 : index + 4]
        path = f"{within}.{tag}" if within else tag
        if _TWO_DIGITS.fullmatch(tag) is None:
            raise BadPayload(within or "objects", f"an object's id is two digits, not {tag!r}", at)
        if _TWO_DIGITS.fullmatch(length) is None:
            raise BadPayload(path, f"a length is two digits, not {length!r}", at + 2)
        value = text[index + 4 : index + 4 + int(length)]
        if len(value) < int(length):
            raise BadPayload(path, f"{int(length)} characters, only {len(value)} are left", at + 2)
        if tag in objects:
            raise BadPayload(path, "comes twice", at)
        objects[tag] = Object(tag, value, at + 4)
        index += 4 + int(length)
    return objects


def scan(text: str) -> dict[str, str]:
    """The objects up to where reading fails: for saying whose a payload is, right or wrong. Raises nothing."""
    objects: dict[str, str] = {}
    index = 0
    while _TWO_DIGITS.fullmatch(text[index : index + 2]) and _TWO_DIGITS.fullmatch(
        text[index + 2 : index + 4]
    ):
        end = index + 4 + int(text[index + 2 : index + 4])
        objects.setdefault(text[index : index + 2], text[index + 4 : end])
        index = end
    return objects


def unseal(payload: str) -> dict[str, Object]:
    """The root objects of a whole payload: 00 first, 63 last and right. The CRC may be in lower case. Raises BadPayload."""
    objects = read(payload)
    if next(iter(objects), "") != "00" or objects["00"].value not in FORMATS:
        raise BadPayload("00", f"the first object is the format indicator, {' or '.join(FORMATS)}", 0)
    last = next(reversed(objects.values()))
    if last.tag != "63" or len(last.value) != 4:
        raise BadPayload("63", "the last object is the CRC of four hexadecimal digits", last.position)
    expected = crc(payload[: last.position])
    if last.value.upper() != expected:
        raise BadPayload("63", f"the CRC is {expected}, not {last.value}", last.position)
    return objects


class Code:
    """A whole payload, read object by object. A path is an id ("54"), or an id in a template ("62.05")."""

    def __init__(self, payload: str) -> None:
        """Raises BadPayload as `unseal`."""
        self.objects = unseal(payload)
        self._templates: dict[str, dict[str, Object]] = {}

    def template(self, tag: str) -> dict[str, Object]:
        """The objects within a template; none where it is not there. Raises BadPayload as `read`."""
        if tag not in self._templates:
            outer = self.objects.get(tag)
            self._templates[tag] = read(outer.value, tag, outer.position) if outer else {}
        return self._templates[tag]

    def find(self, path: str) -> Object | None:
        """The object at a path. Raises BadPayload where the template it stands in cannot be read."""
        tag, _, inner = path.partition(".")
        return self.template(tag).get(inner) if inner else self.objects.get(tag)

    def get(self, path: str) -> str:
        """The value at a path, "" for none."""
        found = self.find(path)
        return found.value if found else ""

    def at(self, path: str) -> int:
        """Where the value at a path begins; where it should stand for one that is not there."""
        found = self.find(path) or self.objects.get(path.partition(".")[0])
        return found.position if found else 0

    def leaves(self) -> Iterator[tuple[str, Object]]:
        """(path, object) of all there is. An unreserved template (80 to 99) without objects is taken whole: wallets put
        plain text there. Raises BadPayload for any other template that cannot be read."""
        for tag, outer in self.objects.items():
            inner: dict[str, Object] = {}
            if is_template(tag):
                try:
                    inner = self.template(tag)
                except BadPayload:
                    if int(tag) < 80:
                        raise
            if inner:
                yield from ((f"{tag}.{key}", found) for key, found in inner.items())
            else:
                yield tag, outer

    def account(self, gui: str) -> str:
        """The id of the account template that carries a scheme's identifier. Raises BadPayload for none."""
        for tag in self.objects:
            if int(tag) in ACCOUNTS and self.get(f"{tag}.00").upper() == gui.upper():
                return tag
        raise BadPayload("26", f"no merchant account of {gui}", 0)

    def expect(self, path: str, values: tuple[str, ...], rule: str) -> None:
        """Raises BadPayload where the value is none of `values`; "" among them allows that it is not there."""
        if self.get(path) not in values:
            raise BadPayload(path, rule, self.at(path))

    def amount(self, places: int, most: int = MOST_CENTS) -> str | None:
        """Object 54 with all `places` decimals, None where there is none, or zero as some print for none. Raises
        BadPayload."""
        written = self.get("54")
        return amount(written, places, most, self.at("54")) if written.strip("0.") else None
