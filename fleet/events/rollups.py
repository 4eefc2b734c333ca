"""What happened per minute: sums that are made of new events only, in the transaction that stores them.

So an event that comes late, twice or out of order is in them exactly once, and they can be made again from the events:
`verify` compares. An event belongs to the minute its kiosk's clock said where that clock was to be trusted, otherwise to
the minute it came in (`Stored.happened_ms`); never to one later than that.

| kind | key | times | amount |
|---|---|---|---|
| `play` | the advert | plays | milliseconds shown |
| `impression` | `aisle/facing` | impressions | milliseconds seen |
| `engagement` | what somebody did | how often | 0 |
| `scan` | `outcome/kind` | how often | 0 |
| `sale:EUR` | the method | sales | minor units |

Engagements and scans a kiosk folded have "" for a key: it kept their number only.

A commit adds rows and changes none: most keys have one event (docs/ingest.md), so to look each up would cost three times
as much as it saves, and writers would wait for each other. Whoever reads adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

from fleet import tables
from fleet.events.bulk import RollupKey
from fleet.events.reading import understood
from fleet.events.rows import UNREADABLE, UNSYNCED, Stored
from mqtt.messages import AdvertPlayed, BadMessage, Engaged, FacingsSeen, Gap, SaleMade, Scanned

MINUTE_MS: Final = 60_000
LONGEST_KEY: Final = 256
Sums = dict[RollupKey, list[int]]


def add(sums: Sums, item: Stored) -> None:
    """Add what an event leaves in the roll-ups. A sale told of twice and a gap that contradicts are not for here."""
    event = item.event
    adder = _ADDERS.get(type(event))
    if adder is not None:
        adder(sums, item.kiosk, item.happened_ms // MINUTE_MS, event)


def sums_of(items: Iterable[Stored]) -> Sums:
    """The roll-ups of some events."""
    sums: Sums = {}
    for item in items:
        add(sums, item)
    return sums


def _plus(sums: Sums, key: RollupKey, times: int, amount: int) -> None:
    known = sums.get(key)
    if known is None:
        sums[key] = [times, amount]
    else:
        known[0] += times
        known[1] += amount


def _play(sums: Sums, kiosk: str, minute: int, event: AdvertPlayed) -> None:
    _plus(sums, (kiosk, minute, "play", _key(event.advert)), 1, event.shown_ms)


def _seen(sums: Sums, kiosk: str, minute: int, event: FacingsSeen) -> None:
    """Of the minute it names, which is over when the event is made; of the minute it came in where no clock is trusted."""
    if event.clock != UNSYNCED:
        minute = max(0, min(event.minute, minute))
    for facing, times, shown_ms in event.seen:
        _plus(sums, (kiosk, minute, "impression", _key(f"{event.aisle}/{facing}")), times, shown_ms)


def _engaged(sums: Sums, kiosk: str, minute: int, event: Engaged) -> None:
    _plus(sums, (kiosk, minute, "engagement", _key(event.what)), 1, 0)


def _scanned(sums: Sums, kiosk: str, minute: int, event: Scanned) -> None:
    _plus(sums, (kiosk, minute, "scan", _key(f"{event.outcome}/{event.kind}")), 1, 0)


def _sold(sums: Sums, kiosk: str, minute: int, event: SaleMade) -> None:
    _plus(sums, (kiosk, minute, f"sale:{event.currency}", _key(event.method)), 1, event.total_minor)


def _gap(sums: Sums, kiosk: str, minute: int, event: Gap) -> None:
    """All of them at the minute of the earliest: they were of one hour, so sums by the hour are right."""
    if event.clock != UNSYNCED and event.from_ms > 0:
        minute = min(event.from_ms // MINUTE_MS, minute)
    for advert, times, shown_ms in event.plays:
        _plus(sums, (kiosk, minute, "play", _key(advert)), times, shown_ms)
    for aisle, facing, times, shown_ms in event.seen:
        _plus(sums, (kiosk, minute, "impression", _key(f"{aisle}/{facing}")), times, shown_ms)
    for kind in ("engagement", "scan"):
        if event.counts.get(kind):
            _plus(sums, (kiosk, minute, kind, ""), event.counts[kind], 0)


_ADDERS: Final[dict[Any, Callable[[Sums, str, int, Any], None]]] = {
    AdvertPlayed: _play, FacingsSeen: _seen, Engaged: _engaged, Scanned: _scanned, SaleMade: _sold, Gap: _gap,
}  # fmt: skip


def _key(text: str) -> str:
    return text if len(text) <= LONGEST_KEY else text[:LONGEST_KEY]


# --- made again from the events -------------------------------------------------------------------------------


def recompute(connection: Connection, since_ms: int = 0) -> Sums:
    """What the roll-ups should be, of the events that came since `since_ms`: every one that is stored is read."""
    event, sums = tables.events.c, Sums()
    sold, folded = tables.sales, tables.folded
    asked = (
        select(event.kiosk, event.epoch, event.seq, event.type, event.body, event.received_ms, sold.c.seq, folded.c.counted)
        .outerjoin(sold, _same(sold))
        .outerjoin(folded, _same(folded))
        .where(event.type != UNREADABLE, event.received_ms >= since_ms)
    )  # fmt: skip
    with connection.execute(asked.execution_options(yield_per=1000)) as rows:
        for kiosk, epoch, seq, kind, body, received_ms, sale, counted in rows:
            if (kind == "sale" and sale is None) or (kind == "gap" and not counted):
                continue
            try:
                known = understood(body)
            except BadMessage:  # of a program that took what this one does not
                continue
            add(
                sums,
                Stored(kiosk=kiosk, epoch=epoch, seq=seq, body=body, event=known, received_ms=received_ms),
            )
    return sums


def stored(connection: Connection, since_ms: int = 0) -> Sums:
    """The roll-ups as they are, of the minutes that begin at or after `since_ms`."""
    row = tables.rollups.c
    key = (row.kiosk, row.minute, row.kind, row.key)
    asked = select(*key, func.sum(row.times), func.sum(row.amount)).group_by(*key)
    asked = asked.where(row.minute >= -(-since_ms // MINUTE_MS))
    with connection.execute(asked.execution_options(yield_per=1000)) as rows:
        return {
            (kiosk, minute, kind, key): [int(times), int(amount)]
            for kiosk, minute, kind, key, times, amount in rows
        }


def differences(connection: Connection, since_ms: int = 0) -> list[tuple[RollupKey, list[int], list[int]]]:
    """(key, as it is, as it should be) where the roll-ups are not what the events say.

    `since_ms`: since when events are kept. An event is counted in no minute later than the one it came in, so for the
    minutes since then every event is there.
    """
    first = -(-since_ms // MINUTE_MS)
    there = stored(connection, since_ms)
    wanted = {key: sums for key, sums in recompute(connection, since_ms).items() if key[1] >= first}
    nothing = [0, 0]
    return [
        (key, there.get(key, nothing), wanted.get(key, nothing))
        for key in sorted(there.keys() | wanted.keys())
        if there.get(key, nothing) != wanted.get(key, nothing)
    ]


def _same(table: Any) -> Any:
    event = tables.events.c
    return and_(table.c.kiosk == event.kiosk, table.c.epoch == event.epoch, table.c.seq == event.seq)
