"""What a claim code stands for, and what its holder gets: the goods, or the money.

A code is looked for in the charges and in the sales of kiosks, whether their kiosk lives or not. A paid order nobody has
decided about yet is decided when its code is used: `PaymentDesk.claim`. Codes hand over goods, so no line of any log has
one in it, and whoever lets others try codes limits how often (fleet.claims.codes, the pages).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from content.money import Money
from content.references import parse_claim
from fleet import tables
from fleet.claims.handovers import GIVEN_BACK, Handover, Handovers, handover_of
from fleet.clock import Clock
from fleet.payments.book import HANDED_OVER, Entry, entry_of
from fleet.payments.desk import PaymentDesk
from fleet.payments.port import ENDED, OPEN, PAID, State
from fleet.store.store import Store
from mqtt.messages import Line

READY: Final = "ready"  # paid, and the goods are still here
HANDED: Final = "handed-over"
PAYING: Final = "paying"  # no money yet, and some may come
DECIDING: Final = "deciding"  # paid, and neither sold nor given back: `look` decides it
REFUNDING: Final = "refunding"
REFUNDED: Final = "refunded"
UNPAID: Final = "unpaid"  # it ended without money
MOST_TWINS: Final = 64  # charges and sales of one code that are looked at; an order has at most 32 charges


class Claim(Struct, frozen=True, kw_only=True):
    """An order somebody holds the code of. `since_ms`: when it came to stand as it stands, by the fleet's clock."""

    code: str
    order: str
    reference: str
    kiosk: str  # address of the wall
    channel: str
    method: str
    state: str
    lines: tuple[Line, ...]
    total: Money
    since_ms: int
    handover: Handover | None = None

    @property
    def short(self) -> str:
        """What people call the order."""
        return self.order[:4]


class _Sale(Struct, frozen=True, kw_only=True):
    kiosk: str
    epoch: str
    seq: int
    order: str
    reference: str
    method: str
    channel: str
    currency: str
    total_minor: int
    received_ms: int


class Claims:
    """Looks codes up in the store. `desk` is None where nothing can be paid; then what was sold is still honoured."""

    def __init__(self, store: Store, desk: PaymentDesk | None, clock: Clock) -> None:
        self._store, self._desk, self._clock = store, desk, clock
        self.handovers = Handovers(store, clock)

    def find(self, text: str) -> Claim | None:
        """What a code stands for as far as it is known; None where it is none, or nobody's. Changes nothing."""
        code = parse_claim(text)
        return None if code is None else self._found(code)[0]

    def look(self, text: str) -> Claim | None:
        """As `find`, after asking the provider where money may have moved, and after deciding what was left undecided.
        Lasts as long as the provider does.
        """
        code = parse_claim(text)
        if code is None:
            return None
        claim, undecided = self._found(code)
        if claim is None or self._desk is None:
            return claim
        for entry in undecided:
            self._desk.claim(entry)
        return self._found(code)[0] if undecided else claim

    def rests_on(self, text: str) -> str:
        """The provider `look` may have to wait for, "" for none. Asks nobody."""
        code = parse_claim(text)
        undecided = self._found(code)[1] if code is not None and self._desk is not None else []
        return undecided[0].provider if undecided else ""

    def hand_over(self, text: str, order: str, who: str) -> tuple[Claim | None, bool]:
        """Hand an order's goods over. Returns how the claim stands then, and whether it was handed over just now.

        `order` is the one that was looked at: should the code mean another one by now, nothing happens.
        """
        claim = self.look(text)
        if claim is None or claim.state != READY or claim.order != order:
            return claim, False
        _, new = self.handovers.enter(self._row(claim, HANDED_OVER, who, ""))
        return self._found(claim.code)[0], new

    def undo(self, text: str, order: str, who: str, why: str) -> tuple[Claim | None, bool]:
        """Take a hand over back that was a slip: within a minute, with a reason."""
        claim = self.find(text)
        if claim is None or claim.order != order or not why.strip():
            return claim, False
        done = self.handovers.undo(claim.order, who, why)
        return self._found(claim.code)[0], done

    def give_back(self, text: str, order: str, who: str, why: str) -> tuple[Claim | None, bool]:
        """Give an order's money back instead of its goods, with a reason. The desk does it, and repeats it until it is
        done; the register says first that the goods stay here.
        """
        claim = self.look(text)
        if (
            claim is None
            or claim.state != READY
            or claim.order != order
            or not why.strip()
            or self._desk is None
        ):
            return claim, False
        entry = self._desk.book.get(claim.reference)
        if entry is None or entry.state not in PAID:  # a sale whose charge is not in this fleet's book
            return claim, False
        _, new = self.handovers.enter(self._row(claim, GIVEN_BACK, who, why))
        if new:
            self._desk.refund(entry, "unclaimed")
        return self._found(claim.code)[0], new

    def catch_up(self) -> None:
        """Ask again for refunds that were decided and never begun, because the fleet stopped in between."""
        if self._desk is None:
            return
        charge, gone = tables.charges.c, tables.handovers.c
        query = (
            select(tables.charges)
            .join(tables.handovers, gone.reference == charge.reference)
            .where(gone.outcome == GIVEN_BACK, charge.state.in_([state.value for state in PAID]))
        )
        with self._store.read() as connection:
            entries = [entry_of(row) for row in connection.execute(query)]
        for entry in entries:
            self._desk.refund(entry, "unclaimed")

    def _row(self, claim: Claim, outcome: str, who: str, why: str) -> Handover:
        return Handover(
            order=claim.order, outcome=outcome, reference=claim.reference, kiosk=claim.kiosk,
            currency=claim.total.currency, minor=claim.total.minor, at_ms=self._clock(), who=who, why=why,
        )  # fmt: skip

    # --- looking ----------------------------------------------------------------------------------------------

    def _found(self, code: str) -> tuple[Claim | None, list[Entry]]:
        """The claim, and those of its charges whose provider or whose end is to be asked about. The same two queries
        whether there is such a code or not.
        """
        charge, sale, event = tables.charges.c, tables.sales.c, tables.events.c
        charges = select(tables.charges).where(charge.claim_code == code).limit(MOST_TWINS)
        sales = (
            select(
                sale.kiosk, sale.epoch, sale.seq, sale.order, sale.reference, sale.method, sale.channel,
                sale.currency, sale.total_minor, event.received_ms,
            )
            .join(
                tables.events,
                (event.kiosk == sale.kiosk) & (event.epoch == sale.epoch) & (event.seq == sale.seq),
            )
            .where(sale.claim_code == code)
            .limit(MOST_TWINS)
        )  # fmt: skip
        with self._store.read() as connection:
            entries = [entry_of(row) for row in connection.execute(charges)]
            sold = [_Sale(**row._mapping) for row in connection.execute(sales)]
            orders = {entry.order for entry in entries} | {one.order for one in sold}
            claims = [
                _claim(
                    connection,
                    code,
                    [entry for entry in entries if entry.order == order],
                    next((one for one in sold if one.order == order), None),
                )
                for order in orders
            ]
        if not claims:
            return None, []
        # 40 bits of chance: among a million orders two may share a code. The one somebody still waits for is meant.
        claim = min(claims, key=lambda one: (_RANK[one.state], -one.since_ms))
        undecided = [entry for entry in entries if entry.order == claim.order and _undecided(entry, claim)]
        if claim.state == DECIDING:  # nobody but us has that word
            claim = msgspec.structs.replace(claim, state=PAYING)
        return claim, undecided


