"""Keeping an eye on a printer: what it is like, since when, and whether it must be asked again."""

from __future__ import annotations

from devices.protocol.escpos_status import Enquiry, Status
from devices.protocol.escpos_terms import LOOK_S, PATIENCE_S, Abilities, Happening, StatusNow


class Watch:
    """The state of one printer; a PrintSession is one, and says when to look."""

    def __init__(self, can: Abilities) -> None:
        self._can, self._enquiry = can, Enquiry()
        self.status = Status()
        self.wants_status = False  # of whoever looks for it where it does not answer
        self._told = ""
        self._looked: float | None = None  # when the last whole status came
        self._good_since: float | None = None
        self._bad_since = 0.0
        self._attended = False  # somebody opened the cover since a fault was there
        self._out: list[Happening] = []

    def _learn(self, status: Status, now: float) -> None:
        self._looked = now
        self._become(status, now)

    def _become(self, status: Status, now: float) -> None:
        fault = self.status.cutter or self.status.stuck
        self._attended = fault and (self._attended or self.status.cover_open)
        self.status = status
        if status.can_print and self._good_since is None:
            self._good_since = now
        elif not status.can_print and (self._good_since is not None or status.name() != self._told):
            self._good_since, self._bad_since = None, now
        if status.name() != self._told:
            self._told = status.name()
            self._out.append(StatusNow(status))

    def _look(self) -> None:
        if self._can.answers:
            self._enquiry.ask()
        else:
            self.wants_status = True

    def _known(self) -> bool:
        """Whether the printer was looked at since this stage began and no look is under way; if not, one is begun."""
        if self._looked is None:
            self._look()
        return self._looked is not None and not self._enquiry.busy

    def _keep_looking(self, now: float) -> None:
        if self._looked is None or now - self._looked >= LOOK_S:
            self._look()

    def _stopped(self, now: float) -> bool:
        """Whether the printer cannot go on, and not only for a moment."""
        if self.status.can_print:
            return False
        return now - self._bad_since >= PATIENCE_S.get(self.status.name(), 0.0)
