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
MOMENTS_S: Final = (0, -1800, 120)


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
    """(price of one, of all of them) as a wall may honestly have shown them."""
    moments: tuple[int | None, ...] = (None, *(now_s + shift for shift in MOMENTS_S))
    return {
        (pricing.price_at(product, at).minor, pricing.line_total(product, quantity, at).minor)
        for at in moments
    }
