"""Dates and times inside element strings (GS1 General Specifications 7.12). Each function answers with what was expected,
"" where the text is right.
"""

from __future__ import annotations

from calendar import monthrange

from devices.protocol.gs1.check import is_digits


def yymmdd(text: str) -> str:
    """A date: year, month, day. The century is the one that lies nearest (7.12); no year of ours has another February."""
    return _date(text, 6)


def yymmd0(text: str) -> str:
    """A date whose day may be 00, the end of the month."""
    return _date(text, 6, whole_month=True)


def yyyymmdd(text: str) -> str:
    """A date with the century."""
    return _date(text, 8)


def yyyymmd0(text: str) -> str:
    """A date with the century whose day may be 00."""
    return _date(text, 8, whole_month=True)


def _date(text: str, length: int, whole_month: bool = False) -> str:
    if len(text) != length or not is_digits(text):
        return f"{length} digits of a date"
    year, month, day = int(text[:-4]), int(text[-4:-2]), int(text[-2:])
    if not 1 <= month <= 12:
        return "a month from 01 to 12"
    # Only whether it is a leap year matters: 2000 was one, as 1904 to 2096 go by fours; 0000 stands for 2000.
    last = monthrange(2000 + year if length == 6 else year or 2000, month)[1]
    if not (0 if whole_month else 1) <= day <= last:
        return f"a day from {'00' if whole_month else '01'} to {last}"
    return ""


def hh(text: str) -> str:
    """An hour."""
    return _below(text, 24, "an hour from 00 to 23")


def mi(text: str) -> str:
    """A minute."""
    return _below(text, 60, "a minute from 00 to 59")


def ss(text: str) -> str:
    """A second."""
    return _below(text, 60, "a second from 00 to 59")


def hhmi(text: str) -> str:
    """An hour and a minute."""
    return hh(text[:2]) or mi(text[2:])


def _below(text: str, limit: int, expected: str) -> str:
    return "" if len(text) == 2 and is_digits(text) and int(text) < limit else expected
