"""What the demo page tells: messages of the kiosk as they arrive over MQTT, in words, newest last, bounded."""

from __future__ import annotations

import threading
from collections import deque

from babel.numbers import format_currency

from content.money import Money, exponent
from kiosk.demo.names import Names
from mqtt.messages import (
    AdvertPlayed,
    BadMessage,
    Batch,
    Engaged,
    FacingsSeen,
    Gap,
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


# What somebody at the glass did (mqtt.messages.Engaged.what); {} is its detail in words.
_DONE = {
    "start": "Somebody comes to the wall",
    "aisle": "Goes to the aisle {}",
    "product": "Looks at {}",
    "add": "Takes {}",
    "remove": "Puts {} back",
    "basket": "Looks into the basket",
    "checkout": "Wants to pay",
    "pay": "Chooses to pay by {}",
    "cancel": "Cancels the payment",
    "code": "Has a code",
    "code-told": "Hears what the code stands for: {}",
    "language": "Reads on in {}",
    "reach": "Brings the controls within reach: {}",
    "stay": "Is still here",
    "reset": "Leaves: {}",
    "tap": "Holds a phone to the reader, which opens {}",
}
# What is on the glass (mqtt.messages.Presence.view).
_SHOWN = {
    "attract": "adverts",
    "wall": "the shelves",
    "product": "a product",
    "basket": "the basket",
    "choose": "the ways to pay",
    "pay": "a payment",
    "thanks": "thanks and a claim code",
    "problem": "a problem",
    "code-entry": "keys for a code",
    "code-wait": "that a code is looked up",
    "code-result": "what a code stands for",
    "closed": "that it is closed",
}
METHODS = {"link": "phone", "epc": "bank transfer", "card": "card"}
_LANGUAGES = {"en": "English", "zh": "Chinese", "ar": "Arabic", "de": "German"}
_READ = {
    "product": "Scans {}",
    "code": "Scans a code from a receipt or a phone",
    "unknown": "Scans a code nobody knows",
    "refused": "Scans a code that is refused",
}


def tell(event: KioskEvent, names: Names) -> Item:
    """One event in words: kind, title, detail."""
    match event:
        case SaleMade():
            lines = ", ".join(f"{line.quantity} × {line.name}" for line in event.lines)
            method = METHODS.get(event.method, event.method)
            title = f"Sold for {money(event.total_minor, event.currency)}, paid by {method}"
            return {"kind": "sale", "title": title, "detail": f"{lines} · claim code {event.claim_code}"}
        case RefundWanted():
            title = f"{money(event.total_minor, event.currency)} go back"
            return {"kind": "refund", "title": title, "detail": event.reason}
        case AdvertPlayed():
            title = f"Showed the advert “{event.advert}”"
            return {"kind": "play", "title": title, "detail": f"{event.shown_ms / 1000:.1f} s on the glass"}
        case FacingsSeen():
            times = sum(count for _, count, _ in event.seen)
            title = f"{len(event.seen)} facings seen {times} times"
            return {"kind": "impression", "title": title, "detail": names.aisle(event.aisle)}
        case Engaged():
            return {"kind": "engagement", "title": done(event, names), "detail": ""}
        case Scanned():
            title = _READ.get(event.outcome, event.outcome).format(names.product(event.gtin))
            return {"kind": "scan", "title": title, "detail": event.gtin or event.kind}
        case Gap():
            title = f"{sum(event.counts.values())} events were added up, the card was full"
            return {"kind": "gap", "title": title, "detail": ", ".join(sorted(event.counts))}


def done(event: Engaged, names: Names) -> str:
    """What somebody did, in words; what this page has no words for goes by its own."""
    detail = event.detail
    if event.what in ("product", "add", "remove"):
        detail = names.product(detail)
    elif event.what == "tap":
        detail = names.product(detail) if detail else "the shop"
    elif event.what == "aisle":
        detail = names.aisle(detail)
    elif event.what == "language":
        detail = _LANGUAGES.get(detail, detail)
    elif event.what == "pay":
        detail = METHODS.get(detail, detail)
    if event.what not in _DONE:
        return f"{event.what} {detail}".strip()
    return _DONE[event.what].format(detail).removesuffix(": ")


def read(topic: str, payload: bytes, names: Names) -> list[Item]:
    """A message of the contract as items; what is not for people gives none."""
    leaf = topic.rsplit("/", 1)[-1]
    try:
        if leaf == "ev":
            return [
                tell(event, names) | {"seq": event.seq, "at": event.wall_ms}
                for event in decode(payload, Batch).events
            ]
        if leaf == "state" and payload:
            presence = decode(payload, Presence)
            shown = _SHOWN.get(presence.view, presence.view)
            title = f"The glass shows {shown}" if shown else f"The kiosk is {presence.state}"
            return [{"kind": "presence", "title": title, "detail": "", "view": presence.view}]
        if leaf == "health":
            devices = decode(payload, Health).devices
            return [
                {
                    "kind": "health",
                    "title": "How the kiosk is",
                    "detail": ", ".join(f"{n} {s}" for n, s in devices.items()),
                }
            ]
        if leaf == "notice":
            sale = decode(payload, PhoneSale)
            title = f"Sold for {money(sale.total_minor, sale.currency)} on a phone"
            detail = f"order {sale.order} · claim code {sale.claim_code}"
            return [{"kind": "sale", "title": title, "detail": detail}]
    except BadMessage as error:
        return [{"kind": "bad", "title": f"Not of the contract: {topic}", "detail": str(error)}]
    return []


class Happenings:
    """A bounded list that many pages read at their own pace."""

    def __init__(self, names: Names | None = None) -> None:
        self.names = names or Names()
        self._items: deque[tuple[int, Item]] = deque(maxlen=_KEPT)
        self._changed = threading.Condition()
        self._last = 0

    def on_message(self, topic: str, payload: bytes) -> None:
        """Take a message from MQTT; from any thread."""
        for item in read(topic, payload, self.names):
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
