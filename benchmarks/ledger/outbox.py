"""One event, one commit, on the card when the call returns: the outbox beside bare SQLite inserting the same bytes."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from itertools import count
from pathlib import Path

import msgspec

from benchmarks._table import interleaved, median_ratio, table
from benchmarks.ledger.said import payment, play, sale
from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from kiosk.ledger.keeper import Keeper, Means

WARM = 1_100  # commits, each of a page or more; the log is written over from its 1,000th page on


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder, clock, numbers = Path(name), SystemClock(), count()
        raw = sqlite3.connect(folder / "raw.sqlite", isolation_level=None)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)")
        keeper = Keeper(Means(folder / "ours.sqlite", clock, lambda: None, 1 << 40, "", 0))
        ledger = Ledger(folder / "money.sqlite", clock)

        def insert() -> None:
            body = msgspec.json.encode(play(next(numbers)))
            raw.execute("INSERT INTO event (body) VALUES (?)", (body,))

        def append() -> None:
            event = play(next(numbers))
            keeper.write(lambda db: keeper.append(db, event))

        def sell() -> None:
            paid = payment(next(numbers))
            ledger.record_sale(paid, "K7Q2-9MXT", sale(paid))

        # Until each has a log it writes over: a file that grows syncs slower.
        for warm in (insert, append, sell):
            for _ in range(WARM):
                warm()
        times = interleaved({"bare": insert, "outbox": append, "sale": sell}, rounds=25, seconds=0.1)
        keeper.close()
        ledger.close()
        raw.close()
    rows = [
        (name, 1 / statistics.median(times[key]), median_ratio(times["bare"], times[key]), target)
        for name, key, target in (
            ("SQLite, WAL, synchronous=FULL, one INSERT", "bare", None),
            ("outbox: an event with number and checksum", "outbox", 0.8),
            ("a sale: settled, sale, outgoing event", "sale", None),
        )
    ]
    table("Single commits, 25 rounds in turn", ("what", "per s", "ratio", "target"), rows)


if __name__ == "__main__":
    main()
