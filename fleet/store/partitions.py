"""The days of events in PostgreSQL: parts of `events` by time of receipt, made ahead of time and dropped whole.

A part holds what came on one day (UTC) and has its own primary key, the place. `events_rest` takes what came on a day
no part was made for, so nothing is ever refused; where it already has events of a day, that day gets no part, and
what is in it goes row by row.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from fleet.store.store import Store

DAY_MS: Final = 86_400_000
AHEAD: Final = 7  # days made before they come: so long may nobody look after it
_EPOCH: Final = date(1970, 1, 1)
_PREFIX: Final = "events_day_"


def name_of(day: date) -> str:
    """The part of a day, such as events_day_2026_11_22."""
    return f"{_PREFIX}{day:%Y_%m_%d}"


def day_of(at_ms: int) -> date:
    """The day something came."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def days(connection: Connection) -> list[date]:
    """The days there is a part for, the oldest first."""
    found = connection.exec_driver_sql(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass"
    ).scalars()
    names = (str(name).removeprefix(_PREFIX) for name in found if str(name).startswith(_PREFIX))
    return sorted(datetime.strptime(f"{name} +0000", "%Y_%m_%d %z").date() for name in names)


def make(connection: Connection, now_ms: int) -> list[date]:
    """Make the parts of today and the days to come that are missing; returns those."""
    there, made = set(days(connection)), []
    for day in _coming(now_ms):
        first = (day - _EPOCH).days * DAY_MS
        inside = f"received_ms >= {first} AND received_ms < {first + DAY_MS}"
        taken = f"SELECT 1 FROM events_rest WHERE {inside} LIMIT 1"  # noqa: S608 (numbers of ours)
        if day in there or connection.exec_driver_sql(taken).first():
            continue
        name = name_of(day)
        connection.exec_driver_sql(
            f"CREATE TABLE {name} PARTITION OF events FOR VALUES FROM ({first}) TO ({first + DAY_MS})"
        )
        connection.exec_driver_sql(f"ALTER TABLE {name} ADD PRIMARY KEY (kiosk, epoch, seq)")
        made.append(day)
    return made


def lacks(store: Store, now_ms: int) -> bool:
    """Whether `make` may have something to do."""
    with store.read() as connection:
        there = set(days(connection))
    return not there.issuperset(_coming(now_ms))


def over(store: Store, before_ms: int) -> list[date]:
    """The days whose parts hold nothing that came at `before_ms` or after."""
    with store.read() as connection:
        return [day for day in days(connection) if day < day_of(before_ms)]


def hold(connection: Connection) -> None:
    """Wait for the table rather short: whoever waits for all of it makes everybody wait who comes after."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 2000")


def drop(connection: Connection, day: date) -> None:
    """Drop a day, where nobody else has."""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name_of(day)}")


def _coming(now_ms: int) -> list[date]:
    today = day_of(now_ms)
    return [today + timedelta(days=number) for number in range(AHEAD + 1)]
