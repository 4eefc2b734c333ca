"""Whether a change can be given, before it is written down. Raises BadChange with what was expected."""

from __future__ import annotations

import re
from typing import Final

from msgspec import structs

from content.gtin import gtin14
from content.live_changes import AVAILABLE, KINDS, PRICE, REASONS, RECALL
from content.store import AnyStore
from fleet.live_changes.composing import Given

MOST_LANGUAGES: Final = 20
MOST_TEXT: Final = 500
LONGEST_MS: Final = 366 * 86_400_000
_SCOPE: Final = re.compile(
    r"all|group:[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_*?-]{1,32}(/[A-Za-z0-9_*?-]{1,32}){0,2}"
)
_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_RELEASE: Final = re.compile(r"[A-Za-z0-9._+-]{0,80}")


class BadChange(ValueError):
    """A change that cannot be given; says what was expected."""


def checked(one: Given, store: AnyStore | None, now_ms: int) -> Given:
    """The change with its GTIN in 14 digits. `store`: what is published, to compare with; None: nothing is known."""
    try:
        one = structs.replace(one, gtin=gtin14(one.gtin))
    except ValueError as error:
        raise BadChange(f"gtin {one.gtin[:20]!r}: expected {error}") from None
    if one.kind not in KINDS:
        raise BadChange(f"{one.kind[:20]!r}: expected one of {', '.join(KINDS)}")
    if not one.who.strip() or not one.why.strip():
        raise BadChange("who wants it, and why? Both are kept")
    if len(one.who) > 60 or len(one.why) > 200:
        raise BadChange("a name has at most 60 characters, a reason 200")
    if not _SCOPE.fullmatch(one.scope):
        raise BadChange(
            f"{one.scope[:98]!r}: expected all, group:KEY, or a tenant, site or kiosk such as demo/central/K1"
        )
    for release in (one.in_release, one.until_release):
        if not _RELEASE.fullmatch(release):
            raise BadChange(f"release {release[:80]!r}: expected a release's name")
    if one.until_ms and not now_ms < one.until_ms <= now_ms + LONGEST_MS:
        raise BadChange("until: expected a moment to come, within a year")
    if one.kind == RECALL:
        _recall(one)
    elif one.reason or one.texts:
        raise BadChange(f"{one.kind}: only a recall has a reason and words for commuters")
    _price(one, store)
    return one


def _recall(one: Given) -> None:
    if one.reason not in REASONS:
        raise BadChange(f"reason {one.reason[:20]!r}: expected one of {', '.join(REASONS)}")
    if one.until_ms or one.in_release or one.until_release:
        raise BadChange("a recall stands until somebody undoes it")
    if len(one.texts) > MOST_LANGUAGES:
        raise BadChange(f"words in {len(one.texts)} languages: expected at most {MOST_LANGUAGES}")
    for tag, text in one.texts.items():
        if not _TAG.fullmatch(tag):
            raise BadChange(f"language {tag[:20]!r}: expected a tag such as en")
        if not text.strip() or len(text) > MOST_TEXT:
            raise BadChange(f"words in {tag}: expected 1 to {MOST_TEXT} characters")


def _price(one: Given, store: AnyStore | None) -> None:
    """A price is lowered; raising one takes a release."""
    if (one.price is None) != (one.kind != PRICE):
        raise BadChange("expected a price with price, and with nothing else")
    product = store.product(one.gtin) if store is not None else None
    if product is None:
        if store is not None and one.kind in (PRICE, AVAILABLE):
            raise BadChange(f"{one.gtin} is not in what is published")
        return
    if one.price is None:
        return
    if one.price.minor <= 0:
        raise BadChange("expected a price of more than 0")
    if one.price.currency != product.price.currency:
        raise BadChange(f"{one.gtin} costs {product.price.currency}, not {one.price.currency}")
    if one.price >= product.price:
        raise BadChange(
            f"{one.price.decimal()} is not below {product.price.decimal()}: live changes lower prices, a release raises them"
        )
