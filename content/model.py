"""What the operator publishes, as plain frozen records: products, prices, offers, aisles, adverts, the store.

Texts are `dict[language, text]` with BCP 47 tags as keys ("en", "zh", "ar", "de"); use `text_in` to read one.
Times are Unix seconds (UTC). A product's `facing` is its place on the shelf, numbered from 1 through the store.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from content.fulfilment import Fulfilment
from content.fulfilment import Texts as Texts
from content.money import Money
from content.playlist.records import Creative, Playlist, Ticker
from content.schedule.records import Hours


def text_in(texts: Texts, language: str) -> str:
    """The text in `language`, else in its base language, else English, else whatever there is, else ""."""
    for tag in (language, language.split("-")[0], "en"):
        if texts.get(tag):
            return texts[tag]
    return next(iter(texts.values()), "")


class Availability(Enum):
    """Google Merchant's availability values (product data specification, attribute `availability`)."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"


class Measure(Struct, frozen=True):
    """An amount of a unit in thousandths, so that it stays exact: 1.5 kg is Measure(1500, "kg")."""

    milli: int
    unit: str  # one of content.pricing.UNITS: those of Google's unit_pricing_measure


class Sale(Struct, frozen=True, tag="sale", omit_defaults=True):
    """A lower price between two moments (Unix seconds, `until` excluded; None: open-ended), and in its hours.

    Of every offer: `hours` None is at all times; `most` are the pieces of a product in one basket that get it (more cost
    what they cost without it); `limit` the pieces of it one order may hold at all while it runs; 0: any number.
    """

    price: Money
    since: int | None = None
    until: int | None = None
    hours: Hours | None = None
    most: int = 0
    limit: int = 0
    key: str = ""  # which offer of the operator's it comes from; "": the feed's own


class MultiBuy(Struct, frozen=True, tag="multi-buy", omit_defaults=True):
    """`quantity` pieces together cost `price` (2 for 3.00); the rest of the pieces cost the normal price."""

    quantity: int
    price: Money
    hours: Hours | None = None
    most: int = 0
    limit: int = 0
    key: str = ""


class TakeForLess(Struct, frozen=True, tag="take-for-less", omit_defaults=True):
    """Take `take` pieces and pay for `pay` of them (3 for 2)."""

    take: int
    pay: int
    hours: Hours | None = None
    most: int = 0
    limit: int = 0
    key: str = ""


class New(Struct, frozen=True, tag="new", omit_defaults=True):
    """Shown as new; costs what it costs."""

    hours: Hours | None = None
    most: int = 0
    limit: int = 0
    key: str = ""


Offer = MultiBuy | TakeForLess | New
Reduction = Sale | MultiBuy | TakeForLess | New


class Recall(Struct, frozen=True, kw_only=True):
    """Why a product is taken off sale at once: one of content.live_changes.REASONS, and what its operator says of it."""

    reason: str
    texts: Texts = field(default_factory=dict)


class Product(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One article as it stands on the shelf. `gtin` has 14 digits with a valid check digit."""

    gtin: str
    names: Texts
    aisle: str
    facing: int
    price: Money
    brand: str = ""
    sale: Sale | None = None
    offer: Offer | None = None
    availability: Availability = Availability.IN_STOCK
    size: Measure | None = None  # what is in the pack
    unit_base: Measure | None = None  # what the unit price is given for (100 g, 1 l)
    picture: str = ""  # path inside the store folder; "" where there is none
    descriptions: Texts = field(default_factory=dict)
    ingredients: Texts = field(default_factory=dict)
    allergens: tuple[str, ...] = ()  # EU FIC annex II keys: gluten, crustaceans, eggs, fish, ...
    nutrition: tuple[tuple[str, int], ...] = ()  # per 100 g or ml, (key, thousandths): ("fat", 3600) is 3.6 g
    origin: str = ""  # ISO 3166-1 alpha-2
    storage: str = ""  # ambient, chilled, frozen
    age_min: int = 0  # years; 0: no limit
    attributes: dict[str, str] = field(default_factory=dict)  # feed columns we do not know, kept
    further: tuple[
        Reduction, ...
    ] = ()  # offers beside those two; of all that run the best for the buyer counts
    merchant: str = ""  # key of who sells it, of Store.merchants; "": the store's own
    drop: Sale | None = (
        None  # lowered since the release; this and `recall` come with live changes, never in a release
    )
    recall: Recall | None = None


class Aisle(Struct, frozen=True, kw_only=True):
    """One aisle, in shelf order. Colours are "#rrggbb"."""

    key: str
    names: Texts
    count: int = 0  # products on it
    background: str = "#f2f4f7"
    accent: str = "#1456d9"


Advert = Creative  # an advert of the attract loop


class Language(Struct, frozen=True):
    """A language the wall speaks, and how its speakers write its name."""

    tag: str
    name: str


class Station(Struct, frozen=True, kw_only=True):
    """Where walls hang, as passengers call it."""

    names: Texts = field(default_factory=dict)
    kiosks: tuple[str, ...] = ()  # the walls' names: the last part of their addresses


class Merchant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who sells in the store beside the store itself."""

    key: str
    names: Texts
    support: str = ""  # phone number or address people can turn to; "": the store's
    fulfilments: tuple[str, ...] = ()  # keys of the ways its goods can be had; none named: all of the store


class Store(Struct, frozen=True, kw_only=True):
    """All about a store but its products, which are many and are read one shelf at a time."""

    key: str
    names: Texts
    currency: str
    languages: tuple[Language, ...]
    aisles: tuple[Aisle, ...]
    adverts: tuple[Advert, ...] = ()
    methods: tuple[str, ...] = ()  # payment methods offered, in order: "link", "epc", "pix-static", "card"
    how_it_works: tuple[Texts, ...] = ()
    pickup: Texts = field(default_factory=dict)  # where and when the goods are handed over
    fulfilments: tuple[Fulfilment, ...] = ()  # ways to get them, in the order offered; none: as `pickup` says
    support: str = ""  # phone number or address people can turn to
    timezone: str = "UTC"  # IANA name; decides what "today" is
    station: Station = field(default_factory=Station)
    version: str = ""  # names this state of prices; every order carries it
    merchants: tuple[Merchant, ...] = ()  # who sells here beside the store itself
    playlists: tuple[Playlist, ...] = ()  # what the adverts' time is sold as; none: all take equal turns
    ticker: Ticker | None = None  # the station operator's part of the glass
