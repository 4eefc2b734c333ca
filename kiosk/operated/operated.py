"""What the fleet's operators have the agent do: commands and desired state, joined to the core and to the machine.

One object of the agent's, in the owner's thread; jobs that may wait run in threads of their own and post how they ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from content.live_changes import LiveStore
from kiosk import views
from kiosk.adopting.talk import NoReleases, Programs, Releases
from kiosk.clock.clock import Clock
from kiosk.core import effects as do
from kiosk.core import events as did
from kiosk.core.attention import attended, money_in_flight
from kiosk.core.events import AnyEvent, Stamp
from kiosk.fleet_line.line import Connection, FleetLine, Heard
from kiosk.fleet_line.telling import Telling
from kiosk.ledger import Ledger
from kiosk.link.link import AgentEnd, MemoryAgentEnd
from kiosk.operated.alerts import Alarm, Sounded
from kiosk.operated.commanding import Commanding, JobEnded, TellAgain
from kiosk.operated.commands import Situation, arguments_of, disturbs
from kiosk.operated.desired import NightLook, Wanted
from kiosk.operated.hands import Hands, Outcome
from kiosk.operated.keys import Keys
from kiosk.operated.live import Live, LiveLook
from kiosk.operated.self_test import Facts, checks, report
from kiosk.operated.sound import SoundRules, Speaker
from kiosk.runtime import Runtime
from mqtt.commands import AlertState, Command
from mqtt.messages import BadMessage, encode
from mqtt.topics import Address

log = logging.getLogger(__name__)

LEAVE_MS: Final = 300  # for the words that say so to get out


@dataclass(frozen=True, slots=True)
class LeaveDue:
    """The program ends now, to be started again, where nobody has begun to pay meanwhile."""

    id: str
    force: bool


def alert_state(address: Address, state: AlertState, line: FleetLine, beside: Connection | None) -> bool:
    """Tell what became of an alert by the fleet's broker and by the station's own. True where either took it."""
    sent = line.alert_state(state)
    if beside is not None:
        sent = beside.publish(address.alert_states, encode(state)) or sent
    return sent


class Operated:
    """See the module."""

    def __init__(
        self,
        address: Address,
        runtime: Runtime,
        line: FleetLine,
        ledger: Ledger,
        link: AgentEnd,
        clock: Clock,
        telling: Telling,
        hands: Hands,
        state: Path,
        release: Callable[[], str],
        started_as: str,
        configured: frozenset[str],
        store: Callable[[], LiveStore],
        changed: Callable[[], None],
        keys: Keys,
        sound: SoundRules,
        tell_alert: Callable[[AlertState], bool],
        releases: Releases | None = None,
        programs: Programs | None = None,
    ) -> None:
        """`configured`: names of the devices that are to be there. `state`: the folder whose disk a self-test looks at. `release`: the version of the store that is sold from, `store` itself; `changed`: its shelves are to be shown anew. `tell_alert`: by every line there is."""
        self._address, self._runtime, self._ledger, self._link = address, runtime, ledger, link
        self._clock, self._telling, self._hands, self._state, self._release = (
            clock,
            telling,
            hands,
            state,
            release,
        )
        self._configured = configured
        self._events: list[AnyEvent] = []  # what a command that begins has the core do
        self._at = Stamp(0, 0)
        one_process = isinstance(link, MemoryAgentEnd)
        self.live = Live(address, ledger, clock, runtime.after, store, self._named, changed, keys)
        self._releases = releases or NoReleases()
        self.alarm = Alarm(address, ledger, clock, tell_alert, keys, Speaker(sound, runtime.post))
        self.wanted = Wanted(
            ledger, clock, runtime.after, line.reported, release, started_as,
            live=lambda: (self.live.version, self.live.fault), releases=releases or NoReleases(),
            programs=programs or NoReleases(),
        )  # fmt: skip
        self.commands = Commanding(
            ledger, line, clock, runtime.after, self._situation, self._begin,
            frozenset({"restart-agent", "restart-ui"}) if one_process else frozenset({"restart-agent"}),
        )  # fmt: skip
        self._light = ""

    def begin(self, at: Stamp) -> Iterable[AnyEvent]:
        """What was asked and desired before the program ended."""
        threading.Thread(target=self._hands.look, name="look at the machine", daemon=True).start()
        self.commands.recover()
        return [*self.alarm.recover(at), *self.live.recover(at), *self.wanted.recover(at)]

    def up(self) -> None:
        """The line is new."""
        self.alarm.up()
        self.commands.up()
        self.wanted.tell()

    def alert_line_up(self) -> Iterable[AnyEvent]:
        """The station's own broker is there: what became of alerts may not be known to it."""
        self.alarm.up()
        return ()

    def takes(self, topic: str) -> bool:
        """Whether a message of that topic is for here."""
        return topic in (
            self._address.commands, self._address.command_acks, self._address.desired, self._address.live,
            self._address.alerts,
        )  # fmt: skip

    def heard(self, item: Heard, at: Stamp) -> Iterable[AnyEvent]:
        """A command, the note that its end is stored, or how the kiosk is to be."""
        self._at = at
        waited = 0 if item.mono_ms < 0 else max(0, at.mono_ms - item.mono_ms)
        try:
            if item.topic == self._address.alerts:
                return list(self.alarm.heard(item.payload, at))
            if item.topic == self._address.desired:
                return self.wanted.heard(item.payload, at)
            if item.topic == self._address.live:
                return self._changed_live(item.payload, at)
            if item.topic == self._address.command_acks:
                self.commands.noted(item.payload)
            else:
                self.commands.heard(item.payload, waited)
        except BadMessage as error:
            self.commands.counters["refused-unread"] += 1
            log.warning("a message on %s was refused: %s", item.topic, error)
        begun, self._events = self._events, []
        return begun

    def _changed_live(self, payload: bytes, at: Stamp) -> Iterable[AnyEvent]:
        """The fleet hears at once which set is in force here, or what was wrong with it."""
        try:
            return self.live.heard(payload, at)
        finally:
            self.wanted.tell(changed_only=True)

    def _named(self) -> str:
        """The release that is sold from, as it was signed; an imported store has its version."""
        return self._releases.running().name or self._release()

    def adopted(self, at: Stamp) -> Iterable[AnyEvent]:
        """Another store is sold from: what changed since its release holds, what is in it already does not."""
        events = self.live.look(at)
        self.wanted.tell()
        return events

    def posted(
        self, item: JobEnded | TellAgain | NightLook | LiveLook | LeaveDue | Sounded, at: Stamp
    ) -> Iterable[AnyEvent]:
        """Something of ours."""
        match item:
            case JobEnded(id=command_id, outcome=outcome):
                self.commands.ended(command_id, outcome)
            case TellAgain():
                self.commands.again()
            case NightLook():
                return list(self.wanted.look(at))
            case LiveLook():
                return self.live.look(at)
            case Sounded():
                self.alarm.sounded(item)
            case LeaveDue():
                self._leave(item)
        return ()

    def _leave(self, due: LeaveDue) -> None:
        """The wall sold until now: whoever has come since goes first, as if the command came only now."""
        why = "" if due.force else disturbs("restart-agent", self._situation(0))
        if why:
            self.commands.ended(due.id, Outcome("refused", why))
        elif self._hands.leave is not None:
            self._hands.leave()

    def leave_for(self, ready: Callable[[], bool]) -> None:
        """Other programs wait to be started: as for a restart that is asked for, whoever is at the wall goes first."""
        if self._hands.leave is not None and not disturbs("restart-agent", self._situation(0)) and ready():
            self._hands.leave()

    def identified(self, effect: do.TellIdentified) -> None:
        """The core has stopped saying which kiosk this is; why is for people."""
        why = {
            "time": "",
            "alert": "an alert has the glass",
            "touched": "somebody touched the wall",
            "money": "somebody pays",
        }.get(effect.why, effect.why)
        self.commands.ended(effect.id, Outcome("done", detail=why))

    def shown(self, view: views.View) -> None:
        """What is on the glass: a panel that is asleep needs no lamp, an alert all of it."""
        light = "dark" if views.dark(view) else "full" if isinstance(view, views.Emergency) else ""
        if light != self._light:
            self._light = light
            self.wanted.shine(dark=light == "dark", full=light == "full")

    def close(self) -> None:
        """Let jobs that wait end."""
        self.alarm.close()
        self._hands.close()

    # --- inside -----------------------------------------------------------------------------------------------

    def _situation(self, waited_ms: int) -> Situation:
        session, view = self._runtime.session, self._telling.view
        cannot = self._hands.cannot()
        if view is not None and views.private(view):
            cannot["screenshot"] = "private"
        return Situation(
            fleet_ms=self._clock.wall_ms() if self._clock.quality() != "unsynced" else None,
            waited_ms=waited_ms,
            paying=money_in_flight(session),
            attended=attended(session),
            alerted=session.alerted is not None,
            cannot=cannot,
        )

    def _begin(self, command: Command) -> None:
        arguments, hands = arguments_of(command), self._hands
        match command.what:
            case "identify":
                seconds, colour = int(arguments["seconds"]), str(arguments["colour"])
                asked = did.IdentifyAsked(
                    self._at, command.id, str(self._address), colour, seconds, command.force
                )
                self._events.append(asked)
            case "screenshot":
                self._job(command.id, hands.screenshot)
            case "restart-ui":
                self._job(command.id, hands.restart_ui)
            case "restart-agent":
                self._runtime.after("leave", LEAVE_MS, LeaveDue(command.id, command.force))
            case "reboot":
                self._job(command.id, hands.reboot)
            case "collect-logs":
                minutes = int(arguments["minutes"])
                self._job(command.id, lambda: hands.collect_logs(minutes))
            case "self-test":
                facts, device = self._facts(), str(arguments["device"])
                self._job(command.id, lambda: report(checks(facts, self._ledger, self._state, device)))

    def _facts(self) -> Facts:
        return Facts(
            devices=dict(self._telling.devices),
            screens=self._link.counters().get("screens", 0),
            clock=self._clock.quality(),
            store=self._release(),
            failed_steps=self._runtime.counters["steps-failed"],
            configured=self._configured,
        )

    def _job(self, command_id: str, job: Callable[[], Outcome]) -> None:
        def work() -> None:
            try:
                outcome = job()
            except Exception as error:
                log.exception("command %s failed", command_id)
                outcome = Outcome("failed", "fault", str(error)[:200])
            self._runtime.post(JobEnded(command_id, outcome))

        threading.Thread(target=work, name=f"command {command_id}", daemon=True).start()
