"""An attract loop that runs: slides chosen one after the other, time going by, somebody coming now and then."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from content.playlist import Creative, History, Playlist, next_play, plan_of, played
from content.playlist.plan import Plan

MONDAY = 1_795_392_000  # 2026-11-23 00:00 UTC


class Shown(Struct, frozen=True):
    """A slide that was on the glass."""

    slide: str
    kind: str
    booking: str
    start_ms: int
    shown_ms: int
    air_ms: int  # the loop's own time as it began
    owed: bool
    own: bool
    now: int | None


def creative(key: str, seconds: int = 8) -> Creative:
    return Creative(key=key, picture=f"{key}.webp", headlines={"en": key}, seconds=seconds)


def loop(*playlists: Playlist, creatives: Sequence[Creative], **more: int) -> Plan:
    return plan_of(creatives, playlists, **more)


def run(
    plan: Plan,
    until_ms: int,
    *,
    now: int | None = MONDAY,
    visits: Iterable[tuple[int, int]] = (),
    history: History | None = None,
    start_ms: int = 0,
) -> Iterator[Shown]:
    """Slides from `start_ms` to `until_ms`. A visit (after, length) begins so long after the one before and lasts so long."""
    past = history or History()
    mono, coming = start_ms, iter(visits)
    after, length = next(coming, (until_ms, 0))
    visit = mono + after
    while mono < until_ms:
        wall = None if now is None else now + (mono - start_ms) // 1000
        choice = next_play(plan, past, wall, mono)
        assert choice == next_play(plan, past, wall, mono)  # nothing is left to chance
        assert choice.look_again_ms == mono + choice.ms > mono
        shown = min(choice.ms, max(0, visit - mono))
        own = choice.slot is not None and choice.slot.own
        booking = choice.slot.booking if choice.slot else ""
        if shown:
            yield Shown(choice.slide, choice.kind, booking, mono, shown, past.air_ms, choice.owed, own, wall)
        past = played(past, plan, choice.slot, choice.kind, choice.owed, mono, shown)
        mono += shown
        if shown < choice.ms:
            mono += length
            after, length = next(coming, (until_ms, 0))
            visit = mono + max(1, after)
