"""Carries roll-outs on: a thread that looks when kiosks report and now and then, in one process of those on a database."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from fleet.clock import Clock
from fleet.rollouts.book import RolloutBook
from fleet.rollouts.model import BadRollout
from fleet.store.leases import Lease
from fleet.store.store import Store

log = logging.getLogger(__name__)
EVERY_S: Final = 5.0  # deadlines and windows are nobody's news
PAUSE_S: Final = 0.5  # between two looks, however much kiosks say
AGAIN_S: Final = 60.0


class Worker:
    """Does what follows from what is stored, until it is closed."""

    def __init__(self, store: Store, book: RolloutBook, clock: Clock) -> None:
        self._book, self._lease = book, Lease(store, "rollouts", clock)
        self._news, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollouts", daemon=True)
        self._said: dict[str, float] = {}
        self.looks = 0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Something was said or decided."""
        self._news.set()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the thread; another process may go on at once."""
        self._end.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        try:
            self._lease.let_go()
        except SQLAlchemyError as error:
            log.warning("roll-outs are not handed over: %s", str(error).splitlines()[0])

    def _run(self) -> None:
        while not self._end.is_set():
            self._news.clear()
            try:
                self.look()
            except SQLAlchemyError as error:
                log.error("roll-outs cannot be carried on now: %s", str(error).splitlines()[0])
            except Exception:
                log.exception("a roll-out could not be carried on")
            self._end.wait(PAUSE_S)
            self._news.wait(EVERY_S)

    def look(self) -> None:
        """Do what is to be done now."""
        alive = self._book.alive()
        self._said = {one: at for one, at in self._said.items() if one in alive}
        if not alive or not self._lease.hold():
            return
        for rollout in alive:
            try:
                while self._book.carry_on(rollout) and self._lease.hold() and not self._end.is_set():
                    pass
                if time.monotonic() - self._said.get(rollout, float("-inf")) >= AGAIN_S:
                    self._said[rollout] = time.monotonic()
                    self._book.say_again(rollout)
            except BadRollout as error:
                log.error("roll-out %s: %s", rollout, error)
        self.looks += 1
