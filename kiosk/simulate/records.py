"""What simulated people do, as the wire's events and the ledger's payments."""

from __future__ import annotations

from content.money import Money
from content.references import claim_of, reference_of
from kiosk import told
from kiosk.clock.clock import Clock
from kiosk.core.orders import Line, Order, Payment
from kiosk.simulate.day import Bought, Did, Held, PaidInVain, Played, Seen
from kiosk.simulate.shelf import CURRENCY, VERSION
from kiosk.told import Heading
from mqtt.messages import AdvertPlayed, Engaged, FacingsSeen, KioskEvent, RefundWanted, SaleMade, Scanned

METHOD = "simulated"  # nobody was charged, and the fleet's pages say so
TTL_MS = 180_000


def heading(clock: Clock) -> Heading:
    """What every event begins with, now."""
    return told.heading(clock.wall_ms(), clock.mono_ms(), clock.boot, clock.quality())


def note_of(deed: Played | Seen | Did | Held, clock: Clock) -> KioskEvent:
    """What is noted, and may be folded when a card is full."""
    head = heading(clock)
    match deed:
        case Played(advert, shown_ms):
            return AdvertPlayed(**head, advert=advert, shown_ms=shown_ms, version=VERSION)
        case Seen(aisle, seen):
            minute = head["wall_ms"] // 60_000
            return FacingsSeen(**head, aisle=aisle, minute=minute, seen=seen, version=VERSION)
        case Did(what, detail, facing):
            return Engaged(**head, what=what, detail=detail, facing=facing)
        case Held(kind, outcome, gtin):
            return Scanned(**head, kind=kind, outcome=outcome, gtin=gtin)


def payment_of(bought: Bought, order: str, chance: int, now_ms: int) -> Payment:
    """The payment of a basket. `order`: 15 of Crockford's base32; `chance`: 40 bits for the claim code."""
    lines = tuple(
        Line(
            gtin=item.gtin,
            name=item.name,
            quantity=pieces,
            price=Money(item.price_minor, CURRENCY),
            total=Money(item.price_minor * pieces, CURRENCY),
            facing=item.facing,
        )
        for item, pieces in bought.basket
    )
    total = Money(sum(line.total.minor for line in lines), CURRENCY)
    return Payment(
        reference=reference_of(order, 0),
        order=Order(order, lines, total, VERSION, claim_of(chance)),
        method=METHOD,
        asked_ms=now_ms,
        ttl_ms=TTL_MS,
    )


def sale_of(payment: Payment, channel: str, clock: Clock) -> SaleMade:
    """The sale of a payment."""
    return told.sale_of(payment, payment.order.claim, heading(clock), channel)


def refund_of(vain: PaidInVain, order: str, clock: Clock) -> RefundWanted:
    """Money that bought nothing."""
    return RefundWanted(
        **heading(clock),
        order=order,
        reference=reference_of(order, 0),
        currency=CURRENCY,
        total_minor=vain.minor,
        reason=vain.reason,
    )
