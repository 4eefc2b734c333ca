"""The law of money, asked of the store: what was captured and not given back is worth the goods, handed over or still here.

Two sides that know nothing of each other are added up: charges (what providers took and gave back) and goods (sales and
the register of what left). Where they differ, the references that do not fit are named.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from fleet import tables
from fleet.claims.handovers import GIVEN_BACK
from fleet.payments.book import HANDED_OVER
from fleet.payments.port import PAID, State
from fleet.store.store import Store

MOST_FAULTS: Final = 50
SHARE: Final = 10
_CHARGE, _SALE, _GONE = tables.charges.c, tables.sales.c, tables.handovers.c
_PAID: Final = tuple(state.value for state in PAID)


class Balance(Struct, frozen=True, kw_only=True):
    """One currency, in minor units. `captured - given_back - going_back = handed_over + waiting + undecided`."""

    currency: str
    captured: int = 0
    given_back: int = 0
    going_back: int = 0  # refunds begun, and what came beyond the price
    handed_over: int = 0
    waiting: int = 0  # sold, and the goods are still here
    undecided: int = 0  # paid, and neither sold nor to be given back yet

    @property
    def kept(self) -> int:
        """Money that stays with us."""
        return self.captured - self.given_back - self.going_back

    @property
    def owed(self) -> int:
        """What it is worth in goods."""
        return self.handed_over + self.waiting + self.undecided

    @property
    def difference(self) -> int:
        """0, or the law is broken."""
        return self.kept - self.owed


class Fault(Struct, frozen=True):
    """A reference that does not fit. `why`: gone-unpaid | sold-unpaid | no-sale."""

    reference: str
    why: str


class Proof(Struct, frozen=True):
    """All of it, in one moment's state."""

    balances: tuple[Balance, ...]
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether money and goods are the same."""
        return not self.faults and all(each.difference == 0 for each in self.balances)


def prove(store: Store) -> Proof:
    """Add both sides up."""
    with store.read() as connection:
        sums: dict[str, dict[str, int]] = {}
        for name, query in _sums():
            for currency, minor in connection.execute(query):
                sums.setdefault(currency, {})[name] = int(minor or 0)
        balances = tuple(Balance(currency=currency, **parts) for currency, parts in sorted(sums.items()))
        return Proof(balances, tuple(_faults(connection)))


class Prover:
    """The proof for any number of open pages: adding up 100,000 charges took 1.6 s here, so one that took t is shown for
    SHARE times t. Any thread may ask.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._kept: tuple[float, Proof] | None = None  # good until (monotonic)

    def now(self) -> Proof:
        """The proof, as old as it may be."""
        with self._lock:
            if self._kept is not None and time.monotonic() < self._kept[0]:
                return self._kept[1]
            began = time.monotonic()
            proof = prove(self._store)
            ended = time.monotonic()
            self._kept = ended + SHARE * (ended - began), proof
            return proof


def _sums() -> Iterator[tuple[str, Select[Any, Any]]]:
    """(column of Balance, currency and sum)."""
    left = _CHARGE.paid_minor - _CHARGE.given_minor
    same = _CHARGE.paid_currency == _CHARGE.currency
    surplus = case((and_(same, left > _CHARGE.minor), left - _CHARGE.minor), else_=0)
    refunding = _CHARGE.state.in_((State.REFUNDING.value, State.REFUNDED.value))
    going = case((refunding, left), (_CHARGE.state.in_(_PAID), surplus), else_=0)
    yield "captured", _by_currency(_CHARGE.paid_currency, _CHARGE.paid_minor)
    yield "given_back", _by_currency(_CHARGE.paid_currency, _CHARGE.given_minor)
    yield "going_back", _by_currency(_CHARGE.paid_currency, going)
    undecided = and_(
        _CHARGE.state.in_(_PAID), _CHARGE.settled != "sold", _CHARGE.reference.not_in(select(_SALE.reference))
    )
    yield "undecided", _by_currency(_CHARGE.paid_currency, left - surplus).where(undecided)
    gone = select(_GONE.currency, func.sum(_GONE.minor)).where(_GONE.outcome == HANDED_OVER)
    yield "handed_over", gone.group_by(_GONE.currency)
    waiting = select(_SALE.currency, func.sum(_SALE.total_minor)).where(
        _SALE.order.not_in(select(_GONE.order))
    )
    yield "waiting", waiting.group_by(_SALE.currency)


def _by_currency(currency: ColumnElement[str], minor: ColumnElement[Any]) -> Select[Any, Any]:
    return select(currency, func.sum(minor)).where(_CHARGE.paid_minor > 0).group_by(currency)


def _faults(connection: Connection) -> Iterator[Fault]:
    paid = select(_CHARGE.reference).where(_CHARGE.state.in_(_PAID))
    gone = select(_GONE.reference).where(_GONE.outcome == HANDED_OVER, _GONE.reference.not_in(paid))
    back = select(_GONE.order).where(_GONE.outcome == GIVEN_BACK)
    sold = select(_SALE.reference).where(_SALE.reference.not_in(paid), _SALE.order.not_in(back))
    lost = select(_CHARGE.reference).where(
        _CHARGE.settled == "sold",
        _CHARGE.state.in_(_PAID),
        _CHARGE.reference.not_in(select(_SALE.reference)),
    )
    for why, query in (("gone-unpaid", gone), ("sold-unpaid", sold), ("no-sale", lost)):
        for reference in connection.scalars(query.limit(MOST_FAULTS)):
            yield Fault(str(reference), why)
