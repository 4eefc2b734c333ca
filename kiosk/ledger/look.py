"""`endcap kiosk outbox`: what waits for the fleet, read beside a running agent without disturbing it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec

from kiosk.ledger.file import trouble
from kiosk.ledger.outbox import Outbox
from kiosk.ledger.reserve import free_bytes
from kiosk.ledger.salvage import NOTE, Mended
from kiosk.ledger.schema import STEPS, LedgerError

FEW_BYTES = 64 * 1024 * 1024  # on the card: below it is said to be nearly full


class Epoch(msgspec.Struct, frozen=True):
    """The events of one epoch that wait: numbers behind `acked` up to `last`."""

    epoch: str
    acked: int
    last: int
    rows: int


class Look(msgspec.Struct, frozen=True):
    """The outbox at one moment; times are Unix milliseconds, 0 where there is none."""

    path: str
    rows: int
    bytes: int
    oldest_ms: int
    acked_ms: int
    folded: int
    lost: int
    refunds_owed: int
    epochs: tuple[Epoch, ...]
    file_bytes: int
    log_bytes: int
    reserve_bytes: int
    disk_free: int
    mended: Mended | None = None


def look(path: Path) -> Look:
    """Read a ledger's figures. Raises LedgerError where there is none or it cannot be read."""
    if not path.exists():
        raise LedgerError(f"{path}: there is no ledger yet; the agent makes one when it first starts")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as db:
            return _look(path, db)
    except sqlite3.Error as error:
        raise trouble(path, error) from error


def _look(path: Path, db: sqlite3.Connection) -> Look:
    db.execute("BEGIN")  # all figures of one moment
    (step,) = db.execute("SELECT max(number) FROM step").fetchone()
    if step != STEPS[-1][0]:
        raise LedgerError(
            f"{path}: made by another version of this program (step {step}); start the agent once"
        )
    outbox = Outbox()
    outbox.load(db)
    backlog = outbox.backlog(db)
    tally, epochs = outbox.tally, []
    ends = [stream.base for stream in outbox.streams[1:]] + [tally.last]
    for stream, end in zip(outbox.streams, ends, strict=True):
        (rows,) = db.execute(
            "SELECT count(*) FROM outbox WHERE place > ? AND place <= ?", (stream.base, end)
        ).fetchone()
        acked = max(0, min(tally.acked, end) - stream.base)
        epochs.append(Epoch(stream.epoch, acked, end - stream.base, rows))
    note = db.execute("SELECT value FROM meta WHERE key = ?", (NOTE,)).fetchone()
    return Look(
        path=str(path),
        rows=backlog.count,
        bytes=backlog.bytes,
        oldest_ms=backlog.oldest_ms,
        acked_ms=backlog.acked_ms,
        folded=backlog.folded,
        lost=backlog.lost,
        refunds_owed=db.execute("SELECT count(*) FROM owed").fetchone()[0],
        epochs=tuple(epochs),
        file_bytes=path.stat().st_size,
        log_bytes=_size(path, "-wal"),
        reserve_bytes=_size(path, ".reserve"),
        disk_free=free_bytes(path.parent),
        mended=msgspec.json.decode(note[0], type=Mended) if note else None,
    )


def _size(path: Path, suffix: str) -> int:
    part = path.with_name(path.name + suffix)
    return part.stat().st_size if part.exists() else 0


def in_words(found: Look, now_ms: int) -> list[str]:
    """For a technician: one line for each thing worth knowing."""
    lines = [
        f"waiting      {found.rows} rows, {_mib(found.bytes)}"
        + (f", the oldest {_ago(now_ms - found.oldest_ms)}" if found.rows else ": the fleet has everything"),
        f"last ack     {_ago(now_ms - found.acked_ms) if found.acked_ms else 'never'}",
        f"folded       {found.folded} events into sums",
        f"lost         {found.lost} events",
        f"refunds      {found.refunds_owed} that nobody has confirmed",
    ]
    lines += [
        f"epoch        {one.epoch}: {one.last} numbered, {one.acked} acknowledged, {one.rows} rows wait"
        for one in found.epochs
    ]
    lines.append(
        f"file         {found.path}: {_mib(found.file_bytes)}, log {_mib(found.log_bytes)},"
        f" kept for sales {_mib(found.reserve_bytes)}"
    )
    few = " - NEARLY FULL" if found.disk_free < FEW_BYTES else ""
    lines.append(f"card         {_mib(found.disk_free)} free{few}")
    if found.mended is not None:
        mended = found.mended
        saved = ", ".join(f"{count} {table}" for table, count in mended.saved.items())
        lines.append(
            f"mended       {_when(mended.at_ms)}: {mended.why}; saved {saved}; lost {mended.lost} events;"
            f" told {mended.retold} sales again; damaged file {mended.aside}"
        )
    return lines


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"


def _ago(ms: int) -> str:
    """A span of time, for people."""
    seconds = max(0, ms) // 1000
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} seconds ago"


def _when(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(ms / 1000))
