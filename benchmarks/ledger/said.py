"""What the ledger is given in these benchmarks: events of the size a kiosk writes."""

from __future__ import annotations

from content.money import Money
from kiosk.core.orders import Line, Order, Payment, reference_of
from mqtt.messages import AdvertPlayed, FacingsSeen, SaleMade
from mqtt.messages import Line as EventLine

START = 1_764_000_000_000


def play(number: int) -> AdvertPlayed:
    return AdvertPlayed(
        epoch="", seq=0, wall_ms=START + number, mono_ms=number, boot="b" * 36, clock="synced",
        advert=f"advert-{number % 9}", shown_ms=8_000, version="v" * 16,
    )  # fmt: skip


def seen(minute: int, facings: int = 12) -> FacingsSeen:
    return FacingsSeen(
        epoch="", seq=0, wall_ms=START + minute * 60_000, mono_ms=1, boot="b" * 36, clock="synced", aisle="dairy",
        minute=START // 60_000 + minute, seen=tuple((facing, 3, 9_000) for facing in range(facings)), version="v" * 16,
    )  # fmt: skip


def payment(number: int) -> Payment:
    lines = tuple(
        Line(gtin=f"0952110010{n:04}", name="Gala apples", quantity=1, price=Money(249, "EUR"), total=Money(249, "EUR"))
        for n in range(3)
    )  # fmt: skip
    order = f"{number:015d}"
    return Payment(
        reference=reference_of(order, 0), order=Order(order, lines, Money(747, "EUR"), "v1", "K7Q2-9MXT"),
        method="epc", asked_ms=1, ttl_ms=180_000,
    )  # fmt: skip


def sale(paid: Payment) -> SaleMade:
    lines = tuple(
        EventLine(gtin=one.gtin, name=one.name, quantity=1, price_minor=249, total_minor=249)
        for one in paid.order.lines
    )
    return SaleMade(
        epoch="", seq=0, wall_ms=START, mono_ms=1, boot="b" * 36, clock="synced", order=paid.order.order,
        reference=paid.reference, method="epc", currency="EUR", total_minor=747, lines=lines, version="v1",
        claim_code="K7Q2-9MXT",
    )  # fmt: skip
