"""Alerts at the kiosk: verified, kept for the next start, given to the core, made audible, and told of to whoever raised them.

They come by the fleet's broker and, where there is one, by a second broker on the station's own network: whatever
the way, a set is signed, and the one with the highest version holds. A set is verified when it comes, not again after
a restart (as kiosk.operated.live's): an alarm must not end because a key was changed while the kiosk was off.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from content.alerts import Alert, AlertSet, BadAlerts, read_alerts, write_alerts
from content.signing import verify
from kiosk.clock.clock import Clock
from kiosk.core import events as did
from kiosk.core.events import AnyEvent, Stamp
from kiosk.ledger import Ledger, LedgerError
from kiosk.operated.keys import Keys
from mqtt.commands import Alerts, AlertState, Became
from mqtt.messages import BadMessage, decode
from mqtt.topics import Address

log = logging.getLogger(__name__)

KEPT: Final = "alerts"  # the name in the ledger
MOST_TOLD: Final = 64  # states that are told again when the line comes back


@dataclass(frozen=True, slots=True)
class Sounded:
    """Posted by the loudspeaker's thread: an alert is heard (`why` ""), or is not."""

    alert: str
    why: str = ""
    detail: str = ""


class Loudspeaker(Protocol):
    """As much of kiosk.operated.sound.Speaker as alerts need."""

    def sound(self, alert: Alert | None) -> None:
        """Make it audible from now on, instead of the one before; None: silence. Returns at once."""

    def close(self) -> None:
        """Silence, for good."""


