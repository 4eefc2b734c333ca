"""GTINs: GS1's product numbers, always kept with 14 digits (GS1 General Specifications 3.3 and 7.9)."""

from __future__ import annotations

from typing import Final

LENGTHS: Final = (8, 12, 13, 14)


def check_digit(body: str) -> str:
    """The digit that belongs behind `body` (ASCII digits): weights 3 and 1 alternate from the right."""
    total = sum(map(int, body[-1::-2])) * 3 + sum(map(int, body[-2::-2]))
    return str(-total % 10)


def gtin14(digits: str) -> str:
    """A GTIN-8, -12, -13 or -14 with 14 digits. Raises ValueError that says what was expected."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("8, 12, 13 or 14 digits")
    if len(digits) not in LENGTHS:
        raise ValueError(f"8, 12, 13 or 14 digits; these are {len(digits)}")
    right = check_digit(digits[:-1])
    if digits[-1] != right:
        raise ValueError(f"the check digit of {digits[:-1]} is {right}")
    if not digits.strip("0"):
        raise ValueError("a GTIN that GS1 gives out, not zeros alone")
    return digits.rjust(14, "0")
