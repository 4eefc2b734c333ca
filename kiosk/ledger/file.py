"""The ledger's file: two connections, one transaction at a time, and errors that say what kind of trouble it is.

Those who call read and write by one connection, the ledger's own thread by the other: in WAL mode a reader never waits
for a writer's fsync, so the owner of the session does not stand still while a slow card takes impressions. Writers of
both take turns by `_writing`, because SQLite's own way to wait is to sleep and look again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from kiosk.ledger.outbox import Outbox
from kiosk.ledger.schema import Damaged, Full, LedgerError, bring_up

CHECKED_BYTES: Final = (
    64 * 1024 * 1024
)  # a larger file is read through later, in slices: it takes seconds on a card
PAGE_BYTES: Final = 4096
LOG_PAGES: Final = 256  # a longer log is brought into the file: on a full card there must be room for that

_T = TypeVar("_T")
_DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DAMAGE_READING: Final = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}
_FULL: Final = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}  # ENOSPC itself is SQLITE_FULL


def trouble(path: Path, error: sqlite3.Error) -> LedgerError:
    """SQLite's error as ours."""
    code = getattr(error, "sqlite_errorcode", 0)
    text = f"{path}: {error}"
    if code & 0xFF in _DAMAGE or code in _DAMAGE_READING:
        return Damaged(text)
    if code & 0xFF == sqlite3.SQLITE_FULL or code in _FULL:
        return Full(text)
    return LedgerError(text)


class File:
    """An open ledger. Opening raises LedgerError; Damaged where the file is no sound database."""

    def __init__(self, path: Path, now_ms: int) -> None:
        self.path = path
        self._callers, self._own, self._writing = threading.RLock(), threading.RLock(), threading.RLock()
        self.outbox = Outbox()
        self.generation = 0  # how often another file was put in its place
        self.broken = False  # closed, because none could be
        self._open(now_ms)

    def _open(self, now_ms: int) -> None:
        db = own = None
        try:
            db = _connect(self.path)
            if self.path.stat().st_size <= CHECKED_BYTES:
                (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
                if verdict != "ok":
                    raise Damaged(f"{self.path}: {verdict}")
            bring_up(db, now_ms)
            self.outbox.load(db)
            own = _connect(self.path)
            own.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        except BaseException as error:
            for opened in (db, own):
                if opened is not None:
                    opened.close()
            if isinstance(error, sqlite3.Error):
                found = trouble(self.path, error)
                # Said by the first statement that looks into it: what has the wrong tables is no ledger either.
                if isinstance(error, sqlite3.OperationalError) and type(found) is LedgerError:
                    raise LedgerError(f"{self.path}: cannot be opened: {error}") from error
                raise (found if type(found) is not LedgerError else Damaged(str(found))) from error
            raise
        self._db, self._own_db = db, own

    def read(self, work: Callable[[sqlite3.Connection], _T], *, own: bool = False) -> _T:
        """What `work` finds. Raises LedgerError."""
        with self._own if own else self._callers:
            try:
                return work(self._own_db if own else self._db)
            except sqlite3.Error as error:
                raise trouble(self.path, error) from error

    def write(self, work: Callable[[sqlite3.Connection], _T], *, own: bool = False) -> _T:
        """Do `work` in one transaction, committed to the card when this returns. Raises LedgerError; then nothing was done."""
        with self._own if own else self._callers, self._writing:
            db = self._own_db if own else self._db
            try:
                db.execute("BEGIN IMMEDIATE")
                try:
                    self.outbox.begin()
                    result = work(db)
                    self.outbox.save(db)
                    db.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):
                        if db.in_transaction:
                            db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                with suppress(sqlite3.Error):
                    self.outbox.load(db)  # a COMMIT that failed may yet have been one
                raise trouble(self.path, error) from error
            self.outbox.committed()
            return result

    def room_inside(self, *, own: bool) -> int:
        """Bytes within the file that are free to be written again."""
        return self.read(_free_pages, own=own) * PAGE_BYTES

    def checkpoint(self) -> None:
        """Bring the log's pages into the file, so that the log begins anew; fails quietly where there is no room."""
        with suppress(LedgerError):
            self.read(lambda db: db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone(), own=True)

    def anew(self, replace: Callable[[], None], now_ms: int) -> None:
        """Close the file, let `replace` put another in its place, open that. Raises LedgerError; then it stays closed, and
        every use says so.
        """
        with self._callers, self._own, self._writing:
            self.broken = True
            self.close()
            replace()
            self.outbox = Outbox()
            self._open(now_ms)
            self.broken = False
            self.generation += 1

    def close(self) -> None:
        """Close both connections."""
        with self._callers, self._own:
            for db in (self._own_db, self._db):
                with suppress(sqlite3.Error):
                    db.close()


def _free_pages(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA freelist_count").fetchone()[0])


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db
