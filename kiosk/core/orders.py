"""What is bought and what is paid for it, as records; and the names an order gives to its charges and its claim."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from content.money import Money

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing to misread
ORDER_LENGTH = 15
MAX_ATTEMPTS = len(CROCKFORD)  # one character of a reference counts them


class BadOrder(ValueError):
    """An order's name that is not 15 characters of Crockford's base32: the caller's mistake."""


class Line(Struct, frozen=True):
    """One product of an order. `price` is for one piece; `total` has the offer in it."""

    gtin: str
    name: str  # in the language of the person who bought it
    quantity: int
    price: Money
    total: Money
    facing: int = 0


class Order(Struct, frozen=True):
    """A basket somebody decided to pay for. It never changes: another basket is another order."""

    order: str
    lines: tuple[Line, ...]
    total: Money
    version: str  # of the prices


class Payment(Struct, frozen=True):
    """One attempt to pay an order: what the kiosk must know to finish it, also after a restart."""

    reference: str
    order: Order
    method: str
    asked_ms: int  # wall clock, Unix milliseconds
    ttl_ms: int  # how long it is offered
    claim_shown: bool = False  # somebody holds the claim code: money that comes late still buys the goods

    @property
    def amount(self) -> Money:
        """What has to be paid, exactly."""
        return self.order.total


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
