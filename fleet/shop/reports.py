"""What buyers say went wrong with an order, and what they were answered. Nobody but they and the operator reads it."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import delete, func, select, update

from fleet import tables
from fleet.clock import Clock
from fleet.shop.orders import KEPT_MS
from fleet.store.store import Store

REASONS: Final = ("missing", "wrong", "damaged", "late", "not-ready", "charged", "other")
MOST_TEXT: Final = 1000  # characters
MOST_OF_ORDER: Final = 5
_REPORTS, _ORDERS = tables.reports, tables.phone_orders


class Report(Struct, frozen=True, kw_only=True):
    """One report. `answer` is "" until somebody has answered, `text` once its time is over. Times are Unix ms."""

    id: str
    order: str
    reason: str
    text: str
    at_ms: int
    answer: str = ""
    answered_ms: int = 0


class Reports:
    """The reports in the fleet's store. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def file(self, report_id: str, order: str, reason: str, text: str) -> bool:
        """Keep a report; the same once more is the one there is. False where the order has MOST_OF_ORDER already.

        Raises ValueError for a reason that is none of REASONS.
        """
        if reason not in REASONS:
            raise ValueError(f"{reason!r}: expected one of {', '.join(REASONS)}")
        row = {
            "id": report_id, "order": order, "reason": reason, "text": text.strip()[:MOST_TEXT], "at_ms": self._clock(),
            "answer": "", "answered_ms": 0,
        }  # fmt: skip
        with self._store.write() as connection:
            ids = list(connection.scalars(select(_REPORTS.c.id).where(_REPORTS.c.order == order)))
            if report_id in ids:
                return True
            if len(ids) >= MOST_OF_ORDER:
                return False
            return bool(self._store.insert_new(connection, _REPORTS, [row]))

    def of(self, order: str) -> list[Report]:
        """The reports about an order, oldest first."""
        column = _REPORTS.c
        with self._store.read() as connection:
            rows = connection.execute(
                select(_REPORTS).where(column.order == order).order_by(column.at_ms, column.id)
            )
            return [_report(row) for row in rows]

    def answer(self, report_id: str, text: str) -> bool:
        """Answer a report, or say something else instead; False where there is none."""
        with self._store.write() as connection:
            changed = connection.execute(
                update(_REPORTS)
                .where(_REPORTS.c.id == report_id)
                .values(answer=text.strip()[:MOST_TEXT], answered_ms=self._clock())
            )
            return changed.rowcount == 1

    def open(self, limit: int = 200) -> list[Report]:
        """Reports without an answer, oldest first."""
        column = _REPORTS.c
        with self._store.read() as connection:
            rows = connection.execute(
                select(_REPORTS).where(column.answer == "").order_by(column.at_ms, column.id).limit(limit)
            )
            return [_report(row) for row in rows]

    def waiting(self) -> int:
        """How many have no answer yet."""
        with self._store.read() as connection:
            asked = select(func.count()).select_from(_REPORTS).where(_REPORTS.c.answer == "")
            return int(connection.scalar(asked) or 0)

    def erase(self) -> int:
        """Forget what buyers wrote, KEPT_MS after their order's slot as its address is, and not before they have said it
        that long ago; how many texts and whole reports those were.

        A report nobody has answered stays for the operator with its reason alone; one that was is deleted, KEPT_MS after
        its answer at the soonest, so that its buyer can read it.
        """
        column, before = _REPORTS.c, self._clock() - KEPT_MS
        slot_ended = select(_ORDERS.c.until_ms).where(_ORDERS.c.order == column.order).scalar_subquery()
        over = (column.at_ms <= before) & (func.coalesce(slot_ended, 0) <= before)
        with self._store.write() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            told = connection.execute(
                delete(_REPORTS).where(over, column.answer != "", column.answered_ms <= before)
            ).rowcount
            left = update(_REPORTS).where(over, column.text != "").values(text="")
            return told + connection.execute(left).rowcount


def _report(row: Any) -> Report:
    return Report(**{name: getattr(row, name) for name in Report.__struct_fields__})
