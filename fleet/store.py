"""The fleet's store: every event of every kiosk exactly once, and what pages ask of them. SQLAlchemy Core.

SQLite by default (WAL, synchronous=FULL: an acknowledged event survives a power cut), one writer at a time. The
dialect-specific part is `_insert`; PostgreSQL has the same ON CONFLICT and RETURNING.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Table, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from fleet import tables
from fleet.rows import Stored, rows_of
from fleet.upgrade import bring_up
from mqtt.messages import Health, Presence, SaleMade

MAX_POISON: Final = 10_000  # rows; what comes after is counted by its teller and not kept
POISON_BYTES: Final = 64 * 1024

Stream = tuple[str, str]  # (kiosk address, epoch)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did: the events that were new, and how far each stream it touched is complete now."""

    new: tuple[Stored, ...]
    upto: dict[Stream, int]


class Store:
    """The database behind `url`, made if it is not there. Every method may be called from any thread."""

    def __init__(self, url: str) -> None:
        # An error would otherwise quote the row it is about, claim codes too, and errors are logged.
        self.engine: Engine = create_engine(url, hide_parameters=True)
        self._dialect: Any = sqlite if self.engine.dialect.name == "sqlite" else postgresql
        if self.engine.dialect.name == "sqlite":
            _make_folder(url)
            event.listen(self.engine, "connect", _open_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        with self.write() as connection:
            bring_up(connection)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back where it raises."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads one moment's state."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Insert rows whose primary key is not there yet; returns the primary keys of those that went in."""
        if not rows:
            return []
        statement: ReturningInsert[Any] = (
            self._dialect.insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
        )
        return list(connection.execute(statement, list(rows)))

    def upsert(self, connection: Connection, table: Table, row: dict[str, Any]) -> None:
        """Insert a row, or set the given columns of the row with its primary key."""
        keys = [column.name for column in table.primary_key.columns]
        changed = {name: value for name, value in row.items() if name not in keys}
        insert = self._dialect.insert(table).values(row)
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed))

    def add_up(
        self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]], column: str
    ) -> None:
        """Insert rows; where one with its primary key is there, its number in `column` is added to that row's."""
        if not rows:
            return
        keys = [column.name for column in table.primary_key.columns]
        insert = self._dialect.insert(table)
        total = table.c[column] + insert.excluded[column]
        connection.execute(
            insert.on_conflict_do_update(index_elements=keys, set_={column: total}), list(rows)
        )

    # --- events -----------------------------------------------------------------------------------------------

    def commit(self, stored: Sequence[Stored], *, heard: bool = False) -> Committed:
        """Store events, in any order and however often, in one transaction. `heard`: their kiosks sent them just now."""
        if not stored:
            return Committed((), {})
        by_place = {
            item.place: item for item in reversed(stored)
        }  # of the same place twice, the first counts
        with self.write() as connection:
            places = self.insert_new(connection, tables.events, [item.row() for item in by_place.values()])
            fresh = {tuple(place) for place in places}
            new = tuple(item for place, item in by_place.items() if place in fresh)
            rows: dict[str, list[dict[str, Any]]] = {}
            twice = self._sold_before(connection, new)
            for item in new:
                if item.place in twice:
                    continue
                for name, row in rows_of(item):
                    rows.setdefault(name, []).append(row)
            for name, of_table in rows.items():
                self.insert_new(connection, tables.metadata.tables[name], of_table)
            upto = {stream: self._advance(connection, stream) for stream in {item.stream for item in stored}}
            for kiosk in {item.kiosk for item in stored if heard}:
                seen_ms = max(item.received_ms for item in stored if item.kiosk == kiosk)
                self._kiosk(connection, _KIOSK | {"kiosk": kiosk, "seen_ms": seen_ms}, ("seen_ms",))
        return Committed(tuple(sorted(new, key=lambda item: item.place)), upto)

    @staticmethod
    def _sold_before(connection: Connection, items: Sequence[Stored]) -> set[tuple[str, str, int]]:
        """Places of sales whose reference has its sale already: the fleet sold it when its claim code was used, and then
        its wall came back and told of it too. The event is kept, the sale counts once.
        """
        sales = {item.event.reference: item.place for item in items if isinstance(item.event, SaleMade)}
        if not sales:
            return set()
        column = tables.sales.c.reference
        return {sales[known] for known in connection.scalars(select(column).where(column.in_(sales)))}

    def upto(self, kiosk: str, epoch: str) -> int:
        """How far a stream is complete: every event from 1 to this number is stored. 0: not even the first is."""
        with self.read() as connection:
            return _upto(connection, (kiosk, epoch))

    def _advance(self, connection: Connection, stream: Stream) -> int:
        """Move a stream's high-water mark over what is there without a gap, and return it."""
        before = upto = _upto(connection, stream)
        place = tables.events.c
        following = (
            select(place.seq)
            .where(place.kiosk == stream[0], place.epoch == stream[1], place.seq > upto)
            .order_by(place.seq)
        )
        with connection.execution_options(yield_per=500).execute(following) as numbers:
            for (seq,) in numbers:
                if seq != upto + 1:
                    break
                upto = seq
        if upto != before:
            self.upsert(connection, tables.streams, {"kiosk": stream[0], "epoch": stream[1], "upto": upto})
        return upto

    # --- the last word of a kiosk -----------------------------------------------------------------------------

    def presence(self, kiosk: str, word: Presence, seen_ms: int) -> None:
        """A kiosk's presence, as it says itself or as its last will says for it.

        The broker repeats it to whoever subscribes, so the same again does not mean that the kiosk was heard.
        """
        row = _KIOSK | {"kiosk": kiosk, "seen_ms": seen_ms} | msgspec.to_builtins(word)
        said = ("state", "boot", "since_ms", "version", "view", "session", "epoch")
        known = select(*(tables.kiosks.c[name] for name in said)).where(tables.kiosks.c.kiosk == kiosk)
        with self.write() as connection:
            before = connection.execute(known).one_or_none()
            if before is None or tuple(before) != tuple(row[name] for name in said):
                self._kiosk(connection, row, ("seen_ms", *said))

    def health(self, kiosk: str, word: Health, seen_ms: int) -> None:
        """A kiosk's device states and counters."""
        told = {
            "seen_ms": seen_ms, "health_ms": word.wall_ms, "devices": json.dumps(word.devices),
            "counters": json.dumps(word.counters), "backlog": word.backlog, "oldest_ms": word.oldest_ms,
            "acked_ms": word.acked_ms, "clock": word.clock, "clock_off_ms": word.clock_off_ms,
        }  # fmt: skip
        with self.write() as connection:
            self._kiosk(connection, _KIOSK | {"kiosk": kiosk} | told, tuple(told))

    def _kiosk(self, connection: Connection, row: dict[str, Any], changed: Sequence[str]) -> None:
        insert = self._dialect.insert(tables.kiosks).values(row)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["kiosk"], set_={name: row[name] for name in changed})
        )

    # --- what could not be read -------------------------------------------------------------------------------

    def keep_aside(self, topic: str, payload: bytes, reason: str, now_ms: int) -> bool:
        """Keep what could not be read, with the reason; the same again is counted. False where there is no more room."""
        digest = hashlib.sha256(topic.encode() + b"\0" + payload).hexdigest()
        poison = tables.poison
        row = {
            "digest": digest, "topic": topic, "reason": reason, "payload": payload[:POISON_BYTES], "times": 1,
            "first_ms": now_ms, "last_ms": now_ms,
        }  # fmt: skip
        insert = self._dialect.insert(poison).values(row)
        with self.write() as connection:
            full = connection.scalar(select(func.count()).select_from(poison)) or 0
            if full >= MAX_POISON:
                return False
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["digest"],
                    set_={"times": poison.c.times + 1, "last_ms": now_ms, "reason": reason},
                )
            )
        return True


_KIOSK: Final[dict[str, Any]] = {
    "state": "unknown", "boot": "", "since_ms": 0, "version": "", "view": "", "health_ms": 0, "devices": "{}", "counters": "{}",
    "session": "", "epoch": "", "backlog": 0, "oldest_ms": 0, "acked_ms": 0, "clock": "", "clock_off_ms": 0,
}  # fmt: skip


def _upto(connection: Connection, stream: Stream) -> int:
    column = tables.streams.c
    found = connection.scalar(select(column.upto).where(column.kiosk == stream[0], column.epoch == stream[1]))
    return int(found or 0)


def _make_folder(url: str) -> None:
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Claim codes and addresses are in it, and its folder may have been made by somebody else. -wal and -shm follow it.
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that read first could not get it any more and would fail."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
