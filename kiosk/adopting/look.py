"""Which releases a kiosk holds, for a technician: read from its disk, whether the agent runs or not."""

from __future__ import annotations

import time

from msgspec import Struct

from kiosk.adopting.joining import place_of
from kiosk.adopting.laying import is_whole
from kiosk.adopting.record import BadRecord, read
from kiosk.adopting.slots import Slots, Staged, Wall
from kiosk.config import Config


class Found(Struct, frozen=True):
    """The slots, and which of their walls are whole. `damaged`: why the record itself cannot be read."""

    slots: Slots
    whole: dict[str, bool]  # by folder
    damaged: str = ""


def look(config: Config) -> Found:
    """What is there now; reading takes no lock and changes nothing."""
    place = place_of(config)
    try:
        slots = read(place.folder)
    except BadRecord as error:
        return Found(Slots(), {}, str(error))
    walls = [wall for _, wall in _rows(slots) if wall is not None]
    return Found(slots, {wall.folder: is_whole(place.walls / wall.folder) for wall in walls})


def in_words(found: Found) -> list[str]:
    """One line for each slot."""
    slots = found.slots
    lines = [f"record       {found.damaged}"] if found.damaged else []
    pinned = f", pinned by {slots.target.pinned_by}" if slots.target.pinned_by else ""
    lines.append(f"target       {slots.target.name or 'what is signed for everybody'}{pinned}")
    for name, wall in _rows(slots):
        lines.append(f"{name:<12} {_wall(wall, found.whole) if wall is not None else '-'}")
    if slots.staged is not None:
        lines[-4] += _moment(slots.staged)
    if slots.trying is not None:
        lines[-3] += f", start {slots.trying.starts} since {_when(slots.trying.since_ms)}"
    lines += [
        f"refused      {name}: {why.reason}, {why.detail} ({_when(why.at_ms)})"
        for name, why in slots.refused.items()
    ]
    return lines


def _rows(slots: Slots) -> list[tuple[str, Wall | None]]:
    return [
        ("staged", slots.staged.wall if slots.staged else None),
        ("on trial", slots.trying.wall if slots.trying else None),
        ("confirmed", slots.confirmed),
        ("previous", slots.previous),
    ]


def _wall(wall: Wall, whole: dict[str, bool]) -> str:
    return f"{wall.release}, wall {wall.folder}{'' if whole.get(wall.folder) else ' - DAMAGED'}"


def _moment(staged: Staged) -> str:
    parts = [f"not before {_when(staged.at * 1000)}"] if staged.at is not None else []
    if staged.window is not None:
        parts.append(
            "between {:02}:{:02} and {:02}:{:02}".format(*(n for m in staged.window for n in divmod(m, 60)))
        )
    return f", {' '.join(parts) or 'when nobody is buying'}"


def _when(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(ms / 1000))
