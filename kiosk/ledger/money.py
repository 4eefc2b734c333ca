"""Payments, how each reference ended, sales and refunds: committed when the call returns."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from typing import Literal, Protocol, TypeVar

import msgspec

from kiosk.core.orders import Payment
from mqtt.messages import Event, RefundWanted, SaleMade

log = logging.getLogger(__name__)

Standing = Literal["unknown", "open", "closed", "sale", "refund"]
Recorded = Literal["recorded", "settled", "order-sold"]
_T = TypeVar("_T")

_encode = msgspec.json.Encoder().encode
_payment = msgspec.json.Decoder(Payment).decode


class Keeping(Protocol):
    """What the book of money is written with. Both raise LedgerError and may call `work` twice; only one counts."""

    def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `work` finds."""

    def write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do `work` in one transaction."""

    def expect_room(self) -> None:
        """Raises Full where so little is left that only what must be written should be."""

    def append(self, db: sqlite3.Connection, event: Event) -> None:
        """Give an event its number, within `work`."""

    def wall_ms(self) -> int:
        """The time."""

    def grown(self) -> None:
        """There are new events."""


class Money:
    """The book of money. Methods may be called from any thread; all raise LedgerError where the file does not answer."""

    def __init__(self, keeper: Keeping) -> None:
        self._book = keeper

    def remember(self, payment: Payment) -> None:
        """Write an open payment down; the same reference again replaces it. A settled one stays settled.

        On a card that is nearly full it is refused: what room is left belongs to the sales of those who have paid.
        """
        self._book.expect_room()
        row = payment.reference, _encode(payment)
        self._book.write(
            lambda db: db.execute(
                "INSERT INTO payment (reference, state, body) VALUES (?, 'open', ?)"
                " ON CONFLICT DO UPDATE SET state = 'open', outcome = '', body = excluded.body",
                row,
            )
        )

    def close_payment(self, reference: str, outcome: str) -> None:
        """The core watches it no longer: after a restart it is not recovered, but late money still finds it."""
        row = outcome, self._book.wall_ms(), reference
        self._book.write(
            lambda db: db.execute(
                "UPDATE payment SET state = 'closed', outcome = ?, closed_ms = ? WHERE reference = ?", row
            )
        )

    def reopen(self, reference: str) -> Payment | None:
        """Watch a closed payment again, because money came late. None where it is not known."""

        def work(db: sqlite3.Connection) -> bytes | None:
            db.execute("UPDATE payment SET state = 'open', outcome = '' WHERE reference = ?", (reference,))
            return _body(db, reference)

        return _read_payment(self._book.write(work))

    def payment(self, reference: str) -> Payment | None:
        """A payment that is not settled. None where it is not known."""
        return _read_payment(self._book.read(lambda db: _body(db, reference)))

    def sold_among(self, payments: Iterable[Payment]) -> tuple[str, ...]:
        """Those orders of these payments that another reference has bought."""
        orders = dict.fromkeys(payment.order.order for payment in payments)
        return self._book.read(lambda db: tuple(order for order in orders if _is_sold(db, order)))

    def record_sale(self, payment: Payment, claim_code: str, event: SaleMade) -> Recorded:
        """Sale, settled reference and outgoing event in one transaction.

        `recorded` also where this very sale was recorded before; `settled` where the reference ended in a refund;
        `order-sold` where another reference has bought the order.
        """
        reference, order = payment.reference, payment.order.order

        def work(db: sqlite3.Connection) -> Recorded:
            how = _settled(db, reference)
            if how:
                return "recorded" if how == "sale" else "settled"
            if _is_sold(db, order):
                return "order-sold"
            db.execute("INSERT INTO settled VALUES (?, 'sale', ?)", (reference, event.wall_ms))
            db.execute(
                "INSERT INTO sale VALUES (?, ?, ?, ?)", (order, reference, claim_code, _encode(payment))
            )
            db.execute("DELETE FROM payment WHERE reference = ?", (reference,))
            self._book.append(db, event)
            return "recorded"

        recorded = self._book.write(work)
        self._book.grown()
        return recorded

    def record_refund(self, event: RefundWanted) -> bool:
        """Settled reference, debt and outgoing event in one transaction. False where it was settled as a sale."""

        def work(db: sqlite3.Connection) -> bool:
            how = _settled(db, event.reference)
            if how:
                return how == "refund"
            db.execute("INSERT INTO settled VALUES (?, 'refund', ?)", (event.reference, event.wall_ms))
            db.execute("INSERT INTO owed VALUES (?, ?)", (event.reference, event.reason))
            db.execute("DELETE FROM payment WHERE reference = ?", (event.reference,))
            self._book.append(db, event)
            return True

        recorded = self._book.write(work)
        self._book.grown()
        return recorded

    def owed_refunds(self, most: int = 50, after: str = "") -> list[tuple[str, str]]:
        """Refunds nobody has confirmed yet, as (reference, reason): to be asked for again until somebody does.

        At most so many at once, in turn: those behind `after` first, so that some nobody can confirm hold up no other.
        """
        return self._book.read(
            lambda db: db.execute(
                "SELECT reference, reason FROM owed ORDER BY reference <= ?, reference LIMIT ?", (after, most)
            ).fetchall()
        )

    def owed_count(self) -> int:
        """How many refunds nobody has confirmed yet."""
        return self._book.read(lambda db: int(db.execute("SELECT count(*) FROM owed").fetchone()[0]))

    def refund_confirmed(self, reference: str) -> None:
        """The money is on its way back, or there never was any. Said twice or of another reference it changes nothing."""
        row = (reference,)
        if self._book.read(lambda db: db.execute("SELECT 1 FROM owed WHERE reference = ?", row).fetchone()):
            self._book.write(lambda db: db.execute("DELETE FROM owed WHERE reference = ?", row))

    def standing(self, reference: str) -> Standing:
        """How a reference stands."""

        def work(db: sqlite3.Connection) -> Standing:
            if how := _settled(db, reference):
                return how
            row = db.execute("SELECT state FROM payment WHERE reference = ?", (reference,)).fetchone()
            return row[0] if row else "unknown"

        return self._book.read(work)

    def open_payments(self) -> tuple[Payment, ...]:
        """Payments that were open when the ledger was last written: money may be on its way."""
        rows = self._book.read(
            lambda db: db.execute(
                "SELECT body FROM payment WHERE state = 'open' ORDER BY reference"
            ).fetchall()
        )
        return tuple(payment for (body,) in rows if (payment := _read_payment(body)) is not None)


def _settled(db: sqlite3.Connection, reference: str) -> Literal["sale", "refund"] | None:
    row = db.execute("SELECT how FROM settled WHERE reference = ?", (reference,)).fetchone()
    return row[0] if row else None


def _is_sold(db: sqlite3.Connection, order: str) -> bool:
    return db.execute("SELECT 1 FROM sale WHERE order_name = ?", (order,)).fetchone() is not None


def _body(db: sqlite3.Connection, reference: str) -> bytes | None:
    row = db.execute("SELECT body FROM payment WHERE reference = ?", (reference,)).fetchone()
    return row[0] if row else None


def _read_payment(body: bytes | None) -> Payment | None:
    """A payment as it was written down; None for one this program cannot read: it must not hold up the others."""
    if body is None:
        return None
    try:
        return _payment(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.error("a payment in the ledger cannot be read: %s", error)  # its text holds the claim code
        return None
