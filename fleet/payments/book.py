"""The charge book: every charge anybody asked for, kept before the provider hears of it, and how it moves.

A charge moves by `port.advance` alone, in one transaction per piece of news, so that the same news from a webhook, a
poll and a kiosk's question at the same moment changes it once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection, func, select, update

from content.money import Money
from content.references import CLAIM_BYTES, claim_of
from fleet import tables
from fleet.clock import Clock
from fleet.payments.port import ENDED, OPEN, PAID, Charge, News, State, advance
from fleet.store import Store
from mqtt.messages import ChargeState, Line

PHONE: Final = "phone"  # channel of the phone lane, and the epoch of the sales the fleet itself makes
TOUCH: Final = "touch"
LINGER_MS: Final = 600_000  # an ended charge is watched for late money until so long after it expired
HANDED_OVER: Final = "handed-over"  # an order's goods are gone (tables.handovers)
_CHARGES = tables.charges


class Entry(Struct, frozen=True, kw_only=True):
    """One charge. Times are Unix ms by the fleet's clock; `kiosk` is an address `tenant/site/kiosk`."""

    reference: str
    kiosk: str
    order: str
    channel: str
    method: str
    provider: str
    currency: str
    minor: int
    lines: tuple[Line, ...]
    version: str
    ttl_s: int
    asked_ms: int
    description: str = ""
    card: str = ""  # a token, kept only until the provider has answered
    return_url: str = ""
    language: str = ""
    charge_id: str = ""
    state: State = State.ASKING
    reason: str = ""
    payload: str = ""
    expires_ms: int = 0
    paid_minor: int = 0
    paid_currency: str = ""
    changed_ms: int = 0
    checked_ms: int = 0
    due_ms: int | None = None
    settled: str = ""
    sale_seq: int = 0
    claim_code: str = ""  # hands the goods over: as the kiosk said, or made when a phone's order is sold

    @property
    def amount(self) -> Money:
        """What was asked for."""
        return Money(self.minor, self.currency)

    @property
    def paid(self) -> Money | None:
        """What came."""
        return Money(self.paid_minor, self.paid_currency) if self.paid_minor else None

    def is_wish(self, other: Entry) -> bool:
        """Whether nothing differs that must not where the same reference is asked for again."""
        same = self._wish == other._wish
        if self.channel == PHONE:  # its claim code is ours to give
            return same
        return secrets.compare_digest(self.claim_code, other.claim_code) and same

    @property
    def _wish(self) -> tuple[object, ...]:
        return self.kiosk, self.order, self.channel, self.method, self.amount


_WIRE: Final = {
    State.ASKING: "created", State.CREATED: "created", State.SCANNED: "scanned", State.PAID: "paid",
    State.LATE_PAID: "paid", State.EXPIRED: "expired", State.CANCELLED: "cancelled", State.FAILED: "failed",
    State.REFUNDING: "paid", State.REFUNDED: "refunded",
}  # fmt: skip


def told(entry: Entry, merchant: str = "", request_id: str = "") -> ChargeState:
    """The charge as a kiosk hears of it. Money on its way back is `paid` until the provider has taken the refund."""
    return ChargeState(
        id=request_id, reference=entry.reference, state=_WIRE[entry.state], reason=entry.reason, payload=entry.payload,
        expires_ms=entry.expires_ms, paid_minor=entry.paid_minor, currency=entry.paid_currency or entry.currency,
        merchant=merchant, domain=host_of(entry.payload),
    )  # fmt: skip


def host_of(payload: str) -> str:
    """The host a phone shows once it has opened a payload; "" where that is no web address."""
    if not payload.isascii() or not payload.lower().startswith(("https://", "http://")):
        return ""
    try:
        return urlsplit(payload).hostname or ""
    except ValueError:
        return ""


def next_look(entry: Entry, now_ms: int) -> int | None:
    """When to ask the provider again without being told to: a webhook is only a hint, and hints get lost.

    Open: every 2 s for a minute, then ever more slowly, at most every 30 s. Ended: every 30 s until LINGER_MS after
    the expiry, for late money. A refund that was not taken: until it is. Paid at a wall: until the wall has told how it
    ended, after a minute, then ever more slowly, at most every hour. Else never.
    """
    if entry.state is State.REFUNDING:
        return now_ms + _slower(now_ms - entry.changed_ms)
    if entry.state in OPEN:
        return now_ms + _slower(now_ms - entry.asked_ms)
    if entry.channel == TOUCH and entry.state in PAID and not entry.settled:
        return now_ms + min(3_600_000, max(60_000, now_ms - entry.changed_ms))
    expires_ms = entry.expires_ms or entry.asked_ms + entry.ttl_s * 1000
    known = entry.charge_id or entry.reason == "provider-down"  # a refused charge does not exist
    if entry.state in ENDED and known and now_ms < expires_ms + LINGER_MS:
        return now_ms + 30_000
    return None


