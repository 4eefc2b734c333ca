"""Commands of operators, carried out: each is written down before it is begun, and told until the fleet has stored how it ended.

A restart between writing down and ending does not begin it anew: what was interrupted is told as failed, and a restart
that was asked for as done, because we are here to say so. Results (pictures, logs) are kept in memory alone; they leave in
parts, all of them again where the fleet has not noted the end.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from msgspec import Struct, structs

from kiosk.clock.clock import Clock
from kiosk.ledger import Ledger, LedgerError
from kiosk.operated.commands import INTERRUPTED, Situation, decide, read_command
from kiosk.operated.hands import Outcome
from mqtt.commands import ENDS, MAX_PARTS, PART_BYTES, Command, CommandNoted, CommandState, State
from mqtt.messages import decode

log = logging.getLogger(__name__)

KEPT: Final = "commands"  # the name in the ledger
MOST: Final = 64  # commands whose end the fleet has not noted; more are forgotten, the oldest first
MOST_RESULTS: Final = 4  # kept in memory
AGAIN_MS: Final = 30_000  # an end nobody has noted is told again that often, while there is a line


class Told(Struct, frozen=True):
    """How far a command is, as it is kept."""

    id: str
    what: str
    state: State
    reason: str = ""
    detail: str = ""
    boot: str = ""


@dataclass(frozen=True, slots=True)
class JobEnded:
    """Posted by a job's thread."""

    id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TellAgain:
    """Posted to ourselves: some ends may not have been noted."""


class Teller(Protocol):
    """As much of kiosk.fleet_line.line.FleetLine as commands need."""

    def command_state(self, state: CommandState) -> bool:
        """Tell how far a command is. False where that could not be sent."""


