"""Share of voice: of the loop's time, what was promised and what was delivered, per kiosk and booking, and the contract by the hour.

Time is that of the loop: slides on the glass and "how it works" between them, by plays whose clock could be trusted; while somebody
shops nothing plays and nothing is owed. Hours of adverts are looked at by quarters of an hour.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Select, case, func, select

from content.model import Store
from content.playlist import plan_of
from content.playlist.plan import Plan, Slot, day_ms, flight_days
from content.playlist.records import PlaylistEntry
from content.schedule import Hours
from fleet import tables
from fleet.events.rows import UNSYNCED
from fleet.measuring.asked import Asked
from fleet.measuring.contract import OnTimes, Promises
from fleet.measuring.proof import within

QUARTER_S: Final = 900
HOUR_MS: Final = 3_600_000
_MINUTES: Final = 15
_IN_HOUR: Final = 4
Key = tuple[str, str, str]  # playlist, booking, advert
CONTRACT, SHARE, PACE, NONE = "contract", "share", "pace", "none"


class Row(Struct, frozen=True, kw_only=True):
    """A promise on one kiosk. `kind`: contract (the operator's, all its adverts together) | share | pace (plays wanted) | none
    (delivered, and in no playlist any more). `short_plays`: what is to be made good.
    """

    kiosk: str
    kind: str
    playlist: str
    booking: str
    advert: str
    promised_per_mille: int
    owed_ms: int
    delivered_ms: int
    delivered_per_mille: int  # of the loop's time in which it might be shown
    target_plays: int
    plays: int
    short_ms: int
    short_plays: int
    most_per_hour: int  # its cap; 0: none
    busiest_hour: int  # plays of its advert in the fullest hour of the clock
    unsynced_plays: int  # told by a clock nobody vouches for: in no other figure


class HourRow(Struct, frozen=True, kw_only=True):
    """The contract in one hour of UTC, over all kiosks that were asked for."""

    at_ms: int
    loop_ms: int
    owed_ms: int
    delivered_ms: int


class Share(Struct, frozen=True, kw_only=True):
    """The report. `troubles`: promises that could not be read, in words."""

    rows: list[Row]
    hours: list[HourRow]
    loop_ms: int
    unsynced_plays: int
    troubles: list[str]


class _Played:
    """One kiosk's plays by quarter of an hour."""

    def __init__(self) -> None:
        self.loop: Counter[int] = Counter()
        self.shown: dict[Key, Counter[int]] = defaultdict(Counter)
        self.times: Counter[Key] = Counter()
        self.hourly: dict[str, Counter[int]] = defaultdict(Counter)  # advert -> hour -> plays
        self.unsynced: Counter[Key] = Counter()


def share(connection: Connection, ask: Asked, promises: Promises, now_ms: int) -> Share:
    """What was promised and delivered. What was promised is what the kiosks run now, whenever it was played."""
    played = _read(connection, ask)
    stores = promises.of(connection, sorted(played))
    span = ask.from_ms // 1000, min(ask.to_ms, max(now_ms, ask.from_ms + 1000)) // 1000
    times: dict[Hours | None, OnTimes] = {}
    hours: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    rows: list[Row] = []
    for kiosk, mine in sorted(played.items()):
        one = _Kiosk(kiosk, mine, stores[kiosk], span, times)
        rows += [row for row in one.rows() if ask.booking in {"", row.booking}]
        one.by_hour(hours)
    return Share(
        rows=rows,
        hours=[
            HourRow(at_ms=hour * HOUR_MS, loop_ms=loop, owed_ms=owed, delivered_ms=delivered)
            for hour, (loop, owed, delivered) in sorted(hours.items())
        ],
        loop_ms=sum(sum(mine.loop.values()) for mine in played.values()),
        unsynced_plays=sum(sum(mine.unsynced.values()) for mine in played.values()),
        troubles=promises.troubles,
    )


def _read(connection: Connection, ask: Asked) -> dict[str, _Played]:
    play, showing = tables.plays.c, tables.showings.c
    trusted = case((play.clock == UNSYNCED, 0), else_=1)
    key = [play.kiosk, play.minute // _MINUTES, trusted, showing.playlist, showing.booking, showing.advert]
    asked: Select[Any] = (
        select(*key, func.sum(play.times), func.sum(play.shown_ms), func.sum(play.how_ms))
        .join(tables.showings, showing.id == play.showing)
        .where(*within(play, ask))
        .group_by(*key)
    )
    found: dict[str, _Played] = defaultdict(_Played)
    for kiosk, quarter, known, playlist, booking, advert, times, shown_ms, how_ms in connection.execute(
        asked
    ):
        mine, of = found[kiosk], (playlist, booking, advert)
        if not known:
            mine.unsynced[of] += int(times)
            continue
        mine.loop[int(quarter)] += int(shown_ms) + int(how_ms)
        mine.shown[of][int(quarter)] += int(shown_ms)
        mine.times[of] += int(times)
        mine.hourly[advert][int(quarter) // _IN_HOUR] += int(times)
    return found


class _Kiosk:
    """Promises of one kiosk beside what it played."""

    def __init__(
        self,
        kiosk: str,
        played: _Played,
        store: Store | None,
        span: tuple[int, int],
        times: dict[Hours | None, OnTimes],
    ) -> None:
        self._kiosk, self._played, self._span, self._times = kiosk, played, span, times
        playlists = store.playlists if store is not None else ()
        self._plan: Plan = plan_of(store.adverts if store is not None else (), playlists)
        self._entries = {
            (each.key, entry.booking, entry.creative): entry for each in playlists for entry in each.entries
        }

    def rows(self) -> Iterable[Row]:
        """The contract, bookings, then what is in no playlist any more."""
        plan = self._plan
        if plan.contracted:
            yield self._contract()
        for slot in plan.booked:
            yield self._booking(slot)
        promised = {_key(slot) for slot in (*plan.contracted, *plan.booked)}
        free = {_key(slot) for slot in plan.free}
        for key in sorted((self._played.times.keys() | self._played.unsynced.keys()) - promised):
            if key[1] and key not in free:
                yield self._row(NONE, [key], None, 0, 0)

    def by_hour(self, hours: dict[int, list[int]]) -> None:
        """Add the contract's hours."""
        owed, shown = self._owed_by_quarter(), Counter[int]()
        for slot in self._plan.contracted:
            shown.update(self._played.shown.get(_key(slot), Counter()))
        for quarter, loop in self._played.loop.items():
            sums = hours[quarter // _IN_HOUR]
            for place, figure in enumerate((loop, owed.get(quarter, 0), shown.get(quarter, 0))):
                sums[place] += figure

    def _contract(self) -> Row:
        slots, per_mille = self._plan.contracted, self._plan.contract
        owed = sum(self._owed_by_quarter().values())
        ms = sum(slot.ms for slot in slots) // len(slots)
        return self._row(CONTRACT, [_key(slot) for slot in slots], slots, per_mille, owed, ms=ms)

    def _booking(self, slot: Slot) -> Row:
        entry = self._entries[_key(slot)]
        if slot.paced:
            return self._row(PACE, [_key(slot)], (slot,), 0, 0, target=self._target(entry), ms=slot.ms)
        on = self._loop_on((slot,))
        owed = sum(on.values()) * entry.share_per_mille // 1000
        return self._row(SHARE, [_key(slot)], (slot,), entry.share_per_mille, owed, ms=slot.ms)

    def _row(
        self,
        kind: str,
        keys: list[Key],
        slots: tuple[Slot, ...] | None,
        per_mille: int,
        owed: int,
        target: int = 0,
        ms: int = 0,
    ) -> Row:
        played = self._played
        delivered = sum(sum(played.shown.get(key, Counter()).values()) for key in set(keys))
        plays = sum(played.times[key] for key in set(keys))
        loop = sum(self._loop_on(slots).values()) if slots else sum(played.loop.values())
        short_ms = max(0, owed - delivered)
        return Row(
            kiosk=self._kiosk, kind=kind, playlist=keys[0][0], booking="" if kind == CONTRACT else keys[0][1],
            advert="" if kind == CONTRACT else keys[0][2], promised_per_mille=per_mille, owed_ms=owed, delivered_ms=delivered,
            delivered_per_mille=delivered * 1000 // loop if loop else 0, target_plays=target, plays=plays, short_ms=short_ms,
            short_plays=max(0, target - plays) if kind == PACE else -(-short_ms // ms) if ms else 0,
            most_per_hour=slots[0].cap if slots and len(slots) == 1 else 0,
            busiest_hour=max((count for key in keys for count in played.hourly[key[2]].values()), default=0),
            unsynced_plays=sum(played.unsynced[key] for key in set(keys)),
        )  # fmt: skip

    def _target(self, entry: PlaylistEntry) -> int:
        """Plays wanted by now: what the hours of the range are of a day's, or of the flight's."""
        pacing, daily = entry.pacing, day_ms(entry.hours)
        if pacing is None or daily <= 0:
            return 0
        on_ms = self._on(entry.hours).within(*self._span) * 1000
        if pacing.plays_per_day > 0:
            return pacing.plays_per_day * on_ms // daily
        return pacing.plays_per_flight * on_ms // (daily * max(1, flight_days(entry.hours)))

    def _owed_by_quarter(self) -> dict[int, int]:
        per_mille = self._plan.contract
        return {
            quarter: on * per_mille // 1000 for quarter, on in self._loop_on(self._plan.contracted).items()
        }

    def _loop_on(self, slots: tuple[Slot, ...]) -> dict[int, int]:
        """The loop's time in which one of these might be shown, by quarter."""
        on = [self._on(hours) for hours in {slot.hours for slot in slots}]
        return {
            quarter: loop * max((each.within(quarter * QUARTER_S, (quarter + 1) * QUARTER_S) for each in on), default=0) // QUARTER_S
            for quarter, loop in self._played.loop.items()
        }  # fmt: skip

    def _on(self, hours: Hours | None) -> OnTimes:
        found = self._times.get(hours)
        if found is None:
            since, until = self._span[0] // QUARTER_S * QUARTER_S, -(-self._span[1] // QUARTER_S) * QUARTER_S
            found = self._times[hours] = OnTimes(hours, since, max(until, since + QUARTER_S))
        return found


def _key(slot: Slot) -> Key:
    return slot.playlist, slot.booking, slot.creative
