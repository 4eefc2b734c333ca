"""What is known of a phone's order beside its charge: the way and slot it comes in, where to, and how far it is.

A slot has so many places. Whether an order's place counts is not written down but follows from its charge: it counts
while money is waited for and once it has come, and no longer when the charge has ended without. So a place is free the
moment a charge expires, and money that comes late after all still finds its order a place, even if that is one too many:
what was paid for is kept. Before there is a charge a place is held for HOLD_MS.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from fleet import tables
from fleet.clock import Clock
from fleet.payments.port import OPEN, PAID, State
from fleet.store.store import Store

HOLD_MS: Final = 120_000
KEPT_MS: Final = 14 * 86_400_000  # an address is kept so long after its slot, for what may have gone wrong
UNPAID_MS: Final = 86_400_000  # and so long where nothing was ever paid
STEPS: Final = ("", "preparing", "ready")
CANCELLED: Final = "cancelled"
_COUNTS: Final = tuple(state.value for state in OPEN | PAID)
_ORDERS, _SLOTS, _CONTACTS, _CHARGES = tables.phone_orders, tables.slots, tables.contacts, tables.charges


class Placed(Struct, frozen=True, kw_only=True):
    """An order's way and slot. Times are Unix ms."""

    order: str
    way: str  # content.fulfilment.Fulfilment.key
    kind: str  # counter, locker, home
    slot: str  # content.slots.Slot.key
    starts_ms: int
    until_ms: int
    closes_ms: int
    fee_minor: int = 0
    held_ms: int = 0
    progress: str = ""  # one of STEPS, or CANCELLED
    changed_ms: int = 0
    moved_ms: int = 0  # when its money came too late and it got this slot instead


class Contact(Struct, frozen=True, kw_only=True):
    """Where an order is delivered."""

    name: str
    street: str
    postcode: str
    city: str
    phone: str = ""


