"""Orders and sales as the fleet is told of them: by the wall, by a ledger that was mended, by simulated kiosks."""

from __future__ import annotations

from typing import TypedDict

from kiosk.core.orders import Order, Payment
from mqtt.messages import Line, SaleMade


class Heading(TypedDict):
    """What every event begins with. `epoch` "" and `seq` 0: its place is the ledger's to give."""

    epoch: str
    seq: int
    wall_ms: int
    mono_ms: int
    boot: str
    clock: str


def heading(wall_ms: int, mono_ms: int, boot: str, clock: str) -> Heading:
    """Wall clock and monotonic time in milliseconds; `clock`: unsynced | holdover | synced."""
    return {"epoch": "", "seq": 0, "wall_ms": wall_ms, "mono_ms": mono_ms, "boot": boot, "clock": clock}


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


def sale_of(payment: Payment, claim_code: str, head: Heading, channel: str = "touch") -> SaleMade:
    """The sale of what a payment paid for."""
    order = payment.order
    return SaleMade(
        **head,
        order=order.order,
        reference=payment.reference,
        method=payment.method,
        currency=order.total.currency,
        total_minor=order.total.minor,
        lines=lines_of(order),
        version=order.version,
        channel=channel,
        claim_code=claim_code,
    )
