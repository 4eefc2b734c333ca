"""What people who bought a product here say of it: one to five stars, once per line of a paid order.

The sums are kept at hand, so that no page asks the database for them.
"""

from __future__ import annotations

import threading
from typing import Final

from msgspec import Struct
from sqlalchemy import func, select

from fleet import tables
from fleet.clock import Clock
from fleet.store.store import Store
from mqtt.messages import Line

STARS: Final = range(1, 6)
_RATINGS: Final = tables.ratings


class BadRating(ValueError):
    """No such rating can be given: not one to five stars, or nothing the order holds."""


class Rating(Struct, frozen=True):
    """How a product is rated: how often, and the average in tenths of a star (half up); (0, 0) where nobody has."""

    count: int = 0
    tenths: int = 0


class Ratings:
    """The ratings in the fleet's store. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        column = _RATINGS.c
        with store.read() as connection:
            rows = connection.execute(
                select(column.gtin, func.count(), func.sum(column.stars)).group_by(column.gtin)
            ).all()
        self._sums: dict[str, tuple[int, int]] = {
            str(gtin): (int(count), int(total)) for gtin, count, total in rows
        }

    def of(self, gtin: str) -> Rating:
        """How a product is rated now."""
        count, total = self._sums.get(gtin, (0, 0))
        return Rating(count, (20 * total + count) // (2 * count)) if count else Rating()

    def add(self, order: str, lines: tuple[Line, ...], gtin: str, stars: int) -> bool:
        """Rate a product of a paid order; False where that was done before. Raises BadRating.

        Whoever calls knows that `order` is paid and that `lines` are its.
        """
        if stars not in STARS:
            raise BadRating(f"{stars} stars: expected 1 to 5")
        if all(line.gtin != gtin for line in lines):
            raise BadRating(f"{gtin}: expected a product of the order")
        row = {"order": order, "gtin": gtin, "stars": stars, "rated_ms": self._clock()}
        with self._lock:
            with self._store.write() as connection:
                if not self._store.insert_new(connection, _RATINGS, [row]):
                    return False
            count, total = self._sums.get(gtin, (0, 0))
            self._sums[gtin] = (count + 1, total + stars)
        return True

    def given(self, order: str) -> dict[str, int]:
        """The stars an order's lines have been given, by GTIN."""
        column = _RATINGS.c
        with self._store.read() as connection:
            rows = connection.execute(select(column.gtin, column.stars).where(column.order == order))
            return {str(gtin): int(stars) for gtin, stars in rows}
