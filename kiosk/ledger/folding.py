"""What becomes of the outbox when it is full: runs of small events become sums. Pure.

A play, impressions, an engagement or a scan is worth counting, not worth a sale's room. A run of them with consecutive
numbers, of one epoch and one hour of the kiosk's wall clock, becomes one Gap that says which numbers it stands for and
what they came to. Sales and refunds are never folded; whether a row may have been sent is for the caller to know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import structs

from mqtt.messages import AdvertPlayed, Engaged, FacingsSeen, Gap, KioskEvent, Scanned, Showing

GAP_BYTES: Final = (
    12 * 1024
)  # largest gap: in a batch of its own it fits a packet of 20 KiB, rumqttd's default limit
HOUR_MS: Final = 3_600_000
UNSYNCED: Final = "unsynced"
_QUALITIES: Final = (UNSYNCED, "holdover", "synced")  # of clocks, the worst first
_HEADING: Final = 400  # bytes of a gap without sums, and more than enough of each entry of its sums:
_PLAY: Final = 40
_SEEN: Final = 50
_SHOWING: Final = 260  # beside its texts
_KEY: Final = ("advert", "creative", "name", "playlist", "booking", "kind")  # what tells showings apart
_SUMS: Final = ("times", "shown_ms", "drawn", "present", "touched", "how_ms")

_encode = msgspec.json.Encoder().encode
_event = msgspec.json.Decoder(KioskEvent).decode

Small = AdvertPlayed | FacingsSeen | Engaged | Scanned


@dataclass(frozen=True, slots=True)
class Folded:
    """`rows` rows from place `first` to `place`, `size` bytes, become one row at `place`; `events` of them were no gaps."""

    first: int
    place: int
    body: bytes
    rows: int
    size: int
    events: int


def fold(rows: Iterable[tuple[int, bytes]]) -> list[Folded]:
    """What a stretch of consecutive rows (place, JSON) becomes. Folding what comes out changes nothing more."""
    done: list[Folded] = []
    run: _Run | None = None
    for place, body in rows:
        gap, event = _as_gap(body)
        if run is not None and gap is not None and run.takes(gap):
            run.add(place, len(body), gap, event)
            continue
        if run is not None:
            run.close(done)
        run = _Run(place, len(body), gap, event) if gap is not None else None
    if run is not None:
        run.close(done)
    return done


def _as_gap(body: bytes) -> tuple[Gap | None, int]:
    """An event as a gap that stands for it alone, a gap as it is, None for what is never folded; and how many events."""
    try:
        event = _event(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, 0  # of a newer program, perhaps
    if isinstance(event, Gap):
        return event, 0
    if not isinstance(event, Small):
        return None, 0
    # Impressions are told a moment after their minute has ended, perhaps in the next hour.
    moment = event.minute * 60_000 if isinstance(event, FacingsSeen) else event.wall_ms
    gap = Gap(
        epoch=event.epoch,
        seq=event.seq,
        wall_ms=moment,
        mono_ms=event.mono_ms,
        boot=event.boot,
        clock=event.clock,
        first=event.seq,
        counts={str(type(event).__struct_config__.tag): 1},
        plays=((event.advert, 1, event.shown_ms),) if isinstance(event, AdvertPlayed) else (),
        seen=tuple((event.aisle, *one) for one in event.seen) if isinstance(event, FacingsSeen) else (),
        from_ms=moment,
        until_ms=moment,
        showings=(_showing(event),) if isinstance(event, AdvertPlayed) else (),
    )
    return gap, 1


def _showing(play: AdvertPlayed) -> Showing:
    return Showing(
        **{name: getattr(play, name) for name in _KEY}, times=1, shown_ms=play.shown_ms, drawn=int(play.drawn),
        present=int(play.ended == "person"), touched=int(play.touched), how_ms=play.how_ms,
    )  # fmt: skip


def _key(showing: Showing) -> tuple[str, ...]:
    return tuple(getattr(showing, name) for name in _KEY)


class _Run:
    """Rows that are becoming one."""

    def __init__(self, place: int, size: int, gap: Gap, event: int) -> None:
        self._first = place
        self._epoch, self._first_seq, self._hour = gap.epoch, gap.first, gap.from_ms // HOUR_MS
        self._from_ms, self._until_ms = gap.from_ms, gap.until_ms
        self._counts: Counter[str] = Counter()
        self._plays: dict[str, tuple[int, int]] = {}
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}
        self._showings: dict[tuple[str, ...], Showing] = {}
        self._rows = self._size = self._events = self._lost = 0
        self._room = GAP_BYTES - _HEADING
        self._clock = gap.clock
        self.add(place, size, gap, event)

    def takes(self, gap: Gap) -> bool:
        """Whether the gap follows, within epoch and hour, and its sums find room.

        What happened at a time nobody vouches for counts when it comes in, so it does not take others with it.
        """
        return (
            gap.epoch == self._epoch
            and (gap.clock == UNSYNCED) == (self._clock == UNSYNCED)
            and gap.first == self._last.seq + 1
            and gap.from_ms // HOUR_MS == self._hour
            and self._growth(gap) <= self._room
        )

    def _growth(self, gap: Gap) -> int:
        """Bytes of entries that are not there yet: what is only added to needs none, so the order does not matter."""
        plays = sum(len(advert.encode()) + _PLAY for advert, _, _ in gap.plays if advert not in self._plays)
        showings = sum(
            sum(len(text.encode()) for text in _key(each)) + _SHOWING
            for each in gap.showings
            if _key(each) not in self._showings
        )
        return (
            showings
            + plays
            + sum(
                len(aisle.encode()) + _SEEN
                for aisle, facing, _, _ in gap.seen
                if (aisle, facing) not in self._seen
            )
        )

    def add(self, place: int, size: int, gap: Gap, event: int) -> None:
        """One more row."""
        self._room -= self._growth(gap)
        self._last, self._place = gap, place
        self._rows, self._size, self._events = self._rows + 1, self._size + size, self._events + event
        self._counts.update(gap.counts)
        self._lost += gap.lost
        self._from_ms, self._until_ms = min(self._from_ms, gap.from_ms), max(self._until_ms, gap.until_ms)
        self._clock = min(self._clock, gap.clock, key=_worth)
        for advert, times, shown in gap.plays:
            before = self._plays.get(advert, (0, 0))
            self._plays[advert] = before[0] + times, before[1] + shown
        for showing in gap.showings:
            known = self._showings.get(_key(showing))
            if known is not None:
                sums = {name: getattr(known, name) + getattr(showing, name) for name in _SUMS}
                showing = structs.replace(known, **sums)
            self._showings[_key(showing)] = showing
        for aisle, facing, times, shown in gap.seen:
            before = self._seen.get((aisle, facing), (0, 0))
            self._seen[aisle, facing] = before[0] + times, before[1] + shown

    def close(self, done: list[Folded]) -> None:
        """Add what became of it, where something is gained."""
        if self._rows < 2:
            return
        body = _encode(
            Gap(
                epoch=self._epoch,
                seq=self._last.seq,
                wall_ms=self._until_ms,
                mono_ms=self._last.mono_ms,
                boot=self._last.boot,
                clock=self._clock,
                first=self._first_seq,
                counts=dict(sorted(self._counts.items())),
                plays=tuple((advert, *figures) for advert, figures in sorted(self._plays.items())),
                seen=tuple((*key, *figures) for key, figures in sorted(self._seen.items())),
                from_ms=self._from_ms,
                until_ms=self._until_ms,
                lost=self._lost,
                showings=tuple(showing for _, showing in sorted(self._showings.items())),
            )
        )
        if len(body) < self._size:
            done.append(Folded(self._first, self._place, body, self._rows, self._size, self._events))


def _worth(clock: str) -> int:
    return _QUALITIES.index(clock) if clock in _QUALITIES else 0
