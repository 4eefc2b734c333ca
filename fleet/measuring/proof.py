"""Proof of play, row by row: what was shown in each minute, and which facings were seen. In order, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, func, select

from fleet import tables
from fleet.events.plays import FIGURES
from fleet.events.rollups import MINUTE_MS
from fleet.measuring.asked import Asked

_AT_ONCE: Final = 1_000


class PlayRow(Struct, frozen=True, kw_only=True):
    """Plays of one creative and booking at one kiosk in one minute, under one quality of its clock."""

    kiosk: str
    minute_utc: str  # 2026-11-22T06:31Z
    minute_local: str  # 2026-11-22T07:31+01:00
    clock: str  # synced | holdover | unsynced: then the minute is the one it came in
    creative: str
    advert: str
    name: str
    playlist: str
    booking: str
    kind: str
    plays: int
    shown_ms: int
    how_ms: int
    drawn: int
    present: int
    touched: int


class FacingRow(Struct, frozen=True, kw_only=True):
    """A facing as it was seen at one kiosk in one minute."""

    kiosk: str
    minute_utc: str
    minute_local: str
    aisle: str
    facing: str
    impressions: int
    seen_ms: int


def plays(connection: Connection, ask: Asked) -> Iterator[PlayRow]:
    """By minute, kiosk, clock and what was shown."""
    play, showing = tables.plays.c, tables.showings.c
    texts = [showing[name] for name in ("creative", "advert", "name", "playlist", "booking", "kind")]
    key = [play.minute, play.kiosk, play.clock, *texts]
    wanted = within(play, ask)
    if ask.booking:
        wanted.append(showing.booking == ask.booking)
    asked: Select[Any] = (
        select(*key, *(func.sum(play[name]) for name in FIGURES))
        .join(tables.showings, showing.id == play.showing)
        .where(*wanted)
        .group_by(*key)
        .order_by(*key)
    )
    minutes = _Minutes(ask.zone)
    with connection.execute(asked.execution_options(yield_per=_AT_ONCE)) as rows:
        for row in rows:
            minute, kiosk, clock, creative, advert, name, playlist, booking, kind = row[:9]
            utc, local = minutes.told(int(minute))
            times, shown_ms, how_ms, drawn, present, touched = (int(each) for each in row[9:])
            yield PlayRow(
                kiosk=kiosk, minute_utc=utc, minute_local=local, clock=clock, creative=creative, advert=advert, name=name,
                playlist=playlist, booking=booking, kind=kind, plays=times, shown_ms=shown_ms, how_ms=how_ms, drawn=drawn,
                present=present, touched=touched,
            )  # fmt: skip


def facings(connection: Connection, ask: Asked) -> Iterator[FacingRow]:
    """By minute, kiosk and facing."""
    row = tables.rollups.c
    key = [row.minute, row.kiosk, row.key]
    asked: Select[Any] = (
        select(*key, func.sum(row.times), func.sum(row.amount))
        .where(row.kind == "impression", *within(row, ask))
        .group_by(*key)
        .order_by(*key)
    )
    minutes = _Minutes(ask.zone)
    with connection.execute(asked.execution_options(yield_per=_AT_ONCE)) as rows:
        for minute, kiosk, place, times, amount in rows:
            utc, local = minutes.told(int(minute))
            aisle, _, facing = place.rpartition("/")
            yield FacingRow(
                kiosk=kiosk, minute_utc=utc, minute_local=local, aisle=aisle, facing=facing, impressions=int(times),
                seen_ms=int(amount),
            )  # fmt: skip


def within(row: Any, ask: Asked) -> list[ColumnElement[bool]]:
    """That a row with `kiosk` and `minute` is asked for."""
    found = [row.minute >= -(-ask.from_ms // MINUTE_MS), row.minute < -(-ask.to_ms // MINUTE_MS)]
    if ask.kiosk.count("/") == 1:
        found.append(row.kiosk.startswith(ask.kiosk + "/", autoescape=True))
    elif ask.kiosk:
        found.append(row.kiosk == ask.kiosk)
    return found


class _Minutes:
    """Minutes as text; rows of one minute follow each other."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last: tuple[int, str, str] = (-1, "", "")

    def told(self, minute: int) -> tuple[str, str]:
        if minute != self._last[0]:
            at = datetime.fromtimestamp(minute * 60, UTC)
            self._last = (
                minute,
                f"{at:%Y-%m-%dT%H:%MZ}",
                at.astimezone(self._zone).isoformat(timespec="minutes"),
            )
        return self._last[1], self._last[2]
