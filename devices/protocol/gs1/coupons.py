"""Coupons inside AI (8110) and (8112): lengths that follow from a digit in front of each field.

Source: GS1 US, North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols; GS1 General
Specifications 3.9.16 (8110) and 3.9.18 (8112).
"""

from __future__ import annotations

from collections.abc import Callable, Container

from devices.protocol.gs1.check import is_digits
from devices.protocol.gs1.dates import yymmdd

_ANY = range(10)
_REQUIREMENT_CODES = (0, 1, 2, 3, 4, 9)
_NO_PREFIX = 9  # in place of a length: the company prefix is the first purchase's


class _Wrong(Exception):
    """Carries what was expected."""


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def more(self) -> bool:
        return self._at < len(self._text)

    def digit(self, what: str, allowed: Container[int] = _ANY) -> int:
        """One digit, one of those that are allowed."""
        value = int(self.take(1, what))
        if value not in allowed:
            raise _Wrong(f"another {what} than {value}")
        return value

    def take(self, count: int, what: str) -> str:
        """So many digits."""
        found = self._text[self._at : self._at + count]
        if len(found) < count:
            raise _Wrong(f"{count} digits of {what}")
        self._at += count
        return found

    def skip_if(self, digit: str) -> bool:
        """Go over an optional field's number."""
        there = self._text[self._at : self._at + 1] == digit
        self._at += there
        return there

    def sized(self, what: str, lengths: Container[int], plus: int = 0) -> None:
        """A field with its length in front, less `plus`."""
        self.take(self.digit(f"length of {what}", lengths) + plus, what)


def couponcode(text: str) -> str:
    """What was expected of a North American coupon, "" where it is right."""
    return _said(text, _couponcode)


def couponposoffer(text: str) -> str:
    """What was expected of a positive offer file's coupon, "" where it is right."""
    return _said(text, _couponposoffer)


def _said(text: str, read: Callable[[_Reader], None]) -> str:
    if not is_digits(text):
        return "digits"
    reader = _Reader(text)
    try:
        read(reader)
    except _Wrong as wrong:
        return str(wrong)
    return "the coupon to end" if reader.more() else ""


def _couponposoffer(reader: _Reader) -> None:
    reader.digit("format", (0, 1))
    reader.sized("the funder", range(7), plus=6)
    reader.take(6, "the offer")
    reader.sized("the serial number", _ANY, plus=6)


def _couponcode(reader: _Reader) -> None:
    reader.sized("the company prefix", range(7), plus=6)
    reader.take(6, "the offer")
    reader.sized("the save value", range(1, 6))
    _purchase(reader, "first")
    if reader.skip_if("1"):
        reader.digit("rule for more purchases", range(4))
        _purchase(reader, "second")
        _prefix(reader, "second")
    if reader.skip_if("2"):
        _purchase(reader, "third")
        _prefix(reader, "third")
    expiry = _day(reader, "expiry") if reader.skip_if("3") else ""
    start = _day(reader, "start") if reader.skip_if("4") else ""
    if expiry and start and expiry < start:
        raise _Wrong("an expiry that is not before the start")
    if reader.skip_if("5"):
        reader.sized("the serial number", _ANY, plus=6)
    if reader.skip_if("6"):
        reader.sized("the retailer", range(1, 8), plus=6)
    if reader.skip_if("9"):
        reader.digit("save value code", (0, 1, 2, 5, 6))
        reader.digit("item the save value is for", range(3))
        reader.digit("store coupon flag")
        reader.digit("flag against multiplying", (0, 1))


def _purchase(reader: _Reader, which: str) -> None:
    reader.sized(f"the {which} purchase's requirement", range(1, 6))
    reader.digit(f"code of the {which} purchase's requirement", _REQUIREMENT_CODES)
    reader.take(3, f"the {which} purchase's family")


def _prefix(reader: _Reader, which: str) -> None:
    length = reader.digit(f"length of the {which} purchase's company prefix", (*range(7), _NO_PREFIX))
    if length != _NO_PREFIX:
        reader.take(length + 6, f"the {which} purchase's company prefix")


def _day(reader: _Reader, which: str) -> str:
    day = reader.take(6, f"the day of {which}")
    if yymmdd(day):
        raise _Wrong(f"a day of {which}")
    return day
