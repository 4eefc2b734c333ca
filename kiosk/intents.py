"""What a person does, in the core's words: products are looked up, an order gets a fresh name and claim code."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from content.model import Product, Store
from content.references import (
    CLAIM_BYTES,
    CROCKFORD,
    ORDER_LENGTH,
    claim_of,
    parse_basket_code,
    parse_claim,
)
from kiosk import views
from kiosk.core import events as did
from kiosk.core.events import AnyEvent, Stamp

Find = Callable[[str], Product | None]


def event_of(intent: views.Intent, at: Stamp, find: Find, store: Store) -> AnyEvent | None:
    """The event an intent is; None for a product the store does not have. `find` looks a GTIN-14 up."""
    match intent:
        case views.Start(link=link):
            advert = next((one for one in store.adverts if one.key == link), None)
            return did.Started(at, link, find(advert.link) if advert else None)
        case views.OpenProduct(gtin=gtin, facing=facing):
            product = find(gtin)
            return did.ProductOpened(at, product, facing) if product else None
        case views.Add(gtin=gtin, facing=facing, quantity=quantity):
            product = find(gtin)
            return did.ProductAdded(at, product, facing, quantity) if product else None
        case views.SetQuantity(gtin=gtin, quantity=quantity):
            product = find(gtin)
            return did.QuantitySet(at, gtin, quantity, product, product.facing if product else 0)
        case views.Checkout():
            return did.CheckoutAsked(at, fresh_order(), fresh_claim())
        case views.AskCode(code=text):
            return code_entered(at, text)
        case _:
            return _PLAIN[type(intent)](at, intent)


# Intents that carry all the core needs.
_PLAIN: Final[dict[type, Callable[[Stamp, Any], AnyEvent]]] = {
    views.Touch: lambda at, intent: did.Touched(at),
    views.OpenAisle: lambda at, intent: did.AisleOpened(at, intent.aisle),
    views.OpenBasket: lambda at, intent: did.BasketOpened(at),
    views.PayBy: lambda at, intent: did.MethodChosen(at, intent.method),
    views.CancelPay: lambda at, intent: did.CancelAsked(at),
    views.Back: lambda at, intent: did.WentBack(at),
    views.SetLanguage: lambda at, intent: did.LanguageChosen(at, intent.language),
    views.SetReach: lambda at, intent: did.ReachChosen(at, intent.on),
    views.StayHere: lambda at, intent: did.StayAsked(at),
    views.StartOver: lambda at, intent: did.StartOverAsked(at),
    views.Done: lambda at, intent: did.Dismissed(at),
    views.Retry: lambda at, intent: did.RetryAsked(at),
    views.EnterCode: lambda at, intent: did.CodeEntryAsked(at),
    views.PrintReceipt: lambda at, intent: did.ReceiptAsked(at),
    views.Answer: lambda at, intent: did.AnswerGiven(at, intent.yes),
    views.Seen: lambda at, intent: did.FacingsSeen(at, intent.facings),
}


def code_entered(at: Stamp, text: str) -> did.CodeEntered:
    """What somebody typed, as the code it means: eight characters are a claim code, six a basket's."""
    if claim := parse_claim(text):
        return did.CodeEntered(at, "claim", claim)
    if carried := parse_basket_code(text):
        return did.CodeEntered(at, "basket", carried)
    return did.CodeEntered(at, "unknown")


def fresh_order() -> str:
    """15 random characters of Crockford's base32: 75 bits."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(ORDER_LENGTH))


def fresh_claim() -> str:
    """40 random bits, independent of the order's name: whoever reads that off a QR code learns nothing."""
    return claim_of(secrets.token_bytes(CLAIM_BYTES))