class Alarm:
    """For the owner's thread."""

    def __init__(
        self,
        address: Address,
        ledger: Ledger,
        clock: Clock,
        tell: Callable[[AlertState], bool],
        keys: Keys,
        speaker: Loudspeaker,
    ) -> None:
        self._address, self._tenant, self._ledger, self._clock = str(address), address.tenant, ledger, clock
        self._tell_fleet, self._keys, self._speaker = tell, keys, speaker
        self._set = AlertSet()
        self._heard_ms = clock.mono_ms()  # when the set in force came
        self._shown: frozenset[str] = frozenset()  # of the set in force, on the glass
        self._in_force: tuple[Alert, ...] = ()
        self._told: dict[tuple[str, Became], AlertState] = {}
        self.counters: Counter[str] = Counter()

    # --- what comes -------------------------------------------------------------------------------------------

    def recover(self, at: Stamp) -> Iterable[AnyEvent]:
        """What was in force before the program ended: the first thing on the glass."""
        try:
            body = self._ledger.kept(KEPT)
            if body:
                self._set = read_alerts(body)
        except (LedgerError, BadAlerts) as error:
            log.error("alerts that were kept cannot be read: %s", error)
        if self._set.alerts:
            yield did.AlertsArrived(at, self._set.alerts, self._set.at_ms)

    def heard(self, payload: bytes, at: Stamp) -> Iterable[AnyEvent]:
        """A set came. Raises BadMessage where it is refused; what is in force stays so."""
        try:
            said = self._believed(payload)
        except _RefusedError as error:
            self.counters["alerts-refused"] += 1
            self._tell(
                AlertState(
                    id="", state="refused", wall_ms=at.wall_ms, reason=error.reason, detail=str(error)[:200]
                )
            )
            raise BadMessage(f"alerts: {error}") from None
        if said.version < self._set.version:
            self.counters["alerts-older"] += 1
            self._tell(
                AlertState(
                    id="", state="refused", wall_ms=at.wall_ms, version=self._set.version, reason="older",
                    detail=f"version {said.version}, {self._set.version} is in force",
                )
            )  # fmt: skip
            return
        if said.version == self._set.version:  # by the other broker, or because the fleet lost our word
            self.counters["alerts-again"] += 1
            self.up()
            return
        yield from self._take(said, at)

    def _believed(self, payload: bytes) -> AlertSet:
        try:
            said: Alerts = decode(payload, Alerts)
        except BadMessage as error:
            raise _RefusedError("unread", str(error)) from None
        keys = self._keys("alert")
        if not keys:
            raise _RefusedError("unsigned", "this kiosk has no key to believe them by (docs/emergency.md)")
        if said.kid not in keys:
            raise _RefusedError("unsigned", f"signed with key {said.kid[:16]!r}, which is none of ours")
        if not verify(keys, "alert", self._tenant, said.kid, said.body, said.signature):
            raise _RefusedError("unsigned", "the signature is not true")
        try:
            found = read_alerts(said.body)
        except BadAlerts as error:
            raise _RefusedError("unread", str(error)) from None
        if found.kiosk != self._address:
            raise _RefusedError("not-ours", f"of {found.kiosk[:98]!r}, this is {self._address}")
        return found

    def _take(self, said: AlertSet, at: Stamp) -> Iterable[AnyEvent]:
        gone = {one.id for one in self._set.alerts} - {one.id for one in said.alerts}
        unchanged = {one.id for one in said.alerts if one in self._set.alerts}
        self._set, self._heard_ms = said, self._clock.mono_ms()
        self._shown &= unchanged
        self.counters["alerts-taken"] += 1
        log.warning(
            "alerts, version %d: %s", said.version, ", ".join(one.id for one in said.alerts) or "none"
        )
        yield did.AlertsArrived(at, said.alerts, said.at_ms)  # first the glass, then the disk
        for one in said.alerts:
            if one.id not in unchanged:
                self._say(one.id, "heard")
        for alert_id in gone:
            self._say(alert_id, "cleared")
        try:
            self._ledger.keep(KEPT, write_alerts(said))
        except LedgerError as error:
            log.error("alerts hold, but cannot be kept for the next start: %s", error)

    # --- what becomes of it -----------------------------------------------------------------------------------

    def in_force(self, alerts: tuple[Alert, ...]) -> None:
        """The core has given the glass to these, the gravest first; or taken it back."""
        before, self._in_force = self._in_force, alerts
        for alert in before:
            known = any(one.id == alert.id for one in self._set.alerts)
            if known and not any(one.id == alert.id for one in alerts) and not self._waits(alert):
                self._say(alert.id, "cleared", "time")
        loud = next((one for one in alerts if one.audible), None)
        if loud != next((one for one in before if one.audible), None):
            self._speaker.sound(loud)

    def _waits(self, alert: Alert) -> bool:
        """Whether an exercise only gives way to what is real."""
        return alert.exercise and any(not one.exercise for one in self._in_force)

    def displayed(self, alert_id: str) -> None:
        """A screen says that it is on the glass."""
        if alert_id not in self._shown and any(one.id == alert_id for one in self._set.alerts):
            self._shown |= {alert_id}
            self._say(alert_id, "shown", after_ms=max(0, self._clock.mono_ms() - self._heard_ms))

    def sounded(self, item: Sounded) -> None:
        """The loudspeaker says how it went."""
        self._say(item.alert, "silent" if item.why else "audible", item.why, item.detail)

    def up(self) -> None:
        """A line is new: what was told may be lost, and is told again."""
        for state in list(self._told.values()):
            self._tell_fleet(state)

    @property
    def standing(self) -> bool:
        """Whether alerts have the glass."""
        return bool(self._in_force)

    def close(self) -> None:
        """Silence."""
        self._speaker.close()

    def _say(
        self, alert_id: str, state: Became, reason: str = "", detail: str = "", after_ms: int = 0
    ) -> None:
        if state in ("cleared", "heard"):
            self._told = {key: one for key, one in self._told.items() if key[0] != alert_id}
        said = AlertState(
            id=alert_id, state=state, wall_ms=self._clock.wall_ms(), version=self._set.version, after_ms=after_ms,
            reason=reason, detail=detail[:200],
        )  # fmt: skip
        self._told[alert_id, state] = said
        while len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]
        self._tell(said)

    def _tell(self, said: AlertState) -> None:
        self.counters[f"alert-{said.state}"] += 1
        self._tell_fleet(said)


class _RefusedError(Exception):
    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason
