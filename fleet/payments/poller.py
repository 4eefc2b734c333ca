"""Looks after the charges nobody asks for: each provider has workers of its own, so that a slow one holds up only itself.

Which charge is due stands in the book (`due_ms`). It is taken with a lease: what a worker that died was looking at comes
up again by itself.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from fleet.clock import Clock
from fleet.payments.book import Book
from fleet.payments.entry import Entry

log = logging.getLogger(__name__)

WORKERS: Final = 2  # per provider: one call that waits for its time limit does not hold up the other charges
AHEAD: Final = 8  # charges handed to a provider's workers at once
LONGEST_S: Final = 60.0
BACK_MS: Final = 1_000  # a clock that is put back by less is merely being set right
_Turn = tuple[Entry, int]  # a charge, and since when it waits


class Poller:
    """`look(entry)` asks a charge's provider; `silent_since(provider, ms)` says whether it has failed to answer since;
    `chores()` is what has to be done now and then besides.
    """

    def __init__(
        self,
        book: Book,
        providers: Iterable[str],
        look: Callable[[Entry], object],
        silent_since: Callable[[str, int], bool],
        chores: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._book, self._look, self._silent_since = book, look, silent_since
        self._chores, self._clock = chores, clock
        self._turns: dict[str, queue.SimpleQueue[_Turn | None]] = {
            provider: queue.SimpleQueue() for provider in providers
        }
        self._latest_ms = clock()
        self._over = threading.Event()
        self._wake = threading.Event()
        self._threads = [threading.Thread(target=self._run, name="charges", daemon=True)]
        self._threads += [
            threading.Thread(target=self._work, args=(turns,), name=f"charges of {provider}", daemon=True)
            for provider, turns in self._turns.items()
            for _ in range(WORKERS)
        ]

    def start(self) -> None:
        """Begin; what a stop has interrupted is due already or becomes so."""
        self._book.clock_went_back()  # maybe while we were stopped
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something has changed in the book."""
        self._wake.set()

    def close(self, timeout_s: float = 2.0) -> None:
        """End. A worker that waits for a provider is left behind; its thread ends with it."""
        self._over.set()
        self._wake.set()
        for turns in self._turns.values():
            for _ in range(WORKERS):
                turns.put(None)
        end = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))

    def look_after(self) -> None:
        """Look at every charge that is due, here and now."""
        self._watch_clock()
        self._do_chores()
        for provider in sorted(self._book.providers_due()):
            began = self._clock()
            for entry in self._book.take_due(50, provider):
                if self._over.is_set():
                    return
                self._look_at(entry, began)

    def _look_at(self, entry: Entry, since_ms: int) -> None:
        """One charge; where its provider has not answered meanwhile, the rest of that one's wait."""
        try:
            if self._silent_since(entry.provider, since_ms):
                self._book.unanswered(entry.reference)
            else:
                self._look(entry)
        except Exception:  # one that cannot be dealt with must not hold up all that are due after it
            log.exception("charge %s could not be looked at", entry.reference)
            self._book.unanswered(entry.reference)

    def _watch_clock(self) -> None:
        """A clock that was put back would leave charges alone until it has caught up with itself."""
        now = self._clock()
        if now < self._latest_ms - BACK_MS:
            log.warning("the clock went back by %d s", (self._latest_ms - now) // 1000)
            self._book.clock_went_back()
        self._latest_ms = now

    def _do_chores(self) -> None:
        try:
            self._chores()
        except Exception:  # what cannot be stored now is tried again; the open charges must not wait for it
            log.exception("the desk's chores could not be done")

    # --- threads ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.clear()
            try:
                self._watch_clock()
                self._do_chores()
                full = self._hand_out()
                due = self._book.next_due_ms(full)
            except Exception:  # the store is full or away: open charges must not be forgotten for that
                log.exception("the charges could not be looked at")
                due = self._clock() + 5_000
            wait_s = LONGEST_S if due is None else min(LONGEST_S, max(0.02, (due - self._clock()) / 1000))
            self._wake.wait(wait_s)

    def _hand_out(self) -> frozenset[str]:
        """Hand what is due to its provider's workers; returns the providers whose workers have enough to do."""
        full: set[str] = set()
        for provider in self._book.providers_due():
            now = self._clock()
            turns = self._turns.get(provider)
            if turns is None:  # not configured any more: only a person can help
                for entry in self._book.take_due(AHEAD, provider):
                    self._look_at(entry, now)
                continue
            room = AHEAD - turns.qsize()
            for entry in self._book.take_due(room, provider) if room > 0 else ():
                turns.put((entry, now))
            if turns.qsize() >= AHEAD:
                full.add(provider)
        return frozenset(full)

    def _work(self, turns: queue.SimpleQueue[_Turn | None]) -> None:
        while (turn := turns.get()) is not None and not self._over.is_set():
            try:
                self._look_at(*turn)
            except Exception:  # the store is away; the lease runs out
                log.exception("charge %s could not be written down", turn[0].reference)
            self._wake.set()
