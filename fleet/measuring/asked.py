"""What a report is asked for: from when to when, of which kiosks and which booking. Pure but for the look-up of names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from sqlalchemy import Connection, select

from fleet import tables

DAY_MS: Final = 86_400_000
LONGEST_DAYS: Final = 3_660  # of a list that is told row by row
LONGEST_SHARE_DAYS: Final = 62  # of what is worked out in memory
YEARS: Final = (2020, 2100)


class BadAsk(ValueError):
    """A report nobody can make; says what was asked and what was expected."""


class Asked(Struct, frozen=True, kw_only=True):
    """Minutes that begin in [from_ms, to_ms). `kiosk`: an address, or "TENANT/SITE" for all of a site, "": all kiosks."""

    from_ms: int
    to_ms: int
    kiosk: str = ""
    booking: str = ""
    timezone: str = "UTC"  # of the local times in the answer

    @property
    def zone(self) -> ZoneInfo:
        """`timezone`; it was looked at when this was made."""
        return ZoneInfo(self.timezone)


def asked(
    since: str,
    until: str,
    now_ms: int,
    *,
    kiosk: str = "",
    booking: str = "",
    timezone: str = "UTC",
    most: int = LONGEST_DAYS,
) -> Asked:
    """A question as people write it: "2026-11-22" or "2026-11-22T06:00", in `timezone`; `until` itself is not in it. Without
    words: the 24 hours until now. Raises BadAsk.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadAsk(f"time zone {timezone[:40]!r}: expected a name such as Europe/Berlin") from None
    to_ms = _moment("to", until, zone) if until else now_ms // 60_000 * 60_000 + 60_000
    from_ms = _moment("from", since, zone) if since else to_ms - DAY_MS
    if from_ms >= to_ms:
        raise BadAsk(f"from {since or 'a day before'} to {until or 'now'}: expected a moment and a later one")
    if to_ms - from_ms > (most + 1) * DAY_MS:
        raise BadAsk(f"from {since} to {until or 'now'}: expected {most} days at most")
    parts = kiosk.split("/") if kiosk else []
    if kiosk and (len(parts) not in {2, 3} or not all(parts) or len(kiosk) > 98):
        raise BadAsk(f"kiosk {kiosk[:98]!r}: expected TENANT/SITE/KIOSK, or TENANT/SITE for all of a site")
    return Asked(from_ms=from_ms, to_ms=to_ms, kiosk=kiosk, booking=booking, timezone=timezone)


def check_names(connection: Connection, ask: Asked) -> None:
    """Raises BadAsk for a booking nothing was ever played for, and a kiosk nobody ever heard of."""
    if ask.booking:
        row = tables.showings.c
        known = set(
            connection.scalars(
                select(row.booking).where(row.booking != "").distinct().order_by(row.booking).limit(1000)
            )
        )
        if ask.booking not in known:
            some = ", ".join(sorted(known)[:8]) or "none yet"
            raise BadAsk(f"booking {ask.booking[:60]!r}: nothing was played for it; there are {some}")
    if ask.kiosk:
        row = tables.streams.c
        mine = (
            row.kiosk.startswith(ask.kiosk + "/", autoescape=True)
            if ask.kiosk.count("/") == 1
            else row.kiosk == ask.kiosk
        )
        if connection.scalar(select(row.kiosk).where(mine).limit(1)) is None:
            raise BadAsk(f"kiosk {ask.kiosk!r}: no event of it was ever heard")


def _moment(name: str, text: str, zone: ZoneInfo) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise BadAsk(
            f"{name} {text[:40]!r}: expected a day such as 2026-11-22, or 2026-11-22T06:00"
        ) from None
    if not YEARS[0] <= when.year < YEARS[1]:
        raise BadAsk(f"{name} {text[:40]!r}: expected a year from {YEARS[0]} to {YEARS[1] - 1}")
    moment = when if when.tzinfo is not None else when.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp() * 1000)
