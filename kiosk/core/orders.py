"""What is bought and what is paid for it, as records. How orders, charges and
claim codes are written is content.references'."""

from __future__ import annotations

from msgspec import Struct

from content.money import Money
from content.references import CROCKFORD, MAX_ATTEMPTS, ORDER_LENGTH, BadOrder, parse_claim, reference_of

__all__ = [
    "CROCKFORD", "MAX_ATTEMPTS", "ORDER_LENGTH", "BadOrder", "Line", "Order", "Payment", "parse_claim", "reference_of",
]  # fmt: skip


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
    claim: (
        str  # the code that hands the goods over, whichever attempt pays: chance, so that no QR code tells it
    )
    age_min: int = 0  # years one must have for all of it, checked where it is handed over; 0: no limit


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
