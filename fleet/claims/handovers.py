"""How an order leaves us: its goods are handed over, or its money is given back. Exactly one of both, exactly once.

One row per order (tables.handovers) that is there or not: `INSERT ... ON CONFLICT DO NOTHING` is the whole
compare-and-set, so two counters, or a counter and a refund, can ask at the same moment. Every decision a person took
is written down beside it with who and why (tables.decisions).
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, delete, select

from fleet import tables
from fleet.clock import Clock
from fleet.payments.book import HANDED_OVER
from fleet.store.store import Store

GIVEN_BACK: Final = "given-back"
UNDO_MS: Final = 60_000  # a hand over that was a slip can be taken back so long


class Handover(Struct, frozen=True, kw_only=True):
    """How an order left us. `minor`: what it cost, which is worth its goods or comes back."""

    order: str
    outcome: str  # HANDED_OVER | GIVEN_BACK
    reference: str
    kiosk: str  # address of the wall it was bought at
    currency: str
    minor: int
    at_ms: int
    who: str
    why: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """Something a person decided. `what`: handed-over | undone | given-back | asked | sold | settled."""

    at_ms: int
    what: str
    reference: str
    order: str
    who: str
    why: str = ""


class Handovers:
    """The register of what left. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def of(self, order: str) -> Handover | None:
        """How an order left us, None where it has not."""
        with self._store.read() as connection:
            return handover_of(connection, order)

    def enter(self, wanted: Handover) -> tuple[Handover, bool]:
        """Write an order down as gone. Returns how it went, and whether that was this time: False means that somebody
        was faster, or that it was refused because money for it is on its way back.
        """
        row = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
        with self._store.write() as connection:
            if wanted.outcome == HANDED_OVER and _is_given_back(connection, wanted.reference):
                return handover_of(connection, wanted.order) or _refunded(wanted), False
            new = bool(self._store.insert_new(connection, tables.handovers, [row]))
            if new:
                _note(connection, wanted.outcome, wanted, wanted.at_ms)
            return handover_of(connection, wanted.order) or wanted, new

    def undo(self, order: str, who: str, why: str) -> bool:
        """Take a hand over back within UNDO_MS; False where there is none to take back, or not any more."""
        now, column = self._clock(), tables.handovers.c
        statement = delete(tables.handovers).where(
            column.order == order, column.outcome == HANDED_OVER, column.at_ms > now - UNDO_MS
        )
        with self._store.write() as connection:
            before = handover_of(connection, order)
            if connection.execute(statement).rowcount == 0 or before is None:
                return False
            note = Decision(
                at_ms=now, what="undone", reference=before.reference, order=order, who=who, why=why
            )
            connection.execute(tables.decisions.insert().values(_plain(note)))
            return True

    def note(self, decision: Decision) -> None:
        """Write down what a person decided."""
        with self._store.write() as connection:
            connection.execute(tables.decisions.insert().values(_plain(decision)))

    def decisions(self, limit: int = 50) -> list[Decision]:
        """The latest decisions, the newest first."""
        column = tables.decisions.c
        with self._store.read() as connection:
            rows = connection.execute(select(tables.decisions).order_by(column.number.desc()).limit(limit))
            return [
                Decision(**{name: getattr(row, name) for name in Decision.__struct_fields__}) for row in rows
            ]


def handover_of(connection: Connection, order: str) -> Handover | None:
    """The row of an order."""
    row = connection.execute(select(tables.handovers).where(tables.handovers.c.order == order)).one_or_none()
    return None if row is None else Handover(**row._mapping)


def _is_given_back(connection: Connection, reference: str) -> bool:
    column = tables.charges.c
    state = connection.scalar(select(column.state).where(column.reference == reference))
    return state in ("refunding", "refunded")


def _refunded(wanted: Handover) -> Handover:
    return Handover(
        order=wanted.order, outcome=GIVEN_BACK, reference=wanted.reference, kiosk=wanted.kiosk,
        currency=wanted.currency, minor=wanted.minor, at_ms=wanted.at_ms, who="",
    )  # fmt: skip


def _note(connection: Connection, what: str, row: Handover, at_ms: int) -> None:
    note = Decision(
        at_ms=at_ms, what=what, reference=row.reference, order=row.order, who=row.who, why=row.why
    )
    connection.execute(tables.decisions.insert().values(_plain(note)))


def _plain(record: Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
