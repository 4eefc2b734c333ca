"""A basket as digits: small enough for a QR code on the wall, made without a network, and free of personal data.

Per line 13 digits of the GTIN-14 (its check digit follows from them) and 2 of the quantity, in the order they were put
in; then two check digits by ISO 7064 MOD 97-10, as an IBAN has them: every digit misread and every two swapped are
noticed. Digits alone let a QR code use its numeric mode, 10 bits for three of them: 20 lines are 302 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from content.gtin import check_digit, gtin14

MOST_LINES: Final = 20
MOST_PIECES: Final = 99  # of one product: two digits
_LINE: Final = 15
_GTIN: Final = 13

Lines = Sequence[tuple[str, int]]


class BadCarry(ValueError):
    """Digits that are no basket, or lines that cannot be carried; the message says what was expected."""


def pack(lines: Lines) -> str:
    """Lines of (GTIN with 14 digits, quantity) as digits.

    Raises BadCarry: 1 to 20 lines, each product once, 1 to 99 pieces of it.
    """
    checked = _checked(lines)
    body = "".join(f"{gtin[:_GTIN]}{quantity:02}" for gtin, quantity in checked)
    return f"{body}{98 - int(body) * 100 % 97:02}"


def unpack(digits: str) -> list[tuple[str, int]]:
    """The lines of packed digits. Raises BadCarry for whatever `pack` does not make."""
    if not (digits.isascii() and digits.isdigit()):
        raise BadCarry("a carried basket is digits alone")
    body, rest = digits[:-2], (len(digits) - 2) % _LINE
    if rest or not _LINE <= len(body) <= MOST_LINES * _LINE:
        raise BadCarry(f"{len(digits)} digits: expected 15 for each of 1 to {MOST_LINES} lines, and 2 more")
    if f"{98 - int(body) * 100 % 97:02}" != digits[-2:]:
        raise BadCarry("the check digits are wrong: a digit was misread or left out")
    return _checked([_line(body[at : at + _LINE]) for at in range(0, len(body), _LINE)])


def _line(digits: str) -> tuple[str, int]:
    number = digits[:_GTIN]
    return number + check_digit(number), int(digits[_GTIN:])


def _checked(lines: Lines) -> list[tuple[str, int]]:
    if not 1 <= len(lines) <= MOST_LINES:
        raise BadCarry(f"{len(lines)} lines: expected 1 to {MOST_LINES}")
    seen: set[str] = set()
    for number, (gtin, quantity) in enumerate(lines, 1):
        try:
            sound = gtin14(gtin) == gtin
        except ValueError as error:
            raise BadCarry(f"line {number}: {gtin!r} is no GTIN: expected {error}") from None
        if not sound:
            raise BadCarry(f"line {number}: {gtin!r}: expected the GTIN with 14 digits")
        if gtin in seen:
            raise BadCarry(f"line {number}: {gtin} stands there twice")
        if not 1 <= quantity <= MOST_PIECES:
            raise BadCarry(f"line {number}: {quantity} pieces: expected 1 to {MOST_PIECES}")
        seen.add(gtin)
    return list(lines)
