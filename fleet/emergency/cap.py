"""The Common Alerting Protocol, OASIS CAP 1.2 (1 July 2010): what comes from strangers, checked whole before it is believed.

Parsed by defusedxml: no DTD, no entities, nothing fetched. Refused: another namespace, a required element that is missing
or says what the standard does not know, too many bytes or elements. Section numbers below are the standard's.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec import Struct

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MOST_BYTES: Final = 512 * 1024
MOST_ELEMENTS: Final = 5_000
MOST_INFOS: Final = 24
MOST_POINTS: Final = 2_000  # of a polygon
STATUSES: Final = ("Actual", "Exercise", "System", "Test", "Draft")
TYPES: Final = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES: Final = ("Public", "Restricted", "Private")
CATEGORIES: Final = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
)  # fmt: skip
RESPONSES: Final = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip
URGENCIES: Final = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES: Final = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES: Final = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
_PLAIN: Final = re.compile(r"[^\s,<&]{1,200}\Z")  # 3.2.1: no spaces, commas, < or &
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)\Z")

Point = tuple[float, float]  # latitude, longitude in degrees (WGS 84)


class BadCap(ValueError):
    """Not an alert of CAP 1.2; says where and what was expected."""


class Area(Struct, frozen=True, kw_only=True):
    """Where it holds (3.2.4)."""

    description: str
    polygons: tuple[tuple[Point, ...], ...] = ()
    circles: tuple[tuple[Point, float], ...] = ()  # centre, kilometres
    geocodes: tuple[tuple[str, str], ...] = ()


class Info(Struct, frozen=True, kw_only=True):
    """What is said in one language (3.2.2). Times are Unix milliseconds, 0: not said."""

    language: str
    categories: tuple[str, ...]
    event: str
    responses: tuple[str, ...]
    urgency: str
    severity: str
    certainty: str
    onset_ms: int = 0
    expires_ms: int = 0
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    areas: tuple[Area, ...] = ()


class CapAlert(Struct, frozen=True, kw_only=True):
    """A message (3.2.1). `references`: (sender, identifier) of earlier ones it is about."""

    identifier: str
    sender: str
    sent_ms: int
    status: str
    kind: str
    scope: str
    references: tuple[tuple[str, str], ...] = ()
    note: str = ""
    infos: tuple[Info, ...] = ()


def read_cap(data: bytes) -> CapAlert:
    """The alert in a document. Raises BadCap."""
    if len(data) > MOST_BYTES:
        raise BadCap(f"{len(data)} bytes, expected at most {MOST_BYTES}")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadCap(f"refused: {type(error).__name__} (no DTD and no entities are read)") from None
    except (ParseError, ValueError, LookupError) as error:
        raise BadCap(f"is not XML: {error}") from None
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise BadCap(f"{str(root.tag)[:80]}: expected an alert of {NAMESPACE}")
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise BadCap(f"more than {MOST_ELEMENTS} elements")
    infos = root.findall(f"{{{NAMESPACE}}}info")
    if len(infos) > MOST_INFOS:
        raise BadCap(f"{len(infos)} info, expected at most {MOST_INFOS}")
    kind = _of(root, "msgType", TYPES)
    found = CapAlert(
        identifier=_plain(root, "identifier"), sender=_plain(root, "sender"), sent_ms=_time(root, "sent", needed=True),
        status=_of(root, "status", STATUSES), kind=kind, scope=_of(root, "scope", SCOPES),
        references=_references(_text(root, "references")), note=_text(root, "note"),
        infos=tuple(_info(one, f"info[{number}]") for number, one in enumerate(infos)),
    )  # fmt: skip
    if kind in ("Update", "Cancel", "Ack", "Error") and not found.references:
        raise BadCap(f"references: expected the message that this {kind} is about")
    if kind in ("Alert", "Update") and not found.infos:
        raise BadCap(f"info: expected at least one in an {kind}")
    return found


def _info(of: Element, where: str) -> Info:
    categories = tuple(_each(of, "category", CATEGORIES, where))
    if not categories:
        raise BadCap(f"{where}: category: expected at least one")
    return Info(
        language=_text(of, "language") or "en-US",  # 3.2.2: what is assumed where none is said
        categories=categories, event=_text(of, "event", needed=where),
        responses=tuple(_each(of, "responseType", RESPONSES, where)),
        urgency=_of(of, "urgency", URGENCIES, where), severity=_of(of, "severity", SEVERITIES, where),
        certainty=_of(of, "certainty", CERTAINTIES, where),
        onset_ms=_time(of, "onset", where) or _time(of, "effective", where), expires_ms=_time(of, "expires", where),
        sender_name=_text(of, "senderName"), headline=_text(of, "headline"), description=_text(of, "description"),
        instruction=_text(of, "instruction"),
        areas=tuple(
            _area(one, f"{where}.area[{number}]") for number, one in enumerate(of.findall(f"{{{NAMESPACE}}}area"))
        ),
    )  # fmt: skip


def _area(of: Element, where: str) -> Area:
    geocodes = tuple(
        (_text(one, "valueName", needed=where), _text(one, "value", needed=where))
        for one in of.findall(f"{{{NAMESPACE}}}geocode")
    )
    return Area(
        description=_text(of, "areaDesc", needed=where),
        polygons=tuple(_polygon(one.text or "", where) for one in of.findall(f"{{{NAMESPACE}}}polygon")),
        circles=tuple(_circle(one.text or "", where) for one in of.findall(f"{{{NAMESPACE}}}circle")),
        geocodes=geocodes,
    )


def _polygon(text: str, where: str) -> tuple[Point, ...]:
    points = tuple(_point(pair, where) for pair in text.split()[: MOST_POINTS + 1])
    if not 4 <= len(points) <= MOST_POINTS or points[0] != points[-1]:
        raise BadCap(f"{where}: polygon: expected 4 to {MOST_POINTS} points, the last one as the first")
    return points


def _circle(text: str, where: str) -> tuple[Point, float]:
    parts = text.split()
    try:
        radius = float(parts[1])
    except (IndexError, ValueError):
        radius = -1.0
    if len(parts) != 2 or not 0 <= radius <= 20_040:
        raise BadCap(f"{where}: circle {text[:40]!r}: expected latitude,longitude and kilometres")
    return _point(parts[0], where), radius


def _point(text: str, where: str) -> Point:
    latitude, comma, longitude = text.partition(",")
    try:
        found = float(latitude), float(longitude)
    except ValueError:
        found = 999.0, 999.0
    if not comma or not -90 <= found[0] <= 90 or not -180 <= found[1] <= 180:
        raise BadCap(f"{where}: point {text[:40]!r}: expected latitude,longitude in degrees")
    return found


def _references(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for one in text.split():
        parts = one.split(",")
        if len(parts) != 3:
            raise BadCap(f"references {one[:60]!r}: expected sender,identifier,sent")
        found.append((parts[0], parts[1]))
    return tuple(found)


def _text(of: Element, name: str, *, needed: str = "") -> str:
    found = of.findall(f"{{{NAMESPACE}}}{name}")
    if len(found) > 1:
        raise BadCap(f"{name}: expected once")
    text = "".join(found[0].itertext()).strip() if found else ""
    if needed and not text:
        raise BadCap(f"{needed}: {name}: expected words")
    return text


def _plain(of: Element, name: str) -> str:
    text = _text(of, name, needed="alert")
    if not _PLAIN.match(text):
        raise BadCap(f"{name} {text[:60]!r}: expected up to 200 characters without blank, comma, < or &")
    return text


def _of(of: Element, name: str, known: tuple[str, ...], where: str = "alert") -> str:
    text = _text(of, name, needed=where)
    if text not in known:
        raise BadCap(f"{where}: {name} {text[:40]!r}: expected one of {', '.join(known)}")
    return text


def _each(of: Element, name: str, known: tuple[str, ...], where: str) -> list[str]:
    found = [(one.text or "").strip() for one in of.findall(f"{{{NAMESPACE}}}{name}")]
    if unknown := set(found) - set(known):
        raise BadCap(f"{where}: {name} {min(unknown)[:40]!r}: expected one of {', '.join(known)}")
    return found


def _time(of: Element, name: str, where: str = "alert", *, needed: bool = False) -> int:
    text = _text(of, name, needed=where if needed else "")
    if not text:
        return 0
    try:
        if not _TIME.match(text):
            raise ValueError
        return max(1, round(datetime.fromisoformat(text).timestamp() * 1000))
    except (ValueError, OverflowError):
        raise BadCap(
            f"{where}: {name} {text[:40]!r}: expected a time such as 2026-11-22T16:49:00-07:00"
        ) from None
