"""How much is written to the card: an hour of adverts, a busy hour, a sale; beside one commit for every impression.

/proc/self/io's write_bytes counts what a process makes the kernel write to a disk, page by page: a page that was written
back and is changed again counts again. Hours are played without waiting between what happens in them.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks._table import table
from benchmarks.ledger.said import payment, play, sale, seen
from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from mqtt.messages import Event

FACINGS = 12  # on the glass at once
SIGHTINGS = 3  # of each, in a minute of scrolling
ADVERTS = 360  # an hour of adverts, one every ten seconds
SALES = 20


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        ours, naive = Ours(Path(name) / "ours.sqlite"), Naive(Path(name) / "naive.sqlite")
        adverts = [play(number * 10_000) for number in range(ADVERTS)]
        rows = [
            ("an hour in which nothing happens", ours.cost(lambda: None), naive.cost(lambda: None)),
            (f"an hour of {ADVERTS} adverts", ours.cost(lambda: ours.say(adverts)), naive.cost(lambda: naive.say(adverts))),
            (
                f"an hour of somebody browsing, {60 * FACINGS * SIGHTINGS} impressions",
                ours.cost(lambda: ours.say([seen(minute, FACINGS) for minute in range(60)])),
                naive.cost(lambda: naive.say([seen(n // 36, 1) for n in range(60 * FACINGS * SIGHTINGS)])),
            ),
            ("one sale, from open payment to forgotten event", ours.cost(ours.sell) / SALES, None),
        ]  # fmt: skip
        ours.ledger.close()
    table(
        "KiB written to the card",
        ("what", "ours", "a commit for each", "ratio"),
        [
            (what, a / 1024, None if b is None else b / 1024, a / b if a and b else None)
            for what, a, b in rows
        ],
    )


class _Measured:
    def settle(self) -> None:
        """Bring the log into the file, so that every page that is owed is paid."""

    def cost(self, work: Callable[[], None]) -> float:
        self.settle()
        before = _written()
        work()
        self.settle()
        return _written() - before


class Ours(_Measured):
    """The ledger; the fleet acknowledges everything before the next is said, and that is written down with it."""

    def __init__(self, path: Path) -> None:
        self.ledger, self._path, self._number = Ledger(path, SystemClock()), path, 0

    def say(self, events: Sequence[Event]) -> None:
        for event in events:
            self.ledger.note(event)
            self.ledger.flush()  # none comes within the 250 ms of another
            self._acknowledge()
        self.ledger.flush()

    def sell(self) -> None:
        for _ in range(SALES):
            self._number += 1
            paid = payment(self._number)
            self.ledger.remember(paid)
            self.ledger.record_sale(paid, "K7Q2-9MXT", sale(paid))
            self._acknowledge()
        self.ledger.flush()

    def _acknowledge(self) -> None:
        self.ledger.ack(self.ledger.epoch, self.ledger.bounds()[1])

    def settle(self) -> None:
        _checkpoint(self._path)


class Naive(_Measured):
    """One row and one commit for each, deleted by another commit when it was sent; no groups, no sums."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE event (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        self._number = 0

    def say(self, events: Sequence[Event]) -> None:
        for event in events:
            self._number += 1
            name = f"{self._number * 2654435761 % 2**64:016x}"  # as a random id would fall
            self._db.execute("INSERT INTO event VALUES (?, ?)", (name, msgspec.json.encode(event)))
            self._db.execute("DELETE FROM event WHERE id = ?", (name,))

    def settle(self) -> None:
        _checkpoint(self._path)


def _checkpoint(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()


def _written() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        name, _, value = line.partition(": ")
        if name == "write_bytes":
            return int(value)
    raise OSError("/proc/self/io says nothing of write_bytes")


if __name__ == "__main__":
    main()
