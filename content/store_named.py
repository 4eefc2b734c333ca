"""Which files a store's records name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from content.model import Product, Store
from content.store_format import PICTURES


def named_by(store: Store, products: Iterable[Product]) -> frozenset[str]:
    """Every file a store's records name: products' pictures, and whatever else in it begins with "pictures/"."""
    return frozenset(
        {*_strings(msgspec.to_builtins(store)), *(product.picture for product in products)} - {""}
    )


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        if value.startswith(f"{PICTURES}/"):
            yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from _strings(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _strings(inside)
