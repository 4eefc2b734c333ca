"""What is wrong with playlists and the ticker: (path, what was expected there), for a message that names the file as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from unicodedata import east_asian_width

from content.playlist.plan import PPM, needed
from content.playlist.records import MOST_PROMISED, Creative, Pacing, Playlist, PlaylistEntry, Ticker
from content.schedule.checks import check_hours

MOST_ENTRIES = 500
MOST_LINES = 20
LONGEST_LINE = 120  # letters of a ticker's line; an ideograph is as wide as two
READ_PER_S = 15  # letters people read while they walk by
Mistakes = Iterator[tuple[str, str]]


def checks(
    creatives: Sequence[Creative],
    playlists: Sequence[Playlist],
    ticker: Ticker | None,
    languages: Sequence[str],
) -> Mistakes:
    """Everything that is wrong. Promises are counted for all kiosks together unless entries name groups: those who share
    none can never meet.
    """
    known = {each.key: each for each in creatives}
    seen: set[str] = set()
    for index, playlist in enumerate(playlists):
        place = f"playlists[{index}]"
        if playlist.key in seen:
            yield f"{place}.key", f"each key once, found {playlist.key!r} again"
        seen.add(playlist.key)
        if not 0 <= playlist.contract_per_mille <= MOST_PROMISED:
            yield f"{place}.contract_per_mille", f"0 to {MOST_PROMISED}, found {playlist.contract_per_mille}"
        if len(playlist.entries) > MOST_ENTRIES:
            yield f"{place}.entries", f"{MOST_ENTRIES} at most, found {len(playlist.entries)}"
        for number, entry in enumerate(playlist.entries[:MOST_ENTRIES]):
            yield from _of_entry(f"{place}.entries[{number}]", entry, known)
    yield from _of_contracts(playlists)
    yield from _of_promises(playlists, known)
    if ticker is not None:
        yield from _of_ticker(ticker, languages)


def _of_entry(place: str, entry: PlaylistEntry, known: dict[str, Creative]) -> Mistakes:
    if entry.creative not in known:
        yield f"{place}.creative", f"an advert's key, found {entry.creative!r}"
    for name, value, least, most in (
        ("weight", entry.weight, 1, 100), ("share_per_mille", entry.share_per_mille, 0, MOST_PROMISED),
        ("most_per_hour", entry.most_per_hour, 0, 3600),
    ):  # fmt: skip
        if not least <= value <= most:
            yield f"{place}.{name}", f"{least} to {most}, found {value}"
    if entry.hours is not None:
        yield from check_hours(entry.hours, f"{place}.hours")
    if entry.pacing is not None:
        yield from _of_pacing(f"{place}.pacing", entry, entry.pacing)


def _of_pacing(place: str, entry: PlaylistEntry, pacing: Pacing) -> Mistakes:
    if entry.share_per_mille:
        yield place, "either a share of the hour or a target of plays"
    if pacing.plays_per_day < 0 or pacing.plays_per_flight < 0:
        yield place, "plays, 0 or more"
    if pacing.plays_per_day and pacing.plays_per_flight:
        yield place, "plays per day or per flight, not both"
    if pacing.plays_per_flight and (
        entry.hours is None or entry.hours.since is None or entry.hours.until is None
    ):
        yield f"{place}.plays_per_flight", "hours with a first and a last day, over which they are spread"


def _of_contracts(playlists: Sequence[Playlist]) -> Mistakes:
    places = [n for n, each in enumerate(playlists) if each.contract_per_mille > 0]
    for one, other in combinations(places, 2):
        if _meet(playlists[one].groups, playlists[other].groups):
            yield (
                f"playlists[{other}].contract_per_mille",
                f"one contract for a kiosk: playlists[{one}] has it already",
            )
    for n in places:
        if not playlists[n].entries:
            yield f"playlists[{n}].entries", "one at least, for the contract's share"


def _of_promises(playlists: Sequence[Playlist], known: dict[str, Creative]) -> Mistakes:
    """More than MOST_PROMISED would leave no turn to anybody else: a kiosk would give every booking less than it was sold."""
    booked = [
        (f"playlists[{n}].entries[{m}]", each, entry, _promised(entry, known[entry.creative]))
        for n, each in enumerate(playlists) if not each.contract_per_mille
        for m, entry in enumerate(each.entries) if entry.creative in known
    ]  # fmt: skip
    for place, playlist, entry, own in booked:
        if not own:
            continue
        together = sum(
            share for _, whose, other, share in booked
            if _meet(entry.groups, other.groups) and _meet(playlist.groups, whose.groups)
        )  # fmt: skip
        contract = max(
            (each.contract_per_mille for each in playlists if _meet(each.groups, playlist.groups)), default=0
        )
        if together > (MOST_PROMISED - contract) * 1000:
            yield (
                place,
                f"bookings of {MOST_PROMISED - contract} per mille at most where it plays, found {-(-together // 1000)}",
            )
            return


def _promised(entry: PlaylistEntry, creative: Creative) -> int:
    if entry.share_per_mille > 0:
        return min(PPM, entry.share_per_mille * 1000)
    return needed(entry, min(120, max(1, creative.seconds)) * 1000)


def _meet(some: Collection[str], others: Collection[str]) -> bool:
    return not some or not others or bool(set(some) & set(others))


def _of_ticker(ticker: Ticker, languages: Sequence[str]) -> Mistakes:
    if not 100 <= ticker.area_per_mille <= 250:
        yield "ticker.area_per_mille", f"100 to 250, found {ticker.area_per_mille}"
    if not 4 <= ticker.seconds <= 60:
        yield "ticker.seconds", f"4 to 60, so that it can be read, found {ticker.seconds}"
    if len(ticker.lines) > MOST_LINES:
        yield "ticker.lines", f"{MOST_LINES} at most, found {len(ticker.lines)}"
    seen: set[str] = set()
    for index, line in enumerate(ticker.lines[:MOST_LINES]):
        place = f"ticker.lines[{index}]"
        if line.key in seen:
            yield f"{place}.key", f"each key once, found {line.key!r} again"
        seen.add(line.key)
        if languages and not line.texts.get(languages[0]):
            yield f"{place}.texts", f"a text in {languages[0]!r}, the first language"
        for tag, text in line.texts.items():
            if (long := _letters(text)) > LONGEST_LINE:
                yield f"{place}.texts.{tag}", f"{LONGEST_LINE} letters at most, found {long}"
            elif long > READ_PER_S * ticker.seconds >= READ_PER_S * 4:
                yield (
                    f"{place}.texts.{tag}",
                    f"{READ_PER_S * ticker.seconds} letters at most for {ticker.seconds} s, found {long}",
                )
        if line.hours is not None:
            yield from check_hours(line.hours, f"{place}.hours")


def _letters(text: str) -> int:
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)
