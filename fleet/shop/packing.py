"""What walls have sold and nobody has fetched yet: the packing list behind the promise a wall's receipt makes.

One row per order (tables.packing), written with its sale: whatever tells of a sale again, or of the same order twice,
leaves one. What has left (fleet.claims.handovers) or was given back (its charge) is never listed, and its row is swept once
that cannot be undone, so the table holds what is waiting and not the history of all sales.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, Select, delete, exists, or_, select, tuple_, update

from fleet import tables
from fleet.claims.handovers import UNDO_MS
from fleet.clock import Clock
from fleet.payments.port import PAID, State
from fleet.shop.orders import STEPS
from fleet.store.store import Store
from mqtt.messages import Line

MOST: Final = 200  # orders of a list; the newer ones follow as the older leave
_PACKING, _GONE, _CHARGE, _LINE = (
    tables.packing.c, tables.handovers.c, tables.charges.c, tables.sale_lines.c,
)  # fmt: skip
_Place = tuple[str, str, int]


class Sold(Struct, frozen=True, kw_only=True):
    """A wall's order that waits for its buyer. `sold_ms`: when it was paid, Unix ms."""

    order: str
    kiosk: str  # address of the wall
    sold_ms: int
    progress: str  # one of fleet.shop.orders.STEPS
    lines: tuple[Line, ...]


class Packing(Struct, frozen=True):
    """Both lists, the oldest first, and whether each goes on beyond MOST."""

    today: tuple[Sold, ...] = ()
    earlier: tuple[Sold, ...] = ()
    more_today: bool = False
    more_earlier: bool = False


class WallOrders:
    """The walls' orders in the fleet's store. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def to_prepare(self, midnight_ms: int, most: int = MOST) -> Packing:
        """Paid orders that are still here: those paid since `midnight_ms`, and those of before."""
        with self._store.read() as connection:
            today, more_today = _waiting(
                connection, waiting(most).where(_PACKING.sold_ms >= midnight_ms), most
            )
            earlier, more = _waiting(connection, waiting(most).where(_PACKING.sold_ms < midnight_ms), most)
        return Packing(today, earlier, more_today, more)

    def advance(self, order: str, step: str) -> bool:
        """An order is being packed, or ready: only ever forwards."""
        before = STEPS[: STEPS.index(step)]
        forwards = update(tables.packing).where(_PACKING.order == order, _PACKING.progress.in_(before))
        with self._store.write() as connection:
            return connection.execute(forwards.values(progress=step, changed_ms=self._clock())).rowcount == 1

    def sweep(self) -> int:
        """Forget what has left for good; how many those were. A hand over that may still be a slip keeps its order."""
        gone = exists().where(_GONE.order == _PACKING.order, _GONE.at_ms <= self._clock() - UNDO_MS)
        back = exists().where(_CHARGE.reference == _PACKING.reference, _CHARGE.state == State.REFUNDED.value)
        with self._store.write() as connection:
            return connection.execute(delete(tables.packing).where(or_(gone, back))).rowcount


def waiting(most: int) -> Select[tuple[object, ...]]:
    """The oldest `most` orders that are still here, and one more where there are more.

    As the counter sees it (fleet.claims.claims.standing): a sale whose charge this fleet never saw is honoured too.
    """
    paid = [state.value for state in PAID]
    return (
        select(tables.packing)
        .select_from(tables.packing.outerjoin(tables.charges, _CHARGE.reference == _PACKING.reference))
        .where(
            or_(_CHARGE.state.is_(None), _CHARGE.state.in_(paid)),
            ~exists().where(_GONE.order == _PACKING.order),
        )
        .order_by(_PACKING.sold_ms, _PACKING.order)
        .limit(most + 1)
    )


def _waiting(
    connection: Connection, query: Select[tuple[object, ...]], most: int
) -> tuple[tuple[Sold, ...], bool]:
    rows = connection.execute(query).all()
    lines = _lines(connection, [(row.kiosk, row.epoch, row.seq) for row in rows[:most]])
    found = tuple(
        Sold(
            order=row.order, kiosk=row.kiosk, sold_ms=row.sold_ms, progress=row.progress,
            lines=tuple(lines[row.kiosk, row.epoch, row.seq]),
        )
        for row in rows[:most]
    )  # fmt: skip
    return found, len(rows) > most


def _lines(connection: Connection, places: Collection[_Place]) -> dict[_Place, list[Line]]:
    """The lines of sales, by the sale's place, in the order they were bought."""
    found: dict[_Place, list[Line]] = defaultdict(list)
    if not places:
        return found
    place = (_LINE.kiosk, _LINE.epoch, _LINE.seq)
    query = select(tables.sale_lines).where(tuple_(*place).in_(places)).order_by(*place, _LINE.line)
    for row in connection.execute(query):
        line = Line(**{name: getattr(row, name) for name in Line.__struct_fields__})
        found[row.kiosk, row.epoch, row.seq].append(line)
    return found
