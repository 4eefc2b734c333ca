"""How the files of a content folder look. docs/content.md shows each; docs/content.schema.json is made from these."""

from __future__ import annotations

from typing import Annotated, TypeVar

from msgspec import Meta, Struct, field

from content.authored.adverts import AdvertsFile
from content.authored.dayparts import DaypartsFile
from content.authored.model import Group, Key, Line, Wall
from content.authored.offers import OffersFile
from content.authored.themes import ThemesFile
from content.model import Texts

FileName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$",
        max_length=200,
        description="A file inside the content folder.",
        examples=["feeds/books.tsv"],
    ),
]


class GroupsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """groups.toml: lines of the network, and groups of kiosks."""

    lines: tuple[Line, ...] = ()
    groups: tuple[Group, ...] = ()


class SaidMerchant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One merchant beside the store itself: its goods are a feed of its own, or some brands of the store's feed."""

    key: Key
    names: Texts
    feed: FileName | None = None
    brands: tuple[str, ...] = ()
    support: str = ""
    fulfilments: tuple[Key, ...] = ()
    groups: tuple[Key, ...] = ()


class MerchantsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """merchants.toml."""

    merchants: tuple[SaidMerchant, ...] = ()


class SaidList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price list: a table of GTINs with what they cost at some kiosks."""

    key: Key
    file: FileName
    groups: tuple[Key, ...] = ()
    names: Texts = field(default_factory=dict)


class PricesFile(Struct, frozen=True, forbid_unknown_fields=True):
    """prices.toml."""

    lists: tuple[SaidList, ...] = ()


class WallsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """walls.toml: planograms."""

    walls: tuple[Wall, ...] = ()


AnyFile = TypeVar(
    "AnyFile",
    GroupsFile,
    MerchantsFile,
    PricesFile,
    WallsFile,
    DaypartsFile,
    OffersFile,
    ThemesFile,
    AdvertsFile,
)
