"""store.toml: what an operator says about a store beside its products. See docs/importing.md for every key.

Its tables are the fields of content.model.Store. Of `[station]` only those are: the rest of it belongs to whoever puts
the store on a wall and is not looked into here.
"""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from content.feed.cells import currencies, language
from content.feed.problems import Wrong
from content.fulfilment_file import SaidOption, mistakes_in, options, texts_of
from content.gtin import gtin14
from content.model import Advert, Aisle, Language, Station, Store, Texts

METHODS: Final = ("link", "epc", "pix-static", "card")
_MOST_BYTES: Final = 1 << 20
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


class StoreFileError(Exception):
    """store.toml is wrong. `mistakes` has a line for each: file, key, and what was expected there.

    `found` has the same as pairs of key and rule, without the file.
    """

    def __init__(self, path: Path, found: list[tuple[str, str]]) -> None:
        self.mistakes = [": ".join(part for part in (str(path), key, rule) if part) for key, rule in found]
        super().__init__("\n".join(self.mistakes))
        self.found = found


class _Aisle(Struct, forbid_unknown_fields=True):
    key: str
    names: Texts
    background: str = "#f2f4f7"
    accent: str = "#1456d9"


class _Advert(Struct, forbid_unknown_fields=True):
    key: str
    picture: str
    headlines: Texts
    lines: Texts = field(default_factory=dict)
    link: str = ""
    seconds: int = 8


class _Language(Struct, forbid_unknown_fields=True):
    tag: str
    name: str


class StoreFile(Struct, forbid_unknown_fields=True):
    """store.toml as it is written."""

    key: str
    names: Texts
    currency: str
    languages: list[_Language]
    aisles: list[_Aisle]
    adverts: list[_Advert] = []
    methods: list[str] = []
    how_it_works: list[Texts] = []
    pickup: Texts = field(default_factory=dict)
    pickups: list[SaidOption] = []
    deliveries: list[SaidOption] = []
    support: str = ""
    timezone: str = "UTC"
    station: Station = field(default_factory=Station)  # the rest of it belongs to whoever hangs the walls