class Commanding:
    """The book of commands; for the owner's thread. `begin(command)` starts one and returns at once."""

    def __init__(
        self,
        ledger: Ledger,
        line: Teller,
        clock: Clock,
        after: Callable[[str, int, object], None],
        situation: Callable[[int], Situation],
        begin: Callable[[Command], None],
        restarts: frozenset[str] = frozenset({"restart-agent"}),
    ) -> None:
        """`situation(waited_ms)`: how the kiosk is now; what is running and known is filled in here. `restarts`: kinds that end
        this program: running when it ended, they are done when it begins.
        """
        self._restarts = restarts
        self._ledger, self._line, self._clock, self._after = ledger, line, clock, after
        self._situation, self._begin = situation, begin
        self._told: dict[str, Told] = {}  # not noted by the fleet, in the order they came
        self._results: dict[str, Outcome] = {}
        self._unwritten: set[str] = set()  # answered while the ledger could not be written
        self.counters: Counter[str] = Counter()

    # --- begin ------------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Take up what was kept before the last end of the program."""
        try:
            body = self._ledger.kept(KEPT)
            kept = msgspec.json.decode(body, type=list[Told]) if body else []
        except (LedgerError, msgspec.DecodeError) as error:
            log.error("what became of earlier commands cannot be read: %s", error)
            return
        self._told = {one.id: self._after_restart(one) for one in kept}
        self._keep()

    def _after_restart(self, one: Told) -> Told:
        if one.state in ENDS:
            return one
        restarted = one.what in self._restarts or (one.what == "reboot" and one.boot != self._clock.boot)
        if one.state == "running" and restarted:
            return structs.replace(one, state="done")
        return structs.replace(one, state="failed", reason=INTERRUPTED)

    @property
    def running(self) -> frozenset[str]:
        """Kinds of commands that are being done."""
        return frozenset(one.what for one in self._told.values() if one.state not in ENDS)

    # --- what comes -------------------------------------------------------------------------------------------

    def heard(self, payload: bytes, waited_ms: int) -> None:
        """A command came. Raises BadMessage for one that cannot even be refused."""
        said = read_command(payload, self._clock.wall_ms())
        command_id = said.id
        if self._is_known(command_id):
            self.counters["known"] += 1
            if command_id in self._told:
                self._tell(self._told[command_id])
            return
        if isinstance(said, CommandState):
            self._enter(Told(command_id, "", said.state, said.reason, said.detail))
            return
        verdict = decide(said, self._now(waited_ms))
        assert verdict.state is not None, "it is not known"
        told = Told(command_id, said.what, verdict.state, verdict.reason, verdict.detail, self._clock.boot)
        log.info(
            "command %s %s of %s (%s): %s %s",
            command_id,
            said.what,
            said.by,
            said.why,
            told.state,
            told.reason,
        )
        if self._enter(told) and told.state == "accepted":
            self._run(said)

    def noted(self, payload: bytes) -> None:
        """The fleet has stored how a command ended. Raises BadMessage."""
        noted: CommandNoted = decode(payload, CommandNoted)
        told = self._told.get(noted.id)
        if told is not None and told.state in ENDS and told.state == noted.state:
            del self._told[noted.id]
            self._results.pop(noted.id, None)
            self._keep()

    def up(self) -> None:
        """The line is new: whatever the fleet has not noted is told again."""
        self.again()

    def again(self) -> None:
        """Tell again, and look once more later, as long as there is anything to tell."""
        for told in list(self._told.values()):
            self._tell(told)
        if self._told:
            self._after("commands", AGAIN_MS, TellAgain())

    # --- how it goes on ---------------------------------------------------------------------------------------

    def ended(self, command_id: str, outcome: Outcome) -> None:
        """It is over; said of a command that has ended already it changes nothing."""
        told = self._told.get(command_id)
        if told is None or told.state in ENDS:
            return
        if outcome.data:
            self._results[command_id] = outcome
            while len(self._results) > MOST_RESULTS:
                self._lose(next(iter(self._results)))
        self._set(structs.replace(told, state=outcome.state, reason=outcome.reason, detail=outcome.detail))

    # --- inside -----------------------------------------------------------------------------------------------

    def _is_known(self, command_id: str) -> bool:
        if command_id in self._told or command_id in self._unwritten:
            return True
        try:
            return self._ledger.knows_command(command_id)
        except LedgerError as error:
            log.error("which commands are known cannot be read: %s", error)
            return False  # it cannot be begun either: `_enter` writes first

    def _now(self, waited_ms: int) -> Situation:
        here = self._situation(waited_ms)
        return Situation(
            fleet_ms=here.fleet_ms,
            waited_ms=here.waited_ms,
            paying=here.paying,
            attended=here.attended,
            running=self.running,
            cannot=here.cannot,
        )

    def _enter(self, told: Told) -> bool:
        """Write it down, then tell it. False where it could not be written: then it is refused and never begun."""
        before = dict(self._told)
        self._told[told.id] = told
        self._shorten()
        try:
            if not self._ledger.remember_command(told.id, self._body()):
                self._told = before
                return False
        except LedgerError as error:
            log.error("command %s cannot be written down, so it is not begun: %s", told.id, error)
            self._told = before
            self._unwritten.add(told.id)
            self._line.command_state(self._state(structs.replace(told, state="refused", reason="storage")))
            return False
        self.counters[told.state] += 1
        self._tell(told)
        self._after("commands", AGAIN_MS, TellAgain())
        return True

    def _run(self, command: Command) -> None:
        self._set(structs.replace(self._told[command.id], state="running"))
        try:
            self._begin(command)
        except Exception:
            log.exception("command %s could not be begun", command.id)
            self.ended(command.id, Outcome("failed", "fault"))

    def _set(self, told: Told) -> None:
        self._told[told.id] = told
        self.counters[told.state] += 1
        self._keep()
        self._tell(told)

    def _lose(self, command_id: str) -> None:
        del self._results[command_id]
        told = self._told.get(command_id)
        if told is not None:
            self._told[command_id] = structs.replace(told, state="failed", reason="result-lost")

    def _shorten(self) -> None:
        for command_id in list(self._told)[: max(0, len(self._told) - MOST)]:
            del self._told[command_id]
            self._results.pop(command_id, None)
            self.counters["forgotten"] += 1

    def _keep(self) -> None:
        try:
            self._ledger.keep(KEPT, self._body())
        except LedgerError as error:
            log.error("how far commands are cannot be kept: %s", error)

    def _body(self) -> bytes:
        """With a result that lives in memory only it counts as not done: after a restart there is none to tell."""
        kept: Iterable[Told] = (
            structs.replace(one, state="running", reason="") if one.id in self._results else one
            for one in self._told.values()
        )
        return msgspec.json.encode(list(kept))

    def _tell(self, told: Told) -> None:
        outcome = self._results.get(told.id)
        state = self._state(told)
        if outcome is None:
            self._line.command_state(state)
            return
        starts = range(0, len(outcome.data), PART_BYTES)[:MAX_PARTS]
        for number, start in enumerate(starts, 1):
            part = structs.replace(
                state,
                part=number,
                parts=len(starts),
                media=outcome.media,
                data=outcome.data[start : start + PART_BYTES],
            )
            if not self._line.command_state(part):
                return  # all of it again, later

    def _state(self, told: Told) -> CommandState:
        return CommandState(
            id=told.id,
            state=told.state,
            wall_ms=self._clock.wall_ms(),
            reason=told.reason,
            detail=told.detail,
        )
