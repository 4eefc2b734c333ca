"""Kiosks that stand for all: one in no group, one for each line, station pattern, kiosk pattern and tag that groups name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from content.authored.groups import groups_of
from content.authored.model import Content, Orientation, Where
from kiosk.preview.walls import HOST, Glass

MOST: Final = 24  # walls that are looked at
_TENANT, _SITE, _KIOSK = "demo", "anywhere", "wall-1"


def glasses(content: Content, pictures: Path, host: str = HOST) -> tuple[list[Glass], int]:
    """The walls that differ, portrait and landscape, at most MOST; and how many were left out."""
    found: dict[tuple[str, frozenset[str]], Where] = {}
    orientations: tuple[Orientation, ...] = ("portrait", "landscape")
    for orientation in orientations:
        for where in _wheres(content, orientation):
            found.setdefault((orientation, groups_of(content, where)), where)
    wanted = list(found.values())
    out: dict[tuple[str, str], Glass] = {}
    for where in wanted[:MOST]:
        glass = Glass(content, where, where.orientation, pictures, host)
        if glass.products:
            out.setdefault((where.orientation, glass.store.version), glass)
    return list(out.values()), max(0, len(wanted) - MOST)


def _wheres(content: Content, orientation: Orientation) -> Iterator[Where]:
    def at(site: str = _SITE, kiosk: str = _KIOSK, tags: tuple[str, ...] = ()) -> Where:
        return Where(_TENANT, site, kiosk, orientation, tags)

    yield at()
    stations = {line.key: line.stations for line in content.lines}
    for group in content.groups:
        for key in group.lines:
            yield from (at(_filled(each)) for each in stations.get(key, ())[:1])
        yield from (at(_filled(each)) for each in group.stations)
        for address in group.kiosks:
            site, _, kiosk = address.partition("/")
            yield at(_filled(site), _filled(kiosk))
        yield from (at(tags=(tag,)) for tag in group.tags)


def _filled(pattern: str) -> str:
    return pattern.replace("*", "1")[:32]
