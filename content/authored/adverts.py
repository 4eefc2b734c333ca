"""adverts.toml: more adverts beside store.toml's, what their time is sold as, and the station operator's ticker.

Hours are named: `daypart`, `first_day`, `last_day`, `untrusted`. What it all means: docs/adverts.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from content.authored.dayparts import Bound, Dayparts
from content.authored.groups import fits
from content.authored.mistakes import Mistake
from content.authored.model import Key
from content.model import Advert, Store, Texts
from content.playlist import Pacing, Playlist, PlaylistEntry, Ticker, TickerLine
from content.playlist.checks import checks

ADVERTS: Final = "adverts.toml"
_GTIN: Final = re.compile(r"[0-9]{14}", re.ASCII)
PerMille = Annotated[int, Meta(ge=0, le=1000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]


class SaidAdvert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One advert; fields as in store.toml."""

    key: Key
    picture: str
    headlines: Texts
    lines: Texts = field(default_factory=dict)
    link: str = ""
    seconds: Annotated[int, Meta(ge=1, le=120)] = 8
    name: str = ""


class SaidEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An advert in a playlist."""

    advert: Key
    booking: str = ""
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    share_per_mille: PerMille = 0
    most_per_hour: Count = 0
    plays_per_day: Count = 0
    plays_per_flight: Count = 0
    groups: tuple[Key, ...] = ()
    daypart: Key | None = None
    first_day: date | None = None
    last_day: date | None = None
    untrusted: Literal["on", "off"] = "off"


class SaidPlaylist(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Adverts that belong together."""

    key: Key
    entries: tuple[SaidEntry, ...]
    names: Texts = field(default_factory=dict)
    contract_per_mille: PerMille = 0
    groups: tuple[Key, ...] = ()


class SaidLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sentence of the ticker."""

    key: Key
    texts: Texts
    groups: tuple[Key, ...] = ()
    urgent: bool = False
    daypart: Key | None = None
    first_day: date | None = None
    last_day: date | None = None
    untrusted: Literal["on", "off"] = "off"


class SaidTicker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The station operator's part of the glass."""

    lines: tuple[SaidLine, ...]
    area_per_mille: PerMille = 200
    seconds: Annotated[int, Meta(ge=1, le=600)] = 10


class AdvertsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """adverts.toml."""

    adverts: tuple[SaidAdvert, ...] = ()
    playlists: tuple[SaidPlaylist, ...] = ()
    ticker: SaidTicker | None = None


def with_adverts(said: AdvertsFile, store: Store, dayparts: Dayparts, mistakes: list[Mistake]) -> Store:
    """The store with the file's adverts behind its own, their playlists and the ticker; hours that are wrong go to
    `mistakes`, the rest is checked by `mistakes_in_adverts`."""
    mistakes += [*_of_adverts(said.adverts, store), *_references(said, dayparts)]
    more = tuple(Advert(**msgspec.structs.asdict(each)) for each in said.adverts)
    if any(mistake.file == ADVERTS for mistake in mistakes):
        return msgspec.structs.replace(store, adverts=store.adverts + more)
    playlists = tuple(
        Playlist(
            key=each.key, names=each.names, contract_per_mille=each.contract_per_mille, groups=each.groups,
            entries=tuple(_entry(entry, dayparts) for entry in each.entries),
        )
        for each in said.playlists
    )  # fmt: skip
    ticker = _ticker(said.ticker, dayparts) if said.ticker is not None else None
    return msgspec.structs.replace(store, adverts=store.adverts + more, playlists=playlists, ticker=ticker)


def _entry(said: SaidEntry, dayparts: Dayparts) -> PlaylistEntry:
    paced = said.plays_per_day or said.plays_per_flight
    return PlaylistEntry(
        creative=said.advert, booking=said.booking, weight=said.weight, share_per_mille=said.share_per_mille,
        most_per_hour=said.most_per_hour, hours=dayparts.hours(_bound(said)), groups=said.groups,
        pacing=Pacing(plays_per_day=said.plays_per_day, plays_per_flight=said.plays_per_flight) if paced else None,
    )  # fmt: skip


