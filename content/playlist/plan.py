"""What may play, worked out once from playlists: who has a share, who takes turns, who may play how often.

Nothing here knows what time it is. A figure nobody gave never becomes a larger share: without a target an entry takes
turns by its weight; and a target only asks for what an even spread needs, however far behind it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from msgspec import Struct, structs

from content.playlist.records import MOST_PROMISED, Creative, Playlist, PlaylistEntry
from content.schedule.records import DAY, Hours, Window

HOUR_MS: Final = 3_600_000
LEAST_S, MOST_S = 1, 120  # a creative stays so long, whatever its author says
PPM: Final = 1_000_000
_PER_MILLE: Final = 1000  # parts per million


class Slot(Struct, frozen=True):
    """An entry ready to be chosen."""

    key: str  # "playlist/creative/booking": names it in the history, also after another release
    playlist: str
    booking: str
    creative: str
    ms: int
    weight: int
    share: int  # of the loop, parts per million; 0: takes turns
    paced: bool  # its share comes from a target: more than that is not wanted
    cap: int  # plays of its creative in any 3600 s; 0: any number
    hours: Hours | None
    own: bool = False  # it is the contract's


class Plan(Struct, frozen=True):
    """All there is to choose from, in the operator's order."""

    contract: int  # per mille of the loop for the slots in `contracted`
    contracted: tuple[Slot, ...]
    booked: tuple[Slot, ...]
    free: tuple[Slot, ...]
    how_every: int = 2  # that many turns, then how it works
    how_ms: int = 8_000


def plan_of(
    creatives: Iterable[Creative], playlists: Sequence[Playlist] = (), how_every: int = 2, how_ms: int = 8_000
) -> Plan:
    """The plan of a kiosk. Without playlists all creatives take equal turns. Entries whose creative is not there are left
    out: a wall shows what it has.
    """
    known = {creative.key: creative for creative in creatives}
    if not playlists:
        entries = tuple(PlaylistEntry(creative=key) for key in known)
        playlists = (Playlist(key="", entries=entries),)
    pairs = [(each, entry) for each in playlists for entry in each.entries if entry.creative in known]
    caps = _caps(entry for _, entry in pairs)
    contract = next((each for each in playlists if each.contract_per_mille > 0), None)
    promised = min(MOST_PROMISED, contract.contract_per_mille) if contract else 0
    slots = [_slot(each, entry, known[entry.creative], caps, each is contract) for each, entry in pairs]
    shares = sum(slot.share for slot in slots)
    room = (MOST_PROMISED - promised) * _PER_MILLE
    if shares > room:  # everybody gets less, and nobody is crowded out
        slots = [structs.replace(slot, share=slot.share * room // shares) for slot in slots]
    return Plan(
        contract=promised,
        contracted=tuple(slot for slot in slots if slot.own),
        booked=tuple(slot for slot in slots if slot.share),
        free=tuple(slot for slot in slots if not slot.share and not slot.own),
        how_every=max(1, how_every),
        how_ms=how_ms,
    )


def _caps(entries: Iterable[PlaylistEntry]) -> dict[str, int]:
    """The lowest cap of each creative that has any: who caps it means the creative, in whichever booking it plays."""
    caps: dict[str, int] = {}
    for entry in entries:
        if entry.most_per_hour > 0:
            caps[entry.creative] = min(entry.most_per_hour, caps.get(entry.creative, entry.most_per_hour))
    return caps


def _slot(
    playlist: Playlist, entry: PlaylistEntry, creative: Creative, caps: dict[str, int], own: bool
) -> Slot:
    ms = min(MOST_S, max(LEAST_S, creative.seconds)) * 1000
    share = min(PPM, entry.share_per_mille * _PER_MILLE) if entry.share_per_mille > 0 else needed(entry, ms)
    return Slot(
        key=f"{playlist.key}/{creative.key}/{entry.booking}", playlist=playlist.key, booking=entry.booking,
        creative=creative.key, ms=ms, weight=min(100, max(1, entry.weight)),
        share=0 if own else share, own=own,
        paced=entry.share_per_mille <= 0, cap=caps.get(creative.key, 0), hours=entry.hours,
    )  # fmt: skip


def needed(entry: PlaylistEntry, ms: int) -> int:
    """The part of the loop, in parts per million, that spreads a target of plays evenly over the entry's hours, rounded up; 0 without a target or
    where nobody can say how long those hours are.
    """
    pacing, hours = entry.pacing, entry.hours
    if pacing is None:
        return 0
    daily = day_ms(hours)
    if daily <= 0:
        return 0
    if pacing.plays_per_day > 0:
        return min(PPM, -(-pacing.plays_per_day * ms * PPM // daily))
    days = flight_days(hours)
    if pacing.plays_per_flight > 0 and days > 0:
        return min(PPM, -(-pacing.plays_per_flight * ms * PPM // (daily * days)))
    return 0


def day_ms(hours: Hours | None) -> int:
    """How long hours last on a day on which they are on, on average over the week."""
    if hours is None:
        return DAY * 60_000
    lengths = [_length(window) * len(window.days) for window in hours.windows]
    days = {day for window in hours.windows for day in window.days}
    return sum(lengths) * 60_000 // len(days) if days else 0


def flight_days(hours: Hours | None) -> int:
    """On how many days of the flight something begins; 0 where it has no first and last day."""
    if hours is None or hours.since is None or hours.until is None:
        return 0
    on = {day for window in hours.windows for day in window.days}
    special = {each.date: bool(each.windows) for each in hours.exceptions}
    return sum(
        special.get(date.fromordinal(number).isoformat(), (number - 1) % 7 in on)
        for number in range(
            hours.since.toordinal(), min(hours.until.toordinal(), hours.since.toordinal() + 3660) + 1
        )
    )


def _length(window: Window) -> int:
    return window.until - window.since + (0 if window.until > window.since else DAY)
