"""ESC/POS receipt printers: a job is printed whole, or it is said why not; a printer without paper blocks nobody."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from devices.errors import DeviceError, Timeout
from devices.events import DeviceEvent, NotPrinted, Printed, PrinterStatus
from devices.protocol import escpos
from devices.protocol.escpos import Status
from devices.transport.base import Transport

ANSWER_S = 0.5  # a printer answers DLE EOT in real time, even when offline
WRITE_S = 5.0  # for one piece: a printer that prints slowly still drains its buffer
POLL_S = 2.0  # status between jobs
MOST_JOBS = 16


class EscPosPrinter:
    """Prints jobs one after the other and tells what the printer is like."""

    def __init__(self, name: str, transport: Transport) -> None:
        self._name, self._transport = name, transport
        self._jobs: deque[tuple[str, Sequence[bytes]]] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._status = Status()
        self._told = ""
        self._asked = 0.0

    def start(self) -> None:
        """Ask how it is; a printer that does not answer is not one."""
        self._ask()

    def print(self, job: str, pieces: Sequence[bytes]) -> bool:
        """Queue a job of whole commands; the printer is looked at between pieces. From any thread.

        False where too many jobs wait already, or the printer was let go of meanwhile.
        """
        with self._lock:
            if self._closed or len(self._jobs) >= MOST_JOBS:
                return False
            self._jobs.append((job, pieces))
        self._transport.wake()
        return True

    def turn(self, timeout_s: float) -> list[DeviceEvent]:
        """Print the next job, or look at the printer now and then."""
        with self._lock:
            job = self._jobs.popleft() if self._jobs else None
        if job is not None:
            return self._print(*job)
        rest = self._asked + POLL_S - time.monotonic()
        if rest > 0:
            self._transport.read(min(timeout_s, rest))  # unasked status bytes are read and left
            return []
        self._ask()
        return self._news()

    def wake(self) -> None:
        """End a waiting turn early."""
        self._transport.wake()

    def counters(self) -> dict[str, int]:
        """See Driver."""
        return {}

    def close(self) -> list[DeviceEvent]:
        """Jobs that wait are not printed, and said to be so."""
        with self._lock:
            waiting, self._jobs, self._closed = list(self._jobs), deque(), True
        self._transport.close()
        return [NotPrinted(self._name, job, "lost") for job, _ in waiting]

    def _print(self, job: str, pieces: Sequence[bytes]) -> list[DeviceEvent]:
        try:
            reason = self._print_pieces(pieces)
        except Timeout:
            reason = "offline"
        except DeviceError:
            with self._lock:
                self._jobs.appendleft((job, pieces))  # close() tells of it with the others
            raise
        outcome: DeviceEvent = NotPrinted(self._name, job, reason) if reason else Printed(self._name, job)
        return [*self._news(), outcome]

    def _print_pieces(self, pieces: Sequence[bytes]) -> str:
        """Why it stopped, "" where it is all out."""
        self._ask()
        for piece in pieces:
            if self._status.name() not in ("ok", "paper-low"):
                return self._status.name()
            self._transport.write(piece, WRITE_S)
            self._ask()
        return "" if self._status.name() in ("ok", "paper-low") else self._status.name()

    def _news(self) -> list[DeviceEvent]:
        name = self._status.name()
        if name == self._told:
            return []
        self._told = name
        return [PrinterStatus(self._name, name)]

    def _ask(self) -> None:
        """Refresh the status. Raises Timeout where the printer is mute."""
        self._transport.read(0)  # what came unasked is not an answer
        fresh = Status()
        for question in (escpos.ASK_OFFLINE, escpos.ASK_PAPER):
            self._transport.write(question, ANSWER_S)
            fresh = self._merge(fresh, question)
        self._status = fresh
        self._asked = time.monotonic()

    def _merge(self, fresh: Status, question: bytes) -> Status:
        end = time.monotonic() + ANSWER_S
        while (left := end - time.monotonic()) > 0:
            for byte in self._transport.read(left):
                if escpos.is_answer(byte):
                    answered = escpos.apply_answer(fresh, question, byte)
                    # no-paper may be told by either answer: keep it once it is known
                    return (
                        answered
                        if not fresh.no_paper
                        else Status(answered.cover_open, answered.offline, answered.paper_low, True)
                    )
        raise Timeout(f"{self._name}: no answer to DLE EOT {question[2]}")
