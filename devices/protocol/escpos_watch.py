"""Keeping an eye on a printer: what it is like, since when, and whether it must be asked again.

A printer that stopped keeps what it is sent, questions too: it answers them at once and keeps them until it goes on (Epson,
"Real-time commands": executed, stored in the receive buffer, discarded in their turn). Without paper that does not matter,
for it goes on by itself. A fault that it must be told of as seen to (DLE ENQ 2) stays for ever once the buffer is full of our questions.
So there it is asked less often and not without end, and what it says by itself (Automatic Status Back) is enough where it does.
"""

from __future__ import annotations

from math import inf

from devices.protocol import escpos
from devices.protocol.escpos_outbox import Outbox
from devices.protocol.escpos_status import Enquiry, Status
from devices.protocol.escpos_terms import (
    HEART_S,
    LOOK_S,
    PATIENCE_S,
    RESERVE,
    WATCH_S,
    Abilities,
    Happening,
    StatusNow,
)


class Watch:
    """The state of one printer; a PrintSession is one, and says when to look."""

    def __init__(self, can: Abilities) -> None:
        self._can, self._enquiry, self._outbox = can, Enquiry(), Outbox()
        self.status = Status()
        self.wants_status = False  # of whoever looks for it where it does not answer
        self._told = ""
        self._looked: float | None = None  # when the last whole status came
        self._good_since: float | None = None
        self._bad_since = 0.0
        self._reports = False  # it says by itself what happens to it
        self._attended = False  # somebody opened the cover since a fault was there
        self._out: list[Happening] = []

    @property
    def watched(self) -> bool:
        """Whether a visit to its fault would be seen, and could be acknowledged; if not, only its power switch helps for sure."""
        if self._outbox.stalled or not self.status.attend:
            return not self._outbox.stalled
        room = self._can.room - self._outbox.standing - len(self._outbox)
        return room >= len(escpos.RECOVER) and (self._reports or self._pace(LOOK_S) < inf)

    def _learn(self, status: Status, now: float) -> None:
        self._looked = now
        if status.name() != self.status.name():
            self._reports = False  # it was asked for, and should have come by itself
        self._become(status, now)

    def _become(self, status: Status, now: float) -> None:
        self._attended = self.status.attend and (self._attended or self.status.cover_open)
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

    def _keep_looking(self, now: float, every: float = LOOK_S) -> None:
        if self._looked is None or now - self._looked >= self._pace(every):
            self._look()

    def _pace(self, every: float) -> float:
        """Seconds between two looks, where `every` is right for a printer that goes on by itself."""
        if not self.status.attend or not self._can.answers:
            return every
        if self._outbox.standing > self._can.room - max(RESERVE, self._can.room // 16):
            return inf
        return HEART_S if self._reports else WATCH_S

    def _stopped(self, now: float) -> bool:
        """Whether the printer cannot go on, and not only for a moment."""
        if self.status.can_print:
            return False
        return now - self._bad_since >= PATIENCE_S.get(self.status.name(), 0.0)
