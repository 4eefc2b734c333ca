"""From a message of CAP to an alert for walls, and to the stations it is about."""

from __future__ import annotations

import hashlib
import itertools
import math
import tomllib
from pathlib import Path
from typing import Final, get_args

import msgspec
from msgspec import Struct

from content.alerts import (
    MOST_HEADLINE,
    MOST_LANGUAGES,
    MOST_SENDER,
    MOST_TEXT,
    SEVERITIES,
    Alert,
    Severity,
    Sign,
    Wording,
)
from fleet.emergency.cap import Area, CapAlert, Info, Point

SIGNS: Final[dict[str, Sign]] = {
    "Geo": "hazard", "Met": "storm", "Safety": "warning", "Security": "security", "Rescue": "warning", "Fire": "fire",
    "Health": "health", "Env": "hazard", "Transport": "transport", "Infra": "hazard", "CBRNE": "hazard", "Other": "warning",
}  # fmt: skip
LOUD: Final[frozenset[Severity]] = frozenset({"extreme", "severe"})
EARTH_KM: Final = 6_371.0


class NotForWalls(ValueError):
    """A sound message that no wall is to show; says why."""


class Station(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a site (tenant/site) stands: degrees north and east, and codes as `valueName:value`."""

    at: tuple[float, float] | None = None
    geocodes: tuple[str, ...] = ()


def read_stations(path: Path) -> dict[str, Station]:
    """`["tenant/site"]` tables of a TOML file. Raises ValueError with the file and what was expected."""
    try:
        found: dict[str, Station] = msgspec.convert(
            tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Station]
        )
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: {error}") from None
    for name, station in found.items():
        if name.count("/") != 1:
            raise ValueError(f"{path}: {name!r}: expected tenant/site")
        if station.at is not None and not (-90 <= station.at[0] <= 90 and -180 <= station.at[1] <= 180):
            raise ValueError(f"{path}: {name}: at: expected degrees north and east")
    return found


def id_of(sender: str, identifier: str) -> str:
    """The id of the alert a message makes: the same message always makes the same."""
    return "cap-" + hashlib.sha256(f"{sender},{identifier}".encode()).hexdigest()[:24]


def check(cap: CapAlert) -> None:
    """Raises NotForWalls where it is not said to the public, or is no alert."""
    if cap.status not in ("Actual", "Exercise"):
        raise NotForWalls(f"status {cap.status}: only Actual and Exercise are shown")
    if cap.scope != "Public":
        raise NotForWalls(f"scope {cap.scope}: only Public is shown")
    if cap.kind in ("Ack", "Error"):
        raise NotForWalls(f"msgType {cap.kind}: said from one system to another")


def alert_of(cap: CapAlert) -> Alert:
    """What walls show of an Alert or an Update: of several infos in one language the gravest."""
    infos = sorted(cap.infos, key=lambda info: SEVERITIES.index(_lower(info.severity, get_args(Severity))))
    words: dict[str, Wording] = {}
    for info in infos:
        if info.language not in words and len(words) < MOST_LANGUAGES:
            words[info.language] = _wording(info)
    first = infos[0]
    severity: Severity = _lower(first.severity, get_args(Severity))
    begins, ends = [one.onset_ms for one in infos], [one.expires_ms for one in infos]
    sign: Sign = SIGNS[first.categories[0]]
    if "Evacuate" in first.responses:
        sign = "exit"
    elif "Shelter" in first.responses:
        sign = "shelter"
    return Alert(
        id=id_of(cap.sender, cap.identifier), words=words, sender=(first.sender_name or cap.sender)[:MOST_SENDER],
        severity=severity, urgency=first.urgency.lower(), certainty=first.certainty.lower(), sign=sign,  # type: ignore[arg-type]
        onset_ms=min(begins), until_ms=max(ends) if all(ends) else 0, audible=severity in LOUD,
        exercise=cap.status == "Exercise",
    )  # fmt: skip


def _lower(word: str, known: tuple[Severity, ...]) -> Severity:
    return next((one for one in known if one == word.lower()), "unknown")


def _wording(info: Info) -> Wording:
    return Wording(
        _cut(info.headline or info.event, MOST_HEADLINE),
        _cut(info.description, MOST_TEXT),
        _cut(info.instruction, MOST_TEXT),
    )


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


# --- where ----------------------------------------------------------------------------------------------------


def sites_in(cap: CapAlert, stations: dict[str, Station]) -> set[str]:
    """The sites that lie in any area of it."""
    areas = [area for info in cap.infos for area in info.areas]
    return {name for name, station in stations.items() if any(lies_in(station, area) for area in areas)}


def lies_in(station: Station, area: Area) -> bool:
    """By its codes, within a polygon or within a circle."""
    if any(f"{name}:{value}" in station.geocodes for name, value in area.geocodes):
        return True
    if station.at is None:
        return False
    at = station.at
    return any(_within(at, polygon) for polygon in area.polygons) or any(
        _distance_km(at, centre) <= radius for centre, radius in area.circles
    )


def _within(at: Point, polygon: tuple[Point, ...]) -> bool:
    """Even-odd rule on latitude and longitude, as CAP's polygons are straight on the map; none goes over 180 degrees."""
    inside = False
    for (lat0, lon0), (lat1, lon1) in itertools.pairwise(polygon):
        if (lat0 > at[0]) != (lat1 > at[0]) and at[1] < (lon1 - lon0) * (at[0] - lat0) / (lat1 - lat0) + lon0:
            inside = not inside
    return inside


def _distance_km(a: Point, b: Point) -> float:
    """On a sphere (haversine)."""
    lat0, lon0, lat1, lon1 = map(math.radians, (*a, *b))
    part = (
        math.sin((lat1 - lat0) / 2) ** 2 + math.cos(lat0) * math.cos(lat1) * math.sin((lon1 - lon0) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(part)))
