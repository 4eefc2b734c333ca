"""Whether what a wall sells is priced as the catalogue says, as far as the fleet can know.

A price shown is a price honoured: a wall that shows another release than the fleet has published last is right by its
own, and is not judged. Of the same release a wrong price is somebody's fault (a torn store, a wrong clock, a kiosk that is
not ours), so it is counted and logged, and the commuter buys at the price he saw all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from content import pricing
from content.model import Product
from content.store import AnyStore
from mqtt.messages import Line

# A basket may have been shown a while ago, or by a clock a little ahead; and a clock nobody trusts knows no sale's end.
SINCE_S: Final = -1860  # half an hour, and the minute for which a wall honours what stood on it
UNTIL_S: Final = 120
MOST_MOMENTS: Final = 64  # in that time an offer with hours changes some few times


def differs(lines: Iterable[Line], currency: str, version: str, store: AnyStore, now_s: int) -> str:
    """What is not priced as the store says, in words for the log; "" where all is, or the order is of another release."""
    if version != store.store.version:
        return ""
    fees = {way.fee.minor for way in store.store.fulfilments if way.fee is not None}
    for line in lines:
        if not line.gtin:  # what a way to get the goods costs
            if line.total_minor not in fees:
                return f"{line.name}: {line.total_minor} asked, and no way to get the goods costs that"
            continue
        product = store.product(line.gtin)
        if product is None:
            return f"{line.gtin} is not in release {version!r}"
        if product.price.currency != currency:
            return f"{line.gtin} costs {product.price.currency}, not {currency}"
        asked = line.price_minor, line.total_minor
        if asked not in _prices(product, line.quantity, now_s):
            return f"{line.gtin} x {line.quantity}: {asked[1]} asked (each {asked[0]})"
    return ""


def _prices(product: Product, quantity: int, now_s: int) -> set[tuple[int, int]]:
    """(price of one, of all of them) as a wall may honestly have shown them: prices stand still between two changes."""
    moments: list[int | None] = [None]
    at: int | None = now_s + SINCE_S
    while at is not None and at <= now_s + UNTIL_S and len(moments) < MOST_MOMENTS:
        moments.append(at)
        at = pricing.next_change(product, at)
    return {
        (pricing.price_at(product, at).minor, pricing.line_total(product, quantity, at).minor)
        for at in moments
    }
