"""All an operator publishes for all kiosks, as plain frozen records; `resolve` makes of it what one kiosk shows.

Products are kept aisle by aisle in the store's order of aisles, in each as their feeds have them; `Product.facing` is 0
here, since a place is a wall's. Of several price lists or walls that fit a kiosk, the last in the file counts.
Of each group of keys the empty one means all: a wall without groups hangs everywhere.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from content.model import (
    Availability,
    Merchant,
    MultiBuy,
    New,
    Offer,
    Product,
    Sale,
    Store,
    TakeForLess,
    Texts,
)
from content.money import Money
from content.schedule import Hours

Key = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="Small letters, digits, dots and dashes.")
]
# Names of an address in the fleet (mqtt.topics.Address); `*` stands for any characters.
Pattern = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_*-]{1,32}$", examples=["line2-*"])]
KioskPattern = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_*-]{1,32}/[A-Za-z0-9_*-]{1,32}$", examples=["line2-lindenpark/wall-*"]),
]
Tag = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Gtin = Annotated[str, Meta(pattern=r"^[0-9]{14}$", description="A GTIN with 14 digits.")]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$", examples=["#1456d9"])]
Orientation = Literal["portrait", "landscape"]
ALL: Final = "all"  # the group every kiosk is in


class Where(Struct, frozen=True):
    """One kiosk: its address in the fleet, how its wall hangs, and the operator's tags for it."""

    tenant: str
    site: str
    kiosk: str
    orientation: Orientation = "portrait"
    tags: tuple[str, ...] = ()


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the network: the stations (sites of the fleet) along it."""

    key: Key
    stations: tuple[Pattern, ...]
    names: Texts = field(default_factory=dict)


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kiosks that are named together: those of its lines, stations, kiosks or tags, less `without`.

    `orientation` narrows it to walls that hang so.
    """

    key: Key
    names: Texts = field(default_factory=dict)
    lines: tuple[Key, ...] = ()
    stations: tuple[Pattern, ...] = ()
    kiosks: tuple[KioskPattern, ...] = ()
    tags: tuple[Tag, ...] = ()
    without: tuple[KioskPattern, ...] = ()
    orientation: Orientation | None = None


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a list says of one product. With a `price` it says the whole of it, with `sale` and `offer`; without
    one only `availability`."""

    gtin: str
    price: Money | None = None
    sale: Sale | None = None
    offer: Offer | None = None
    availability: Availability | None = None


class PriceList(Struct, frozen=True, kw_only=True):
    """Prices of some kiosks; products it does not name cost what their feed says. Sorted by GTIN."""

    key: str
    groups: tuple[str, ...]
    prices: tuple[Price, ...]


class Seller(Struct, frozen=True, kw_only=True):
    """A merchant, and the kiosks it sells at."""

    merchant: Merchant
    groups: tuple[str, ...] = ()


class Shelf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One aisle of a wall: `facings` first and in that order, then, with `rest`, all others of the aisle."""

    aisle: Key
    facings: tuple[Gtin, ...] = ()
    rest: bool = True


class Wall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which products stand where: its shelves in order. What stands on none of them is not sold there."""

    key: Key
    shelves: tuple[Shelf, ...]
    groups: tuple[Key, ...] = ()
    orientation: Orientation | None = None


class Percent(Struct, frozen=True, tag="percent"):
    """So many per cent less; the price is rounded down to the minor unit."""

    percent: int


class Less(Struct, frozen=True, tag="less"):
    """So much less."""

    off: Money


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where and on what an offer is given: all that is named must fit. Merchant "store" is the store itself."""

    groups: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    aisles: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()


class OfferRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One offer of the operator's. `per_basket` and `per_order` count pieces of a product; 0: any number."""

    key: str
    gives: Percent | Less | Sale | MultiBuy | TakeForLess | New
    scope: Scope = Scope()
    names: Texts = field(default_factory=dict)
    hours: Hours | None = None
    per_basket: int = 0
    per_order: int = 0


class Colours(Struct, frozen=True, forbid_unknown_fields=True):
    """The colours of an aisle."""

    background: Colour
    accent: Colour


class Theme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other colours for aisles (by their keys) at some kiosks; of several that fit, the last counts aisle by aisle."""

    key: Key
    aisles: dict[str, Colours]
    groups: tuple[Key, ...] = ()


class Content(Struct, frozen=True, kw_only=True):
    """Everything. `store` has neither counts nor version nor merchants; those are a kiosk's."""

    store: Store
    products: tuple[Product, ...]
    lines: tuple[Line, ...] = ()
    groups: tuple[Group, ...] = ()
    sellers: tuple[Seller, ...] = ()
    lists: tuple[PriceList, ...] = ()
    walls: tuple[Wall, ...] = ()
    offers: tuple[OfferRule, ...] = ()
    themes: tuple[Theme, ...] = ()
