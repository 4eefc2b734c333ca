"""What the demo page tells: messages of the kiosk as they arrive over MQTT, in words, newest last, bounded."""

from __future__ import annotations

import threading
from collections import deque

from babel.numbers import format_currency

from content.money import Money, exponent
from mqtt.messages import (
    AdvertPlayed,
    BadMessage,
    Batch,
    Engaged,
    FacingsSeen,
    Health,
    KioskEvent,
    PhoneSale,
    Presence,
    RefundWanted,
    SaleMade,
    Scanned,
    decode,
)

Item = dict[str, object]
_KEPT = 400


def money(minor: int, currency: str) -> str:
    """An amount as people read it, in English."""
    amount = Money(minor, currency)
    return str(
        format_currency(amount.decimal(), currency, locale="en", decimal_quantization=exponent(currency) >= 0)
    )


def tell(event: KioskEvent) -> Item:
    """One event in words: kind, title, detail."""
    match event:
        case SaleMade():
            lines = ", ".join(f"{line.quantity} × {line.name}" for line in event.lines)
            title = f"Sale {money(event.total_minor, event.currency)} by {event.method}"
            return {"kind": "sale", "title": title, "detail": f"{lines} · claim code {event.claim_code}"}
        case RefundWanted():
            title = f"Refund {money(event.total_minor, event.currency)}"
            return {"kind": "refund", "title": title, "detail": event.reason}
        case AdvertPlayed():
            return {
                "kind": "play",
                "title": f"Play {event.advert}",
                "detail": f"{event.shown_ms / 1000:.1f} s on the glass",
            }
        case FacingsSeen():
            times = sum(count for _, count, _ in event.seen)
            detail = ", ".join(f"#{facing}" for facing, _, _ in event.seen[:12])
            return {"kind": "impression", "title": f"{times} impressions in {event.aisle}", "detail": detail}
        case Engaged():
            return {"kind": "engagement", "title": f"Engagement: {event.what}", "detail": event.detail}
        case Scanned():
            return {
                "kind": "scan",
                "title": f"Scan: {event.kind}",
                "detail": f"{event.outcome} {event.gtin}".strip(),
            }


def read(topic: str, payload: bytes) -> list[Item]:
    """A message of the contract as items; what is not for people gives none."""
    leaf = topic.rsplit("/", 1)[-1]
    try:
        if leaf == "ev":
            return [
                tell(event) | {"seq": event.seq, "at": event.wall_ms}
                for event in decode(payload, Batch).events
            ]
        if leaf == "state" and payload:
            presence = decode(payload, Presence)
            detail = f"the glass shows: {presence.view}" if presence.view else ""
            return [{"kind": "presence", "title": f"Kiosk {presence.state}", "detail": detail}]
        if leaf == "health":
            devices = decode(payload, Health).devices
            return [
                {
                    "kind": "health",
                    "title": "Devices",
                    "detail": ", ".join(f"{n} {s}" for n, s in devices.items()),
                }
            ]
        if leaf == "notice":
            sale = decode(payload, PhoneSale)
            title = f"Phone sale {money(sale.total_minor, sale.currency)}"
            return [{"kind": "sale", "title": title, "detail": f"claim code {sale.claim_code}"}]
    except BadMessage as error:
        return [{"kind": "bad", "title": f"Not of the contract: {topic}", "detail": str(error)}]
    return []


class Happenings:
    """A bounded list that many pages read at their own pace."""

    def __init__(self) -> None:
        self._items: deque[tuple[int, Item]] = deque(maxlen=_KEPT)
        self._changed = threading.Condition()
        self._last = 0

    def on_message(self, topic: str, payload: bytes) -> None:
        """Take a message from MQTT; from any thread."""
        for item in read(topic, payload):
            self.add(item)

    def say(self, text: str) -> None:
        """A line of the demo itself."""
        self.add({"kind": "demo", "title": text, "detail": ""})

    def add(self, item: Item) -> None:
        """One more."""
        with self._changed:
            self._last += 1
            self._items.append((self._last, item))
            self._changed.notify_all()

    def after(self, number: int, timeout_s: float) -> list[tuple[int, Item]]:
        """All items after `number`, waiting for one; [] after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._last > number, timeout_s)
            return [pair for pair in self._items if pair[0] > number]
