"""Orders, payments and the events they become, for tests."""

from __future__ import annotations

from content.money import Money
from kiosk.core.orders import Line, Order, Payment, reference_of
from mqtt.messages import Engaged, RefundWanted, SaleMade
from mqtt.messages import Line as EventLine

ORDER = "0123456789ABCDE"
CLAIM = "K7Q2-9MXT"


def payment(order: str = ORDER, attempt: int = 0, minor: int = 498) -> Payment:
    apple = Line(
        gtin="09521100100113",
        name="Gala apples",
        quantity=2,
        price=Money(249, "EUR"),
        total=Money(minor, "EUR"),
    )
    return Payment(
        reference=reference_of(order, attempt),
        order=Order(order, (apple,), Money(minor, "EUR"), "v1", CLAIM),
        method="epc",
        asked_ms=1_000,
        ttl_ms=180_000,
    )


def sale_of(paid: Payment) -> SaleMade:
    lines = tuple(
        EventLine(
            gtin=line.gtin, name=line.name, quantity=line.quantity, price_minor=line.price.minor,
            total_minor=line.total.minor,
        )
        for line in paid.order.lines
    )  # fmt: skip
    return SaleMade(
        epoch="", seq=0, wall_ms=2_000, mono_ms=20, boot="b", order=paid.order.order, reference=paid.reference,
        method=paid.method, currency="EUR", total_minor=paid.amount.minor, lines=lines, version="v1",
    )  # fmt: skip


def refund_of(reference: str, minor: int = 498) -> RefundWanted:
    return RefundWanted(
        epoch="", seq=0, wall_ms=3_000, mono_ms=30, boot="b", order=reference[:15], reference=reference,
        currency="EUR", total_minor=minor, reason="ended",
    )  # fmt: skip


def engaged(what: str = "aisle") -> Engaged:
    return Engaged(epoch="", seq=0, wall_ms=1_500, mono_ms=15, boot="b", what=what)
