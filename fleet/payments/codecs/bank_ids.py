"""Numbers banks know things by, with their check digits: IBAN (ISO 13616), BIC (ISO 9362), RF reference (ISO 11649)."""

from __future__ import annotations

import re

from fleet.payments.codecs.errors import BadPayload

# Lengths of the SEPA countries' IBANs (SWIFT IBAN registry); elsewhere 15 to 34 characters.
_IBAN_LENGTHS = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_RF = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")


def mod97(value: str) -> int:
    """ISO 7064 MOD 97-10 over 0-9 A-Z (A counts 10, Z 35), the first four characters moved to the end."""
    return int("".join(str(int(char, 36)) for char in value[4:] + value[:4])) % 97


def iban(field: str, value: str, at: int | None = None) -> str:
    """An IBAN without spaces, if country length and check digits are right."""
    value = value.replace(" ", "")
    if _IBAN.fullmatch(value) is None:
        raise BadPayload(field, "two letters, two digits, then 11 to 30 of A-Z 0-9", at)
    length = _IBAN_LENGTHS.get(value[:2])
    if length is not None and len(value) != length:
        raise BadPayload(field, f"{length} characters in {value[:2]}, has {len(value)}", at)
    if mod97(value) != 1:
        raise BadPayload(field, "the check digits are wrong", at)
    return value


def bic(field: str, value: str, at: int | None = None) -> str:
    """A BIC of 8 or 11 characters."""
    if _BIC.fullmatch(value) is None:
        raise BadPayload(field, "a BIC of 8 or 11 of A-Z 0-9 with the country at place 5", at)
    return value


def rf(field: str, value: str, at: int | None = None) -> str:
    """An RF creditor reference without spaces, if its check digits are right."""
    value = value.replace(" ", "")
    if _RF.fullmatch(value) is None:
        raise BadPayload(field, "RF, two digits, then 1 to 21 of A-Z 0-9", at)
    if mod97(value) != 1:
        raise BadPayload(field, "the check digits are wrong", at)
    return value


def make_rf(reference: str) -> str:
    """The RF creditor reference of 1 to 21 characters of A-Z 0-9."""
    if re.fullmatch(r"[A-Z0-9]{1,21}", reference) is None:
        raise BadPayload("reference", f"1 to 21 of A-Z 0-9, not {reference!r}")
    return f"RF{98 - mod97('RF00' + reference):02}{reference}"
