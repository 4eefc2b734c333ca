"""The ledger's tables, built by numbered steps; each step is recorded in the transaction that takes it."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final


class LedgerError(OSError):
    """The ledger cannot be read or written; the text says which file and why. Nothing was half done."""


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


STEPS: Final = ((1, "payments, settled references, sales, outbox", _first),)


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
