"""Keeps the file usable: mends it where it is damaged, folds where it is full, keeps room for sales, checks it at leisure."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from kiosk.clock.clock import Clock
from kiosk.ledger.checking import Checking
from kiosk.ledger.file import CHECKED_BYTES
from kiosk.ledger.folding import fold
from kiosk.ledger.mending import Mender
from kiosk.ledger.outbox import Outbox
from kiosk.ledger.reserve import Reserve, free_bytes
from kiosk.ledger.schema import Damaged, Full, LedgerError, forget_old
from kiosk.ledger.writer import Writer
from mqtt.messages import Event, Gap

log = logging.getLogger(__name__)

FOLD_TO: Final = 0.9  # of the limit: folding begins at the limit and stops here
SLICE_ROWS: Final = 1_000  # looked at in one transaction: a sale waits for no more
LOOK_AGAIN_S: Final = 2.0  # while the card is full, for room
NOTES_ROOM: Final = 1024 * 1024  # bytes free within the file before notes are written to a full card
PAYMENTS_ROOM: Final = 256 * 1024  # bytes left on a full card before anybody is asked to pay
RESERVE_AGAIN_S: Final = 60.0
MEND_AGAIN_S: Final = 5.0  # after a mending that failed
FORGET_AGAIN_MS: Final = 86_400_000  # what is old is looked for once a day, a wall runs for months

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Means:
    """What a ledger is given; see Ledger."""

    path: Path
    clock: Clock
    on_growth: Callable[[], None]
    limit_bytes: int
    machine: str
    reserve_bytes: int


class Keeper:
    """The file with all that happens to it. Any thread may call; LedgerError where it does not answer."""

    def __init__(self, means: Means) -> None:
        self._means, self._clock, path = means, means.clock, means.path
        self.mender = Mender(path, means.clock, means.machine)
        self._file = self.mender.open()
        self._reserve = Reserve(path.with_name(path.name + ".reserve"), means.reserve_bytes)
        self._reserve.hold()
        self.full = False
        self._folding = False
        self._fold_from = 0  # a place: what lies before it is folded as far as it can be
        self._fold_again = 0  # rows there must be, where folding did not reach its aim
        self._mend_not_before_s = 0.0
        self._checking = Checking(path.stat().st_size > CHECKED_BYTES)
        self._acked_ms = 0
        self._forgot_at: int | None = None  # monotonic
        self._move_in()
        self.writer = Writer(self)
        self.writer.start()

    @property
    def outbox(self) -> Outbox:
        """The outbox of the file that is open now."""
        return self._file.outbox

    @property
    def acked_ms(self) -> int:
        """When the fleet last acknowledged something; 0: never."""
        return max(self._acked_ms, self.outbox.tally.acked_ms)

    @property
    def acked(self) -> int:
        """The place up to which the fleet has everything, whether or not that is written down yet."""
        return max(self.outbox.tally.acked, min(self.writer.forgetting, self.outbox.tally.last))

    @property
    def disk_free(self) -> int:
        """Bytes that are free on the card."""
        return free_bytes(self._means.path.parent)

    def forget(self, place: int) -> None:
        """The fleet has everything up to a place."""
        self._acked_ms = self._clock.wall_ms()
        self.writer.forget(place)

    def close(self) -> None:
        """Commit what waits and close the file."""
        self.writer.close()
        with suppress(LedgerError):
            self._file.write(lambda _db: self.outbox.save_now(), own=True)
        self._file.close()

    # --- for callers (money.Keeping) --------------------------------------------------------------------------

    def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `work` finds; a damaged file is mended and asked again."""
        return self._mended(lambda: self._file.read(work))

    def write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do `work` in one transaction; on a full card with the room that was kept for it."""

        def attempt() -> _T:
            try:
                return self._file.write(work)
            except Full:
                self._give_up_reserve()
                self._file.checkpoint()  # the log begins anew: what it has is room too
                return self._file.write(work)

        result = self._mended(attempt)
        if self.full:
            self.writer.poke()  # the log is to stay short: it grows in the room that is left
        return result

    def expect_room(self) -> None:
        """Raises Full where so little is left that only what must be written should be."""
        room = self._reserve.held + self.disk_free
        if self.full and room + self._file.room_inside(own=False) < PAYMENTS_ROOM:
            raise Full(f"{self._means.path}: the card is full, what is left is kept for sales")

    def append(self, db: sqlite3.Connection, event: Event) -> None:
        """Give an event its number and keep it, within a transaction."""
        self.outbox.append(db, event)

    def wall_ms(self) -> int:
        """The time."""
        return self._clock.wall_ms()

    def grown(self) -> None:
        """Say that there is something new to send."""
        self._means.on_growth()

    def replace_row(self, place: int) -> None:
        """A row that is no event any more is told as lost: sent as it is, it would hold up all behind it."""
        self.write(lambda db: self.outbox.replace_bad(db, place, self._loss(1)))

    def begin_again(self, epoch: str, upto: int) -> None:
        """The fleet has numbers of our newest epoch that this file never gave: go on under another. Never raises."""
        new, now = secrets.token_hex(8), self._clock.wall_ms()
        try:
            told = self.write(lambda db: self.outbox.begin_again(db, new, now))
        except LedgerError as error:  # it will be acknowledged again
            log.error("no new epoch could be begun: %s", error)
            return
        log.error(
            "the fleet has %s up to %d, which this ledger never gave: it is an old copy; epoch %s begins, %d sales are told again",
            epoch, upto, new, told,
        )  # fmt: skip
        self.grown()

    # --- the writer's work, in its thread ---------------------------------------------------------------------

    def commit(self, notes: list[Event], forget: int, lost: int) -> None:
        """See writer.Work."""
        if self.full and self._file.room_inside(own=True) < NOTES_ROOM:
            raise Full(f"{self._means.path}: the card is full")

        def work(db: sqlite3.Connection) -> None:
            if forget:
                self.outbox.forget(db, forget, self._acked_ms)
            for event in notes:
                self.outbox.append(db, event)
            if lost:
                self.outbox.append(db, self._loss(lost))
                self.outbox.lose(lost)

        try:
            self._mended(lambda: self._file.write(work, own=True))
        except Full:
            self.full = True
            raise
        tally = self.outbox.tally
        if tally.bytes > self._means.limit_bytes and tally.rows >= self._fold_again:
            self._folding = True
        self.grown()

    def keep_house(self) -> float | None:
        """See writer.Work: the most urgent of room, folding, looking for damage; one slice."""
        if self.full:
            return self._make_room()
        if self._folding:
            self._fold()
            return 0
        self._forget_old()
        if not self._checking.done:
            self._mended(lambda: self._checking.slice(self._file))
            return self._checking.pause_s
        return None if self._reserve.hold() else RESERVE_AGAIN_S

    def _forget_old(self) -> None:
        """Once a day, and not before somebody vouches for the clock, which may be long after the start."""
        now = self._clock.mono_ms()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_AGAIN_MS:
            return
        if self._clock.quality() == "unsynced":
            return
        try:
            self._mended(lambda: self._file.write(lambda db: forget_old(db, self._clock.wall_ms()), own=True))
        except Full:
            self.full = True
            raise
        self._forgot_at = now

    def _fold(self) -> None:
        """One slice; once the limit is kept, or nothing is left to fold, no more until it is exceeded again."""
        more = self._mended(self._fold_slice)
        tally = self.outbox.tally
        self._folding = more and tally.bytes > self._means.limit_bytes * FOLD_TO
        self._fold_again = 0 if more else tally.rows + SLICE_ROWS // 4

    def _fold_slice(self) -> bool:
        """Fold one stretch of the outbox. False where its end was reached."""

        def work(db: sqlite3.Connection) -> tuple[int, bool]:
            start = max(self._fold_from, self.outbox.reach(db))
            rows = db.execute(
                "SELECT place, body FROM outbox WHERE place > ? ORDER BY place LIMIT ?", (start, SLICE_ROWS)
            ).fetchall()
            for change in fold(rows):
                self.outbox.put(db, change)
            # What became of the last rows may go on growing: the next slice begins with it.
            return (rows[-2][0] if len(rows) > 1 else start), len(rows) == SLICE_ROWS

        self._fold_from, more = self._file.write(work, own=True)
        return more

    def _make_room(self) -> float | None:
        """Fold all that can be folded; where there is room on the card again, go on as before."""
        if self.disk_free > NOTES_ROOM + 2 * self._reserve.wanted:
            log.warning("%s: the card has room again", self._means.path)
            self.full = False
            self._reserve.hold()
            return 0
        try:
            more = self._mended(self._fold_slice)
        except Full:
            if not self._give_up_reserve():
                raise
            more = True
        self._file.checkpoint()
        return 0 if more else LOOK_AGAIN_S

    # --- inside -----------------------------------------------------------------------------------------------

    def _give_up_reserve(self) -> bool:
        """The card is full: what was kept goes to those who must write. False where nothing is left."""
        given = self.mender.drop_aside() or self._reserve.give_up()
        if given or not self.full:
            log.error(
                "%s: the card is full%s", self._means.path, "; room kept for sales is used" if given else ""
            )
        self.full = True
        self.writer.poke()
        return given

    def _mended(self, attempt: Callable[[], _T]) -> _T:
        file = self._file
        generation = file.generation
        try:
            return attempt()
        except Damaged as damage:
            why = str(damage)
        except LedgerError as error:
            if not file.broken or time.monotonic() < self._mend_not_before_s:
                raise
            why = str(error)
        try:
            self.mender.mend(file, generation, why)
        except LedgerError:
            self._mend_not_before_s = time.monotonic() + MEND_AGAIN_S
            raise
        self._fold_from = 0
        return attempt()

    def _loss(self, lost: int) -> Gap:
        """So many events are gone; for the next number."""
        seq, now = self.outbox.next_seq(), self._clock.wall_ms()
        return Gap(
            epoch="",
            seq=seq,
            wall_ms=now,
            mono_ms=self._clock.mono_ms(),
            boot=self._clock.boot,
            clock=self._clock.quality(),
            first=seq,
            from_ms=now,
            until_ms=now,
            lost=lost,
        )

    def _move_in(self) -> None:
        """Begin a new epoch where another board has made this file; say whose it is where nobody has."""
        stream, machine = self.outbox.streams[-1], self._means.machine
        if not machine or stream.machine == machine:
            return
        if stream.machine:
            log.warning("the ledger was made on another board: a new epoch begins, what waits is sent first")
            epoch, now = secrets.token_hex(8), self._clock.wall_ms()
            self.write(lambda db: self.outbox.begin_stream(db, epoch, now, machine))
        else:
            self.write(lambda db: self.outbox.claim(db, machine))
