"""What the components of an element string must be beside their length and characters: a pure function for each name
the GS1 Syntax Dictionary uses. Each takes the component and answers with what was expected, "" where it is right.

Dates have their own module, coupons too. IBAN: ISO 13616, modulo 97 of ISO 7064.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from devices.protocol.gs1 import codes
from devices.protocol.gs1.check import has_check_digit, has_check_pair, is_digits
from devices.protocol.gs1.coupons import couponcode, couponposoffer
from devices.protocol.gs1.dates import hh, hhmi, mi, ss, yymmd0, yymmdd, yyyymmd0, yyyymmdd

Linter = Callable[[str], str]

SHORTEST_PREFIX = 4  # digits of a GS1 Company Prefix
_PERCENT = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*\Z")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{6,30}\Z")
_PLACE = re.compile(r"([1-9][0-9]{0,2})/([1-9][0-9]{0,2})\Z")


def csum(text: str) -> str:
    """The last digit checks the others."""
    return "" if has_check_digit(text) else "the check digit at the end to fit the other digits"


def csumalpha(text: str) -> str:
    """The last two characters check the others."""
    return "" if has_check_pair(text) else "the check pair at the end to fit the characters before it"


def gcppos1(text: str) -> str:
    """It begins with a GS1 Company Prefix: four digits at least. (Which prefixes are given out is not looked up.)"""
    return (
        ""
        if len(text) >= SHORTEST_PREFIX and is_digits(text[:SHORTEST_PREFIX])
        else "a company prefix at the start"
    )


def gcppos2(text: str) -> str:
    """It has a GS1 Company Prefix behind its first character."""
    return gcppos1(text[1:])


def _one_of(known: frozenset[str], expected: str) -> Linter:
    def linter(text: str) -> str:
        return "" if text in known else expected

    return linter


def nonzero(text: str) -> str:
    """A number that is not zero."""
    return "" if is_digits(text) and text.strip("0") else "a number that is not zero"


def zero(text: str) -> str:
    """Zeros."""
    return "" if text and not text.strip("0") else "zero"


def nozeroprefix(text: str) -> str:
    """A number without zeros in front."""
    return (
        "" if not text or (is_digits(text) and text[0] != "0") else "a number that does not begin with zero"
    )


def hasnondigit(text: str) -> str:
    """Something that is no digit."""
    return "" if any(not "0" <= character <= "9" for character in text) else "a character that is no digit"


def hyphen(text: str) -> str:
    """A minus sign."""
    return "" if text and not text.strip("-") else "a hyphen"


def importeridx(text: str) -> str:
    """One character of an importer's index."""
    known = len(text) == 1 and text.isascii() and (text.isalnum() or text in "-_")
    return "" if known else "one of A-Z, a-z, 0-9, - and _"


def latitude(text: str) -> str:
    """Degrees north of the south pole, times 10^7."""
    known = len(text) == 10 and is_digits(text) and int(text) <= 1_800_000_000
    return "" if known else "ten digits up to 1800000000"


def longitude(text: str) -> str:
    """Degrees east of 180 west, times 10^7."""
    known = len(text) == 10 and is_digits(text) and int(text) <= 3_600_000_000
    return "" if known else "ten digits up to 3600000000"


def pcenc(text: str) -> str:
    """Percent signs are followed by two hexadecimal digits."""
    return "" if _PERCENT.match(text) else "two hexadecimal digits behind each %"


def pieceoftotal(text: str) -> str:
    """Halves of a number: the piece, and of how many."""
    half, odd = divmod(len(text), 2)
    if odd or not half or not is_digits(text):
        return "the number of the piece and the total, of the same length"
    return "" if 1 <= int(text[:half]) <= int(text[half:]) else "a piece from 1 to the total"


def posinseqslash(text: str) -> str:
    """A place in a sequence and its end, e.g. 1/3."""
    found = _PLACE.match(text)
    if found is None:
        return "a place and the end of the sequence, as 1/3"
    return "" if int(found[1]) <= int(found[2]) else "a place up to the end of the sequence"


def packagetype(text: str) -> str:
    """One to four capitals and digits. (Which of them UN/ECE Recommendation 21 and GS1 have given out is not looked up.)"""
    known = 1 <= len(text) <= 4 and text.isascii() and text.isalnum() and text.upper() == text
    return "" if known else "a package type of capitals and digits"


def iban(text: str) -> str:
    """An International Bank Account Number: a country's, with the right check digits."""
    if not _IBAN.match(text):
        return "an IBAN of a country, two check digits and 6 to 30 capitals and digits"
    if text[:2] not in codes.COUNTRIES_ALPHA2:
        return "an IBAN that begins with a country's code"
    number = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return "" if int(number) % 97 == 1 else "the IBAN's check digits to fit"


LINTERS: dict[str, Linter] = {
    "couponcode": couponcode,
    "couponposoffer": couponposoffer,
    "csum": csum,
    "csumalpha": csumalpha,
    "gcppos1": gcppos1,
    "gcppos2": gcppos2,
    "hasnondigit": hasnondigit,
    "hh": hh,
    "hhmi": hhmi,
    "hyphen": hyphen,
    "iban": iban,
    "importeridx": importeridx,
    "iso3166": _one_of(codes.COUNTRIES, "a country's number (ISO 3166-1)"),
    "iso3166999": _one_of(codes.COUNTRIES | {"999"}, "a country's number (ISO 3166-1), or 999"),
    "iso3166alpha2": _one_of(codes.COUNTRIES_ALPHA2, "a country's two letters (ISO 3166-1)"),
    "iso4217": _one_of(codes.CURRENCIES, "a currency's number (ISO 4217)"),
    "iso5218": _one_of(frozenset("0129"), "0, 1, 2 or 9"),
    "latitude": latitude,
    "longitude": longitude,
    "mediatype": _one_of(codes.MEDIA_TYPES, "an AIDC media type: 01 to 10 or 80 to 99"),
    "mi": mi,
    "nonzero": nonzero,
    "nozeroprefix": nozeroprefix,
    "packagetype": packagetype,
    "pcenc": pcenc,
    "pieceoftotal": pieceoftotal,
    "posinseqslash": posinseqslash,
    "ss": ss,
    "winding": _one_of(frozenset("019"), "0, 1 or 9"),
    "yesno": _one_of(frozenset("01"), "0 or 1"),
    "yymmd0": yymmd0,
    "yymmdd": yymmdd,
    "yyyymmd0": yyyymmd0,
    "yyyymmdd": yyyymmdd,
    "zero": zero,
}