_RANK: Final = {READY: 0, DECIDING: 1, PAYING: 2, REFUNDING: 3, HANDED: 4, REFUNDED: 5, UNPAID: 6}


def standing(entries: Sequence[Entry], sold: bool, handover: Handover | None) -> str:
    """How an order stands, from all that is known of it. Pure. `sold`: there is a sale of it."""
    if handover is not None and handover.outcome == HANDED_OVER:
        return HANDED
    states = {entry.state for entry in entries}
    if handover is not None:
        return REFUNDED if State.REFUNDED in states and not states & PAID else REFUNDING
    kept = [entry for entry in entries if entry.state in PAID]
    if (sold and not entries) or any(sold or entry.settled in ("sale", "sold") for entry in kept):
        return READY
    if kept:
        return DECIDING
    for state, name in ((State.REFUNDING, REFUNDING), (State.REFUNDED, REFUNDED)):
        if state in states:
            return name
    return PAYING if states & OPEN else UNPAID


def _undecided(entry: Entry, claim: Claim) -> bool:
    """Whether money may have come, or has come and buys nothing so far."""
    if entry.state in PAID:
        return not entry.settled
    return claim.state not in (HANDED, READY) and entry.state in OPEN | ENDED


def _claim(connection: Connection, code: str, entries: list[Entry], sale: _Sale | None) -> Claim:
    order = entries[0].order if entries else sale.order if sale else ""
    handover = handover_of(connection, order)
    state = standing(entries, sale is not None, handover)
    entry = _telling(entries, sale)
    if entry is None:
        assert sale is not None
        return Claim(
            code=code, order=order, reference=sale.reference, kiosk=sale.kiosk, channel=sale.channel, method=sale.method,
            state=state, lines=_lines(connection, sale), total=Money(sale.total_minor, sale.currency),
            since_ms=handover.at_ms if handover else sale.received_ms, handover=handover,
        )  # fmt: skip
    return Claim(
        code=code, order=order, reference=entry.reference, kiosk=entry.kiosk, channel=entry.channel, method=entry.method,
        state=state, lines=entry.lines, total=entry.amount,
        since_ms=handover.at_ms if handover else entry.changed_ms or entry.asked_ms, handover=handover,
    )  # fmt: skip


def _telling(entries: Iterable[Entry], sale: _Sale | None) -> Entry | None:
    """The charge that tells the order's story: the one that was sold, else the one with money in it, else the last."""

    def weight(entry: Entry) -> tuple[bool, bool, bool, bool, int]:
        sold = entry.settled in ("sale", "sold") or (sale is not None and sale.reference == entry.reference)
        back = entry.state in (State.REFUNDING, State.REFUNDED)
        return sold, entry.state in PAID, back, entry.state in OPEN, entry.asked_ms

    return max(entries, key=weight, default=None)


def _lines(connection: Connection, sale: _Sale) -> tuple[Line, ...]:
    line = tables.sale_lines.c
    rows = connection.execute(
        select(line.gtin, line.name, line.quantity, line.price_minor, line.total_minor, line.facing)
        .where(line.kiosk == sale.kiosk, line.epoch == sale.epoch, line.seq == sale.seq)
        .order_by(line.line)
    )
    return tuple(Line(**row._mapping) for row in rows)