def _ticker(said: SaidTicker, dayparts: Dayparts) -> Ticker:
    lines = tuple(
        TickerLine(
            key=each.key, texts=each.texts, hours=dayparts.hours(_bound(each)), groups=each.groups,
            urgent=each.urgent,
        )
        for each in said.lines
    )  # fmt: skip
    return Ticker(lines=lines, area_per_mille=said.area_per_mille, seconds=said.seconds)


def _bound(said: SaidEntry | SaidLine) -> Bound:
    return Bound(said.daypart, said.first_day, said.last_day, said.untrusted)


def _of_adverts(said: tuple[SaidAdvert, ...], store: Store) -> Iterator[Mistake]:
    seen = {advert.key for advert in store.adverts}
    aisles = {aisle.key for aisle in store.aisles}
    first = store.languages[0].tag
    for index, each in enumerate(said):
        place = f"adverts[{index}]"
        if each.key in seen:
            yield Mistake(ADVERTS, f"{place}.key", f"expected each key once, found {each.key!r} again")
        seen.add(each.key)
        if each.link and each.link not in aisles and not _GTIN.fullmatch(each.link):
            rule = f"expected an aisle's key or a GTIN with 14 digits, found {each.link!r}"
            yield Mistake(ADVERTS, f"{place}.link", rule)
        for name, texts in (("headlines", each.headlines), ("lines", each.lines)):
            if not texts.get(first) and (texts or name == "headlines"):
                yield Mistake(ADVERTS, f"{place}.{name}", f"expected a text in {first!r}, the first language")


def _references(said: AdvertsFile, dayparts: Dayparts) -> Iterator[Mistake]:
    for index, each in enumerate(said.playlists):
        for number, entry in enumerate(each.entries):
            place = f"playlists[{index}].entries[{number}]"
            yield from dayparts.mistakes(ADVERTS, place, _bound(entry))
    for index, line in enumerate(said.ticker.lines if said.ticker is not None else ()):
        yield from dayparts.mistakes(ADVERTS, f"ticker.lines[{index}]", _bound(line))


def mistakes_in_adverts(store: Store, known: set[str]) -> Iterator[Mistake]:
    """What is wrong with adverts, playlists and ticker; `known` are the groups."""
    seen: set[str] = set()
    for index, advert in enumerate(store.adverts):
        if advert.key in seen:
            yield Mistake(
                ADVERTS, f"adverts[{index}].key", f"expected each key once, found {advert.key!r} again"
            )
        seen.add(advert.key)
    languages = [language.tag for language in store.languages]
    for place, rule in checks(store.adverts, store.playlists, store.ticker, languages):
        yield Mistake(ADVERTS, place, f"expected {rule}")
    for place, groups in _groups(store):
        for number, key in enumerate(groups):
            if key not in known:
                rule = f"expected a group of groups.toml, found {key!r}"
                yield Mistake(ADVERTS, f"{place}.groups[{number}]", rule)


def _groups(store: Store) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index, each in enumerate(store.playlists):
        yield f"playlists[{index}]", each.groups
        for number, entry in enumerate(each.entries):
            yield f"playlists[{index}].entries[{number}]", entry.groups
    for index, line in enumerate(store.ticker.lines if store.ticker is not None else ()):
        yield f"ticker.lines[{index}]", line.groups


def of_kiosk(store: Store, groups: frozenset[str]) -> Store:
    """The store with the playlists, entries and lines that are for a kiosk in these groups. Adverts that are sold time in
    playlists of other kiosks alone do not stay either."""
    playlists = tuple(
        msgspec.structs.replace(
            each, entries=tuple(entry for entry in each.entries if fits(entry.groups, groups))
        )
        for each in store.playlists
        if fits(each.groups, groups)
    )
    playlists = tuple(each for each in playlists if each.entries)
    booked = {entry.creative for each in store.playlists for entry in each.entries}
    here = {entry.creative for each in playlists for entry in each.entries}
    adverts = tuple(each for each in store.adverts if each.key in here or each.key not in booked)
    ticker = store.ticker
    if ticker is not None:
        lines = tuple(line for line in ticker.lines if fits(line.groups, groups))
        ticker = msgspec.structs.replace(ticker, lines=lines) if lines else None
    return msgspec.structs.replace(store, playlists=playlists, adverts=adverts, ticker=ticker)
