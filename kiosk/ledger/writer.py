"""The ledger's own thread: commits notes and acknowledgements in groups, and keeps house when there is nothing to write.

What cannot be written waits here, in memory, and is tried again; beyond UNWRITTEN notes it is counted as lost, and the
count goes out as an event as soon as one can be written.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from kiosk.ledger.outbox import LEAD
from kiosk.ledger.schema import LedgerError
from mqtt.messages import Event

log = logging.getLogger(__name__)

GATHER_S: Final = 0.25  # longest time a play or impression waits for its commit
FORGET_S: Final = (
    2.0  # and an acknowledgement, where nothing else is written: forgetting has time, a card wears out
)
HURRY: Final = (
    LEAD // 4
)  # places acknowledged, beyond which their rows go at once: those behind them are wanted
AGAIN_S: Final = 2.0  # after a commit that failed
REST_S: Final = 0.01  # between two slices of work that holds the file: a sale goes first
UNWRITTEN: Final = 10_000  # notes that wait for the card; more are lost, and counted


class Work(Protocol):
    """What the thread does. Every method raises LedgerError where the file does not take it."""

    def commit(self, notes: list[Event], forget: int, lost: int) -> None:
        """One group commit: append `notes`, drop what is acknowledged up to place `forget`, tell of `lost` notes."""

    def keep_house(self) -> float | None:
        """One slice of other work. Returns in how many seconds there may be more; None: when something happened."""


class Writer:
    """The thread. All methods may be called from any other and return at once, but for flush and close."""

    def __init__(self, work: Work, name: str = "ledger-writer") -> None:
        self._work = work
        self._changed = threading.Condition()
        self._notes: list[Event] = []
        self._forget = self._forgotten = 0
        self._lost = 0
        self._under_way = 0  # notes that are being committed
        self._tries = 0  # commits that were tried, so that a flush ends though they fail
        self._busy = self._hurry = self._closing = False
        self._house: float | None = 0.0  # monotonic: when to keep house
        self._noted_s = self._acked_s = 0.0
        self._not_before_s = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def note(self, event: Event) -> None:
        """Commit an event soon. Without room it is lost, and counted."""
        with self._changed:
            if len(self._notes) >= UNWRITTEN or self._closing:
                self._lost += 1
                return
            self._notes.append(event)
            if len(self._notes) == 1:
                self._noted_s = time.monotonic()
                self._changed.notify_all()

    def forget(self, place: int) -> None:
        """Drop what is acknowledged, some time."""
        with self._changed:
            if place > max(self._forget, self._forgotten):
                if not self._forget:
                    self._acked_s = time.monotonic()
                self._forget = place
                self._changed.notify_all()

    def poke(self) -> None:
        """Keep house soon: something has changed."""
        with self._changed:
            self._house = 0.0
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Notes that are in memory only; those whose commit is under way may yet come back."""
        with self._changed:
            return len(self._notes) + self._under_way

    @property
    def forgetting(self) -> int:
        """The place up to which rows are to be dropped."""
        with self._changed:
            return max(self._forget, self._forgotten)

    @property
    def lost(self) -> int:
        """Notes that found no room and are not told of yet."""
        with self._changed:
            return self._lost

    def flush(self) -> None:
        """Return when everything noted so far is committed, or could not be."""
        with self._changed:
            tries = self._tries + (2 if self._busy else 1)
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: not (self._notes or self._forget or self._busy) or self._tries >= tries
            )

    def close(self) -> None:
        """Commit what waits, once more, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    # --- the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                while not self._closing and (wait := self._wait_s()) != 0:
                    self._changed.wait(wait)
                if self._closing and not (self._notes or self._forget):
                    return
                write = self._closing or self._write_wait_s() == 0
                notes, forget, lost = self._notes, self._forget, self._lost
                if write:
                    self._forgotten = max(self._forgotten, forget)
                    self._notes, self._forget, self._hurry, self._busy = [], 0, False, True
                    self._under_way = len(notes)
            if write:
                self._commit(notes, forget, lost)
            else:
                self._keep_house()

    def _wait_s(self) -> float | None:
        """Until there is something to do; None where only a call can bring it."""
        waits = [self._write_wait_s()]
        if self._house is not None:
            waits.append(max(0.0, self._house - time.monotonic()))
        return min((wait for wait in waits if wait is not None), default=None)

    def _write_wait_s(self) -> float | None:
        if not (self._notes or self._forget):
            self._hurry = False
            return None
        if self._hurry:
            return 0
        now = time.monotonic()
        due = [self._noted_s + GATHER_S] if self._notes else []
        if self._forget:
            due.append(self._acked_s + (0 if self._forget - self._forgotten >= HURRY else FORGET_S))
        return max(0.0, max(min(due), self._not_before_s) - now)

    def _commit(self, notes: list[Event], forget: int, lost: int) -> None:
        try:
            self._work.commit(notes, forget, lost)
        except LedgerError as error:
            self._failed(notes, forget, error)
        except Exception:  # a fault of ours must not end the thread; what it fails on is not tried for ever
            log.exception("%d events could not be kept", len(notes))
            with self._changed:
                self._tries += 1
                self._under_way = 0
                self._lost += len(notes)
        else:
            with self._changed:
                self._tries += 1
                self._under_way = 0
                self._lost -= lost
                self._not_before_s, self._house = 0.0, 0.0

    def _failed(self, notes: list[Event], forget: int, error: LedgerError) -> None:
        """Put back what was not written; the oldest of it is what is kept."""
        with self._changed:
            if not self._not_before_s:
                log.error("%d events cannot be kept now, and are tried again: %s", len(notes), error)
            self._tries += 1
            self._under_way = 0
            self._notes[:0] = notes
            self._forget = max(self._forget, forget)
            over = len(self._notes) - UNWRITTEN
            if self._closing:
                over = len(self._notes)
                self._forget = 0
                log.error("%d events are lost: %s", over + self._lost, error)
            if over > 0:
                del self._notes[-over:]
                self._lost += over
            self._not_before_s = time.monotonic() + AGAIN_S
            self._house = 0.0

    def _keep_house(self) -> None:
        with self._changed:
            self._house = None  # a poke from here on asks for another round
        wait = _quietly(self._work.keep_house)
        with self._changed:
            if wait is not None and self._house is None:
                self._house = time.monotonic() + max(wait, REST_S)


def _quietly(work: Callable[[], float | None]) -> float | None:
    try:
        return work()
    except LedgerError as error:
        log.warning("the ledger's house cannot be kept now: %s", error)
    except Exception:
        log.exception("the ledger's house could not be kept")
    return AGAIN_S
