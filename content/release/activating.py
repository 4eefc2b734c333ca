"""The moment a release is for, as an operator writes it: local to the store, unambiguous when signed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from content.release.manifest import Activation

_WINDOW: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_DAY: Final = 24 * 60


def activation(at: str, window: str, timezone: str) -> Activation:
    """`at` is "2026-12-24T02:00" in the store's time zone, `window` "01:00-04:00"; "" for none.

    Of a local time that comes twice the first is meant. Raises ValueError: not such, or a time the clocks skip.
    """
    return Activation(at=_moment(at, timezone) if at else None, window=_minutes(window) if window else None)


def _moment(at: str, timezone: str) -> int:
    try:
        local = datetime.fromisoformat(at)
    except ValueError as error:
        raise ValueError(f"--at: expected a time such as 2026-12-24T02:00, found {at!r}") from error
    if local.tzinfo is None:
        aware = local.replace(tzinfo=ZoneInfo(timezone))
        if aware.astimezone(UTC).astimezone(aware.tzinfo).replace(tzinfo=None) != local:
            raise ValueError(f"--at: clocks in {timezone} skip {at}")
        local = aware
    return int(local.timestamp())


def _minutes(window: str) -> tuple[int, int]:
    match = _WINDOW.fullmatch(window)
    if match is None:
        raise ValueError(f"--window: expected hours such as 01:00-04:00, found {window!r}")
    since, until = (int(match[at]) * 60 + int(match[at + 1]) for at in (1, 3))
    if since in (until, _DAY) or until > _DAY:
        raise ValueError(f"--window: expected two different times of a day, found {window!r}")
    return since, until


def told(activate: Activation, timezone: str) -> str:
    """When walls change to it, in words."""
    when = "at once"
    if activate.at is not None:
        local = datetime.fromtimestamp(activate.at, ZoneInfo(timezone))
        when = f"from {local:%Y-%m-%d %H:%M} {timezone}"
    if activate.window is not None:
        since, until = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in activate.window)
        when = f"{'' if activate.at is None else f'{when}, '}between {since} and {until} of each wall's day"
    return f"{when}, when nobody is buying"
