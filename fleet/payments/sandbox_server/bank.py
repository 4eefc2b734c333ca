"""The sandbox provider's books: charges, refunds, cards, and the events its webhooks tell. Rules, no HTTP."""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from content.money import Money
from fleet.payments import faults
from fleet.payments.codecs import BadPayload, decode
from fleet.payments.faults import Fault, Script
from fleet.payments.sandbox_api import CARDS, ChargeBody, ChargeView, EventBody, RefundView
from fleet.payments.sandbox_server.codes import METHODS, code_for

Clock = Callable[[], int]  # Unix milliseconds
MOST_MINOR = 10**9
LONGEST_TTL_S = 3600
RETRIES = 20
_OPEN = ("open", "scanned")
LATER_MS = 8_000  # what comes late, comes so much later
_DECLINES = {"declined": "declined", "empty": "no-funds"}
_REFERENCE = re.compile(r"[0-9A-Z]{1,21}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Refused(Exception):
    """A request against the rules. `error` is a key, `status` the HTTP status that fits it."""

    def __init__(self, error: str, detail: str, status: int = 422) -> None:
        super().__init__(f"{error}: {detail}")
        self.error, self.detail, self.status = error, detail, status


class Due(msgspec.Struct, frozen=True):
    """An event whose webhook should go out now. `header`: the signature it went out with before, to be sent as it was."""

    id: str
    body: bytes
    attempts: int
    faults: tuple[str, ...]
    header: str = ""


class Bank:
    """All the provider knows, in one SQLite file. Every method may be called from any thread.

    `public` is the address phones reach the pages at; `changed` is called after events were added; `later_ms` is how
    long scripted lateness lasts.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        public: str,
        changed: Callable[[], None] = lambda: None,
        later_ms: int = LATER_MS,
    ) -> None:
        self._clock = clock
        self._later_ms = later_ms
        self._public = public.rstrip("/")
        self.changed = changed
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript((Path(__file__).parent / "schema.sql").read_text())
        self._bring_up()

    def _bring_up(self) -> None:
        """Add what books of an earlier program lack."""
        for table, column in (
            ("charges", "struck TEXT NOT NULL DEFAULT ''"),
            ("events", "again INTEGER NOT NULL DEFAULT 0"),
            ("events", "header TEXT NOT NULL DEFAULT ''"),
        ):
            there = {row["name"] for row in self._db.execute(f"PRAGMA table_info({table})")}
            if column.split()[0] not in there:
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    def close(self) -> None:
        """Close the books."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _books(self) -> Iterator[sqlite3.Connection]:
        """One transaction, one thread at a time; whatever expired meanwhile is expired first."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                before = self._db.total_changes
                self._expire()
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            wrote = self._db.total_changes != before
        if wrote:
            self.changed()

    # --- charges ----------------------------------------------------------------------------------------------

    def create(self, body: ChargeBody, idem: str) -> ChargeView:
        """A new charge; the same key and body again is the same charge. Raises Refused."""
        wanted = msgspec.json.encode(body)
        with self._books() as db:
            row = db.execute("SELECT id, wanted FROM charges WHERE idem = ?", (idem,)).fetchone()
            if row is not None:
                if row["wanted"] != wanted:
                    raise Refused("idempotency-conflict", f"{idem!r} was used with another body", 409)
                return self._view(row["id"])
            _check(body, idem)
            now, charge = self._clock(), f"ch_{secrets.token_hex(12)}"
            db.execute(
                "INSERT INTO charges (id, idem, wanted, reference, state, created_ms, expires_ms, faults)"
                " VALUES (?, ?, ?, ?, 'open', ?, ?, ?)",
                (
                    charge,
                    idem,
                    wanted,
                    body.reference,
                    now,
                    now + body.ttl_s * 1000,
                    self._planned(idem, body.method),
                ),
            )
            if body.method == "card":
                self._charge_card(charge, body)
            return self._view(charge)

    def _charge_card(self, charge: str, body: ChargeBody) -> None:
        row = self._db.execute("SELECT kind FROM cards WHERE token = ?", (body.card,)).fetchone()
        if row is None:
            self._set(charge, "failed", reason="unknown-card")
        elif row["kind"] in _DECLINES:
            self._set(charge, "failed", reason=_DECLINES[row["kind"]])
        else:
            self._set(charge, "paid", paid_minor=body.amount_minor, paid_currency=body.currency)

    def charge(self, charge: str) -> ChargeView:
        """Raises Refused (not-found)."""
        with self._books():
            return self._view(charge)

    def by_reference(self, reference: str) -> list[ChargeView]:
        """The charges of a reference, newest first."""
        return self._select("WHERE reference = ? ORDER BY created_ms DESC", reference)

    def open_charges(self) -> list[ChargeView]:
        """What a customer could pay now, newest first."""
        return self._select("WHERE state IN ('open', 'scanned') ORDER BY created_ms DESC LIMIT 50")

    def _select(self, where: str, *values: str) -> list[ChargeView]:
        with self._books() as db:
            return [self._view_of(row) for row in db.execute(f"SELECT * FROM charges {where}", values)]  # noqa: S608

    def scan(self, charge: str) -> ChargeView:
        """A customer opened the page."""
        with self._books():
            if self._view(charge).state == "open":
                self._set(charge, "scanned")
            return self._view(charge)

    def pay(self, charge: str, paid: Money | None = None) -> ChargeView:
        """A customer's money arrives, by default what was asked for: also after the charge ended or was paid by another,
        as transfers do. A second payment adds to the first, so it must be of the same currency.
        """
        with self._books():
            view = self._view(charge)
            amount = paid or Money(view.amount_minor, view.currency)
            if amount.minor < 1:
                raise Refused("bad-request", "amount_minor: at least 1")
            if view.paid_minor and amount.currency != view.paid_currency:
                raise Refused("bad-request", f"currency: {view.paid_currency}, as was paid before", 409)
            for each in self._sent(charge, amount) if paid is None else (amount,):
                self._arrived(charge, each)
            return self._view(charge)

    def _sent(self, charge: str, amount: Money) -> tuple[Money, ...]:
        """What a customer's money becomes by the charge's faults: what arrives now. What comes later is on its way."""
        wrong = self._faults(charge)
        if Fault.TOO_LITTLE in wrong:
            return (Money(max(1, amount.minor - 1), amount.currency),)
        if Fault.TOO_MUCH in wrong:
            return (Money(amount.minor + 1, amount.currency),)
        if Fault.WRONG_CURRENCY in wrong:
            return (Money(amount.minor, "USD" if amount.currency != "USD" else "EUR"),)
        if Fault.AFTER_EXPIRY in wrong:
            if self._view(charge).state in _OPEN:
                self._db.execute("UPDATE charges SET expires_ms = ? WHERE id = ?", (self._clock(), charge))
                self._set(charge, "expired")
            self._send_later(charge, amount)
            return ()
        if Fault.PAID_TWICE in wrong:
            self._send_later(charge, amount)
        return (amount,)

    def _send_later(self, charge: str, amount: Money) -> None:
        due = self._clock() + self._later_ms
        self._db.execute(
            "INSERT INTO transfers VALUES (?, ?, ?, ?)", (charge, amount.minor, amount.currency, due)
        )

    def _arrived(self, charge: str, amount: Money) -> None:
        total = self._view(charge).paid_minor + amount.minor
        self._set(charge, "paid", paid_minor=total, paid_currency=amount.currency)

    def decline(self, charge: str) -> ChargeView:
        """The customer says no."""
        return self._end(charge, "failed", reason="declined")

    def cancel(self, charge: str) -> ChargeView:
        """The merchant says no; a charge that is not open stays what it is."""
        return self._end(charge, "cancelled")

    def _end(self, charge: str, state: str, **columns: str) -> ChargeView:
        with self._books():
            if self._view(charge).state in _OPEN:
                self._set(charge, state, **columns)
            return self._view(charge)

    def refund(self, charge: str, minor: int, idem: str) -> RefundView:
        """Give money back, never more than came in. Raises Refused."""
        with self._books() as db:
            row = db.execute("SELECT * FROM refunds WHERE idem = ?", (idem,)).fetchone()
            if row is not None:
                if (row["charge"], row["minor"]) != (charge, minor):
                    raise Refused("idempotency-conflict", f"{idem!r} was used with another body", 409)
                return RefundView(id=row["id"], charge=charge, amount_minor=minor)
            if Fault.REFUND_REFUSED in self._faults(charge):
                raise Refused("refund-refused", "the account has no money for it", 409)
            view = self._view(charge)
            left = view.paid_minor - view.refunded_minor
            if not 1 <= minor <= left:
                raise Refused("refund-too-large", f"amount_minor: 1 to {left}, is {minor}", 409)
            refund = f"re_{secrets.token_hex(12)}"
            db.execute("INSERT INTO refunds VALUES (?, ?, ?, ?)", (refund, charge, idem, minor))
            state = "refunded" if minor == left else "paid"
            self._set(charge, state, refunded_minor=view.refunded_minor + minor)
            done = Fault.REFUND_LATER not in self._faults(charge)
            return RefundView(id=refund, charge=charge, amount_minor=minor, done=done)

    def match(self, payload: str) -> tuple[str, Money | None, ChargeView | None]:
        """What a customer's bank makes of a scanned code: (payee, amount, the charge its reference names).

        Raises BadPayload where it is no payment code.
        """
        with self._books() as db:
            made = [
                self._view_of(row)
                for row in db.execute("SELECT * FROM charges ORDER BY created_ms DESC LIMIT 200")
            ]
        for view in made:
            if view.payload and view.payload == payload:
                return "Sandbox Bank's merchant", Money(view.amount_minor, view.currency), view
        scheme, fields = decode(payload)
        if scheme.key not in ("epc", "pix-static"):
            raise BadPayload("payload", "no charge of ours has this code")
        reference = fields["reference"][4:] if scheme.key == "epc" else fields["txid"]
        charges = self.by_reference(reference) if reference else []
        amount = None
        if fields["amount"] is not None:
            amount = Money(int(fields["amount"].replace(".", "")), scheme.currencies[0])
        return fields["name"], amount, charges[0] if charges else None

    # --- cards and faults -------------------------------------------------------------------------------------

    def set_card(self, token: str, kind: str) -> None:
        """Make a token a card of a kind. Raises Refused."""
        if kind not in CARDS or not 1 <= len(token) <= 128:
            raise Refused("bad-request", f"kind: one of {', '.join(CARDS)}; token: 1 to 128 characters")
        with self._books() as db:
            db.execute("INSERT OR REPLACE INTO cards VALUES (?, ?)", (token, kind))

    def set_faults(self, charge: str, names: tuple[str, ...]) -> ChargeView:
        """Let what happens to a charge from now on go wrong. Raises Refused, BadFault."""
        with self._books() as db:
            db.execute(
                "UPDATE charges SET faults = ? WHERE id = ?", (" ".join(faults.checked(names)), charge)
            )
            return self._view(charge)

    def script(self) -> Script:
        """What charges yet to be made will suffer."""
        with self._books() as db:
            rows = db.execute("SELECT * FROM rules ORDER BY number").fetchall()
            return Script(
                rules=tuple(
                    faults.Rule(faults=tuple(r["faults"].split()), times=r["left"], method=r["method"])
                    for r in rows
                )
            )

    def set_script(self, script: Script) -> Script:
        """Replace the script. Raises BadFault."""
        rows = [(" ".join(faults.checked(rule.faults)), rule.times, rule.method) for rule in script.rules]
        with self._books() as db:
            db.execute("DELETE FROM rules")
            db.executemany("INSERT INTO rules (faults, left, method) VALUES (?, ?, ?)", rows)
        return script

    def goes_wrong(self, call: str, charge: str = "", idem: str = "", method: str = "") -> Fault | None:
        """What shall happen to this call; each goes wrong once per charge. `create` is known by its key."""
        with self._books() as db:
            if call == "create":
                return faults.of_answer(self._unmade(idem, method), call)
            row = db.execute("SELECT faults, struck FROM charges WHERE id = ?", (charge,)).fetchone()
            if row is None or call in row["struck"].split():
                return None
            fault = faults.of_answer(row["faults"].split(), call)
            if call == "refund" and Fault.REFUND_TWICE.value in row["faults"].split():
                fault = Fault.REFUND_TWICE
            if fault is not None:
                db.execute("UPDATE charges SET struck = ? WHERE id = ?", (f"{row['struck']} {call}", charge))
            return fault

    def _unmade(self, idem: str, method: str) -> tuple[str, ...]:
        """The faults of a charge whose making is asked for the first time; () where it is not the first."""
        known = "SELECT 1 FROM unmade WHERE idem = ?1 UNION SELECT 1 FROM charges WHERE idem = ?1"
        if self._db.execute(known, (idem,)).fetchone():
            return ()
        row = self._db.execute(
            "SELECT * FROM rules WHERE left > 0 AND method IN ('', ?) ORDER BY number LIMIT 1", (method,)
        ).fetchone()
        planned = row["faults"] if row else ""
        if row:
            self._db.execute("UPDATE rules SET left = left - 1 WHERE number = ?", (row["number"],))
        self._db.execute("INSERT INTO unmade VALUES (?, ?)", (idem, planned))
        return tuple(planned.split())

    def _planned(self, idem: str, method: str) -> str:
        self._unmade(idem, method)
        row = self._db.execute("SELECT faults FROM unmade WHERE idem = ?", (idem,)).fetchone()
        self._db.execute("DELETE FROM unmade WHERE idem = ?", (idem,))
        return str(row["faults"]) if row else ""

    def _faults(self, charge: str) -> tuple[Fault, ...]:
        row = self._db.execute("SELECT faults FROM charges WHERE id = ?", (charge,)).fetchone()
        return tuple(Fault(name.partition("@")[0]) for name in row["faults"].split()) if row else ()

    # --- events -----------------------------------------------------------------------------------------------

    def due(self) -> tuple[list[Due], int | None]:
        """Events to deliver now, and the moment to look again (None: when something changes)."""
        with self._books() as db:
            now = self._clock()
            rows = db.execute(
                "SELECT events.id, body, attempts, faults, header FROM events JOIN charges ON charges.id = charge"
                " WHERE due_ms <= ? ORDER BY due_ms, events.rowid LIMIT 50",
                (now,),
            ).fetchall()
            (next_due,) = db.execute("SELECT min(due_ms) FROM events WHERE due_ms > ?", (now,)).fetchone()
            (next_expiry,) = db.execute(
                "SELECT min(expires_ms) FROM charges WHERE state IN ('open', 'scanned')"
            ).fetchone()
            (next_money,) = db.execute("SELECT min(due_ms) FROM transfers").fetchone()
            due = [
                Due(r["id"], r["body"], r["attempts"], tuple(r["faults"].split()), r["header"]) for r in rows
            ]
            times = (next_due, next_expiry, next_money)
            return due, min((t for t in times if t is not None), default=None)

    def delivered(self, event: str, header: str = "") -> None:
        """The receiver said 2xx, or the event is to be lost. One to be replayed goes out later just as it was."""
        with self._books() as db:
            again = db.execute("SELECT again FROM events WHERE id = ?", (event,)).fetchone()["again"]
            due = self._clock() + self._later_ms if again else None
            db.execute(
                "UPDATE events SET due_ms = ?, again = 0, header = ? WHERE id = ?", (due, header, event)
            )

    def undelivered(self, event: str, attempts: int) -> None:
        """Try again after 0.5, 1, 2, ... at most 300 s; give up after RETRIES."""
        wait_ms = min(300_000, 500 * 2**attempts)
        due = None if attempts + 1 >= RETRIES else self._clock() + wait_ms
        with self._books() as db:
            db.execute("UPDATE events SET due_ms = ?, attempts = ? WHERE id = ?", (due, attempts + 1, event))

    # --- inside a transaction ---------------------------------------------------------------------------------

    def _expire(self) -> None:
        """What time does: charges end, and money arrives that was on its way."""
        rows = self._db.execute(
            "SELECT id FROM charges WHERE state IN ('open', 'scanned') AND expires_ms <= ?", (self._clock(),)
        ).fetchall()
        for row in rows:
            self._set(row["id"], "expired")
        arrived = "DELETE FROM transfers WHERE due_ms <= ? RETURNING charge, minor, currency"
        for row in self._db.execute(arrived, (self._clock(),)).fetchall():
            self._arrived(row["charge"], Money(row["minor"], row["currency"]))

    def _set(self, charge: str, state: str, **columns: Any) -> None:
        """Change a charge and queue the event that tells it."""
        changes = {"state": state, **columns}
        names = ", ".join(f"{name} = ?" for name in changes)
        self._db.execute(f"UPDATE charges SET {names} WHERE id = ?", (*changes.values(), charge))  # noqa: S608
        event = EventBody(
            id=f"evt_{secrets.token_hex(12)}", type=f"charge.{state}", charge=self._view(charge)
        )
        wrong = self._faults(charge)
        first = not self._db.execute("SELECT 1 FROM events WHERE charge = ?", (charge,)).fetchone()
        waits = Fault.LATE in wrong or (first and Fault.OUT_OF_ORDER in wrong)
        due = self._clock() + (self._later_ms if waits else 0)
        self._db.execute(
            "INSERT INTO events (id, charge, body, due_ms, again) VALUES (?, ?, ?, ?, ?)",
            (event.id, charge, msgspec.json.encode(event), due, int(Fault.REPLAYED in wrong)),
        )

    def _view(self, charge: str) -> ChargeView:
        row = self._db.execute("SELECT * FROM charges WHERE id = ?", (charge,)).fetchone()
        if row is None:
            raise Refused("not-found", f"no charge {charge!r}", 404)
        return self._view_of(row)

    def _view_of(self, row: sqlite3.Row) -> ChargeView:
        body = msgspec.json.decode(row["wanted"], type=ChargeBody)
        amount, url = Money(body.amount_minor, body.currency), f"{self._public}/pay/{row['id']}"
        if Fault.WRONG_CODE.value in row["faults"].split():
            amount, url = Money(amount.minor + 1, amount.currency), f"{url}?{'x' * 500}"
        return ChargeView(
            id=row["id"], reference=body.reference, method=body.method, state=row["state"],
            amount_minor=body.amount_minor, currency=body.currency, description=body.description,
            url=url, payload=code_for(body.method, amount, body.reference), created_ms=row["created_ms"], expires_ms=row["expires_ms"],
            paid_minor=row["paid_minor"], paid_currency=row["paid_currency"], refunded_minor=row["refunded_minor"],
            reason=row["reason"], return_url=body.return_url,
        )  # fmt: skip


def _check(body: ChargeBody, idem: str) -> None:
    """Raises Refused for a body that asks for what we cannot do."""
    rules = (
        (1 <= len(idem) <= 100, "Idempotency-Key: 1 to 100 characters"),
        (_REFERENCE.fullmatch(body.reference), "reference: 1 to 21 of 0-9 A-Z"),
        (body.method in METHODS, f"method: one of {', '.join(METHODS)}"),
        (1 <= body.amount_minor <= MOST_MINOR, f"amount_minor: 1 to {MOST_MINOR}"),
        (_CURRENCY.fullmatch(body.currency), "currency: three letters (ISO 4217)"),
        (1 <= body.ttl_s <= LONGEST_TTL_S, f"ttl_s: 1 to {LONGEST_TTL_S}"),
        (len(body.description) <= 200, "description: at most 200 characters"),
        (
            not body.return_url or re.match(r"https?://[^/\s]+", body.return_url),
            "return_url: an http or https address",
        ),
    )
    for holds, rule in rules:
        if not holds:
            raise Refused("bad-request", rule)
    try:
        code_for(body.method, Money(body.amount_minor, body.currency), body.reference)
    except BadPayload as error:
        raise Refused("bad-request", f"{body.method}: {error}") from None
