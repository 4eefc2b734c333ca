"""The fleet's store: every event of every kiosk exactly once, and what pages ask of them. SQLAlchemy Core.

SQLite by default (WAL, synchronous=FULL: an acknowledged event survives a power cut), or PostgreSQL. Who may write at
the same time as others, and what is done about a server that goes away: docs/store.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from fleet.events import event_store, last_words, poison
from fleet.events.event_store import Committed
from fleet.events.rows import Aside, Stored
from fleet.store.migrate import bring_up
from mqtt.messages import Health, Presence

POOL: Final = 10  # connections of a process that stay; as many again while many ask
WAIT_MS: Final = 10_000  # for a lock, as SQLite's busy_timeout
# How a dead server, a dead network and a statement that never ends are found out. What is in the URL goes before.
POSTGRES: Final = {
    "application_name": "endcap", "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": f"-c lock_timeout={WAIT_MS} -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000",
}  # fmt: skip
_ALONE: Final = f"SELECT pg_advisory_xact_lock({0x77726974657273})"  # "writers"


class Store:
    """The database behind `url`, made if it is not there, brought up if it is of an earlier program (fleet.store.migrate). Every
    method may be called from any thread.
    """

    def __init__(self, url: str) -> None:
        self.engine: Engine = self.engine_for(url)
        self._dialect: Any = sqlite if self.engine.dialect.name == "sqlite" else postgresql
        self._parallel = self.engine.dialect.name == "postgresql"
        try:
            bring_up(self.engine)
        except BaseException:
            self.engine.dispose()
            raise

    @staticmethod
    def engine_for(url: str) -> Engine:
        """Connections as the store wants them; the database may still be empty, or of another time."""
        address = _with_driver(url)
        # An error would otherwise quote the row it is about, claim codes too, and errors are logged.
        options: dict[str, Any] = {"hide_parameters": True}
        if address.get_backend_name() == "postgresql":
            # A connection that a restart of the server has ended is found out before it is used, not by who uses it.
            options |= {
                "pool_pre_ping": True,
                "pool_size": POOL,
                "max_overflow": POOL,
                "connect_args": POSTGRES,
            }
        engine = create_engine(address, **options)
        event.listen(engine, "handle_error", _quote_no_row)
        if engine.dialect.name == "sqlite":
            _make_folder(url)
            event.listen(engine, "connect", _open_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return engine

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()

    @property
    def parallel(self) -> bool:
        """Whether several may write at the same time."""
        return self._parallel

    @contextmanager
    def write(self, *, beside: bool = False) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back where it raises. One at a time, in all processes: what
        it has read stays so until it ends. `beside`: not one of those, for what takes the locks of its own rows and of
        nothing else, always in one order (SQLite has one writer all the same).
        """
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            if not beside and self._parallel:
                connection.exec_driver_sql(_ALONE)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads one moment's state."""
        with self.engine.connect() as connection:
            if self._parallel:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Insert rows whose primary key is not there yet; returns the primary keys of those that went in."""
        if not rows:
            return []
        statement: ReturningInsert[Any] = (
            self._dialect.insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
        )
        return list(connection.execute(statement, list(rows)))

    def insert(self, table: Table) -> Any:
        """An INSERT of this database's dialect, which has `on_conflict_do_nothing` and `on_conflict_do_update`."""
        return self._dialect.insert(table)

    def upsert(
        self, connection: Connection, table: Table, row: dict[str, Any], changed: Sequence[str] | None = None
    ) -> None:
        """Insert a row, or set the columns `changed` (None: all that are given) of the row with its primary key."""
        keys = [column.name for column in table.primary_key.columns]
        names = [name for name in row if name not in keys] if changed is None else changed
        insert = self.insert(table).values(row)
        connection.execute(
            insert.on_conflict_do_update(index_elements=keys, set_={name: row[name] for name in names})
        )

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

    # --- what came from kiosks: fleet.events.event_store, fleet.events.last_words, fleet.events.poison ------------------------------

    def commit(
        self, stored: Sequence[Stored], *, heard: bool = False, aside: Sequence[Aside] = ()
    ) -> Committed:
        """See fleet.events.event_store.commit."""
        return event_store.commit(self, stored, heard=heard, aside=aside)

    def upto(self, kiosk: str, epoch: str) -> int:
        """See fleet.events.event_store.upto."""
        return event_store.upto(self, kiosk, epoch)

    def last_words(self, words: Sequence[last_words.Said], seen_ms: int) -> None:
        """See fleet.events.last_words.keep."""
        last_words.keep(self, words, seen_ms)

    def presence(self, kiosk: str, word: Presence, seen_ms: int) -> None:
        """One kiosk's presence."""
        last_words.keep(self, [(kiosk, word)], seen_ms)

    def health(self, kiosk: str, word: Health, seen_ms: int) -> None:
        """One kiosk's health."""
        last_words.keep(self, [(kiosk, word)], seen_ms)

    def keep_aside(self, topic: str, payload: bytes, reason: str, now_ms: int) -> bool:
        """See fleet.events.poison.keep_aside."""
        return poison.keep_aside(self, topic, payload, reason, now_ms)


def _with_driver(url: str) -> URL:
    """PostgreSQL is spoken to by psycopg 3, also where its URL does not say so."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _quote_no_row(context: Any) -> None:
    """PostgreSQL adds the row an error is about, with the claim code in it; errors are logged, so one line stays."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].partition("\nDETAIL:")[0], *error.args[1:])


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
