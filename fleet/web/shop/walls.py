"""Which wall an address means: kiosks by name, and what a visit from one of them proves. Nothing is asked per visit."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from starlette.convertors import Convertor, register_url_convertor

from content.links import Attribution, Spot, day_of, read
from fleet import tables
from fleet.clock import Clock
from fleet.shop.link_keys import LinkKeys
from fleet.store.store import Store

FRESH_MS: Final = 30_000  # kiosks are hung up by hand; a name nobody knows is looked up at once
MISS_MS: Final = 1_000  # but at most so often
_LONGEST: Final = 32  # characters of a kiosk's name (mqtt.topics)


class _SpotConvertor(Convertor[str]):
    """`17` or `17-TOKEN` (content.links)."""

    regex = "[0-9]{1,10}(?:-[0-9A-Za-z]{1,64})?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("spot", _SpotConvertor())


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a wall a page was opened from; `kiosk` "" where the address names none."""

    kiosk: str = ""  # its address: tenant/site/kiosk
    name: str = ""  # as its owner writes it
    spot: str = "0"  # facing[-TOKEN], as the address has it
    facing: int = 0
    attribution: Attribution = Attribution.NONE
    mark: str = ""  # what an order keeps of it: "state.day.facing.release.advert", "" for no wall

    @property
    def stem(self) -> str:
        """What the addresses of pages at this place begin with: "" or "/wall-1/17-TOKEN"."""
        return f"/{self.name}/{self.spot}" if self.kiosk else ""


NOWHERE: Final = Where()


class Walls:
    """The kiosks by name. Every method may be called from any thread."""

    def __init__(self, store: Store, keys: LinkKeys | None, clock: Clock) -> None:
        self._store, self._keys, self._clock = store, keys, clock
        self._lock = threading.Lock()
        self._addresses: dict[str, str | None] = {}  # lower-case name -> address; None: two have it
        self._read_ms = -FRESH_MS

    def where(self, name: str, spot: str) -> Where | None:
        """The place an address means, in whatever case it is; None where no one kiosk has that name."""
        kiosk = self.address(name)
        if kiosk is None:
            return None
        today = day_of(self._clock() // 1000)
        keys = self._keys.keys_of(kiosk) if self._keys else lambda _kid: None
        seen = read(name, spot, keys, today)
        if seen is None:
            return None
        return Where(
            kiosk=kiosk, name=kiosk.rpartition("/")[2], spot=spot, facing=seen.facing,
            attribution=seen.attribution, mark=_mark(seen, today),
        )  # fmt: skip

    def knows(self, name: str) -> bool:
        """Whether `where` can answer without asking the database."""
        return name.lower() in self._addresses and 0 <= self._clock() - self._read_ms < FRESH_MS

    def address(self, name: str) -> str | None:
        """The address of the one kiosk of that name."""
        if not 0 < len(name) <= _LONGEST:
            return None
        now = self._clock()
        with self._lock:
            known = name.lower() in self._addresses
            if not 0 <= now - self._read_ms < (FRESH_MS if known else MISS_MS):
                self._read()
                self._read_ms = now
            return self._addresses.get(name.lower())

    def _read(self) -> None:
        with self._store.read() as connection:
            found = connection.scalars(select(tables.kiosks.c.kiosk)).all()
        fresh: dict[str, str | None] = {}
        for address in found:
            key = str(address).rpartition("/")[2].lower()
            fresh[key] = None if key in fresh else str(address)
        self._addresses = fresh


def _mark(seen: Spot, today: int) -> str:
    token = seen.token
    release, advert = (token.release, token.advert) if token else (0, 0)
    return f"{seen.attribution.value}.{today}.{seen.facing}.{release}.{advert}"
