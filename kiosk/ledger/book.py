"""The ledger as its users know it: money and events in one file.

SQLite in WAL mode with synchronous=FULL throughout. NORMAL loses acknowledged commits at a power cut; that would also
hand out a sequence number twice, and the fleet would take the second event for a repeat and drop it. A sale, its
settled reference and its outgoing event are one transaction. Plays, impressions and engagements are gathered for at
most GATHER_S and committed together by a thread of the ledger's own, so that a slow card never holds the owner of the session.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from kiosk.clock.clock import Clock
from kiosk.ledger.backlog import Backlog
from kiosk.ledger.keeper import Keeper, Means
from kiosk.ledger.money import Money
from kiosk.ledger.salvage import Mended
from mqtt.messages import Event

log = logging.getLogger(__name__)

LIMIT_BYTES: Final = (
    512 * 1024 * 1024
)  # of the outbox; a day without network at two events a second is 120 MB
COMMANDS: Final = 1_000  # ids of commands that are remembered


class Ledger(Money):
    """The kiosk's ledger in one SQLite file. Methods may be called from any thread; those that write raise LedgerError."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        on_growth: Callable[[], None] = lambda: None,
        *,
        limit_bytes: int = LIMIT_BYTES,
        machine: str = "",
        reserve_bytes: int = 0,
    ) -> None:
        """Open or make the file. `on_growth` is called, from any thread, when there may be something new to send.

        `limit_bytes`: how large the outbox may grow before events are folded. `machine`: a stable id of this board, ""
        where it has none: a ledger that another board has made begins a new epoch. `reserve_bytes`: room kept beside the
        file for sales on a full card. A damaged file is set aside and its good rows are brought into a new one: `mended`
        says so. Raises LedgerError where the file cannot be opened at all, or a newer program has made it.
        """
        self._keeper = Keeper(Means(path, clock, on_growth, limit_bytes, machine, reserve_bytes))
        super().__init__(self._keeper)
        mended = self._keeper.mender.mended
        self._lost_before = self._keeper.outbox.tally.lost - (mended.lost if mended else 0)

    @property
    def epoch(self) -> str:
        """Of new events; another one once a damaged file was mended."""
        return self._keeper.outbox.epoch

    @property
    def mended(self) -> Mended | None:
        """What became of the file that was found damaged last since the start."""
        return self._keeper.mender.mended

    @property
    def set_aside(self) -> Path | None:
        """The damaged file under its new name, where one was found since the start."""
        return self._keeper.mender.aside

    @property
    def full(self) -> bool:
        """Whether the card has no room: sales go on from what was kept for them, the rest waits or folds."""
        return self._keeper.full

    @property
    def dropped(self) -> int:
        """Events that could not be kept since the start."""
        return self._keeper.outbox.tally.lost - self._lost_before + self._keeper.writer.lost

    # --- events for the fleet ---------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """Commit an event within GATHER_S. Never blocks, never raises: without room it is lost and counted."""
        self._keeper.writer.note(event)

    def flush(self) -> None:
        """Return when everything noted so far is committed, or could not be."""
        self._keeper.writer.flush()

    def events_after(self, place: int, count: int, size: int) -> list[tuple[int, bytes]]:
        """The next events after `place` as (place, JSON): at most `count`, and `size` bytes unless the first is larger.

        All are of one epoch. None where those before must first be acknowledged and forgotten; `on_growth` follows then.
        """
        while True:
            found, bad = self._keeper.read(lambda db: self._keeper.outbox.after(db, place, count, size))
            if found or not bad:
                return found
            log.error("row %d of the outbox is not what was written, and is told as lost", bad)
            self._keeper.replace_row(bad)

    def bounds(self) -> tuple[int, int]:
        """(up to which place the fleet has acknowledged, the last one there is); equal where nothing waits."""
        return self._keeper.acked, self._keeper.outbox.tally.last

    def place(self, epoch: str, seq: int) -> int | None:
        """The place of an event, places going on over all epochs, of an ended epoch at most its last; None where this
        ledger never gave that number.
        """
        return self._keeper.outbox.place(epoch, seq)

    def ack(self, epoch: str, upto: int) -> bool:
        """The fleet has committed everything up to `upto`: the writer forgets it soon. False for what was never sent.

        An epoch counts only when all before it are acknowledged: a batch of theirs may have been lost on the way. Where
        the fleet has more of our newest epoch than we ever gave, this file is a copy of one that went on (an old image, a
        card that lied about what it had written): a new epoch begins, and sales that wait are told again under it.
        """
        if epoch == self.epoch and upto > 0 and self.place(epoch, upto) is None:
            self._keeper.begin_again(epoch, upto)
        found = self._keeper.outbox.located(epoch, upto)
        if found is None:
            log.warning("the fleet acknowledges %s/%d, this ledger is %s", epoch, upto, self.epoch)
            return False
        base, place = found
        if base > self._keeper.acked:
            log.info("the fleet acknowledges %s/%d, what was before %s still waits", epoch, upto, epoch)
            return False
        self._keeper.forget(place)
        return True

    def backlog(self) -> Backlog:
        """What waits for the fleet now."""
        acked = self._keeper.acked
        found = self._keeper.read(lambda db: self._keeper.outbox.backlog(db, acked))
        return replace(found, lost=found.lost + self._keeper.writer.lost, acked_ms=self._keeper.acked_ms)

    # --- what the fleet said ----------------------------------------------------------------------------------

    def keep(self, name: str, body: bytes) -> None:
        """Write down what the fleet said under a name: terms, desired, commands; it replaces what was kept."""
        self._keeper.write(lambda db: _keep(db, name, body))

    def kept(self, name: str) -> bytes | None:
        """What was kept last under that name; None where nothing was."""
        row = self._keeper.read(
            lambda db: db.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        )
        if row is None:
            return None
        return row[0].encode() if isinstance(row[0], str) else bytes(row[0])

    def keep_terms(self, body: bytes) -> None:
        """Write down what may be offered; it replaces what was kept."""
        self.keep("terms", body)

    def kept_terms(self) -> bytes | None:
        """What was kept last; None where nothing was."""
        return self.kept("terms")

    def knows_command(self, command: str) -> bool:
        """Whether it is one of the last COMMANDS that were written down."""
        return self._keeper.read(lambda db: _knows(db, command))

    def remember_command(self, command: str, states: bytes = b"") -> bool:
        """Write a command's id down, and in the same transaction how far all are (`states`, see keep); False where it is
        one of the last COMMANDS that were: it was heard before, and nothing is written.
        """

        def work(db: sqlite3.Connection) -> bool:
            if _knows(db, command):
                return False
            (number,) = db.execute(
                "INSERT INTO command (id) VALUES (?) RETURNING number", (command,)
            ).fetchone()
            db.execute("DELETE FROM command WHERE number <= ?", (number - COMMANDS,))
            if states:
                _keep(db, "commands", states)
            return True

        return self._keeper.write(work)

    # --- state ------------------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Figures for health messages."""
        keeper, tally = self._keeper, self._keeper.outbox.tally
        return {
            "dropped": self.dropped,
            "waiting": tally.last - keeper.acked,
            "unwritten": keeper.writer.waiting,
            "folded": tally.folded,
            "full": int(keeper.full),
            "mended": keeper.mender.times,
            "old-epochs": len(keeper.outbox.streams) - 1,
            "disk-free-mib": keeper.disk_free // (1024 * 1024),
        }

    def trouble(self) -> str:
        """What a technician must know, in a word or two; "" where all is well."""
        if self._keeper.full:
            return "disk-full"
        return "mended" if self._keeper.mender.times else ""

    def close(self) -> None:
        """Commit what waits and close the file."""
        self._keeper.close()


def _keep(db: sqlite3.Connection, name: str, body: bytes) -> None:
    db.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, body)
    )


def _knows(db: sqlite3.Connection, command: str) -> bool:
    return db.execute("SELECT 1 FROM command WHERE id = ?", (command,)).fetchone() is not None
