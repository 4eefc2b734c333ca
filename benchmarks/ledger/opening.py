"""A ledger with a million events that wait: opening it, and reading it out in batches, with the memory that takes."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from benchmarks._table import table
from benchmarks.ledger.said import play
from kiosk.clock.clock import SystemClock
from kiosk.fleet_line.outbox import BATCH_BYTES, BATCH_EVENTS
from kiosk.ledger import Ledger
from kiosk.ledger.schema import crc_of

ROWS = 1_000_000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        Ledger(path, SystemClock()).close()
        fill(path, ROWS)
        size = path.stat().st_size
        _out_of_memory(path)
        start = time.perf_counter()
        with closing(sqlite3.connect(path)) as db:
            (checked,) = db.execute("PRAGMA quick_check(1)").fetchone()
        check_s = time.perf_counter() - start
        assert checked == "ok"
        _out_of_memory(path)
        start = time.perf_counter()
        ledger = Ledger(path, SystemClock())
        open_s = time.perf_counter() - start
        place, _ = ledger.bounds()
        first = ledger.events_after(place, BATCH_EVENTS, BATCH_BYTES)
        ready_s = time.perf_counter() - start
        assert len(first) > 1
        before, events, batches = _rss(), 0, 0
        start = time.perf_counter()
        while ledger.bounds()[0] < ROWS:
            rows = ledger.events_after(place, BATCH_EVENTS, BATCH_BYTES)
            if not rows:
                ledger.flush()
                continue
            _ = b'{"events":[' + b",".join(body for _, body in rows) + b"]}"
            place = rows[-1][0]
            ledger.ack(ledger.epoch, place)
            events, batches = events + len(rows), batches + 1
        drain_s = time.perf_counter() - start
        after = _rss()
        ledger.close()
    assert events == ROWS
    table(
        f"{ROWS:,} events wait, {size / 1e6:.0f} MB, not in memory",
        ("figure", "measured", "target"),
        (
            ("ledger opened, s", open_s, 1),
            ("first batch ready, s", ready_s, None),
            ("beside it: PRAGMA quick_check of the whole file, s", check_s, None),
            ("read out, acknowledged and forgotten, events/s", events / drain_s, None),
            ("batches/s", batches / drain_s, None),
            ("memory more after a million, MiB", (after - before) / 2**20, 20),
        ),
    )


def fill(path: Path, rows: int) -> None:
    """Put that many plays into a ledger that nobody has open."""

    def bodies(epoch: str) -> Iterator[tuple[int, bytes, int]]:
        for place in range(1, rows + 1):
            body = msgspec.json.encode(msgspec.structs.replace(play(place), epoch=epoch, seq=place))
            yield place, body, crc_of(place, body)

    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        (epoch,) = db.execute("SELECT epoch FROM stream").fetchone()
        db.execute("BEGIN")
        db.executemany("INSERT INTO outbox VALUES (?, ?, ?)", bodies(epoch))
        db.execute(
            "UPDATE tally SET last = ?, rows = ?, bytes = (SELECT sum(length(body)) FROM outbox)",
            (rows, rows),
        )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _out_of_memory(path: Path) -> None:
    """Let the kernel forget what it has of the file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
