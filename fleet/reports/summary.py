"""What the operator sees at a glance, asked of the store in one moment's state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select

from fleet import tables
from fleet.events.gaps import in_words, late
from fleet.reports.reports import by_key, scans, totals
from fleet.reports.turnover import Day, Top, Turnover, days, still_to_give_back, top, turnover
from fleet.store.store import Store

HOUR_MS: Final = 3_600_000
HOURS: Final = 24


class AdvertPlays(Struct, frozen=True):
    """How often and how long an advert was on the glass."""

    advert: str
    plays: int
    shown_ms: int


class KioskRow(Struct, frozen=True, kw_only=True):
    """A kiosk's last word. `devices`: name -> absent | opening | ready | lost | failed."""

    kiosk: str
    state: str
    view: str
    version: str
    since_ms: int
    seen_ms: int
    devices: dict[str, str]
    counters: dict[str, int]
    events: int  # complete up to here, over all its streams


class Recent(Struct, frozen=True):
    """An event as it came."""

    kiosk: str
    received_ms: int
    event: dict[str, Any]


class Missing(Struct, frozen=True):
    """Events of a kiosk that have not come though later ones did: see fleet.events.gaps."""

    kiosk: str
    numbers: str  # "3-7, 9"
    since_ms: int


class Summary(Struct, frozen=True, kw_only=True):
    """All of it. `sales`: made, given back or not; `hours`: per hour over the last 24, the running hour last; `days`: see
    fleet.reports.turnover; `refunds`: walls have asked for and are not back yet.
    """

    turnover: tuple[Turnover, ...]
    days: tuple[Day, ...]
    sales: int
    plays: int
    impressions: int
    impressions_ms: int
    engagements: int
    scans: dict[str, int]  # outcome -> count
    refunds: int
    poison: int
    hours: tuple[int, ...]
    top: tuple[Top, ...]
    adverts: tuple[AdvertPlays, ...]
    kiosks: tuple[KioskRow, ...]
    recent: tuple[Recent, ...]
    missing: tuple[Missing, ...] = ()


def summary(store: Store, now_ms: int, recent: int = 30, timezone: str = "UTC") -> Summary:
    """The state of the fleet now; days are those of `timezone`."""
    with store.read() as connection:
        sold = turnover(connection)
        counted = totals(connection)
        plays, seen = counted.get("play", (0, 0)), counted.get("impression", (0, 0))
        return Summary(
            turnover=sold,
            days=days(connection, now_ms, timezone),
            sales=sum(row.sales for row in sold),
            plays=plays[0],
            impressions=seen[0],
            impressions_ms=seen[1],
            engagements=counted.get("engagement", (0, 0))[0],
            scans=scans(connection),
            refunds=still_to_give_back(connection),
            poison=_count(connection, tables.poison),
            hours=_hours(connection, now_ms),
            top=top(connection),
            adverts=_adverts(connection),
            kiosks=_kiosks(connection),
            recent=_recent(connection, recent),
            missing=tuple(
                Missing(each.kiosk, in_words(each.missing), each.missing_since_ms)
                for each in late(connection, now_ms, most=10)
            ),
        )


def _count(connection: Connection, table: Any) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def _hours(connection: Connection, now_ms: int) -> tuple[int, ...]:
    """By the fleet's clock: a kiosk's may be off."""
    first = now_ms // HOUR_MS - HOURS + 1
    came = tables.sales.c.received_ms  # a sale told of twice has one row
    hour = came // HOUR_MS
    asked = select(hour, func.count()).where(came >= first * HOUR_MS).group_by(hour)
    found: dict[int, int] = {int(which): count for which, count in connection.execute(asked)}
    return tuple(found.get(first + number, 0) for number in range(HOURS))


def _adverts(connection: Connection) -> tuple[AdvertPlays, ...]:
    return tuple(AdvertPlays(*row) for row in by_key(connection, "play", most=8))


def _kiosks(connection: Connection) -> tuple[KioskRow, ...]:
    upto: dict[str, int] = {
        kiosk: int(total)
        for kiosk, total in connection.execute(
            select(tables.streams.c.kiosk, func.sum(tables.streams.c.upto)).group_by(tables.streams.c.kiosk)
        )
    }
    rows: Sequence[Any] = connection.execute(select(tables.kiosks).order_by(tables.kiosks.c.kiosk)).all()
    return tuple(
        KioskRow(
            kiosk=row.kiosk, state=row.state, view=row.view, version=row.version, since_ms=row.since_ms,
            seen_ms=row.seen_ms, devices=json.loads(row.devices), counters=json.loads(row.counters),
            events=upto.get(row.kiosk, 0),
        )
        for row in rows
    )  # fmt: skip


def _recent(connection: Connection, limit: int) -> tuple[Recent, ...]:
    event = tables.events.c
    asked = (
        select(event.kiosk, event.received_ms, event.body)
        .order_by(event.received_ms.desc(), event.seq.desc())
        .limit(limit)
    )
    return tuple(
        Recent(kiosk, received_ms, msgspec.json.decode(body))
        for kiosk, received_ms, body in connection.execute(asked)
    )
