"""Opening a ledger's file, and putting a mended one in its place where it is damaged.

The damaged file keeps its bytes under another name, for support; the newest one only. A mended file is made whole under a
name of its own first: a power cut in the middle finds either the damaged file or the mended one, never none.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from kiosk.clock.clock import Clock
from kiosk.ledger.file import File
from kiosk.ledger.outbox import Stream, Tally
from kiosk.ledger.salvage import Mended, salvage
from kiosk.ledger.schema import Damaged, LedgerError

log = logging.getLogger(__name__)

_BESIDE: Final = ("-wal", "-shm")  # SQLite's own files


class Mender:
    """Opens and mends one ledger's file."""

    def __init__(self, path: Path, clock: Clock, machine: str) -> None:
        self._path, self._clock, self._machine = path, clock, machine
        self._made = path.with_name(path.name + ".mending")
        self._one = threading.Lock()
        self.mended: Mended | None = None
        self.aside: Path | None = None
        self.times = 0

    def open(self) -> File:
        """Open the file, mended if need be. Raises LedgerError."""
        self._finish()
        try:
            return self._opened()
        except Damaged as damage:
            self._replace(str(damage), None)
            return self._opened()

    def mend(self, file: File, generation: int, why: str) -> None:
        """Put a mended file in the place of the open one, unless somebody has since `generation`. Raises LedgerError."""
        with self._one:
            if file.generation != generation:
                return
            outbox = file.outbox
            file.anew(lambda: self._replace(why, (outbox.tally, outbox.streams)), self._clock.wall_ms())

    def drop_aside(self) -> bool:
        """Give up the damaged files that were kept. False where there was none."""
        dropped = False
        for old in self._path.parent.glob(self._path.name + ".bad-*"):
            with suppress(OSError):
                old.unlink()
                dropped = True
        return dropped

    def _opened(self) -> File:
        try:
            return File(self._path, self._clock.wall_ms())
        except LedgerError as error:
            text = str(error) if str(self._path) in str(error) else f"{self._path}: {error}"
            raise type(error)(text) from error

    def _finish(self) -> None:
        """What a power cut left of an earlier mending."""
        with suppress(OSError):
            if self._path.exists():
                self._made.unlink(missing_ok=True)
            elif self._made.exists():
                for suffix in _BESIDE:  # a log left over would be taken for the new file's
                    part = self._path.with_name(self._path.name + suffix)
                    part.unlink(missing_ok=True)
                self._made.rename(self._path)

    def _replace(self, why: str, known: tuple[Tally, tuple[Stream, ...]] | None) -> None:
        """Set the damaged file aside and put a mended one in its place. Raises LedgerError."""
        now = self._clock.wall_ms()
        self._finish()
        log.error("%s; its good rows are brought into a new file", why)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now / 1000))
        aside = self._path.with_name(f"{self._path.name}.bad-{stamp}")
        self._made.unlink(missing_ok=True)
        try:
            mended = salvage(self._path, self._made, now, self._machine, why, known, aside.name)
            self.drop_aside()
            for suffix in ("", *_BESIDE):  # the file itself first: from then on the mended one counts
                part = self._path.with_name(self._path.name + suffix)
                if part.exists():
                    part.rename(aside.with_name(aside.name + suffix))
            self._made.rename(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{self._path}: damaged, and cannot be mended: {error}") from error
        self.mended, self.aside, self.times = mended, aside, self.times + 1
        log.error(
            "mended: %s; %d events lost, %d sales told again; the damaged file is %s",
            ", ".join(f"{count} of {table}" for table, count in mended.saved.items()) or "nothing saved",
            mended.lost,
            mended.retold,
            aside.name,
        )
