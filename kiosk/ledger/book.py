"""What the kiosk must not forget: payments, how each reference ended, sales, and the events the fleet has not stored.

SQLite in WAL mode with synchronous=FULL throughout. NORMAL loses acknowledged commits at a power cut; that would also
hand out a sequence number twice, and the fleet would take the second event for a repeat and drop it. A sale, its
settled reference and its outgoing event are one transaction. Plays, impressions and engagements are gathered for at
most GATHER_S and committed together by a writer thread, so that a slow card never holds the owner of the session.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec

from kiosk.clock import Clock
from kiosk.core.orders import Payment
from kiosk.ledger.backlog import Backlog
from kiosk.ledger.schema import LedgerError, bring_up, forget_old
from mqtt.messages import Event, RefundWanted, SaleMade

log = logging.getLogger(__name__)

GATHER_S: Final = 0.25  # longest time a play or impression waits for its commit
UNWRITTEN: Final = 10_000  # events that wait for the writer; more are dropped and counted
CHECKED_BYTES: Final = (
    64 * 1024 * 1024
)  # a larger file is not read through at start: that takes seconds on a card

LIMIT_BYTES: Final = (
    512 * 1024 * 1024
)  # of the outbox; a day without network at two events a second is 120 MB
COMMANDS: Final = 1_000  # ids of commands that are remembered

Standing = Literal["unknown", "open", "closed", "sale", "refund"]
Recorded = Literal["recorded", "settled", "order-sold"]

_encode = msgspec.json.Encoder().encode
_payment = msgspec.json.Decoder(Payment).decode


class _Moment(msgspec.Struct):
    """As much of an event as says when it happened."""

    wall_ms: int = 0


class Ledger:
    """The kiosk's ledger in one SQLite file. Methods may be called from any thread; those that write raise LedgerError."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        on_growth: Callable[[], None] = lambda: None,
        *,
        limit_bytes: int = LIMIT_BYTES,
        machine: str = "",
    ) -> None:
        """Open or make the file. `on_growth` is called, from any thread, after events were committed.

        `limit_bytes`: how large the outbox may grow before events are folded. `machine`: a stable id of this board, ""
        where it has none: a ledger that another board has made begins a new epoch.

        A file that is not a sound database is set aside under `path` + ".bad-<time>" and a new one begun; `set_aside`
        names it. Raises LedgerError where the file cannot be opened at all, or a newer program has made it.
        """
        self._path, self._clock, self._on_growth = path, clock, on_growth
        self._limit_bytes, self._machine = limit_bytes, machine
        self._acked_ms = 0
        self._lock = threading.RLock()  # one connection, one transaction at a time
        self.set_aside: Path | None = None
        self.dropped = 0  # notes that found no room, or could not be written
        try:
            self._db = _open(path, clock.wall_ms())
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise LedgerError(f"{path}: cannot be opened: {error}") from error
            self.set_aside = _set_aside(path, clock.wall_ms())
            log.error("%s is damaged (%s): set aside as %s, a new ledger begins", path, error, self.set_aside)
            self._db = _open(path, clock.wall_ms())
        except LedgerError as error:
            raise LedgerError(f"{path}: {error}") from error
        self.epoch: str = self._db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
        self._writer = _Writer(self)

    # --- money: committed when the call returns ---------------------------------------------------------------

    def remember(self, payment: Payment) -> None:
        """Write an open payment down; the same reference again replaces it. A settled one stays settled."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO payment (reference, state, body) VALUES (?, 'open', ?)"
                " ON CONFLICT DO UPDATE SET state = 'open', outcome = '', body = excluded.body",
                (payment.reference, _encode(payment)),
            )

    def close_payment(self, reference: str, outcome: str) -> None:
        """The core watches it no longer: after a restart it is not recovered, but late money still finds it."""
        with self._transaction() as db:
            db.execute(
                "UPDATE payment SET state = 'closed', outcome = ?, closed_ms = ? WHERE reference = ?",
                (outcome, self._clock.wall_ms(), reference),
            )

    def reopen(self, reference: str) -> Payment | None:
        """Watch a closed payment again, because money came late. None where it is not known."""
        with self._transaction() as db:
            db.execute("UPDATE payment SET state = 'open', outcome = '' WHERE reference = ?", (reference,))
            row = db.execute("SELECT body FROM payment WHERE reference = ?", (reference,)).fetchone()
        return _read_payment(row[0]) if row else None

    def payment(self, reference: str) -> Payment | None:
        """A payment that is not settled. None where it is not known."""
        with self._reading() as db:
            row = db.execute("SELECT body FROM payment WHERE reference = ?", (reference,)).fetchone()
        return _read_payment(row[0]) if row else None

    def sold_among(self, payments: Iterable[Payment]) -> tuple[str, ...]:
        """Those orders of these payments that another reference has bought."""
        orders = dict.fromkeys(payment.order.order for payment in payments)
        with self._reading() as db:
            return tuple(
                order
                for order in orders
                if db.execute("SELECT 1 FROM sale WHERE order_name = ?", (order,)).fetchone()
            )

    def record_sale(self, payment: Payment, claim_code: str, event: SaleMade) -> Recorded:
        """Sale, settled reference and outgoing event in one transaction.

        `recorded` also where this very sale was recorded before; `settled` where the reference ended in a refund;
        `order-sold` where another reference has bought the order.
        """
        reference, order = payment.reference, payment.order.order
        with self._transaction() as db:
            how = self._settled(reference)
            if how:
                return "recorded" if how == "sale" else "settled"
            if db.execute("SELECT 1 FROM sale WHERE order_name = ?", (order,)).fetchone():
                return "order-sold"
            db.execute("INSERT INTO settled VALUES (?, 'sale', ?)", (reference, event.wall_ms))
            db.execute(
                "INSERT INTO sale VALUES (?, ?, ?, ?)", (order, reference, claim_code, _encode(payment))
            )
            db.execute("DELETE FROM payment WHERE reference = ?", (reference,))
            self._append(db, event)
        self._on_growth()
        return "recorded"

    def record_refund(self, event: RefundWanted) -> bool:
        """Settled reference, debt and outgoing event in one transaction. False where it was settled as a sale."""
        with self._transaction() as db:
            how = self._settled(event.reference)
            if how:
                return how == "refund"
            db.execute("INSERT INTO settled VALUES (?, 'refund', ?)", (event.reference, event.wall_ms))
            db.execute("INSERT INTO owed VALUES (?, ?)", (event.reference, event.reason))
            db.execute("DELETE FROM payment WHERE reference = ?", (event.reference,))
            self._append(db, event)
        self._on_growth()
        return True

    def owed_refunds(self, most: int = 50, after: str = "") -> list[tuple[str, str]]:
        """Refunds nobody has confirmed yet, as (reference, reason): to be asked for again until somebody does.

        At most so many at once, in turn: those behind `after` first, so that some nobody can confirm hold up no other.
        """
        with self._reading() as db:
            return db.execute(
                "SELECT reference, reason FROM owed ORDER BY reference <= ?, reference LIMIT ?", (after, most)
            ).fetchall()

    def owed_count(self) -> int:
        """How many refunds nobody has confirmed yet."""
        with self._reading() as db:
            return int(db.execute("SELECT count(*) FROM owed").fetchone()[0])

    def refund_confirmed(self, reference: str) -> None:
        """The money is on its way back, or there never was any. Said twice or of another reference it changes nothing."""
        with self._reading() as db:
            if not db.execute("SELECT 1 FROM owed WHERE reference = ?", (reference,)).fetchone():
                return
        with self._transaction() as db:
            db.execute("DELETE FROM owed WHERE reference = ?", (reference,))

    def standing(self, reference: str) -> Standing:
        """How a reference stands."""
        with self._reading() as db:
            how = self._settled(reference)
            if how:
                return how
            row = db.execute("SELECT state FROM payment WHERE reference = ?", (reference,)).fetchone()
        return row[0] if row else "unknown"

    def open_payments(self) -> tuple[Payment, ...]:
        """Payments that were open when the ledger was last written: money may be on its way."""
        with self._reading() as db:
            rows = db.execute("SELECT body FROM payment WHERE state = 'open' ORDER BY reference").fetchall()
        return tuple(payment for (body,) in rows if (payment := _read_payment(body)) is not None)

    # --- what the fleet said, for the next start --------------------------------------------------------------

    def keep(self, name: str, body: bytes) -> None:
        """Write down what the fleet said under a name: terms, desired, commands; it replaces what was kept."""
        with self._transaction() as db:
            _keep(db, name, body)

    def kept(self, name: str) -> bytes | None:
        """What was kept last under that name; None where nothing was."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        if row is None:
            return None
        return row[0].encode() if isinstance(row[0], str) else bytes(row[0])

    def keep_terms(self, body: bytes) -> None:
        """Write down what may be offered; it replaces what was kept."""
        self.keep("terms", body)

    def kept_terms(self) -> bytes | None:
        """What was kept last; None where nothing was."""
        return self.kept("terms")

    # --- events for the fleet ---------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """Commit an event within GATHER_S. Never blocks, never raises: without room it is dropped and counted."""
        self._writer.note(event)

    def flush(self) -> None:
        """Return when everything noted so far is committed, or could not be."""
        self._writer.flush()

    def events_after(self, seq: int, count: int, size: int) -> list[tuple[int, bytes]]:
        """The next events after `seq` as (seq, JSON): at most `count`, and `size` bytes unless the first is larger."""
        found: list[tuple[int, bytes]] = []
        with self._reading() as db:
            for number, body in db.execute(
                "SELECT seq, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (seq, count)
            ):
                size -= len(body)
                if found and size < 0:
                    break
                found.append((number, body))
        return found

    def bounds(self) -> tuple[int, int]:
        """(up to which the fleet has acknowledged, the last one there is); equal where nothing waits."""
        with self._reading() as db:
            (last,) = db.execute("SELECT value FROM meta WHERE key = 'seq'").fetchone()
            (first,) = db.execute("SELECT min(seq) FROM outbox").fetchone()
        return (first - 1 if first is not None else last), last

    def ack(self, epoch: str, upto: int) -> bool:
        """The fleet has committed everything up to `upto`: the writer forgets it soon. False for what was never sent."""
        if epoch != self.epoch or not 0 <= upto <= self.bounds()[1]:
            log.warning("the fleet acknowledges %s/%d, this ledger is %s", epoch, upto, self.epoch)
            return False
        self._acked_ms = self._clock.wall_ms()
        self._writer.forget(upto)
        return True

    def backlog(self) -> Backlog:
        """What waits for the fleet now."""
        with self._reading() as db:
            count, size = db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox").fetchone()
            row = db.execute("SELECT body FROM outbox ORDER BY seq LIMIT 1").fetchone()
        oldest = msgspec.json.decode(row[0], type=_Moment).wall_ms if row else 0
        return Backlog(count, size, oldest, lost=self.dropped, acked_ms=self._acked_ms)

    # --- commands ---------------------------------------------------------------------------------------------

    def knows_command(self, command: str) -> bool:
        """Whether it is one of the last COMMANDS that were written down."""
        with self._reading() as db:
            return db.execute("SELECT 1 FROM command WHERE id = ?", (command,)).fetchone() is not None

    def remember_command(self, command: str, states: bytes = b"") -> bool:
        """Write a command's id down, and in the same transaction how far all are (`states`, see keep); False where it is
        one of the last COMMANDS that were: it was heard before, and nothing is written.
        """
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM command WHERE id = ?", (command,)).fetchone():
                return False
            (number,) = db.execute(
                "INSERT INTO command (id) VALUES (?) RETURNING number", (command,)
            ).fetchone()
            db.execute("DELETE FROM command WHERE number <= ?", (number - COMMANDS,))
            if states:
                _keep(db, "commands", states)
        return True

    def close(self) -> None:
        """Commit what waits and close the file."""
        self._writer.close()
        with self._lock:
            self._db.close()

    # --- inside -----------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise LedgerError(f"{self._path}: {error}") from error

    def _settled(self, reference: str) -> Literal["sale", "refund"] | None:
        row = self._db.execute("SELECT how FROM settled WHERE reference = ?", (reference,)).fetchone()
        return row[0] if row else None

    def _append(self, db: sqlite3.Connection, event: Event) -> None:
        (seq,) = db.execute("UPDATE meta SET value = value + 1 WHERE key = 'seq' RETURNING value").fetchone()
        body = _encode(msgspec.structs.replace(event, epoch=self.epoch, seq=seq))
        db.execute("INSERT INTO outbox VALUES (?, ?)", (seq, body))

    def write(self, events: list[Event], forget: int) -> None:
        """One group commit: append `events`, drop what is acknowledged. For the writer."""
        with self._transaction() as db:
            if forget:
                db.execute("DELETE FROM outbox WHERE seq <= ?", (forget,))
            for event in events:
                self._append(db, event)
        if events:
            self._on_growth()


