"""Who came from which wall: pages opened from its codes, counted per day, facing, release and advert.

Counted in memory and written every few seconds: a page must not wait for a disk, and of a power cut's last seconds a
count may be lost. What came of visits is counted from the orders themselves (`charges.attribution`), exactly.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.store.store import Store

log = logging.getLogger(__name__)
WRITE_S: Final = 5.0
MOST_WAITING: Final = 5_000  # different places between two writes; more are counted as their wall's place 0
_VISITS: Final = tables.visits

_Key = tuple[str, str]  # kiosk address, mark: "state.day.facing.release.advert"


class Row(Struct, frozen=True, kw_only=True):
    """A place, what its links proved, and what came of it."""

    kiosk: str
    attribution: str  # content.links.Attribution
    facing: int
    release: int
    advert: int
    opened: int
    ordered: int


class Visits:
    """The counts in the fleet's store. Every method may be called from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: Counter[_Key] = Counter()
        self._over = threading.Event()
        self._writer = threading.Thread(target=self._write_on, name="visits", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._over.set()
        if self._writer.is_alive():
            self._writer.join(WRITE_S)
        self.flush()

    def opened(self, kiosk: str, mark: str) -> None:
        """Somebody opened a page from a wall."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING and (kiosk, mark) not in self._waiting:
                state, day, *_ = mark.split(".")
                mark = f"{state}.{day}.0.0.0"
            self._waiting[kiosk, mark] += 1

    def flush(self) -> None:
        """Write what waits; what cannot be written waits on."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return
        try:
            self._write(waiting)
        except SQLAlchemyError:
            log.exception("visits could not be counted; they wait")
            with self._lock:
                self._waiting.update(waiting)

    def rows(self, since_day: int) -> list[Row]:
        """Every place since a day (content.links.day_of), the busiest first."""
        self.flush()
        visit, charge = _VISITS.c, tables.charges.c
        opened: Counter[_Key] = Counter()
        ordered: Counter[_Key] = Counter()
        with self._store.read() as connection:
            for kiosk, mark, times in connection.execute(
                select(visit.kiosk, visit.mark, visit.opened).where(visit.day >= since_day)
            ):
                opened[kiosk, _without_day(mark)] += times
            for kiosk, mark, times in connection.execute(
                select(charge.kiosk, charge.attribution, func.count())
                .where(charge.attribution != "", charge.settled.in_(("sale", "sold")))
                .group_by(charge.kiosk, charge.attribution)
            ):
                if _day(mark) >= since_day:
                    ordered[kiosk, _without_day(mark)] += times
        found = [_row(key, opened[key], ordered[key]) for key in opened.keys() | ordered.keys()]
        return sorted(found, key=lambda row: (-row.ordered, -row.opened, row.kiosk, row.facing))

    def _write(self, waiting: Mapping[_Key, int]) -> None:
        rows = [
            {"kiosk": kiosk, "mark": mark, "day": _day(mark), "opened": times}
            for (kiosk, mark), times in waiting.items()
        ]
        with self._store.write() as connection:
            self._store.add_up(connection, _VISITS, rows, "opened")

    def _write_on(self) -> None:
        while not self._over.wait(WRITE_S):
            self.flush()


def _day(mark: str) -> int:
    return int(mark.split(".")[1])


def _without_day(mark: str) -> str:
    state, _, rest = mark.split(".", 2)
    return f"{state}.{rest}"


def _row(key: _Key, opened: int, ordered: int) -> Row:
    state, facing, release, advert = key[1].split(".")
    return Row(
        kiosk=key[0], attribution=state, facing=int(facing), release=int(release), advert=int(advert),
        opened=opened, ordered=ordered,
    )  # fmt: skip
