"""An event as rows: one place that says what each kind of event leaves in which table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from mqtt.messages import (
    AdvertPlayed,
    Engaged,
    Event,
    FacingsSeen,
    Gap,
    KioskEvent,
    RefundWanted,
    SaleMade,
    Scanned,
)

Row = dict[str, Any]
UNREADABLE = "unreadable"
UNSYNCED = "unsynced"
PHONE = "phone"  # the channel of what is bought on a phone
RESERVED_EPOCHS = frozenset({PHONE})  # streams the fleet writes itself (fleet.payments.phone_sales)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An event as it is stored: its place, its bytes, and the event itself where this fleet can read it."""

    kiosk: str  # the address
    epoch: str
    seq: int
    body: bytes
    event: KioskEvent | None
    received_ms: int

    @property
    def place(self) -> tuple[str, str, int]:
        """What makes it unique."""
        return self.kiosk, self.epoch, self.seq

    @property
    def stream(self) -> tuple[str, str]:
        """The sequence it belongs to."""
        return self.kiosk, self.epoch

    @property
    def type(self) -> str:
        """The event's name on the wire."""
        return UNREADABLE if self.event is None else str(type(self.event).__struct_config__.tag)

    def row(self) -> Row:
        """Its row in `events`."""
        event: Event | None = self.event
        return {
            **_place(self), "type": self.type, "received_ms": self.received_ms, "body": self.body,
            "wall_ms": event.wall_ms if event else 0, "mono_ms": event.mono_ms if event else 0,
            "boot": event.boot if event else "", "clock": event.clock if event else "",
        }  # fmt: skip


def plain(item: Stored) -> Row:
    """An event as open pages are told of it: without the claim code, which no page has to know."""
    told: Row = msgspec.to_builtins(item.event) if item.event else {"type": item.type}
    told.pop("claim_code", None)
    return told


def _place(item: Stored) -> Row:
    return {"kiosk": item.kiosk, "epoch": item.epoch, "seq": item.seq}


def rows_of(item: Stored) -> Iterator[tuple[str, Row]]:
    """(table, row) for all an event leaves beside its row in `events`."""
    place = _place(item)
    match item.event:
        case SaleMade() as sale:
            yield (
                "sales",
                place
                | _fields(
                    sale, "wall_ms order reference method currency total_minor version channel claim_code"
                ),
            )
            for number, line in enumerate(sale.lines):
                row = _fields(line, "gtin name quantity price_minor total_minor facing")
                yield "sale_lines", place | {"line": number} | row
            if sale.channel != PHONE:  # a phone's orders have a slot: fleet.shop.orders
                yield "packing", place | _fields(sale, "order reference") | {"sold_ms": _sold_ms(item, sale)}
        case RefundWanted() as refund:
            yield (
                "refunds_wanted",
                place | _fields(refund, "wall_ms order reference currency total_minor reason"),
            )
        case AdvertPlayed() as play:
            yield "plays", place | _fields(play, "wall_ms advert shown_ms version")
        case FacingsSeen() as seen:
            for facing, (times, shown_ms) in _together(seen.seen).items():
                row = _fields(seen, "aisle minute version")
                yield "impressions", place | row | {"facing": facing, "times": times, "shown_ms": shown_ms}
        case Engaged() as engaged:
            yield "engagements", place | _fields(engaged, "wall_ms what detail facing")
        case Scanned() as scan:
            yield "scans", place | _fields(scan, "wall_ms kind outcome gtin")
        case Gap() | None:
            return


def _sold_ms(item: Stored, sale: SaleMade) -> int:
    """When it was paid: by the wall's clock where that is to be trusted, and never after the fleet heard of it."""
    return item.received_ms if sale.clock == UNSYNCED else min(sale.wall_ms, item.received_ms)


def _fields(record: object, names: str) -> Row:
    return {name: getattr(record, name) for name in names.split()}


def _together(seen: tuple[tuple[int, int, int], ...]) -> dict[int, tuple[int, int]]:
    """Facing -> (times, milliseconds), added up where a facing is named twice."""
    total: dict[int, tuple[int, int]] = {}
    for facing, times, shown_ms in seen:
        before = total.get(facing, (0, 0))
        total[facing] = (before[0] + times, before[1] + shown_ms)
    return total
