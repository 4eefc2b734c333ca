"""What the core wants told, as the wire's events; epoch and sequence number are the ledger's to give. Pure but for the clock."""

from __future__ import annotations

from typing import TypedDict

from kiosk.clock import Clock
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
from kiosk.order_lines import lines_of
from mqtt.messages import (
    AdvertPlayed,
    Engaged,
    FacingsSeen,
    KioskEvent,
    RefundWanted,
    SaleMade,
    Scanned,
)


class _Heading(TypedDict):
    epoch: str
    seq: int
    wall_ms: int
    mono_ms: int
    boot: str
    clock: str


def _heading(at: Stamp, clock: Clock) -> _Heading:
    return {
        "epoch": "",
        "seq": 0,
        "wall_ms": at.wall_ms,
        "mono_ms": at.mono_ms,
        "boot": clock.boot,
        "clock": clock.quality(),
    }


def sale_of(effect: RecordSale, at: Stamp, clock: Clock) -> SaleMade:
    """A sale."""
    payment, order = effect.payment, effect.payment.order
    return SaleMade(
        **_heading(at, clock),
        order=order.order,
        reference=payment.reference,
        method=payment.method,
        currency=order.total.currency,
        total_minor=order.total.minor,
        lines=lines_of(order),
        version=order.version,
        channel=effect.channel,
        claim_code=effect.claim_code,
    )


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


def record_of(effect: AnyEffect, at: Stamp, clock: Clock) -> KioskEvent:
    """A play, impressions, an engagement or a scan. Raises TypeError for an effect that is not a record."""
    heading = _heading(at, clock)
    match effect:
        case RecordPlay(advert=advert, shown_ms=shown_ms, version=version):
            return AdvertPlayed(**heading, advert=advert, shown_ms=shown_ms, version=version)
        case RecordImpressions(aisle=aisle, minute=minute, seen=seen, version=version):
            return FacingsSeen(**heading, aisle=aisle, minute=minute, seen=seen, version=version)
        case RecordEngagement(what=what, detail=detail, facing=facing):
            return Engaged(**heading, what=what, detail=detail, facing=facing)
        case RecordScan(kind=kind, outcome=outcome, gtin=gtin):
            return Scanned(**heading, kind=kind, outcome=outcome, gtin=gtin)
    raise TypeError(f"nobody performs {type(effect).__name__}")
