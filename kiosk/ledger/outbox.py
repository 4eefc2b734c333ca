"""The events that wait for the fleet: numbered, counted, handed out in order, forgotten when acknowledged.

A row's *place* is its stream's base plus its number there, so places go on over all epochs while each epoch begins with 1.
A row stands for every place behind the row before it up to its own: acknowledged and waiting together are always
everything that was ever numbered, once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import msgspec

from kiosk.ledger.backlog import Backlog
from kiosk.ledger.folding import Folded
from kiosk.ledger.schema import crc_of
from mqtt.messages import Event, Gap, SaleMade

LEAD: Final = 2_000  # rows from the front that may be handed out before their acknowledgements are committed
SAVE_EVERY: Final = (
    1_000  # places between two writings of the tally: so many are counted when the file is opened
)

_encode = msgspec.json.Encoder().encode


class _Moment(msgspec.Struct):
    """As much of an event as says when it happened."""

    wall_ms: int = 0


_moment = msgspec.json.Decoder(_Moment).decode
_sale = msgspec.json.Decoder(SaleMade).decode


@dataclass(frozen=True, slots=True)
class Tally:
    """The outbox in figures. `last` and `acked` are places."""

    last: int  # given last
    acked: int  # up to here nothing waits
    acked_ms: int
    rows: int
    bytes: int
    folded: int
    lost: int


@dataclass(frozen=True, slots=True)
class Stream:
    """The numbers of one epoch: `base` + 1 is the place of its first."""

    base: int
    epoch: str
    machine: str = ""


class Outbox:
    """The outbox's table. Whoever changes it holds the file's write lock; `tally` is what was committed last."""

    def __init__(self) -> None:
        self.tally = self._draft = Tally(0, 0, 0, 0, 0, 0, 0)
        self.streams: tuple[Stream, ...] = ()
        self._drafted: tuple[Stream, ...] = ()
        self._saved_last = 0
        self._due = False  # the tally must be written in this transaction
        self._reach = (-1, 0)  # (acked when it was looked up, place)

    @property
    def epoch(self) -> str:
        """Of the stream that new events belong to."""
        return self.streams[-1].epoch

    def load(self, db: sqlite3.Connection) -> None:
        """Take over what the file holds."""
        row = db.execute(
            "SELECT last, acked, acked_ms, rows, bytes, folded, lost FROM tally WHERE one = 1"
        ).fetchone()
        if row is None:
            raise sqlite3.DatabaseError("the outbox has no tally")
        tally = Tally(*row)
        self._saved_last = tally.last
        more, size, last = db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0), max(place) FROM outbox WHERE place > ?",
            (tally.last,),
        ).fetchone()
        if more:
            tally = replace(tally, last=last, rows=tally.rows + more, bytes=tally.bytes + size)
        self.streams = self._drafted = tuple(
            Stream(*row) for row in db.execute("SELECT base, epoch, machine FROM stream ORDER BY base")
        )
        if not self.streams:
            raise sqlite3.DatabaseError("the outbox has no stream")
        self.tally = self._draft = tally
        self._reach = (-1, 0)

    # --- within a transaction ---------------------------------------------------------------------------------

    def begin(self) -> None:
        """A transaction begins; what was drafted in one that failed is gone."""
        self._draft, self._drafted, self._due = self.tally, self.streams, False

    def save(self, db: sqlite3.Connection) -> None:
        """Write the tally down where that is due."""
        if self._due or self._draft.last - self._saved_last >= SAVE_EVERY:
            self._due = True
            tally = self._draft
            db.execute(
                "UPDATE tally SET last = ?, acked = ?, acked_ms = ?, rows = ?, bytes = ?, folded = ?, lost = ?",
                (tally.last, tally.acked, tally.acked_ms, tally.rows, tally.bytes, tally.folded, tally.lost),
            )

    def committed(self) -> None:
        """The transaction has ended well."""
        if self._due:
            self._saved_last = self._draft.last
        self.tally, self.streams = self._draft, self._drafted

    def append(self, db: sqlite3.Connection, event: Event) -> None:
        """Give an event its number and keep it."""
        place = self._draft.last + 1
        stream = self._drafted[-1]
        body = _encode(msgspec.structs.replace(event, epoch=stream.epoch, seq=place - stream.base))
        db.execute("INSERT INTO outbox VALUES (?, ?, ?)", (place, body, crc_of(place, body)))
        self._draft = replace(
            self._draft, last=place, rows=self._draft.rows + 1, bytes=self._draft.bytes + len(body)
        )

    def next_seq(self) -> int:
        """The number the next event will get."""
        return self._draft.last + 1 - self._drafted[-1].base

    def lose(self, count: int) -> None:
        """So many events could not be kept."""
        self._draft, self._due = replace(self._draft, lost=self._draft.lost + count), True

    def forget(self, db: sqlite3.Connection, upto: int, acked_ms: int) -> None:
        """The fleet has everything up to a place, and said so at `acked_ms`."""
        count, size = db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox WHERE place <= ?", (upto,)
        ).fetchone()
        db.execute("DELETE FROM outbox WHERE place <= ?", (upto,))
        draft = self._draft
        self._draft = replace(
            draft,
            acked=max(upto, draft.acked),
            acked_ms=acked_ms,
            rows=draft.rows - count,
            bytes=draft.bytes - size,
        )
        done = [stream.base for stream, after in _pairs(self._drafted) if after.base <= upto]
        for base in done:
            db.execute("DELETE FROM stream WHERE base = ?", (base,))
        self._drafted = tuple(stream for stream in self._drafted if stream.base not in done)
        self._due = True

    def begin_stream(self, db: sqlite3.Connection, epoch: str, since_ms: int, machine: str) -> None:
        """New events belong to a new epoch; what waits is sent under its own first."""
        base = self._draft.last
        if self._drafted and self._drafted[-1].base == base:  # nothing was ever said under it
            db.execute("DELETE FROM stream WHERE base = ?", (base,))
            self._drafted = self._drafted[:-1]
        db.execute("INSERT INTO stream VALUES (?, ?, ?, ?)", (base, epoch, since_ms, machine))
        self._drafted = (*self._drafted, Stream(base, epoch, machine))
        self._due = True

    def put(self, db: sqlite3.Connection, change: Folded) -> None:
        """One row in place of several; or of one that cannot be read."""
        db.execute("DELETE FROM outbox WHERE place BETWEEN ? AND ?", (change.first, change.place))
        db.execute(
            "INSERT INTO outbox VALUES (?, ?, ?)",
            (change.place, change.body, crc_of(change.place, change.body)),
        )
        draft = self._draft
        self._draft = replace(
            draft,
            rows=draft.rows - change.rows + 1,
            bytes=draft.bytes - change.size + len(change.body),
            folded=draft.folded + change.events,
        )
        self._due = True

    def replace_bad(self, db: sqlite3.Connection, place: int, loss: Gap) -> None:
        """A gap in the place of a row that cannot be read. What else the row stood for is unknown, and lost with it."""
        row = db.execute("SELECT length(body) FROM outbox WHERE place = ?", (place,)).fetchone()
        if row is None:
            return
        (before,) = db.execute(
            "SELECT coalesce(max(place), ?) FROM outbox WHERE place < ?", (self._draft.acked, place)
        ).fetchone()
        stream = self._stream_of(place)
        first = max(before, stream.base) + 1 - stream.base
        body = _encode(
            msgspec.structs.replace(loss, epoch=stream.epoch, seq=place - stream.base, first=first)
        )
        self.put(db, Folded(place, place, body, 1, row[0], 0))
        self.lose(loss.lost)

    def claim(self, db: sqlite3.Connection, machine: str) -> None:
        """Say which board the newest stream belongs to."""
        *before, stream = self._drafted
        db.execute("UPDATE stream SET machine = ? WHERE base = ?", (machine, stream.base))
        self._drafted = (*before, replace(stream, machine=machine))

    def save_now(self) -> None:
        """Write the tally down in this transaction whatever has changed."""
        self._due = True

    # --- reading ----------------------------------------------------------------------------------------------

    def after(
        self, db: sqlite3.Connection, place: int, count: int, size: int
    ) -> tuple[list[tuple[int, bytes]], int]:
        """The next rows behind `place` as (place, JSON), all of one epoch, and the place of the first that is not what was
        written there, 0 where all are.

        At most `count`, and `size` bytes unless the first is larger; none that lies more than LEAD rows from the front,
        because no row that was ever handed out may be folded, and only what is committed is remembered by the next start.
        """
        found: list[tuple[int, bytes]] = []
        stream: Stream | None = None
        for number, body, crc in db.execute(
            "SELECT place, body, crc FROM outbox WHERE place > ? AND place <= ? ORDER BY place LIMIT ?",
            (place, self.reach(db), count),
        ):
            size -= len(body)
            belongs = self._stream_of(number)
            if found and (size < 0 or belongs is not stream):
                break
            stream = belongs
            if crc != crc_of(number, body):
                return found, number
            found.append((number, body))
        return found, 0

    def reach(self, db: sqlite3.Connection) -> int:
        """Rows up to this place may have been handed out, or may be now."""
        acked = self.tally.acked
        if self._reach[0] != acked:
            row = db.execute(
                "SELECT place FROM outbox ORDER BY place LIMIT 1 OFFSET ?", (LEAD - 1,)
            ).fetchone()
            if row is None:
                return 2**63 - 1
            self._reach = (acked, row[0])
        return self._reach[1]

    def place(self, epoch: str, seq: int) -> int | None:
        """The place of a number, of an ended epoch at most its last; None where this outbox never gave it."""
        found = self.located(epoch, seq)
        return found[1] if found else None

    def located(self, epoch: str, seq: int) -> tuple[int, int] | None:
        """(where the epoch begins, the place of a number of it).

        An ended epoch may have gone on in a copy of this ledger: what the fleet has beyond our end is not ours.
        """
        ends = [stream.base for stream in self.streams[1:]] + [self.tally.last]
        for stream, end in zip(self.streams, ends, strict=True):
            if stream.epoch == epoch and seq >= 0:
                if stream is self.streams[-1] and seq > end - stream.base:
                    return None
                return stream.base, min(stream.base + seq, end)
        return None

    def begin_again(self, db: sqlite3.Connection, epoch: str, since_ms: int) -> int:
        """The numbers of the newest epoch were given before, by a file this one is a copy of: sales that wait under it are
        told again under another. Returns how many.
        """
        stream, acked = self._drafted[-1], self._draft.acked
        sales = db.execute(
            "SELECT body FROM outbox WHERE place > ? AND instr(body, ?) > 0 ORDER BY place",
            (max(acked, stream.base), b'"type":"sale"'),
        ).fetchall()
        self.begin_stream(db, epoch, since_ms, stream.machine)
        told = 0
        for (body,) in sales:
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                self.append(db, _sale(body))
                told += 1
        return told

    def backlog(self, db: sqlite3.Connection, acked: int = 0) -> Backlog:
        """What waits behind `acked`, up to which the rows may not have been dropped yet."""
        tally = self.tally
        count, size = db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox WHERE place <= ?", (acked,)
        ).fetchone()
        row = db.execute(
            "SELECT body FROM outbox WHERE place > ? ORDER BY place LIMIT 1", (acked,)
        ).fetchone()
        return Backlog(
            tally.rows - count,
            tally.bytes - size,
            moment_of(row[0]) if row else 0,
            tally.folded,
            tally.lost,
            tally.acked_ms,
        )

    def _stream_of(self, place: int) -> Stream:
        return next((stream for stream in reversed(self.streams) if stream.base < place), self.streams[0])


def moment_of(body: bytes) -> int:
    """When an event happened, by the kiosk's wall clock; 0 where it cannot be read."""
    try:
        return _moment(body).wall_ms
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0


def _pairs(streams: tuple[Stream, ...]) -> Iterator[tuple[Stream, Stream]]:
    return pairwise(streams)
