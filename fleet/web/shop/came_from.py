"""Where somebody who looks into the basket goes on shopping: the shelf they came from. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from content.store import AnyStore
from fleet.web.shop.basket_cookie import Basket
from fleet.web.shop.basket_view import stem_of

_SHELF: Final = re.compile(
    r"(?:/[A-Za-z0-9_-]{1,32}/[0-9]{1,10}(?:-[0-9A-Za-z]{1,64})?)?/(?:s|shop(?:/[\w%.~-]{1,200})?)", re.ASCII
)
_KEPT: Final = ("q", "page")  # of its query; the language is the reader's own


def back_to_shelf(headers: Mapping[str, str], basket: Basket, store: AnyStore) -> str:
    """The address to go on at, up to its last `&` or `?`: the front, aisle or search of these pages the basket was opened from
    (Referer), else the aisle of what was put in last, else the front; at the wall the basket was begun at.
    """
    said = urlsplit(_ascii(headers.get("referer", "")))
    if said.netloc == headers.get("host") and _SHELF.fullmatch(said.path):
        kept = [(name, value[:60]) for name, value in parse_qsl(said.query) if name in _KEPT]
        return f"{said.path}?{urlencode(kept)}{'&' if kept else ''}"
    product = store.product(basket.pieces[-1].gtin) if basket.pieces else None
    aisle = f"/{quote(product.aisle, safe='')}" if product and store.count(product.aisle) else ""
    return f"{stem_of(basket)}/shop{aisle}?"


def _ascii(address: str) -> str:
    """An address as far as it can be one: brackets alone make urlsplit raise."""
    return address if address.isascii() and not set("[]") & set(address) else ""
