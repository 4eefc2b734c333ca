"""Which changes hold at which kiosk. Pure: the same changes, kiosk and hour give the same set."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from content.fulfilment import Texts
from content.live_changes import AVAILABLE, PRICE, RECALL, SOLD_OUT, Change
from content.money import Money

ALL: Final = "all"
GROUP: Final = "group:"
NO_WALL: Final = "online/shop/phone"  # where an order belongs that was begun at no wall


class Given(Struct, frozen=True, kw_only=True):
    """A change as somebody gave it. Times are Unix milliseconds."""

    number: int = 0
    scope: str  # all | group:KEY | a tenant, site or kiosk, with * and ?
    gtin: str  # 14 digits
    kind: str  # of content.live_changes.KINDS
    price: Money | None = None
    reason: str = ""
    texts: Texts = {}
    until_ms: int = 0  # 0: until it is undone
    in_release: str = ""
    until_release: str = ""
    who: str = ""
    why: str = ""
    at_ms: int = 0
    undone_ms: int = 0  # 0: it stands
    undone_who: str = ""
    undone_why: str = ""

    def stands(self, now_ms: int) -> bool:
        """Whether it is neither undone nor over."""
        return not self.undone_ms and (not self.until_ms or now_ms < self.until_ms)


def fits(scope: str, kiosk: str, groups: frozenset[str]) -> bool:
    """Whether a scope means a kiosk (tenant/site/kiosk) that is in these groups."""
    if scope == ALL:
        return True
    if scope.startswith(GROUP):
        return scope.removeprefix(GROUP) in groups
    return fnmatchcase(kiosk, scope) or fnmatchcase(kiosk, f"{scope}/*")


def compose(
    given: Iterable[Given], kiosk: str, groups: frozenset[str], now_ms: int
) -> tuple[tuple[Change, ...], dict[str, Texts]]:
    """The changes of a kiosk in the order they were given, and the operator's words on recalls, the oldest first.

    A later word on a product's availability or price takes the place of an earlier one, unless it ends by itself: then
    the earlier holds again. `kiosk` "" is selling at no wall: what is said of all, and every recall, because nobody
    knows whose goods they will be.
    """
    mine = [
        one for one in given if one.stands(now_ms)
        and (fits(one.scope, kiosk, groups) or (not kiosk and one.kind == RECALL))
    ]  # fmt: skip
    settled: set[tuple[str, str]] = set()
    kept: list[Given] = []
    for one in reversed(mine):
        about = one.gtin, SOLD_OUT if one.kind == AVAILABLE else one.kind
        if about in settled:
            continue
        kept.append(one)
        if not (one.until_ms or one.in_release or one.until_release):
            settled.add(about)
    kept.reverse()
    return tuple(map(_change, kept)), {str(one.number): one.texts for one in kept if one.texts}


def _change(one: Given) -> Change:
    return Change(
        gtin=one.gtin, kind=one.kind, price=one.price if one.kind == PRICE else None,
        reason=one.reason, note=str(one.number) if one.texts else "", until_ms=one.until_ms,
        in_release=one.in_release, until_release=one.until_release,
    )  # fmt: skip
