"""What the core wants told, as the wire's events; epoch and sequence number are the ledger's to give. Pure but for the clock."""

from __future__ import annotations

from msgspec import structs

from kiosk import told
from kiosk.clock.clock import Clock
from kiosk.core.effects import (
    AnyEffect,
    RecordEngagement,
    RecordImpressions,
    RecordPlay,
    RecordRefund,
    RecordSale,
    RecordScan,
)
from kiosk.core.events import Stamp
from kiosk.told import Heading, heading
from mqtt.messages import (
    AdvertPlayed,
    Engaged,
    FacingsSeen,
    KioskEvent,
    RefundWanted,
    SaleMade,
    Scanned,
)


def _heading(at: Stamp, clock: Clock) -> Heading:
    return heading(at.wall_ms, at.mono_ms, clock.boot, clock.quality())


def sale_of(effect: RecordSale, at: Stamp, clock: Clock) -> SaleMade:
    """A sale."""
    return told.sale_of(effect.payment, effect.claim_code, _heading(at, clock), effect.channel)


def refund_of(effect: RecordRefund, at: Stamp, clock: Clock) -> RefundWanted:
    """Money that came and bought nothing."""
    return RefundWanted(
        **_heading(at, clock),
        order=effect.order,
        reference=effect.reference,
        currency=effect.amount.currency,
        total_minor=effect.amount.minor,
        reason=effect.reason,
    )


def record_of(effect: AnyEffect, at: Stamp, clock: Clock, *, on_glass: str = "") -> KioskEvent:
    """A play, impressions, an engagement or a scan. `on_glass`: the slide the screen last said it has drawn. Raises TypeError for an effect that is not a record."""
    head = _heading(at, clock)
    match effect:
        case RecordPlay():
            drawn = bool(on_glass) and on_glass == effect.advert
            return AdvertPlayed(**head, **structs.asdict(structs.replace(effect, drawn=drawn)))
        case RecordImpressions(aisle=aisle, minute=minute, seen=seen, version=version):
            return FacingsSeen(**head, aisle=aisle, minute=minute, seen=seen, version=version)
        case RecordEngagement(what=what, detail=detail, facing=facing):
            return Engaged(**head, what=what, detail=detail, facing=facing)
        case RecordScan(kind=kind, outcome=outcome, gtin=gtin):
            return Scanned(**head, kind=kind, outcome=outcome, gtin=gtin)
    raise TypeError(f"nobody performs {type(effect).__name__}")