class _Writer:
    """The thread that commits notes and acknowledgements in groups."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._changed = threading.Condition()
        self._notes: list[Event] = []
        self._forget = 0
        self._writing = False
        self._hurry = self._closing = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def note(self, event: Event) -> None:
        with self._changed:
            if len(self._notes) >= UNWRITTEN or self._closing:
                self._ledger.dropped += 1
                return
            self._notes.append(event)
            self._changed.notify_all()

    def forget(self, upto: int) -> None:
        with self._changed:
            self._forget = max(self._forget, upto)
            self._changed.notify_all()

    def flush(self) -> None:
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not (self._notes or self._forget or self._writing))

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._notes or self._forget or self._closing)
                if not (self._notes or self._forget):
                    return
                self._changed.wait_for(lambda: self._hurry or self._closing, GATHER_S)
                notes, self._notes = self._notes, []
                forget, self._forget = self._forget, 0
                self._hurry, self._writing = False, True
            try:
                self._ledger.write(notes, forget)
            except LedgerError as error:
                self._ledger.dropped += len(notes)
                log.error("%d events could not be kept: %s", len(notes), error)


def _keep(db: sqlite3.Connection, name: str, body: bytes) -> None:
    db.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, body)
    )


def _read_payment(body: bytes) -> Payment | None:
    """A payment as it was written down; None for one this program cannot read: it must not hold up the others."""
    try:
        return _payment(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.error("a payment in the ledger cannot be read: %s", error)  # its text holds the claim code
        return None


def _open(path: Path, now_ms: int) -> sqlite3.Connection:
    """Raises sqlite3.Error, or LedgerError for a newer file."""
    db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        if path.stat().st_size <= CHECKED_BYTES:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
        bring_up(db, now_ms)
        forget_old(db, now_ms)
        db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _set_aside(path: Path, now_ms: int) -> Path:
    """Rename a damaged file and its companions, so that support can look into it. Raises LedgerError."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ms / 1000))
    aside = path.with_name(f"{path.name}.bad-{stamp}")
    try:
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise LedgerError(f"{path}: damaged, and cannot be set aside: {error.strerror}") from error
    return aside
