"""The lines of an order as they are told: to the fleet with a charge, and with the sale."""

from __future__ import annotations

from kiosk.core.orders import Order
from mqtt.messages import Line


def lines_of(order: Order) -> tuple[Line, ...]:
    """Every line with its price in minor units of the order's currency."""
    return tuple(
        Line(
            gtin=line.gtin,
            name=line.name,
            quantity=line.quantity,
            price_minor=line.price.minor,
            total_minor=line.total.minor,
            facing=line.facing,
        )
        for line in order.lines
    )
