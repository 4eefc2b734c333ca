"""What decides which store a kiosk sells from, as the kiosk and the operator have said it. Read from the database."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import select

from content.authored.model import Where
from fleet import tables
from fleet.store.store import Store
from mqtt.commands import Reported

OVERLAP_MS: Final = 60_000  # two programs write reports, and their clocks are not one
_VERSION: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


class Place(Struct, frozen=True):
    """One kiosk. `release` "": it sells what it was installed with. `version`: of the store it says it sells from."""

    kiosk: str
    release: str = ""
    version: str = ""
    orientation: str = ""
    tags: tuple[str, ...] = ()

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.kiosk.split("/")[0]

    @property
    def where(self) -> Where:
        """As content.authored asks for it; a wall that does not say how it hangs is taken for a portrait's."""
        tenant, site, name = self.kiosk.split("/")
        landscape = self.orientation == "landscape"
        return Where(tenant, site, name, "landscape" if landscape else "portrait", self.tags)


class Places:
    """All kiosks the fleet knows. For one thread; `all` may be read from any."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard_ms = 0
        self._said: dict[str, Reported] = {}
        self.all: dict[str, Place] = {}

    def look(self) -> set[str]:
        """Read what is new; the kiosks of which something is otherwise than before. Raises SQLAlchemyError."""
        told, since = tables.reported, self._heard_ms - OVERLAP_MS
        with self._store.read() as connection:
            rows = connection.execute(
                select(told.c.kiosk, told.c.heard_ms, told.c.body).where(told.c.heard_ms >= since)
            ).all()
            kiosks = [str(one) for one in connection.scalars(select(tables.kiosks.c.kiosk))]
            tags: dict[str, list[str]] = {}
            tag = tables.kiosk_tags.c
            for kiosk, word in connection.execute(select(tag.kiosk, tag.tag).order_by(tag.kiosk, tag.tag)):
                tags.setdefault(kiosk, []).append(word)
        for row in rows:
            self._heard_ms = max(self._heard_ms, row.heard_ms)
            self._said[row.kiosk] = msgspec.json.decode(row.body, type=Reported)
        fresh = {
            kiosk: _place(kiosk, self._said.get(kiosk), tuple(tags.get(kiosk, ())))
            for kiosk in {*kiosks, *self._said}
            if kiosk.count("/") == 2
        }
        changed = {kiosk for kiosk, place in fresh.items() if self.all.get(kiosk) != place}
        self.all = fresh
        return changed


def _place(kiosk: str, said: Reported | None, tags: tuple[str, ...]) -> Place:
    """What a kiosk says of its own tags decides what it shows; of one that says nothing the fleet's are believed."""
    if said is None:
        return Place(kiosk, tags=tags)
    return Place(
        kiosk, said.content.name, said.release if _VERSION.fullmatch(said.release) else "",
        said.orientation, said.tags if said.orientation else tags,
    )  # fmt: skip
