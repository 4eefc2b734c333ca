"""What was sold, shown, touched and scanned: per hour, per key and in all, from the roll-ups; and a kiosk's events in order."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, and_, func, or_, select

from fleet import tables
from fleet.events.rollups import MINUTE_MS

HOUR_MS: Final = 3_600_000
_MINUTES: Final = 60
_ROW: Final = tables.rollups.c


class Hour(Struct, frozen=True):
    """Sums of one kind within an hour of UTC. `at_ms`: its beginning; `key`: as fleet.events.rollups says."""

    at_ms: int
    key: str
    times: int
    amount: int


class Told(Struct, frozen=True):
    """An event of a timeline. `happened_ms` as the roll-ups have it; `event` is the body, {} where it is no longer kept."""

    kiosk: str
    epoch: str
    seq: int
    type: str
    happened_ms: int
    received_ms: int
    clock: str
    event: dict[str, Any]


def hourly(
    connection: Connection, kind: str, from_ms: int, to_ms: int, kiosk: str | None = None
) -> list[Hour]:
    """Sums per hour and key, of the minutes that begin in [from_ms, to_ms), in order; hours with nothing are left out.

    `kind`: play, impression, engagement, scan, sale:EUR ...; "sale" stands for all currencies, whose key then is
    `EUR/link`.
    """
    hour = func.min(_ROW.minute)
    group = _ROW.minute // _MINUTES
    wanted = [_ROW.minute >= -(-from_ms // MINUTE_MS), _ROW.minute < -(-to_ms // MINUTE_MS)]
    wanted.append(_ROW.kind.startswith("sale:") if kind == "sale" else _ROW.kind == kind)
    if kiosk is not None:
        wanted.append(_ROW.kiosk == kiosk)
    asked = (
        select(hour, _ROW.kind, _ROW.key, func.sum(_ROW.times), func.sum(_ROW.amount))
        .where(*wanted)
        .group_by(group, _ROW.kind, _ROW.key)
    )
    found = (
        Hour(
            int(minute) // _MINUTES * HOUR_MS,
            f"{of[5:]}/{key}" if kind == "sale" else key,
            int(times),
            int(amount),
        )
        for minute, of, key, times, amount in connection.execute(asked)
    )
    return sorted(found, key=lambda row: (row.at_ms, row.key))


def timeline(
    connection: Connection,
    kiosk: str,
    before: tuple[int, str, int] | None = None,
    limit: int = 50,
    kind: str = "",
) -> list[Told]:
    """A kiosk's events as they came, the latest first. `before`: (received_ms, epoch, seq) of the last that was shown;
    `kind`: of that type only.
    """
    row = tables.events.c
    asked = select(row.epoch, row.seq, row.type, row.wall_ms, row.received_ms, row.clock, row.body).where(
        row.kiosk == kiosk
    )
    if kind:
        asked = asked.where(row.type == kind)
    if before is not None:
        at, epoch, seq = before
        asked = asked.where(
            or_(
                row.received_ms < at,
                and_(row.received_ms == at, row.epoch < epoch),
                and_(row.received_ms == at, row.epoch == epoch, row.seq < seq),
            )
        )
    asked = asked.order_by(row.received_ms.desc(), row.epoch.desc(), row.seq.desc()).limit(limit)
    return [
        Told(
            kiosk, epoch, seq, kind, received if clock in {"", "unsynced"} else min(wall, received), received, clock,
            plain_body(body),
        )
        for epoch, seq, kind, wall, received, clock, body in connection.execute(asked)
    ]  # fmt: skip


def plain_body(body: bytes) -> dict[str, Any]:
    """An event's body as data for a page: without the claim code, which no page has to know."""
    if not body:
        return {}
    try:
        data = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    data.pop("claim_code", None)
    return data


def totals(connection: Connection) -> dict[str, tuple[int, int]]:
    """Everything there is: kind -> (times, amount)."""
    asked = select(_ROW.kind, func.sum(_ROW.times), func.sum(_ROW.amount)).group_by(_ROW.kind)
    return {kind: (int(times), int(amount)) for kind, times, amount in connection.execute(asked)}


def by_key(connection: Connection, kind: str, most: int) -> list[tuple[str, int, int]]:
    """(key, times, amount) of a kind, the most frequent first."""
    times = func.sum(_ROW.times)
    asked = select(_ROW.key, times, func.sum(_ROW.amount)).where(_ROW.kind == kind).group_by(_ROW.key)
    rows = connection.execute(asked.order_by(times.desc(), _ROW.key).limit(most))
    return [(key, int(count), int(amount)) for key, count, amount in rows]


def scans(connection: Connection) -> dict[str, int]:
    """Outcome -> how often; "folded" where only the number is known."""
    asked = select(_ROW.key, func.sum(_ROW.times)).where(_ROW.kind == "scan").group_by(_ROW.key)
    found: dict[str, int] = {}
    for key, times in connection.execute(asked):
        outcome = key.partition("/")[0] or "folded"
        found[outcome] = found.get(outcome, 0) + int(times)
    return found