class Orders:
    """The orders in the fleet's store. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    # --- places -----------------------------------------------------------------------------------------------

    def hold(self, placed: Placed, capacity: int) -> bool:
        """Take a place in the order's slot, or keep the one it has; False where all `capacity` (0: any number) are taken.

        Two who want the last one are told apart by the slot's version, which only one of them can move on.
        """
        while True:
            with self._store.write() as connection:
                version = self._version(connection, placed.slot)
                if capacity and self._taken(connection, placed.slot, placed.order) >= capacity:
                    return False
                moved = connection.execute(
                    update(_SLOTS)
                    .where(_SLOTS.c.slot == placed.slot, _SLOTS.c.version == version)
                    .values(version=version + 1)
                )
                if moved.rowcount == 1:
                    self._keep(connection, placed)
                    return True

    def _keep(self, connection: Connection, placed: Placed) -> None:
        """Write an order down; of one that is there, how far it is stays as it is."""
        now = self._clock()
        row = {name: getattr(placed, name) for name in placed.__struct_fields__}
        row |= {"held_ms": now + HOLD_MS, "changed_ms": now, "progress": ""}
        if not self._store.insert_new(connection, _ORDERS, [row]):
            del row["progress"]
            connection.execute(update(_ORDERS).where(_ORDERS.c.order == placed.order).values(row))

    def release(self, order: str) -> None:
        """Give up a place no charge stands behind."""
        with self._store.write() as connection:
            connection.execute(update(_ORDERS).where(_ORDERS.c.order == order).values(held_ms=0))

    def taken(self, slot: str) -> int:
        """Places of a slot that count now."""
        with self._store.read() as connection:
            return self._taken(connection, slot)

    def unpaid(self, slot: str, orders: Collection[str]) -> frozenset[str]:
        """Those of some orders that have a place of a slot and no money yet."""
        if not orders:
            return frozenset()
        waiting = [state.value for state in OPEN]
        held = and_(_CHARGES.c.state.is_(None), _ORDERS.c.held_ms > self._clock())
        query = (
            select(_ORDERS.c.order)
            .select_from(_ORDERS.outerjoin(_CHARGES, _CHARGES.c.order == _ORDERS.c.order))
            .where(
                _ORDERS.c.slot == slot, _ORDERS.c.order.in_(orders), or_(_CHARGES.c.state.in_(waiting), held)
            )
        )
        with self._store.read() as connection:
            return frozenset(map(str, connection.scalars(query)))

    def _version(self, connection: Connection, slot: str) -> int:
        self._store.insert_new(connection, _SLOTS, [{"slot": slot, "version": 0}])
        return int(connection.scalar(select(_SLOTS.c.version).where(_SLOTS.c.slot == slot)) or 0)

    def _taken(self, connection: Connection, slot: str, but: str = "") -> int:
        with_charges = _ORDERS.outerjoin(_CHARGES, _CHARGES.c.order == _ORDERS.c.order)
        found = connection.scalar(
            select(func.count(func.distinct(_ORDERS.c.order)))
            .select_from(with_charges)
            .where(_ORDERS.c.slot == slot, _ORDERS.c.order != but, self._counts())
        )
        return int(found or 0)

    def _counts(self) -> ColumnElement[bool]:
        held = and_(_CHARGES.c.state.is_(None), _ORDERS.c.held_ms > self._clock())
        return or_(_CHARGES.c.state.in_(_COUNTS), held)

    # --- money that came too late --------------------------------------------------------------------------------

    def now(self) -> int:
        """Unix seconds."""
        return self._clock() // 1000

    def late(self, order: str, limit: int) -> list[tuple[Placed, int]]:
        """Orders whose money came after their charge had ended, and when (ms); not moved yet, nor begun, nor gone."""
        query = (
            select(_ORDERS, _CHARGES.c.changed_ms.label("paid_ms"))
            .join(_CHARGES, _CHARGES.c.order == _ORDERS.c.order)
            .where(
                _CHARGES.c.state == State.LATE_PAID.value,
                _CHARGES.c.sale_seq > 0,
                _ORDERS.c.moved_ms == 0,
                _ORDERS.c.progress == "",
                _ORDERS.c.order.not_in(select(tables.handovers.c.order)),
            )
            .order_by(_CHARGES.c.changed_ms.desc())
            .limit(limit)
        )
        if order:
            query = query.where(_ORDERS.c.order == order)
        with self._store.read() as connection:
            return [(_placed(row), int(row.paid_ms)) for row in connection.execute(query)]

    def fits(self, placed: Placed, capacity: int) -> bool:
        """Whether an order's slot has a place for it beside those of others."""
        with self._store.read() as connection:
            return not capacity or self._taken(connection, placed.slot, placed.order) < capacity

    def move(self, placed: Placed, moved: Placed, capacity: int) -> bool:
        """Give an order another slot, once, while nobody has begun with it; False where there is no place in it."""
        with (
            self._store.write() as connection
        ):  # one writer at a time: see `hold` for what a second one would need
            self._version(connection, moved.slot)
            if capacity and self._taken(connection, moved.slot, moved.order) >= capacity:
                return False
            connection.execute(
                update(_SLOTS).where(_SLOTS.c.slot == moved.slot).values(version=_SLOTS.c.version + 1)
            )
            times = ("slot", "starts_ms", "until_ms", "closes_ms", "moved_ms")
            done = connection.execute(
                update(_ORDERS)
                .where(_ORDERS.c.order == placed.order, _ORDERS.c.moved_ms == 0, _ORDERS.c.progress == "")
                .values({name: getattr(moved, name) for name in times})
            ).rowcount
            connection.execute(
                update(_CONTACTS)
                .where(_CONTACTS.c.order == placed.order)
                .values(erase_ms=moved.until_ms + KEPT_MS)
            )
            return done == 1

    # --- how far it is ----------------------------------------------------------------------------------------

    def get(self, order: str) -> Placed | None:
        """What is known of an order; None where it was bought without choosing a way."""
        with self._store.read() as connection:
            row = connection.execute(select(_ORDERS).where(_ORDERS.c.order == order)).one_or_none()
        return _placed(row) if row else None

    def advance(self, order: str, step: str) -> bool:
        """An order is being prepared, or ready: only ever forwards, and never once it is cancelled."""
        before = STEPS[: STEPS.index(step)]
        return self._step(order, step, _ORDERS.c.progress.in_(before))

    def can_cancel(self, placed: Placed) -> bool:
        """Whether nobody has begun with an order and its cut-off is not over."""
        return placed.progress == "" and self._clock() < placed.closes_ms

    def cancelled(self, order: str) -> None:
        """The buyer wanted their money back and gets it (fleet.claims.handovers has said so): nobody prepares it any more."""
        self._step(order, CANCELLED, _ORDERS.c.progress != CANCELLED)

    def _step(self, order: str, step: str, where: ColumnElement[bool]) -> bool:
        with self._store.write() as connection:
            moved = connection.execute(
                update(_ORDERS)
                .where(_ORDERS.c.order == order, where)
                .values(progress=step, changed_ms=self._clock())
            )
            return moved.rowcount == 1

    def to_prepare(self, limit: int = 200) -> list[tuple[Placed, Contact | None]]:
        """Paid orders that have not left yet (fleet.claims.handovers), the most urgent first, each with where it goes."""
        paid = [state.value for state in PAID]
        chosen = (
            select(_ORDERS, *(column.label(f"to_{column.name}") for column in _CONTACTS.c))
            .select_from(
                _ORDERS.join(_CHARGES, _CHARGES.c.order == _ORDERS.c.order).outerjoin(
                    _CONTACTS, _CONTACTS.c.order == _ORDERS.c.order
                )
            )
            .where(
                _CHARGES.c.state.in_(paid),
                _ORDERS.c.progress != CANCELLED,
                _ORDERS.c.order.not_in(select(tables.handovers.c.order)),
            )
            .order_by(_ORDERS.c.starts_ms, _ORDERS.c.order)
            .limit(limit)
        )
        with self._store.read() as connection:
            return [(_placed(row), _contact(row, "to_")) for row in connection.execute(chosen)]

    # --- where it goes ----------------------------------------------------------------------------------------

    def send_to(self, order: str, contact: Contact, until_ms: int) -> None:
        """Keep where an order goes, until KEPT_MS after its slot ends."""
        row = {name: getattr(contact, name) for name in contact.__struct_fields__}
        with self._store.write() as connection:
            self._store.upsert(connection, _CONTACTS, row | {"order": order, "erase_ms": until_ms + KEPT_MS})

    def contact(self, order: str) -> Contact | None:
        """Where an order goes, while that is kept."""
        with self._store.read() as connection:
            row = connection.execute(select(_CONTACTS).where(_CONTACTS.c.order == order)).one_or_none()
        return _contact(row) if row else None

    def erase(self) -> int:
        """Forget the addresses whose time is over, and those of orders nobody has paid; how many those were.

        What is deleted is overwritten (SQLite's secure_delete), not only unlinked.
        """
        now = self._clock()
        ended = [
            state.value for state in State if state not in OPEN | PAID | {State.REFUNDING, State.REFUNDED}
        ]
        gone = select(_CHARGES.c.order).where(
            _CHARGES.c.state.in_(ended), _CHARGES.c.asked_ms < now - UNPAID_MS
        )
        paid_or_open = select(_CHARGES.c.order)
        stray = select(_ORDERS.c.order).where(
            _ORDERS.c.held_ms < now - UNPAID_MS, _ORDERS.c.order.not_in(paid_or_open)
        )
        column = _CONTACTS.c
        over = or_(column.erase_ms <= now, column.order.in_(gone), column.order.in_(stray))
        with self._store.write() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            return connection.execute(delete(_CONTACTS).where(over)).rowcount


def _placed(row: Any) -> Placed:
    return Placed(**{name: getattr(row, name) for name in Placed.__struct_fields__})


def _contact(row: Any, prefix: str = "") -> Contact | None:
    values = {name: getattr(row, prefix + name) for name in Contact.__struct_fields__}
    return Contact(**values) if values["name"] is not None else None
