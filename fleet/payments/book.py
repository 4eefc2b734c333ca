"""The charge book: every charge anybody asked for, kept before the provider hears of it, and how it moves.

A charge moves by `port.advance` alone, in one transaction per piece of news, so that the same news from a webhook, a
poll and a kiosk's question at the same moment changes it once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import structs
from sqlalchemy import Connection, func, select, update

from content.money import Money
from content.references import CLAIM_BYTES, claim_of
from fleet import tables
from fleet.clock import Clock
from fleet.payments.entry import PHONE, TOUCH, Change, Entry, next_look, settle, told
from fleet.payments.learning import given_by_hand, learnt, moved
from fleet.payments.port import PAID, Charge, ChargeEvent, News, State, advance
from fleet.payments.unresolved import WHAT_TO_DO, Stranger, Unresolved, shown_from_ms, why
from fleet.store.store import Store
from mqtt.messages import Line

HANDED_OVER: Final = "handed-over"  # an order's goods are gone (tables.handovers)
LEASE_MS: Final = 20_000  # whoever looks at a charge has it so long to himself
MOST_STRANGERS: Final = 10_000  # rows
_CHARGES = tables.charges


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

    def due(self, limit: int = 50, provider: str | None = None) -> list[Entry]:
        """Charges to look at now, the longest overdue first, of one provider or all."""
        with self._store.read() as connection:
            return self._due(connection, limit, provider)

    def take_due(self, limit: int, provider: str) -> list[Entry]:
        """As `due`, and whoever asks next is not given them again for LEASE_MS, whatever becomes of us meanwhile."""
        with self._store.read() as connection:
            if not self._due(connection, 1, provider):
                return []
        with self._store.write() as connection:
            entries = self._due(connection, limit, provider)
            connection.execute(
                update(_CHARGES)
                .where(_CHARGES.c.reference.in_([entry.reference for entry in entries]))
                .values(due_ms=self._clock() + LEASE_MS)
            )
            return entries

    def _due(self, connection: Connection, limit: int, provider: str | None) -> list[Entry]:
        column = _CHARGES.c
        wanted = select(_CHARGES).where(column.due_ms <= self._clock())
        if provider is not None:
            wanted = wanted.where(column.provider == provider)
        return [entry_of(row) for row in connection.execute(wanted.order_by(column.due_ms).limit(limit))]

    def providers_due(self) -> set[str]:
        """The providers of charges to look at now."""
        column = _CHARGES.c
        with self._store.read() as connection:
            return set(
                connection.scalars(select(column.provider).where(column.due_ms <= self._clock()).distinct())
            )

    def next_due_ms(self, besides: frozenset[str] = frozenset()) -> int | None:
        """When the next look is due, at charges of other providers than `besides`."""
        column = _CHARGES.c
        with self._store.read() as connection:
            found: int | None = connection.scalar(
                select(func.min(column.due_ms)).where(column.provider.not_in(besides))
            )
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
        self._change(reference, lambda entry: structs.replace(entry, settled="sold"))

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

    def heard(self, reference: str, charge: Charge, payload: str = "", given_minor: int = 0) -> Change:
        """The provider has told how a charge stands; `payload` is what the QR shall say from now on, `given_minor` what
        was known to be back when it was asked.
        """
        return self._change(reference, lambda entry: learnt(entry, charge, payload, given_minor))

    def news(self, reference: str, news: News, reason: str = "") -> Change:
        """Something is known that the provider did not tell."""
        if news is News.WANT_REFUND:
            return self.want_refund(reference, reason)
        return self._change(reference, lambda entry: moved(entry, news, reason))

    def gave_up(self, reference: str, reason: str) -> Change:
        """Nobody was told of a charge that could not be asked for: it has failed. One that another call has meanwhile
        made stays, for somebody sees its code.
        """
        return self._change(
            reference,
            lambda entry: moved(entry, News.FAILED, reason) if entry.state is State.ASKING else entry,
        )

    def want_refund(self, reference: str, reason: str, *, by_wall: bool = False) -> Change:
        """Money that came shall go back. What was handed over never does too, and what was sold does not because its
        wall (`by_wall`) thinks it was not.
        """
        unless = _sold_or_handed_over if by_wall else _handed_over
        return self._change(reference, lambda entry: moved(entry, News.WANT_REFUND, reason), unless=unless)

    def claimed(self, reference: str) -> Change:
        """Somebody holds the claim code of a paid charge and its wall has not told how it ended: it ends here, once, in a
        sale where it still can, else in a refund.
        """
        return self._change(reference, lambda entry: entry, decide=True)

    def later(self, reference: str) -> Entry:
        """Nothing was asked, or nothing new was heard: look again when it is time."""
        return self._change(reference, lambda entry: entry).after

    def unanswered(self, reference: str) -> Entry:
        """Its provider did not answer for it: nothing is assumed, and after a while the operator knows."""
        now = self._clock()
        return self._change(
            reference, lambda entry: structs.replace(entry, silent_ms=entry.silent_ms or now)
        ).after

    # --- giving back ------------------------------------------------------------------------------------------

    def giving(self, reference: str) -> Entry:
        """Begin to give back what is owed, or go on with what was begun: `giving_minor` is written down before the
        provider is asked, so that asking again is asking for the same.
        """

        def begin(entry: Entry) -> Entry:
            return structs.replace(entry, giving_minor=entry.giving_minor or entry.owed_back)

        return self._change(reference, begin).after

    def given(self, before: Entry) -> Change:
        """What `before` was giving is taken by the provider; told twice it counts once."""

        def learn(entry: Entry) -> Entry:
            if entry.given_minor != before.given_minor or not entry.giving_minor:
                return entry
            given = entry.given_minor + entry.giving_minor
            done = structs.replace(entry, given_minor=given, giving_minor=0, trouble="", silent_ms=0)
            if entry.state is State.REFUNDING and given >= entry.paid_minor:
                done = structs.replace(done, state=advance(entry.state, News.REFUNDED))
            return done

        return self._change(before.reference, learn)

    def refused(self, reference: str, trouble: str) -> Entry:
        """The provider refuses a refund for good: a person has to see to it."""
        return self._change(
            reference, lambda entry: structs.replace(entry, trouble=entry.trouble or trouble, silent_ms=0)
        ).after

    # --- what nobody has finished -----------------------------------------------------------------------------

    def unresolved(self, now_ms: int | None = None) -> list[Unresolved]:
        """What is not in order and has not been for GRACE_MS, the oldest first: see fleet.payments.unresolved."""
        now = self._clock() if now_ms is None else now_ms
        stranger = tables.strangers.c
        with self._store.read() as connection:
            entries = [
                entry_of(row)
                for row in connection.execute(select(_CHARGES).where(_CHARGES.c.unresolved_ms > 0))
            ]
            rows = connection.execute(select(tables.strangers).where(stranger.resolved_ms == 0)).all()
        found = [
            Unresolved(
                why="stranger", since_ms=each.first_ms, what_to_do=WHAT_TO_DO["stranger"], stranger=each
            )
            for each in map(_stranger, rows)
        ]
        for entry in entries:
            reason = why(entry)
            if not reason or shown_from_ms(entry) > now:
                continue
            if reason == "not-settled" and self.told_by_kiosk(entry)[0] == "sale":
                if not entry.surplus:
                    continue
                reason = "surplus-stuck"
            what, since = WHAT_TO_DO[reason], entry.unresolved_ms
            found.append(Unresolved(why=reason, since_ms=since, what_to_do=what, entry=entry))
        return sorted(found, key=lambda each: each.since_ms)

    def resolve(self, reference: str) -> Entry:
        """A person has seen to a payment: it leaves the list, until there is news of its money. What the provider had
        refused to give back was given by hand, and does not go back again. Raises KeyError.
        """
        now = self._clock()

        def seen_to(entry: Entry) -> Entry:
            by_hand = given_by_hand(entry) if entry.owed_back and entry.trouble else entry
            return structs.replace(by_hand, resolved_ms=now)

        return self._change(reference, seen_to).after

    def clock_went_back(self) -> None:
        """What was due at times of a clock that ran ahead is due now; its checks lie in what is the future again."""
        now, column = self._clock(), _CHARGES.c
        ahead = (column.checked_ms > now) | (column.asked_ms > now)
        with self._store.write() as connection:
            connection.execute(update(_CHARGES).where(column.due_ms > now, ahead).values(due_ms=now))

    def stranger(self, provider: str, event: ChargeEvent, money: Money | None) -> bool:
        """Write down money nobody knows; the same again is counted. False where there is no more room."""
        now, table = self._clock(), tables.strangers
        of_it = (table.c.provider == provider, table.c.charge_id == event.charge_id[:256])
        row = {
            "provider": provider, "charge_id": event.charge_id[:256], "reference": event.reference[:64], "times": 1,
            "minor": money.minor if money else 0, "currency": money.currency if money else "", "first_ms": now,
            "last_ms": now, "resolved_ms": 0,
        }  # fmt: skip
        with self._store.write() as connection:
            again = update(table).where(*of_it).values(times=table.c.times + 1, last_ms=now)
            if connection.execute(again).rowcount:
                return True
            if (connection.scalar(select(func.count()).select_from(table)) or 0) >= MOST_STRANGERS:
                return False
            connection.execute(table.insert().values(row))
            return True

    def resolve_stranger(self, provider: str, charge_id: str) -> bool:
        """A person has found out whose money it is; False where there is none."""
        table = tables.strangers
        seen_to = update(table).where(table.c.provider == provider, table.c.charge_id == charge_id)
        with self._store.write() as connection:
            return bool(connection.execute(seen_to.values(resolved_ms=self._clock())).rowcount)

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
            before = _read(connection, reference, lock=True)
            if before is None:
                raise KeyError(reference)
            after = before if unless(connection, before) else learn(before)
            if after.state in PAID and not after.settled and (decide or after.channel == PHONE):
                after = self._settled(connection, after)
            changed = now if after.state is not before.state else before.changed_ms
            after = structs.replace(after, changed_ms=changed, checked_ms=now)
            if after.paid_minor != before.paid_minor:
                after = structs.replace(after, resolved_ms=0)
            reason = why(after)
            since = (before.unresolved_ms or now) if reason else 0  # one trouble after another is one story
            after = structs.replace(after, due_ms=next_look(after, now), unresolved_ms=since)
            connection.execute(update(_CHARGES).where(_CHARGES.c.reference == reference).values(_row(after)))
            return Change(before, after)

    @staticmethod
    def _settled(connection: Connection, entry: Entry) -> Entry:
        settled, reason = _verdict(connection, entry)
        if settled == "sold":
            return structs.replace(entry, settled=settled)
        code = entry.claim_code or claim_of(
            secrets.token_bytes(CLAIM_BYTES)
        )  # for goods, or to ask for the money by
        if settled == "refund":
            state = advance(entry.state, News.WANT_REFUND)
            return structs.replace(entry, settled=settled, state=state, reason=reason, claim_code=code)
        column = _CHARGES.c
        last = connection.scalar(select(func.max(column.sale_seq)).where(column.kiosk == entry.kiosk)) or 0
        return structs.replace(entry, settled=settled, sale_seq=last + 1, claim_code=code)


def _handed_over(connection: Connection, entry: Entry) -> bool:
    column = tables.handovers.c
    return (
        connection.scalar(
            select(column.outcome).where(column.order == entry.order, column.reference == entry.reference)
        )
        == HANDED_OVER
    )


def _sold_or_handed_over(connection: Connection, entry: Entry) -> bool:
    sale = tables.sales.c
    of_it = select(sale.seq).where(sale.reference == entry.reference, sale.kiosk == entry.kiosk).limit(1)
    sold = entry.settled in ("sale", "sold") or connection.scalar(of_it) is not None
    return sold or _handed_over(connection, entry)


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


def _stranger(row: Any) -> Stranger:
    money = Money(row.minor, row.currency) if row.minor else None
    return Stranger(
        provider=row.provider, charge_id=row.charge_id, reference=row.reference, money=money, first_ms=row.first_ms,
        times=row.times,
    )  # fmt: skip


def _read(connection: Connection, reference: str, *, lock: bool = False) -> Entry | None:
    """`lock`: against other writers, where the database lets in more than one."""
    wanted = select(_CHARGES).where(_CHARGES.c.reference == reference)
    found = connection.execute(wanted.with_for_update() if lock else wanted).first()
    return entry_of(found) if found else None


__all__ = ["HANDED_OVER", "PHONE", "TOUCH", "Book", "Change", "Entry", "entry_of", "told"]
