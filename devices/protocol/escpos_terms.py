"""The words of printing a job (escpos_job): what a printer can do, what happens, and how long is waited for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devices.protocol.escpos_status import Status

PROCESS_ID, IN_TURN, STATUS = "process-id", "in-turn", "status"

POLL_S: Final = 2.0  # between two looks at an idle printer
LOOK_S: Final = 0.5  # while it prints
WATCH_S: Final = 4.0  # while a fault waits for somebody: nobody opens, frees a knife and closes within it
HEART_S: Final = 60.0  # the same where the printer tells of its cover by itself
PROBE_S: Final = 1.0  # for the answer that tells how it confirms
FENCE_S: Final = 20.0  # for a body to be on paper: the longest receipt takes a tenth of it
HOLD_S: Final = 20.0  # for a seal, paper being changed included
CLEAR_S: Final = 1.0
DRAIN_S: Final = 1.0  # of good status stands for "on paper" where nothing better is
RESERVE: Final = 32  # bytes of its buffer kept free of questions: a round under way, RECOVER, CLEAR
STALL_S: Final = 5.0  # without a byte taken
PATIENCE_S: Final = {"hot": 10.0, "offline": 3.0}  # what may go by itself; anything else stops a job at once
MISSES: Final = (
    2  # questions in a row without an answer: a block on its way may hide one (GS I, note), not two
)
MOST_JOBS: Final = 16
TOGETHER: Final = 1024  # bytes of small pieces sent in one go


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a printer can do: `confirm` ways to be tried in turn (status needs no trial: it is taken where it stands), `auto_status` GS a, `clears` DLE DC4 8, `answers` DLE EOT."""

    confirm: tuple[str, ...] = (IN_TURN, STATUS)
    auto_status: bool = False
    clears: bool = False
    room: int = (
        4096  # bytes its buffer takes while it stands still; what was in it before the seal is on paper then
    )
    answers: bool = True  # where not, somebody else looks when `wants_status`, and tells


@dataclass(frozen=True, slots=True)
class StatusNow:
    """The printer's state has changed."""

    status: Status


@dataclass(frozen=True, slots=True)
class Finished:
    """A job came to its end: printed where `reason` is "", else a word of events.NotPrinted."""

    job: str
    reason: str = ""


Happening = StatusNow | Finished
