"""What the fleet says of a code, in the core's words: products are looked up, an order becomes what a receipt needs. Pure."""

from __future__ import annotations

from collections.abc import Callable

from content.model import Product
from content.money import Money
from content.references import ORDER_LENGTH
from kiosk.core.events import CodeTold, Stamp
from kiosk.core.orders import Line, Order, Payment
from mqtt.messages import CodeState

Find = Callable[[str], Product | None]


def code_told(told: CodeState, at: Stamp, find: Find) -> CodeTold:
    """The event. `find` looks a GTIN-14 up."""
    known = [(find(gtin), gtin, quantity) for gtin, quantity in told.basket if quantity > 0]
    return CodeTold(
        at=at,
        code=told.code,
        kind=told.kind,
        state=told.state,
        payment=_payment(told) if told.kind == "claim" else None,
        since_ms=told.since_ms,
        basket=tuple((product, quantity) for product, _, quantity in known if product is not None),
        unknown=tuple(gtin for product, gtin, _ in known if product is None),
        wait_s=told.wait_s,
    )


def _payment(told: CodeState) -> Payment:
    lines = tuple(
        Line(
            line.gtin, line.name, line.quantity, Money(line.price_minor, told.currency),
            Money(line.total_minor, told.currency), line.facing,
        )
        for line in told.lines
    )  # fmt: skip
    order = Order(told.reference[:ORDER_LENGTH], lines, Money(told.total_minor, told.currency), "", told.code)
    return Payment(told.reference, order, told.method, told.since_ms, 0)
