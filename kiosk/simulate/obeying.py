"""Commands and desired state at a simulated kiosk: the product's own decision (kiosk.operated.commands), and what can be done without a wall.

There is no glass, so no picture of one: refused, as a real kiosk refuses what its machine cannot do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kiosk.clock.clock import Clock
from kiosk.operated.commands import Situation, decide, read_command
from kiosk.simulate.memory_ledger import KioskLedger
from kiosk.simulate.shelf import VERSION
from mqtt.commands import Command, CommandState, Desired, Reported, State
from mqtt.messages import decode

CANNOT: Final[Mapping[str, str]] = {"screenshot": "no-screen", "restart-ui": "no-screen"}
MOST: Final = 64  # ends that are told again when a command comes twice
Tell = Callable[[CommandState], object]
Result = tuple[State, str, bytes]  # how it ended, in words, and a text where there is one


class Obeying:
    """For the owner's thread. `restart(machine)` begins the kiosk anew: the whole machine, or its program."""

    def __init__(self, clock: Clock, restart: Callable[[bool], None], devices: Mapping[str, str]) -> None:
        self._clock, self._restart, self._devices = clock, restart, devices
        self._ended: dict[str, CommandState] = {}
        self.desired = Desired(version=0)
        self.done = 0

    def command(self, payload: bytes, ledger: KioskLedger, tell: Tell) -> None:
        """A command came. Raises BadMessage for one that cannot even be refused."""
        said = read_command(payload, self._clock.wall_ms())
        if not ledger.remember_command(said.id):
            if said.id in self._ended:
                tell(self._ended[said.id])
            return
        if isinstance(said, CommandState):
            self._end(said, tell)
            return
        known = self._clock.quality() != "unsynced"
        verdict = decide(said, Situation(fleet_ms=self._clock.wall_ms() if known else None, cannot=CANNOT))
        if verdict.state != "accepted":
            assert verdict.state is not None, "it was not known"
            self._end(self._state(said, verdict.state, verdict.detail, reason=verdict.reason), tell)
            return
        tell(self._state(said, "accepted"))
        tell(self._state(said, "running"))
        if said.what in ("restart-agent", "reboot"):
            self._restart(said.what == "reboot")
        state, words, text = self._do(said)
        self.done += 1
        self._end(self._state(said, state, words, text=text), tell)

    def _do(self, command: Command) -> Result:
        match command.what:
            case "collect-logs":
                return (
                    "done",
                    "",
                    f"simulated kiosk, boot {self._clock.boot}: nothing else was written\n".encode(),
                )
            case "self-test":
                name = command.arguments.get("device", "")
                found = self._devices if not name else {name: self._devices.get(name, "absent")}
                sick = [f"{one}: {how}" for one, how in found.items() if how != "ready"]
                return ("failed" if sick else "done"), ", ".join(sick), b""
            case _:
                return "done", "", b""

    def _end(self, state: CommandState, tell: Tell) -> None:
        self._ended[state.id] = state
        if len(self._ended) > MOST:
            del self._ended[next(iter(self._ended))]
        tell(state)

    def _state(
        self, command: Command, state: State, detail: str = "", *, reason: str = "", text: bytes = b""
    ) -> CommandState:
        parts = 1 if text else 0
        return CommandState(
            id=command.id, state=state, wall_ms=self._clock.wall_ms(), reason=reason, detail=detail, data=text,
            media="text/plain" if text else "", part=parts, parts=parts,
        )  # fmt: skip

    def wanted(self, payload: bytes) -> bool:
        """How it is to be; whether that is new. Raises BadMessage."""
        desired: Desired = decode(payload, Desired)
        if desired.version <= self.desired.version:
            return False
        self.desired = desired
        return True

    def reported(self, session: str) -> Reported:
        """How it is."""
        want = self.desired
        return Reported(
            version=want.version, wall_ms=self._clock.wall_ms(), session=session, software="simulated",
            release=VERSION, out_of_service=want.out_of_service, brightness=want.brightness, sleep=want.sleep,
            log_level=want.log_level, machine="simulated",
        )  # fmt: skip
