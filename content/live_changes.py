"""What changes between two releases: sold out, to be had again, lowered, taken down; and a store that obeys it.

A set is whole: it says everything that differs from the kiosk's release, for one kiosk, and takes the place of the set
before. It is signed as bytes (content.signing, purpose "live"). Nothing in it raises a price: whoever holds the key
that is online can make goods cheaper or take them down, never dearer, and no price goes up under somebody's hands. A
dearer price takes a release, which is looked at before it is signed.

Prices are minor units, times Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field, structs

from content.fulfilment import Texts
from content.gtin import gtin14
from content.model import Availability, Product, Recall, Sale, Store
from content.money import Money
from content.store import AnyStore

SOLD_OUT: Final = "sold-out"
AVAILABLE: Final = "available"
PRICE: Final = "price"
RECALL: Final = "recall"
KINDS: Final = (SOLD_OUT, AVAILABLE, PRICE, RECALL)
REASONS: Final = ("safety", "allergen", "quality", "authority")

MOST_CHANGES: Final = 500  # of one kiosk, beside recalls: what is more belongs into a release
MOST_RECALLED: Final = 1_000  # products of one kiosk; room is kept for them
MOST_BYTES: Final = 160 * 1024  # of a set: base64 makes a third more of it, brokers take 256 KiB
LAST_VERSION: Final = 2**53
FORMAT: Final = 1


class BadLive(ValueError):
    """Live changes that cannot hold; says where and what was expected."""


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is otherwise with one product. Of a kind this program does not know, it is left out."""

    gtin: str  # 14 digits
    kind: str  # one of KINDS
    price: Money | None = None  # of PRICE: what one piece costs at most
    reason: str = ""  # of RECALL: one of REASONS
    note: str = ""  # of RECALL: where LiveSet.notes has the operator's own words; "": none
    until_ms: int = 0  # holds until then; 0: until it is undone. A recall has none
    in_release: str = ""  # holds in that release alone
    until_release: str = ""  # holds in releases before that one


class LiveSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that differs from the release at one kiosk."""

    format: int
    kiosk: str  # tenant/site/kiosk: a set of another kiosk's is refused
    version: int  # grows; an older one than that in force is ignored
    at_ms: int  # the fleet's wall clock
    changes: tuple[Change, ...] = ()
    notes: dict[str, Texts] = field(default_factory=dict)


class Effect(Struct, frozen=True):
    """What all changes together make of one product."""

    available: bool | None = None  # None: as the release says
    drop: Sale | None = None
    recall: Recall | None = None


# --- as bytes -------------------------------------------------------------------------------------------------


def write_set(said: LiveSet) -> bytes:
    """The set as bytes to be signed, at most MOST_BYTES. Where the operator's words on recalls take more room than there
    is, those of the oldest are left out: the wall has words of its own. Raises BadLive for more changes than may be.
    """
    _check(said)
    body = msgspec.json.encode(said)
    over, notes = len(body) - MOST_BYTES, dict(said.notes)
    for key in said.notes:
        if over <= 0:
            break
        over -= len(msgspec.json.encode({key: notes.pop(key)})) - 2
    if len(notes) < len(said.notes):
        changes = (structs.replace(one, note=one.note if one.note in notes else "") for one in said.changes)
        body = msgspec.json.encode(structs.replace(said, changes=tuple(changes), notes=notes))
    if len(body) > MOST_BYTES:
        raise BadLive(f"{len(body)} bytes, expected at most {MOST_BYTES}")
    return body


def read_set(body: bytes) -> LiveSet:
    """The set in bytes whose signature was verified. Raises BadLive."""
    if len(body) > MOST_BYTES:
        raise BadLive(f"{len(body)} bytes, expected at most {MOST_BYTES}")
    try:
        said = msgspec.json.decode(body, type=LiveSet)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadLive(str(error)) from None
    _check(said)
    return said


def _check(said: LiveSet) -> None:
    if said.format != FORMAT:
        raise BadLive(f"format {said.format}, this program reads {FORMAT}")
    if not 0 < said.version < LAST_VERSION:
        raise BadLive(f"version {said.version}: expected a number from 1")
    recalled = len({change.gtin for change in said.changes if change.kind == RECALL})
    if recalled > MOST_RECALLED:
        raise BadLive(f"{recalled} recalled products, expected at most {MOST_RECALLED}")
    others = sum(change.kind != RECALL for change in said.changes)
    if others > MOST_CHANGES:
        raise BadLive(f"{others} changes beside recalls, expected at most {MOST_CHANGES}")
    for number, change in enumerate(said.changes):
        check_change(change, f"changes[{number}]")


def check_change(change: Change, where: str) -> None:
    """Raises BadLive for a change that can hold nowhere. One of a kind not known here passes."""
    try:
        whole = gtin14(change.gtin) == change.gtin
    except ValueError as error:
        raise BadLive(f"{where}: gtin {change.gtin[:20]!r}: expected {error}") from None
    if not whole:
        raise BadLive(f"{where}: gtin {change.gtin!r}: expected 14 digits")
    if (change.price is not None) != (change.kind == PRICE):
        raise BadLive(f"{where}: a {change.kind[:20]} with a price, or a price without one")
    if change.price is not None and change.price.minor <= 0:
        raise BadLive(f"{where}: price {change.price.minor}: expected more than 0")
    if change.kind == RECALL and (change.until_ms or change.in_release or change.until_release):
        raise BadLive(f"{where}: a recall stands until it is undone")


# --- what holds -----------------------------------------------------------------------------------------------


def in_force(said: LiveSet, release: str, now_ms: int | None) -> dict[str, Effect]:
    """What holds in `release` at `now_ms` (None: the clock is not trusted), by GTIN. The later of two changes
    of availability or price goes before the earlier; a recall goes before all.

    Without a trusted clock what is sold out stays so beyond its hour, and a price that ends is not given: neither
    promises what may be over.
    """
    found: dict[str, Effect] = {}
    for change in said.changes:
        if _over(change, release, now_ms):
            continue
        effect = found.get(change.gtin, Effect())
        match change.kind:
            case "sold-out" | "available":
                effect = structs.replace(effect, available=change.kind == AVAILABLE)
            case "price" if change.price is not None:
                until = -(-change.until_ms // 1000) if change.until_ms else None
                effect = structs.replace(effect, drop=Sale(change.price, None, until))
            case "recall":
                recall = Recall(reason=change.reason, texts=said.notes.get(change.note, {}))
                effect = structs.replace(effect, recall=recall)
        found[change.gtin] = effect
    return {gtin: effect for gtin, effect in found.items() if effect != Effect()}


def next_end_ms(said: LiveSet, now_ms: int) -> int | None:
    """When the next change of the set ends by itself (Unix ms); None for never."""
    return min((change.until_ms for change in said.changes if change.until_ms > now_ms), default=None)


def superseded(release: str, by: str) -> bool:
    """Whether `release` is `by`, or a later one of the same operator: names count up (demo-000042)."""
    if release == by:
        return True
    (mine, _, number), (theirs, _, least) = release.rpartition("-"), by.rpartition("-")
    return mine == theirs and number.isdecimal() and least.isdecimal() and int(number) >= int(least)


def _over(change: Change, release: str, now_ms: int | None) -> bool:
    if change.in_release and change.in_release != release:
        return True
    if change.until_release and superseded(release, change.until_release):
        return True
    return bool(change.until_ms) and now_ms is not None and now_ms >= change.until_ms


def changed(product: Product, effect: Effect | None) -> Product:
    """The product as it is now. A price in another currency than its own changes nothing."""
    if effect is None:
        return product
    availability = product.availability
    if effect.recall is not None or effect.available is False:
        availability = Availability.OUT_OF_STOCK
    elif effect.available:
        availability = Availability.IN_STOCK
    drop = effect.drop if effect.drop and effect.drop.price.currency == product.price.currency else None
    return structs.replace(product, availability=availability, drop=drop, recall=effect.recall)


class LiveStore:
    """An open store (content.store.AnyStore) with what has changed since. Any thread; a change is taken as one.

    What is recalled keeps its place on the shelf: whoever looks for it is told why it cannot be had.
    """

    def __init__(self, base: AnyStore, effects: Mapping[str, Effect] | None = None) -> None:
        """Takes over `base`: close() closes it."""
        self.base = base
        self._effects: Mapping[str, Effect] = effects or {}

    def use(self, effects: Mapping[str, Effect]) -> list[Product]:
        """Have these hold from now on; the products that are otherwise than before. Raises StoreError."""
        before = self._effects
        others = [gtin for gtin in {**before, **effects} if before.get(gtin) != effects.get(gtin)]
        products = [product for gtin in others if (product := self.base.product(gtin)) is not None]
        self._effects = effects
        return [changed(product, effects.get(product.gtin)) for product in products]

    @property
    def store(self) -> Store:
        """All about the store but its products, as it was published."""
        return self.base.store

    def product(self, gtin: str) -> Product | None:
        """The product as it is now, None where the store has none."""
        return self._now(self.base.product(gtin))

    def by_facing(self, facing: int) -> Product | None:
        """The product at that place of the shelf, None where nothing stands there."""
        return self._now(self.base.by_facing(facing))

    def shelf(self, aisle: str, start: int, stop: int) -> list[Product]:
        """Products of an aisle, in shelf order, as they are now."""
        return self._all(self.base.shelf(aisle, start, stop))

    def count(self, aisle: str) -> int:
        """How many products stand in an aisle."""
        return self.base.count(aisle)

    def picture(self, product: Product) -> Path | None:
        """Where the product's picture lies, None where it has none."""
        return self.base.picture(product)

    def file(self, name: str) -> Path | None:
        """Where a file named by the store's records lies."""
        return self.base.file(name)

    def close(self) -> None:
        """Close the store below."""
        self.base.close()

    def _now(self, product: Product | None) -> Product | None:
        return None if product is None else changed(product, self._effects.get(product.gtin))

    def _all(self, products: Iterable[Product]) -> list[Product]:
        effects = self._effects
        return [changed(product, effects.get(product.gtin)) for product in products]