def read_store_file(path: Path) -> Store:
    """The store a file describes, without counts and version; adverts' pictures as the file names them.

    Raises StoreFileError with every mistake that was found.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise StoreFileError(path, [("", f"expected at most {_MOST_BYTES // 1024} KiB")])
        said = msgspec.convert(tomllib.loads(data.decode("utf-8")), StoreFile)
    except OSError as error:
        raise StoreFileError(path, [("", f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        found = f"expected UTF-8, found byte {data[error.start]:#04x} at {error.start}"
        raise StoreFileError(path, [("", found)]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise StoreFileError(path, [("", f"not TOML: {error}")]) from error
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$")
        place = where.strip(".`") or "top level"
        raise StoreFileError(path, [(place, f"{reason[:1].lower()}{reason[1:]}")]) from error
    if mistakes := [(key, f"expected {expected}") for key, expected in _mistakes(said)]:
        raise StoreFileError(path, mistakes)
    return _store(said)


def _store(said: StoreFile) -> Store:
    return Store(
        key=said.key,
        names=said.names,
        currency=said.currency,
        languages=tuple(Language(each.tag, each.name) for each in said.languages),
        aisles=tuple(
            Aisle(key=each.key, names=each.names, background=each.background, accent=each.accent)
            for each in said.aisles
        ),
        adverts=tuple(Advert(**msgspec.structs.asdict(each)) for each in said.adverts),
        methods=tuple(said.methods),
        how_it_works=tuple(said.how_it_works),
        pickup=said.pickup,
        fulfilments=options(said.pickups, said.deliveries, said.currency),
        support=said.support,
        timezone=said.timezone,
        station=said.station,
    )


def _mistakes(said: StoreFile) -> Iterator[tuple[str, str]]:
    """Key, and what was expected there."""
    if not _KEY.fullmatch(said.key):
        yield "key", f"small letters, digits, dots, dashes and underscores, found {said.key!r}"
    if said.currency not in currencies():
        yield "currency", f"a code of ISO 4217, such as EUR, found {said.currency!r}"
    try:
        zoneinfo.ZoneInfo(said.timezone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        yield "timezone", f"a name of the IANA database, such as Europe/Berlin, found {said.timezone!r}"
    for index, method in enumerate(said.methods):
        if method not in METHODS:
            yield f"methods[{index}]", f"one of {', '.join(METHODS)}, found {method!r}"
    yield from _language_mistakes(said)
    yield from _aisle_mistakes(said)
    yield from _advert_mistakes(said)
    yield from mistakes_in(said.pickups, said.deliveries, said.currency)


def _language_mistakes(said: StoreFile) -> Iterator[tuple[str, str]]:
    if not said.languages:
        yield "languages", "one at least"
        return
    tags = [each.tag for each in said.languages]
    for index, tag in enumerate(tags):
        if tag in tags[:index]:
            yield f"languages[{index}].tag", f"each language once, found {tag!r} again"
        yield from _tag_mistakes(f"languages[{index}].tag", tag)
    for place, texts in _texts(said):
        if tags[0] not in texts:
            yield place, f"a text in {tags[0]!r}, the first language"
        for tag in texts:
            yield from _tag_mistakes(f"{place}.{tag}", tag)


def _tag_mistakes(place: str, tag: str) -> Iterator[tuple[str, str]]:
    try:
        if (usual := language(tag)) != tag:
            yield place, f"{usual!r}, found {tag!r}"
    except Wrong as wrong:
        yield place, f"{wrong}, found {tag!r}"


def _texts(said: StoreFile) -> Iterator[tuple[str, Texts]]:
    """Every text with its key; empty ones that may be left out are left out."""
    yield "names", said.names
    if said.pickup:
        yield "pickup", said.pickup
    if said.station.names:
        yield "station.names", said.station.names
    for index, step in enumerate(said.how_it_works):
        yield f"how_it_works[{index}]", step
    for index, aisle in enumerate(said.aisles):
        yield f"aisles[{index}].names", aisle.names
    for index, advert in enumerate(said.adverts):
        yield f"adverts[{index}].headlines", advert.headlines
        if advert.lines:
            yield f"adverts[{index}].lines", advert.lines
    yield from texts_of(said.pickups, said.deliveries)


def _aisle_mistakes(said: StoreFile) -> Iterator[tuple[str, str]]:
    if not said.aisles:
        yield "aisles", "one at least"
    keys = [each.key for each in said.aisles]
    for index, aisle in enumerate(said.aisles):
        if not _KEY.fullmatch(aisle.key):
            yield (
                f"aisles[{index}].key",
                f"small letters, digits, dots, dashes and underscores, found {aisle.key!r}",
            )
        if aisle.key in keys[:index]:
            yield f"aisles[{index}].key", f"each aisle once, found {aisle.key!r} again"
        for name in ("background", "accent"):
            if not _COLOUR.fullmatch(getattr(aisle, name)):
                yield f"aisles[{index}].{name}", f"a colour such as #1456d9, found {getattr(aisle, name)!r}"


def _advert_mistakes(said: StoreFile) -> Iterator[tuple[str, str]]:
    aisles = {each.key for each in said.aisles}
    keys = [each.key for each in said.adverts]
    for index, advert in enumerate(said.adverts):
        if advert.key in keys[:index] or not _KEY.fullmatch(advert.key):
            yield f"adverts[{index}].key", f"small letters and digits, each key once, found {advert.key!r}"
        if advert.link and advert.link not in aisles and not _is_gtin(advert.link):
            yield f"adverts[{index}].link", f"an aisle's key or a GTIN with 14 digits, found {advert.link!r}"
        if not 1 <= advert.seconds <= 600:
            yield f"adverts[{index}].seconds", f"1 to 600, found {advert.seconds}"


def _is_gtin(text: str) -> bool:
    try:
        return gtin14(text) == text
    except ValueError:
        return False