def _slower(age_ms: int) -> int:
    return 2_000 if age_ms < 60_000 else min(30_000, age_ms // 30)


def settle(entry: Entry) -> str:
    """What a paid charge of the phone lane becomes: a sale where just what was asked for came, else a refund."""
    return "sale" if entry.paid == entry.amount else "refund"


@dataclass(frozen=True, slots=True)
class Change:
    """What a piece of news did."""

    before: Entry
    after: Entry

    @property
    def moved(self) -> bool:
        """Whether the charge stands elsewhere now, so that others must hear of it."""
        return self.before.state is not self.after.state

    @property
    def is_news(self) -> bool:
        """Whether a kiosk that knew how it stood has to hear of it; that it was created is the answer to its request."""
        return _WIRE[self.after.state] not in ("created", _WIRE[self.before.state])


def _never(_connection: Connection, _entry: Entry) -> bool:
    return False


class Book:
    """The charges in the fleet's store. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open(self, entry: Entry) -> Entry:
        """Write a new charge down, and return what stands under its reference now: it, or what stood there before."""
        with self._store.write() as connection:
            self._store.insert_new(connection, _CHARGES, [_row(entry)])
            return _read(connection, entry.reference) or entry

    def get(self, reference: str) -> Entry | None:
        """The charge of a reference."""
        with self._store.read() as connection:
            return _read(connection, reference)

    def by_charge_id(self, provider: str, charge_id: str) -> Entry | None:
        """The charge a provider knows by that name."""
        column = _CHARGES.c
        with self._store.read() as connection:
            found = connection.execute(
                select(_CHARGES).where(column.provider == provider, column.charge_id == charge_id)
            ).first()
            return entry_of(found) if found else None

    def due(self, limit: int = 50) -> list[Entry]:
        """Charges to look at now, the longest overdue first."""
        column = _CHARGES.c
        with self._store.read() as connection:
            rows = connection.execute(
                select(_CHARGES).where(column.due_ms <= self._clock()).order_by(column.due_ms).limit(limit)
            )
            return [entry_of(row) for row in rows]

    def next_due_ms(self) -> int | None:
        """When the next look is due."""
        with self._store.read() as connection:
            found: int | None = connection.scalar(select(func.min(_CHARGES.c.due_ms)))
            return found

    def unsold(self) -> list[Entry]:
        """Charges of the phone lane that became sales whose event may not be stored."""
        with self._store.read() as connection:
            return [
                entry_of(row)
                for row in connection.execute(select(_CHARGES).where(_CHARGES.c.settled == "sale"))
            ]

    def sold(self, reference: str) -> None:
        """The sale's event is stored."""
        with self._store.write() as connection:
            connection.execute(
                update(_CHARGES).where(_CHARGES.c.reference == reference).values(settled="sold")
            )

    def told_by_kiosk(self, entry: Entry) -> tuple[str, str]:
        """How a charge ended at the wall as its events say: ("sale", ""), ("refund", reason), or ("", "") so far."""
        sale, refund = tables.sales.c, tables.refunds_wanted.c
        with self._store.read() as connection:
            if connection.scalar(
                select(sale.seq).where(sale.reference == entry.reference, sale.kiosk == entry.kiosk).limit(1)
            ):
                return "sale", ""
            reason = connection.scalar(
                select(refund.reason)
                .where(refund.reference == entry.reference, refund.kiosk == entry.kiosk)
                .limit(1)
            )
        return ("", "") if reason is None else ("refund", str(reason))

    def sold_at_wall(self, reference: str) -> Entry:
        """The wall's sale of a charge is stored: nothing is left to be looked after."""
        return self._change(reference, lambda entry: structs.replace(entry, settled="sold")).after

    # --- news -------------------------------------------------------------------------------------------------

    def heard(self, reference: str, charge: Charge, payload: str = "") -> Change:
        """The provider has told how a charge stands; `payload` is what the QR shall say from now on."""

        def learn(entry: Entry) -> Entry:
            state = advance(entry.state, charge.news)
            reason = charge.reason if state is State.FAILED else ""
            paid = charge.paid or entry.paid
            return structs.replace(
                entry, state=state, charge_id=charge.id, card="", payload=payload or entry.payload,
                expires_ms=charge.expires_ms or entry.expires_ms,
                reason=entry.reason if state is entry.state else reason,
                paid_minor=paid.minor if paid else 0, paid_currency=paid.currency if paid else "",
            )  # fmt: skip

        return self._change(reference, learn)

    def news(self, reference: str, news: News, reason: str = "") -> Change:
        """Something is known that the provider did not tell. What was handed over is never given back too."""

        def learn(entry: Entry) -> Entry:
            state = advance(entry.state, news)
            return entry if state is entry.state else structs.replace(entry, state=state, reason=reason)

        return self._change(reference, learn, unless=_handed_over if news is News.WANT_REFUND else _never)

    def claimed(self, reference: str) -> Change:
        """Somebody holds the claim code of a paid charge and its wall has not told how it ended: it ends here, once, in a
        sale where it still can, else in a refund.
        """
        return self._change(reference, lambda entry: entry, decide=True)

    def later(self, reference: str) -> Entry:
        """The provider did not answer: look again when it is time."""
        return self._change(reference, lambda entry: entry).after

    def _change(
        self,
        reference: str,
        learn: Callable[[Entry], Entry],
        *,
        unless: Callable[[Connection, Entry], bool] = _never,
        decide: bool = False,
    ) -> Change:
        """Apply `learn` in one transaction, `unless` something there forbids it; decide between sale and refund in the
        same one, for the phone lane always, for a wall's charge where the fleet has to (`decide`).
        """
        now = self._clock()
        with self._store.write() as connection:
            before = _read(connection, reference)
            if before is None:
                raise KeyError(reference)
            after = before if unless(connection, before) else learn(before)
            if after.state in PAID and not after.settled and (decide or after.channel == PHONE):
                after = self._settled(connection, after)
            changed = now if after.state is not before.state else before.changed_ms
            after = structs.replace(after, changed_ms=changed, checked_ms=now)
            after = structs.replace(after, due_ms=next_look(after, now))
            connection.execute(update(_CHARGES).where(_CHARGES.c.reference == reference).values(_row(after)))
            return Change(before, after)

    @staticmethod
    def _settled(connection: Connection, entry: Entry) -> Entry:
        settled, reason = _verdict(connection, entry)
        if settled == "sold":
            return structs.replace(entry, settled=settled)
        if settled == "refund":
            state = advance(entry.state, News.WANT_REFUND)
            return structs.replace(entry, settled=settled, state=state, reason=reason)
        column = _CHARGES.c
        last = connection.scalar(select(func.max(column.sale_seq)).where(column.kiosk == entry.kiosk)) or 0
        code = entry.claim_code or claim_of(secrets.token_bytes(CLAIM_BYTES))
        return structs.replace(entry, settled=settled, sale_seq=last + 1, claim_code=code)


def _handed_over(connection: Connection, entry: Entry) -> bool:
    column = tables.handovers.c
    return (
        connection.scalar(
            select(column.outcome).where(column.order == entry.order, column.reference == entry.reference)
        )
        == HANDED_OVER
    )


def _verdict(connection: Connection, entry: Entry) -> tuple[str, str]:
    """How a paid charge ends: ("sale", ""), ("sold", "") where its wall has sold it, ("refund", reason)."""
    sale, refund, other, left = tables.sales.c, tables.refunds_wanted.c, _CHARGES.c, tables.handovers.c
    sold = set(connection.scalars(select(sale.reference).where(sale.order == entry.order)))
    if entry.reference in sold:
        return "sold", ""
    wall = (
        select(refund.reason).where(refund.reference == entry.reference, refund.kiosk == entry.kiosk).limit(1)
    )
    if (reason := connection.scalar(wall)) is not None:
        return "refund", str(reason)
    if settle(entry) == "refund":
        return "refund", "amount-mismatch"
    twin = select(other.reference).where(
        other.order == entry.order, other.reference != entry.reference, other.settled.in_(("sale", "sold"))
    )
    given_back = select(left.outcome).where(left.order == entry.order)
    if sold or connection.scalar(twin.limit(1)) or connection.scalar(given_back) is not None:
        return "refund", "already-sold"
    return "sale", ""


def _row(entry: Entry) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in entry.__struct_fields__}
    return row | {"state": entry.state.value, "lines": msgspec.json.encode(entry.lines)}


def entry_of(row: Any) -> Entry:
    """A row of the charges."""
    values = dict(row._mapping)
    values["state"] = State(values["state"])
    values["lines"] = msgspec.json.decode(values["lines"], type=tuple[Line, ...])
    return Entry(**values)


def _read(connection: Connection, reference: str) -> Entry | None:
    found = connection.execute(select(_CHARGES).where(_CHARGES.c.reference == reference)).first()
    return entry_of(found) if found else None
