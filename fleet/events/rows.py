"""An event as rows: one place that says what each kind of event leaves in which table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from mqtt.messages import Event, Gap, KioskEvent, RefundWanted, SaleMade

Row = dict[str, Any]
UNREADABLE = "unreadable"
UNSYNCED = "unsynced"
PHONE = "phone"  # the channel of what is bought on a phone
LEAVE_ROWS = frozenset({SaleMade, RefundWanted, Gap})  # events `rows_of` has something for
RESERVED_EPOCHS = frozenset({PHONE})  # streams the fleet writes itself (fleet.payments.phone_sales)


class Aside(NamedTuple):
    """Something kept aside. `topic`: what it came on; of a single event its place (`Stored.named`)."""

    topic: str
    payload: bytes
    reason: str
    at_ms: int


class Stored(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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
    def named(self) -> str:
        """Its place in words: "kiosk epoch seq"."""
        return f"{self.kiosk} {self.epoch} {self.seq}"

    @property
    def type(self) -> str:
        """The event's name on the wire."""
        return UNREADABLE if self.event is None else str(type(self.event).__struct_config__.tag)

    @property
    def happened_ms(self) -> int:
        """When it happened: by the kiosk's clock where that is to be trusted, and never after the fleet heard of it;
        otherwise when it came.
        """
        event: Event | None = self.event
        if event is None or event.clock == UNSYNCED:
            return self.received_ms
        return max(0, min(event.wall_ms, self.received_ms))


def plain(item: Stored) -> Row:
    """An event as open pages are told of it: without the claim code, which no page has to know."""
    told: Row = msgspec.to_builtins(item.event) if item.event else {"type": item.type}
    told.pop("claim_code", None)
    return told


def _place(item: Stored) -> Row:
    return {"kiosk": item.kiosk, "epoch": item.epoch, "seq": item.seq}


def rows_of(item: Stored) -> Iterator[tuple[str, Row]]:
    """(table, row) for all an event leaves beside its row in `events` and what fleet.events.rollups adds up."""
    place = _place(item)
    match item.event:
        case SaleMade() as sale:
            yield (
                "sales",
                place
                | _fields(
                    sale, "wall_ms order reference method currency total_minor version channel claim_code"
                )
                | {"received_ms": item.received_ms},
            )
            for number, line in enumerate(sale.lines):
                row = _fields(line, "gtin name quantity price_minor total_minor facing")
                yield "sale_lines", place | {"line": number} | row
            if sale.channel != PHONE:  # a phone's orders have a slot: fleet.shop.orders
                yield "packing", place | _fields(sale, "order reference") | {"sold_ms": item.happened_ms}
        case RefundWanted() as refund:
            yield (
                "refunds_wanted",
                place | _fields(refund, "wall_ms order reference currency total_minor reason"),
            )
        case Gap() as gap:
            yield "folded", place | _fields(gap, "first lost from_ms until_ms") | {"counted": 1}
        case _:
            return


def _fields(record: object, names: str) -> Row:
    return {name: getattr(record, name) for name in names.split()}
