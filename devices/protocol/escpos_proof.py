"""How a printer proves that what was sent is on paper: a process id, an answer in turn, or nothing but its good state."""

from __future__ import annotations

from collections.abc import Callable

from devices.protocol import escpos
from devices.protocol.escpos_status import SETTLE_S, Cleared, InTurn, Processed, Reply
from devices.protocol.escpos_terms import DRAIN_S, IN_TURN, PROCESS_ID


class Proof:
    """One request at a time, in the `way` it was made. `mark` gives four fresh bytes of escpos.MARKS."""

    def __init__(self, mark: Callable[[], bytes]) -> None:
        self._fresh_mark = mark
        self.way = ""
        self.given_at: float | None = None  # when it was answered
        self._mark = b""
        self._turns_owed = 0  # answers to GS r that are still to come
        self._out_at, self._on_its_way = 0.0, False  # when the request had left; whether it is still to leave

    def request(self, way: str, now: float) -> bytes:
        """What to send behind that which is to be proven."""
        self.way, self._mark, self.given_at = way, b"", None
        self._out_at, self._on_its_way = now, True
        if way == PROCESS_ID:
            self._mark = self._fresh_mark()
            return escpos.ask_processed(self._mark)
        if way == IN_TURN:
            self._turns_owed += 1
            return escpos.ASK_IN_TURN
        return b""

    def left(self, now: float) -> None:
        """All that was to be sent is on the line."""
        if self._on_its_way:
            self._out_at, self._on_its_way = now, False

    def hear(self, reply: Reply, now: float) -> None:
        """Take what may be an answer."""
        match reply:
            case Processed(mark=mark):
                if mark == self._mark:
                    self.given_at = now
            case InTurn():
                self._turns_owed = max(0, self._turns_owed - 1)
                if self.way == IN_TURN and not self._turns_owed:
                    self.given_at = now
            case Cleared():
                self._turns_owed = 0
            case _:
                pass

    def sure(self, now: float, good_since: float | None, looked: float | None) -> bool:
        """Whether it is done. The times, of the state being good and of the last look, count where nothing better is there."""
        if self.way == PROCESS_ID:
            return self.given_at is not None
        if self.way == IN_TURN:  # an answer too many would come at once, and is then the one that counts
            return self.given_at is not None and now - self.given_at >= SETTLE_S
        return (
            good_since is not None
            and looked is not None
            and looked - max(good_since, self._out_at) >= DRAIN_S
        )

    def forget(self) -> None:
        """What is still owed is not coming, or comes at once and before the next."""
        self._turns_owed = 0
