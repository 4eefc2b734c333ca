"""The ledger's tables, built by numbered steps; each step is recorded in the transaction that takes it."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final
from zlib import crc32

import msgspec

from content.references import CLAIM_BYTES, claim_of


class LedgerError(OSError):
    """The ledger cannot be read or written; the text says which file and why. Nothing was half done."""


class Full(LedgerError):
    """The card takes no more."""


class Damaged(LedgerError):
    """The file, or a row of it, is not what was written."""


def _first(db: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) WITHOUT ROWID, STRICT",
        # What the kiosk may still be paid for: open is watched by the core, closed waits for late money only.
        "CREATE TABLE payment (reference TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('open', 'closed')),"
        " outcome TEXT NOT NULL DEFAULT '', body BLOB NOT NULL) WITHOUT ROWID, STRICT",
        "CREATE INDEX payment_open ON payment (reference) WHERE state = 'open'",
        # How a reference ended. The primary key is the law: exactly once.
        "CREATE TABLE settled (reference TEXT PRIMARY KEY, how TEXT NOT NULL CHECK (how IN ('sale', 'refund')),"
        " at_ms INTEGER NOT NULL) WITHOUT ROWID, STRICT",
        # An order is sold once, whichever of its references was paid.
        "CREATE TABLE sale (order_name TEXT PRIMARY KEY, reference TEXT NOT NULL UNIQUE REFERENCES settled,"
        " claim_code TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID, STRICT",
        "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    ):
        db.execute(statement)
    db.execute("INSERT INTO meta VALUES ('epoch', ?), ('seq', 0)", (secrets.token_hex(8),))


def _remember_when_closed(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE payment ADD COLUMN closed_ms INTEGER NOT NULL DEFAULT 0")


def _owe_refunds(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE owed (reference TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID, STRICT")


def _claims_of_chance(db: sqlite3.Connection) -> None:
    """Orders carry their claim code from here on; those that are open get one, the same for all their attempts."""
    codes: dict[str, str] = {}
    for reference, body in db.execute("SELECT reference, body FROM payment").fetchall():
        payment = msgspec.json.decode(body)
        name = payment["order"]["order"]
        code = codes.setdefault(name, claim_of(secrets.token_bytes(CLAIM_BYTES)))
        payment["order"].setdefault("claim", code)
        db.execute(
            "UPDATE payment SET body = ? WHERE reference = ?", (msgspec.json.encode(payment), reference)
        )


def _remember_commands(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE command (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT")


def crc_of(place: int, body: bytes) -> int:
    """A row's checksum, of which SQLite keeps none: a bit that flips on the card is found before it is told to the fleet."""
    return crc32(body, place & 0xFFFFFFFF)


def _streams(db: sqlite3.Connection) -> None:
    """From here on a row has its place in the outbox: its stream's base plus its number in the stream.

    An outbox can so hold rows of several epochs, in the order in which they are to be sent.
    """
    (epoch,) = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    (last,) = db.execute("SELECT value FROM meta WHERE key = 'seq'").fetchone()
    db.execute("ALTER TABLE outbox RENAME COLUMN seq TO place")
    db.execute("ALTER TABLE outbox ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
    for place, body in db.execute("SELECT place, body FROM outbox").fetchall():
        db.execute("UPDATE outbox SET crc = ? WHERE place = ?", (crc_of(place, body), place))
    db.execute(
        "CREATE TABLE stream (base INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, since_ms INTEGER NOT NULL,"
        " machine TEXT NOT NULL) STRICT"
    )
    db.execute("INSERT INTO stream VALUES (0, ?, 0, '')", (epoch,))
    # One row. What was appended behind `last` is counted when the file is opened: an append writes one page, not two.
    db.execute(
        "CREATE TABLE tally (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, acked INTEGER NOT NULL,"
        " acked_ms INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, folded INTEGER NOT NULL,"
        " lost INTEGER NOT NULL) STRICT"
    )
    count, size, first = db.execute(
        "SELECT count(*), coalesce(sum(length(body)), 0), min(place) FROM outbox"
    ).fetchone()
    acked = last if first is None else first - 1
    db.execute("INSERT INTO tally VALUES (1, ?, ?, 0, ?, ?, 0, 0)", (last, acked, count, size))
    db.execute("DELETE FROM meta WHERE key IN ('epoch', 'seq')")


STEPS: Final = (
    (1, "payments, settled references, sales, outbox", _first),
    (2, "when a payment was closed, so that it is not kept for ever", _remember_when_closed),
    (3, "refunds the fleet has not confirmed", _owe_refunds),
    (4, "claim codes in the orders of payments", _claims_of_chance),
    (5, "commands that were heard", _remember_commands),
    (6, "several epochs in one outbox, and its figures", _streams),
)
CLOCK_SET_MS: Final = 1_700_000_000_000  # November 2023: no kiosk ran before
PACE_MS: Final = 2 * 86_400_000  # a kiosk that was put away for a year catches up within another
KEEP_CLOSED_MS: Final = 90 * 86_400_000  # money later than that goes back as unknown
KEEP_SETTLED_MS: Final = 400 * 86_400_000  # a confirmation repeated later than that would be refunded


def forget_old(db: sqlite3.Connection, now_ms: int) -> None:
    """Drop what nobody will ask for again, within a transaction; called at most once a day and once per start. What was
    written with a clock that was never set, stays.

    Time is believed to go on by PACE_MS from one call to the next, whatever the clock says: one that is years ahead, of
    which a fleet's or an NTP server's word is no proof either, would have every sale forgotten, and a confirmation that
    comes again recorded again.
    """
    before = db.execute("SELECT value FROM meta WHERE key = 'forgot_ms'").fetchone()
    if before is None:
        oldest = (
            "SELECT min(at_ms) FROM (SELECT at_ms FROM settled UNION ALL SELECT closed_ms FROM payment WHERE state = 'closed')"
            " WHERE at_ms >= ?"
        )
        before = db.execute(oldest, (CLOCK_SET_MS,)).fetchone()
    if before[0] is None:
        return  # nothing there that could be old
    now_ms = min(now_ms, before[0] + PACE_MS)
    db.execute("INSERT OR REPLACE INTO meta VALUES ('forgot_ms', ?)", (now_ms,))
    closed, settled = (CLOCK_SET_MS, now_ms - KEEP_CLOSED_MS), (CLOCK_SET_MS, now_ms - KEEP_SETTLED_MS)
    db.execute("DELETE FROM payment WHERE state = 'closed' AND closed_ms BETWEEN ? AND ?", closed)
    old = "SELECT reference FROM settled WHERE at_ms BETWEEN ? AND ?"
    db.execute(f"DELETE FROM sale WHERE reference IN ({old})", settled)  # noqa: S608 - no input in it
    db.execute("DELETE FROM settled WHERE at_ms BETWEEN ? AND ?", settled)


def bring_up(db: sqlite3.Connection, now_ms: int) -> None:
    """Take the steps a database still lacks. Raises LedgerError for one that a newer program has made."""
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute(
            "CREATE TABLE IF NOT EXISTS step (number INTEGER PRIMARY KEY, name TEXT NOT NULL, at_ms INTEGER NOT NULL)"
            " STRICT"
        )
        (done,) = db.execute("SELECT coalesce(max(number), 0) FROM step").fetchone()
        if done > STEPS[-1][0]:
            raise LedgerError(
                f"schema step {done} was made by a newer program; this one knows {STEPS[-1][0]}"
            )
        for number, name, step in STEPS:
            if number > done:
                step(db)
                db.execute("INSERT INTO step VALUES (?, ?, ?)", (number, name, now_ms))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
