"""A damaged ledger's good rows, brought into a new one: money first, then what waits for the fleet, under its old epoch.

Rows are known by their shape (what each table can hold and nothing else can), so neither the schema nor the way to them
need be whole. Where numbers are missing among the events, a Gap says how many are lost: without it the fleet would wait
for them for ever. Where such a number may have been sent, it has a Gap of its own, which the fleet takes for a repeat if it
has the event. Sales whose event is lost are told again under the new epoch; the fleet takes a reference once.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from kiosk.core.orders import Payment
from kiosk.ledger.outbox import LEAD, Outbox, Stream, Tally
from kiosk.ledger.pages import Pages, Row, Value
from kiosk.ledger.schema import CLOCK_SET_MS, bring_up, crc_of
from kiosk.told import heading, sale_of
from mqtt.messages import Gap

RETELL_MS: Final = 86_400_000  # sales of so long before the last Ack are told again
NOTE: Final = "mended"  # key in `meta`: what became of the last damaged file

_REFERENCE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{16}\Z")
_ORDER: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{15}\Z")
_EPOCH: Final = re.compile(r"[0-9a-f]{16}\Z")
_NAME: Final = re.compile(r"[a-z][a-z-]{0,30}\Z")

_encode = msgspec.json.Encoder().encode
_payment = msgspec.json.Decoder(Payment).decode


class Mended(msgspec.Struct, frozen=True):
    """What became of a damaged file."""

    at_ms: int
    aside: str  # the damaged file's new name
    why: str
    saved: dict[str, int]  # rows by table
    lost: int  # events whose numbers are known and whose text is not
    retold: int  # sales told again


class _Event(msgspec.Struct):
    epoch: str
    seq: int
    wall_ms: int = 0
    mono_ms: int = 0
    boot: str = ""
    clock: str = "unsynced"
    type: str = ""
    reference: str = ""
    first: int = 0


_event = msgspec.json.Decoder(_Event).decode


@dataclass(slots=True)
class _Found:
    """What the pages held."""

    saved: Counter[str] = field(default_factory=Counter)
    tally: Tally | None = None
    machines: dict[str, str] = field(default_factory=dict)  # epoch -> made on
    bases: dict[str, int] = field(default_factory=dict)  # epoch -> base


def salvage(
    bad: Path,
    into: Path,
    now_ms: int,
    machine: str,
    why: str,
    known: tuple[Tally, tuple[Stream, ...]] | None,
    aside: str,
) -> Mended:
    """Make the database `into` of what can be read of `bad`, which is left as it is.

    `known` is what the running program remembers of the outbox, `aside` the name the damaged file will have. Raises sqlite3.Error or OSError where `into` cannot be
    written.
    """
    with closing(sqlite3.connect(into, isolation_level=None)) as db, Pages(bad) as pages:
        db.execute("PRAGMA synchronous = FULL")
        bring_up(db, now_ms)
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM stream")
        found = _Found()
        for row in pages.rows():
            _keep(db, row, found)
        _put_in_order(db)
        if known is not None:
            found.tally = known[0]
            found.bases = {stream.epoch: stream.base for stream in known[1]}
            found.machines |= {stream.epoch: stream.machine for stream in known[1]}
        lost = _rebuild(db, found, now_ms, machine)
        # Who does not remember knows what was given up to the last tally that was written: later ones leave no trace.
        retold = _retell(db, now_ms) if lost or known is None else 0
        mended = Mended(now_ms, aside, why, dict(sorted(found.saved.items())), lost, retold)
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (NOTE, _encode(mended)))
        db.execute("COMMIT")
    return mended


def _keep(db: sqlite3.Connection, row: Row, found: _Found) -> None:
    """Put a row where it belongs, if it is one of ours."""
    rowid, columns = row
    match rowid, columns:
        case int(), (None, bytes(body), int(crc)):
            if crc == crc_of(rowid, body):
                _keep_event(db, rowid, body, found)
            return
        case int(), (None, str(name)):
            table: str = "command"
            values: tuple[Value, ...] = (rowid, name)
        case int(), (None, str(epoch), int(), str(machine)) if _EPOCH.match(epoch):
            found.bases[epoch], found.machines[epoch] = rowid, machine
            return
        case 1, (None, *figures) if len(figures) == 7 and all(isinstance(one, int) for one in figures):
            found.tally = Tally(*(int(str(one)) for one in figures))
            return
        case None, (str(reference), ("open" | "closed"), str(), bytes(body), *_) if _is_of(body, reference):
            table, values = "payment", (*columns[:4], columns[4] if len(columns) > 4 else 0)
        case None, (str(reference), ("sale" | "refund"), int()) if _REFERENCE.match(reference):
            table, values = "settled", columns
        case None, (str(order), str(reference), str(), bytes(body)) if _is_of(body, reference, order):
            table, values = "sale", columns
        case None, (str(reference), str(reason)) if _REFERENCE.match(reference) and not _ORDER.match(reason):
            table, values = "owed", columns
        case None, (str(name), bytes() | str()) if _NAME.match(name) and name != NOTE:
            table, values = "meta", columns
        case _:
            return
    places = ", ".join("?" * len(values))
    done = db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)  # noqa: S608 - a name of ours
    found.saved[table] += done.rowcount


def _keep_event(db: sqlite3.Connection, place: int, body: bytes, found: _Found) -> None:
    try:
        event = _event(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    base = place - event.seq
    if base < 0 or event.seq < 1 or not 0 < len(event.epoch) <= 64:
        return
    known = found.bases.setdefault(event.epoch, base)
    if known != base:
        return  # a number that cannot be its own
    # Deleted rows may be found where the list of free pages is damaged: what was folded stays folded.
    how = "REPLACE" if event.type == "gap" else "IGNORE"
    done = db.execute(f"INSERT OR {how} INTO outbox VALUES (?, ?, ?)", (place, body, crc_of(place, body)))  # noqa: S608 - of ours
    found.saved["outbox"] += done.rowcount


def _read(body: bytes) -> Payment | None:
    try:
        return _payment(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_of(body: bytes, reference: str, order: str = "") -> bool:
    payment = _read(body)
    return payment is not None and payment.reference == reference and payment.order.order.startswith(order)


def _put_in_order(db: sqlite3.Connection) -> None:
    """What follows from what was found: a sale has settled its reference, and a settled one is not open."""
    db.execute("INSERT OR IGNORE INTO settled SELECT reference, 'sale', 0 FROM sale")
    db.execute("DELETE FROM payment WHERE reference IN (SELECT reference FROM settled)")
    db.execute("DELETE FROM owed WHERE reference NOT IN (SELECT reference FROM settled WHERE how = 'refund')")


def _rebuild(db: sqlite3.Connection, found: _Found, now_ms: int, machine: str) -> int:
    """Streams, gaps where numbers are missing, the tally, and a new stream for what comes. Returns how many are missing."""
    tally, sure = found.tally, found.tally is not None
    (highest,) = db.execute("SELECT coalesce(max(place), 0) FROM outbox").fetchone()
    last = max(highest, tally.last if tally else 0, *found.bases.values(), 0)
    acked = tally.acked if tally else 0
    db.execute("DELETE FROM outbox WHERE place <= ?", (acked,))
    streams = sorted((base, epoch) for epoch, base in found.bases.items())
    lost = 0
    for index, (base, epoch) in enumerate(streams):
        end = streams[index + 1][0] if index + 1 < len(streams) else last
        if end <= acked:
            continue
        db.execute("INSERT INTO stream VALUES (?, ?, 0, ?)", (base, epoch, found.machines.get(epoch, "")))
        lost += _fill(db, Stream(base, epoch), max(base, acked), end, acked, sure=sure)
    if not streams:
        acked = last
    rows, size = db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox").fetchone()
    db.execute(
        "UPDATE tally SET last = ?, acked = ?, acked_ms = ?, rows = ?, bytes = ?, folded = ?, lost = ?",
        (
            last,
            acked,
            tally.acked_ms if tally else 0,
            rows,
            size,
            tally.folded if tally else 0,
            (tally.lost if tally else 0) + lost,
        ),
    )
    db.execute("DELETE FROM stream WHERE base = ?", (last,))  # one under which nothing was said
    db.execute("INSERT INTO stream VALUES (?, ?, ?, ?)", (last, secrets.token_hex(8), now_ms, machine))
    return lost


def _fill(db: sqlite3.Connection, stream: Stream, start: int, end: int, acked: int, *, sure: bool) -> int:
    """Gaps for the places of a stream, behind `start` up to `end`, that no row stands for."""
    before, lost = start, 0
    heading = _Event(stream.epoch, 0)
    gaps: list[tuple[int, bytes]] = []
    covered: list[tuple[int, int]] = []
    lead = acked + LEAD
    for place, body in db.execute(
        "SELECT place, body FROM outbox WHERE place > ? AND place <= ? ORDER BY place", (start, end)
    ):
        heading = _event(body)
        first = stream.base + heading.first if heading.type == "gap" else place
        if first <= before:  # rows from before they were folded: the gap has them
            covered.append((first, place - 1))
        known = sure or before > start
        gaps += _gaps(stream, before, first - 1, heading, lead if known else place, known=known)
        lost += max(0, first - 1 - before) if known else 0
        before = place
    gaps += _gaps(stream, before, end, heading, lead, known=True)
    lost += max(0, end - before)
    for first, last in covered:
        db.execute("DELETE FROM outbox WHERE place BETWEEN ? AND ?", (first, last))
    db.executemany(
        "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?)",
        ((place, body, crc_of(place, body)) for place, body in gaps),
    )
    return lost


def _gaps(
    stream: Stream, before: int, last: int, near: _Event, lead: int, *, known: bool
) -> Iterator[tuple[int, bytes]]:
    """Gaps for the places behind `before` up to `last`: one for each that may have been sent, one for all others.

    Where it is not known what was acknowledged, those right before the first row may have been sent, and none counts as lost.
    """
    singles = (
        range(before + 1, min(last, lead) + 1) if known else range(max(before, last - LEAD) + 1, last + 1)
    )
    ranges = [(place, place) for place in singles]
    if known and last > max(before, lead):
        ranges.append((max(before, lead) + 1, last))
    if not known and singles and singles[0] > before + 1:
        ranges.insert(0, (before + 1, singles[0] - 1))
    for first, place in ranges:
        yield (
            place,
            _encode(
                Gap(
                    epoch=stream.epoch,
                    seq=place - stream.base,
                    wall_ms=near.wall_ms,
                    mono_ms=near.mono_ms,
                    boot=near.boot,
                    clock=near.clock,
                    first=first - stream.base,
                    from_ms=near.wall_ms,
                    until_ms=near.wall_ms,
                    lost=place - first + 1 if known else 0,
                )
            ),
        )


def _retell(db: sqlite3.Connection, now_ms: int) -> int:
    """Tell sales again whose events may be among the lost: those since the first event that waits, or of the day before
    the last acknowledgement or the last sale, whichever is earliest; all where nobody knows of an acknowledgement, and
    all that were made at no time to go by.
    """
    told: set[str] = set()
    (newest,) = db.execute("SELECT coalesce(max(at_ms), 0) FROM settled").fetchone()
    (acked_ms,) = db.execute("SELECT acked_ms FROM tally").fetchone()
    since = min(now_ms, newest, acked_ms) - RETELL_MS
    for (body,) in db.execute("SELECT body FROM outbox ORDER BY place"):
        event = _event(body)
        since = min(since, event.wall_ms or since)
        if event.type == "sale":
            told.add(event.reference)
    outbox, again = Outbox(), 0
    outbox.load(db)
    outbox.begin()
    for reference, claim, body, at_ms in db.execute(
        "SELECT reference, claim_code, body, at_ms FROM sale JOIN settled USING (reference)"
        " WHERE at_ms < ? OR at_ms >= ? ORDER BY at_ms, reference",
        (CLOCK_SET_MS, since),
    ).fetchall():
        if reference not in told and (payment := _read(body)) is not None:
            outbox.append(db, sale_of(payment, claim, heading(at_ms or now_ms, 0, "", "unsynced")))
            again += 1
    outbox.save(db)
    return again
