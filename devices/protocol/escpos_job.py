"""Printing a job so that it is on paper once: what to send next, what to wait for, and what may be said of it.

A printer buffers. What was written is not what is on paper, and when paper runs out, the cover opens or the power goes,
only part of it is. So a job is printed in two steps. Its *body* (all pieces but the last) goes out piece by piece, each after a look
at the printer, and is not worth anything by itself. The *seal* (the last piece: the lines that make it good, and the cut) goes out
only when the printer has said that the body is on paper. Hence:

- stopped before the seal: no whole copy exists. The printer's buffer is cleared where it can be, what hangs out is voided, and
  the job may be printed anew;
- stopped after it: the printer itself resumes when paper is back and says when it is done; if it does not within HOLD_S the
  job is "unsure", and nobody prints it anew by himself.

How a printer says "on paper", best first (`Abilities.confirm`): a process id (GS ( H) that comes back when all before it is printed;
GS r, answered when its turn in the buffer comes; else nothing but a good status a second later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from devices.protocol import escpos
from devices.protocol.escpos_ready import Ready
from devices.protocol.escpos_status import (
    SETTLE_S,
    Answer,
    AutoStatus,
    Cleared,
    Reply,
    ReplyParser,
    Status,
    status_of_group,
)
from devices.protocol.escpos_terms import (
    CLEAR_S,
    FENCE_S,
    HOLD_S,
    MISSES,
    MOST_JOBS,
    POLL_S,
    STALL_S,
    STATUS,
    TOGETHER,
    Abilities,
    Finished,
    Happening,
)


class PrintSession(Ready):
    """One printer on an open line, without the line: `feed` what it sends, `turn` when `wait_s` is over, write `outgoing`.

    `mark` gives four fresh bytes for a process id (escpos.MARKS says which). `residue` is what an earlier session left
    in the printer: "" nothing, "void" perhaps half a receipt, "cut" perhaps one that is not cut off.
    """

    def __init__(self, can: Abilities, mark: Callable[[], bytes], residue: str = "") -> None:
        super().__init__(can, mark, residue)
        self._parser = ReplyParser()
        self._jobs: deque[tuple[str, tuple[bytes, ...]]] = deque()
        self._asides: deque[bytes] = deque()
        self._stages: dict[str, Callable[[float], None]] = {
            "idle": self._in_idle, "probe": self._in_probe, "clean": self._in_clean, "check": self._in_check,
            "body": self._in_body, "fence": self._in_fence, "seal": self._in_seal, "clear": self._in_clear,
        }  # fmt: skip
        self._pieces: deque[bytes] = deque()
        self._job = ""
        self.counters = dict.fromkeys(("printed", "voided", "unsure", "cleared"), 0)

    # --- from outside -----------------------------------------------------------------------------------------

    def print(self, job: str, pieces: Sequence[bytes]) -> bool:
        """Queue a job; False where there is no room. The last piece is its seal."""
        if len(self._jobs) >= MOST_JOBS or not pieces:
            return False
        self._jobs.append((job, tuple(pieces)))
        return True

    def aside(self, command: bytes) -> None:
        """A command that is no job (drawer, beep): sent when none is being printed, forgotten when the printer cannot."""
        if len(self._asides) < MOST_JOBS:
            self._asides.append(command)

    def feed(self, data: bytes, now: float) -> list[Happening]:
        """Take what the printer sent."""
        for reply in self._parser.feed(data, now):
            self._hear(reply, now)
        return self.turn(now)

    def turn(self, now: float) -> list[Happening]:
        """Do what is due."""
        settled = self._enquiry.timeout(now)
        if settled is not None:
            self._learn(settled, now)
        for _ in range(8):  # a stage may lead to the next at once
            before = self._stage
            self._step(now)
            if self._stage == before:
                break
        out, self._out = self._out, []
        return out

    def outgoing(self) -> bytes:
        """The bytes to write now; tell `sent` how many went."""
        return self._outbox.first()

    def sent(self, count: int, now: float) -> None:
        """So many bytes of `outgoing` were taken by the line."""
        self._outbox.sent(count, now)
        if not self._outbox:
            self._proof.left(now)

    def wait_s(self, now: float) -> float:
        """Seconds until `turn` has something to do if nothing is heard."""
        if self._outbox:
            return 0.0
        due = self._enquiry.wait_s(now)
        if due is not None:
            return due
        if self._stage == "idle":
            return (
                0.0
                if self._jobs or self._asides
                else max(0.0, (self._looked or 0.0) + self._pace(POLL_S) - now)
            )
        return SETTLE_S / 2

    def tell(self, status: Status, now: float) -> list[Happening]:
        """The status, looked up by other means (a USB port's own)."""
        self.wants_status = False
        self._learn(status, now)
        return self.turn(now)

    @property
    def known(self) -> bool:
        """Whether the printer was looked at at all."""
        return self._told != ""

    @property
    def waiting(self) -> int:
        """Jobs that wait or are being printed."""
        return len(self._jobs) + bool(self._job)

    @property
    def mute(self) -> bool:
        """Whether it takes what is sent and answers nothing."""
        return self._enquiry.misses > MISSES

    def lost(self) -> list[Happening]:
        """The line is gone. What comes of the jobs; `residue` then says what the printer may still hold."""
        out: list[Happening] = []
        if self._job:
            out.append(Finished(self._job, "unsure" if self._stage == "seal" else "lost"))
        out += [Finished(job, "lost") for job, _ in self._jobs]
        self._job, self._stage = "", "idle"
        self._jobs.clear()
        return out

    def counts(self) -> dict[str, int]:
        """What was counted."""
        return {
            **self.counters,
            "damaged": self._parser.damaged,
            "garbage": self._parser.garbage,
            "unasked": self._enquiry.unasked,
        }

    # --- what is heard ----------------------------------------------------------------------------------------

    def _hear(self, reply: Reply, now: float) -> None:
        self._proof.hear(reply, now)
        match reply:
            case Answer(byte=byte):
                status = self._enquiry.answer(byte, now)
                if status is not None:
                    self._learn(status, now)
            case AutoStatus(group=group):
                self._reports = True
                self._become(status_of_group(group), now)
            case Cleared():
                self.counters["cleared"] += 1
                if self._stage == "clear":
                    self._go("idle", now)
            case _:
                pass

    # --- what is done -----------------------------------------------------------------------------------------

    def _step(self, now: float) -> None:
        if self._outbox:
            self._watch_stall(now)
            return
        question = self._enquiry.outgoing(now)
        if question:
            self._outbox.add(question, now)
        if self._enquiry.misses >= MISSES and self._stage in ("probe", "check", "body", "fence", "clean"):
            self._abort("offline", now)
        self._stages[self._stage](now)

    def _watch_stall(self, now: float) -> None:
        # it said so unasked, although it takes no question
        if self._stage in ("body", "fence") and self._stopped(now):
            self._abort(self.status.name(), now)
            return
        if self._outbox.still_s(now) < STALL_S:
            return
        if not self._outbox.stalled:
            self._outbox.stalled = True
            if self.status.can_print:  # it would say more if it could: Automatic Status Back does
                self._become(Status(offline=True), now)
        if self._stage in ("body", "fence", "clean", "probe", "check"):
            self._abort(self.status.name(), now)
        elif self._stage == "seal":
            self._in_seal(now)
        elif self._stage == "clear":
            self._go("idle", now)
        elif self._stage == "idle":
            self._refuse(
                self.status.name()
            )  # whoever waits shall know, and nothing comes out when nobody waits any more

    def _in_idle(self, now: float) -> None:
        self._keep_looking(now, POLL_S)
        if self._looked is None or self._enquiry.busy:
            return
        if self.status.can_print:
            self._outbox.worked_through()
        if self.status.can_print and not self.way:
            self._probe(now)
        elif self.status.can_print and self.residue:
            self._clean(now)
        elif self._jobs:
            self._job, pieces = self._jobs.popleft()
            self._pieces = _together(pieces)
            self._go("check", now)
        elif self._attended and not self.status.cover_open:
            self._attended = False
            self._outbox.add(escpos.RECOVER, now)
        elif self._asides:
            command = self._asides.popleft()
            if self.status.can_print:
                self._outbox.add(command, now)

    def _in_check(self, now: float) -> None:
        if not self._known():
            return
        if self._stopped(now):
            self._abort(self.status.name(), now)
        elif not self.status.can_print:
            self._keep_looking(now)
        elif self.residue or not self.way:  # it came to itself just now: first things first
            self._jobs.appendleft((self._job, tuple(self._pieces)))
            self._job = ""
            self._go("idle", now)
        else:
            self.residue = "void"
            self._pieces.appendleft(escpos.INIT + self._auto())
            self._stage, self._since = "body", now

    def _in_body(self, now: float) -> None:
        if self._stopped(now):
            self._abort(self.status.name(), now)
        elif not self.status.can_print:
            self._keep_looking(now)
        elif self._known():
            if len(self._pieces) > 1:
                self._outbox.add(self._pieces.popleft(), now)
                self._looked = None
            else:
                self._request(b"", now)
                self._go("fence", now)

    def _in_fence(self, now: float) -> None:
        if self._stopped(now):
            self._abort(self.status.name(), now)
        elif now - self._since > FENCE_S:
            self._abort("offline", now)
            self._forget_way()
        elif not self.status.can_print or not self._confirmed(now):
            self._keep_looking(now)
        elif self._looked is not None and self._looked < (self._proof.given_at or 0.0):
            self._looked = None  # one more look: paper may have ended with the body
        elif self._known():
            self.residue = "cut"
            self._outbox.worked_through()
            self._request(self._pieces.popleft(), now)
            self._go("seal", now)

    def _in_seal(self, now: float) -> None:
        if self._confirmed(now) and not self._outbox:
            self.residue = ""
            self._finish("")
            self._go("idle", now)
        elif now - self._since > HOLD_S or (self._proof.way == STATUS and not self.status.can_print):
            self._finish("unsure")
            if self._outbox.stalled or self.status.can_print:
                self._forget_way()
            if (
                self._outbox.stalled
            ):  # a claim code is not for whoever stands there when the printer reads again
                self._outbox.instead(escpos.FLUSH)  # half a command may stand in it
            self._clear(now)
        elif not self._outbox:
            self._keep_looking(now)

    def _in_clear(self, now: float) -> None:
        if now - self._since > CLEAR_S:
            self._go("idle", now)

    # --- parts of stages --------------------------------------------------------------------------------------

    def _abort(self, reason: str, now: float) -> None:
        """Before the seal: what is out is void, what is in the printer shall not come out."""
        begun = self._stage in ("body", "fence")
        if self._job:
            self.counters["voided"] += begun
            self._finish(reason)
        if begun:
            self._clear(now)
        else:
            self._go("idle", now)

    def _clear(self, now: float) -> None:
        # From a jam it would free the knife as well (Epson: as DLE ENQ 2 does). RECOVER clears too, when somebody was there.
        if self._can.clears and not self.status.attend:
            self._outbox.add(escpos.CLEAR, now)
            self._go("clear", now)
        else:
            self._go("idle", now)

    def _refuse(self, reason: str) -> None:
        self._out += [Finished(job, reason) for job, _ in self._jobs]
        self._jobs.clear()

    def _finish(self, reason: str) -> None:
        self.counters["printed"] += not reason
        self.counters["unsure"] += reason == "unsure"
        self._out.append(Finished(self._job, reason))
        self._job = ""
        self._pieces.clear()


def _together(pieces: tuple[bytes, ...]) -> deque[bytes]:
    """The same bytes in fewer pieces; the seal stays by itself."""
    out: deque[bytes] = deque()
    for piece in pieces[:-1]:
        if out and len(out[-1]) + len(piece) <= TOGETHER:
            out[-1] += piece
        else:
            out.append(piece)
    out.append(pieces[-1])
    return out
