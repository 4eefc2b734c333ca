"""What the operator's page says as it happens: a kiosk's event in plain English, with products by name. Pure.

An event comes as it was stored; one from a newer kiosk may say things there are no words for, and then goes by its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from babel import Locale, UnknownLocaleError

from content.store import AnyStore

Called = Callable[[str, str], str]  # (GTIN, otherwise) -> what staff call the product
Money = Callable[[int, str], str]  # (minor units, currency) -> an amount as people write it
Span = Callable[[int], str]  # milliseconds -> a duration

KINDS: Final = {
    "sale": "sale", "refund": "money back", "play": "advert", "impressions": "shelf seen", "engagement": "visitor",
    "scan": "scan", "gap": "gap", "unreadable": "unreadable",
}  # fmt: skip
METHODS: Final = {"link": "phone", "epc": "bank transfer", "pix-static": "Pix", "card": "card"}
# mqtt.messages.Engaged.what; {} is its detail in words.
_DONE: Final = {
    "start": "somebody comes to the wall", "aisle": "goes to the aisle {}", "product": "looks at {}", "add": "takes {}",
    "remove": "puts {} back", "taken-out": "loses {}, which is sold no more", "basket": "looks into the basket", "checkout": "wants to pay", "pay": "chooses to pay by {}",
    "cancel": "cancels the payment", "code": "has a code to be looked up", "language": "reads on in {}",
    "stay": "is still here", "tap": "takes {} along on a phone", "reset": "the wall is free again",
}  # fmt: skip
# What a code somebody had stands for: content of "code-told" (mqtt.messages.CodeState).
_TOLD: Final = {
    "basket": "gets a basket from a phone", "ready": "the code is an order ready to be fetched",
    "paying": "the code is an order not paid yet", "deciding": "the code is an order whose payment is being checked",
    "refunding": "the code is an order whose money is going back", "refunded": "the code is an order whose money went back",
    "given-back": "the code is an order whose money went back at the counter", "unpaid": "the code is an order that was never paid", "handed-over": "the code is an order fetched already",
    "wait": "has tried too many codes and has to wait", "unknown": "nobody knows the code",
}  # fmt: skip
_RESET: Final = {"idle": ": nobody was there any more", "done": ": done", "start-over": ": starts over"}
_READ: Final = {
    "product": "scans {}", "code": "scans a code from a receipt or a phone", "unknown": "scans a code nobody knows",
    "refused": "scans a code that is refused",
}  # fmt: skip


def in_words(event: Mapping[str, Any], called: Called, store: AnyStore | None) -> str:
    """An engagement or a scan as people say it; `store` None where none is published."""
    if event["type"] == "scan":
        outcome, gtin = str(event["outcome"]), str(event.get("gtin", ""))
        return _READ.get(outcome, f"scans: {outcome}").format(called(gtin, gtin or "a product"))
    what, detail = str(event["what"]), str(event.get("detail", ""))
    match what:
        case "code-told":
            return _TOLD.get(detail, f"the code is {detail}")
        case "reach":
            return "brings the controls down" if detail == "on" else "lets the controls go up again"
        case "product" | "add" | "remove" | "taken-out":
            detail = called(detail, detail or "a product")
        case "tap":
            detail = called(detail, detail) if detail else "the shop"
        case "aisle":
            detail = aisle(detail, store)
        case "language":
            detail = _language(detail)
        case "pay":
            detail = METHODS.get(detail, detail)
    if what not in _DONE:
        return f"{what} {detail}".strip()
    return _DONE[what].format(detail) + (_RESET.get(detail, "") if what == "reset" else "")


def sentence(
    event: Mapping[str, Any], called: Called, store: AnyStore | None, money: Money, span: Span
) -> str:
    """Any event as people say it. `event` may be of a newer kiosk, or {} where it is no longer kept."""
    try:
        return _sentence(event, called, store, money, span)
    except (KeyError, TypeError, ValueError):
        return "kept for a newer fleet to read"


def _sentence(
    event: Mapping[str, Any], called: Called, store: AnyStore | None, money: Money, span: Span
) -> str:
    match event["type"]:
        case "sale":
            goods = ", ".join(
                f"{line['quantity']} × {called(line['gtin'], line['name'])}" for line in event["lines"]
            )
            paid = METHODS.get(event["method"], event["method"])
            return f"sold for {money(event['total_minor'], event['currency'])} by {paid}: {goods}"
        case "refund":
            return f"{money(event['total_minor'], event['currency'])} to give back: {event['reason']}"
        case "play":
            return f"shows {event['advert']} for {span(event['shown_ms'])}"
        case "impressions":
            seen = event["seen"]
            return f"{len(seen)} {'product' if len(seen) == 1 else 'products'} of {aisle(event['aisle'], store)} in sight"
        case "gap":
            folded = (
                f"{event['first']} to {event['seq']}" if event["first"] < event["seq"] else str(event["seq"])
            )
            lost = f", {event['lost']} more could not be written" if event.get("lost") else ""
            counted = ", ".join(
                f"{count} {KINDS.get(kind, kind)}" for kind, count in event.get("counts", {}).items()
            )
            return f"events {folded} folded into sums for want of room ({counted or 'none'}){lost}"
        case "engagement" | "scan":
            return in_words(event, called, store)
        case _:
            return "kept for a newer fleet to read"


def aisle(key: str, store: AnyStore | None) -> str:
    """An aisle's name, its key where it is not published (any more)."""
    named = (each for each in store.store.aisles if each.key == key) if store else iter(())
    return next((each.names.get("en", key) for each in named), key)


def _language(tag: str) -> str:
    try:
        return Locale.parse(tag, sep="-").get_language_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag
