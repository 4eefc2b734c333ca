"""The names an order gives to its charges and to its claim; kiosk and fleet must agree on them to the letter."""

from __future__ import annotations

import hashlib

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing to misread
ORDER_LENGTH = 15
MAX_ATTEMPTS = len(CROCKFORD)  # one character of a reference counts them


class BadOrder(ValueError):
    """An order's name that is not 15 characters of Crockford's base32: the caller's mistake."""


def reference_of(order: str, attempt: int) -> str:
    """The 16-character name of an order's charge; `attempt` counts from 0. Raises BadOrder."""
    if len(order) != ORDER_LENGTH or not set(order) <= set(CROCKFORD):
        raise BadOrder(f"{order!r}: an order is {ORDER_LENGTH} characters of {CROCKFORD}")
    if not 0 <= attempt < MAX_ATTEMPTS:
        raise BadOrder(f"attempt {attempt}: an order is tried at most {MAX_ATTEMPTS} times")
    return order + CROCKFORD[attempt]


def claim_code(order: str) -> str:
    """The code that hands over an order's goods, "K7Q2-9MXT": 40 bits that the order decides."""
    number = int.from_bytes(hashlib.sha256(b"endcap claim " + order.encode()).digest()[:5], "big")
    text = "".join(CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{text[:4]}-{text[4:]}"
