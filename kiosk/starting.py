"""What runs in the station from power-on: the agent, and before it, where nobody knows yet which kiosk this is, enrolment.

The link to the screen is one and the same for both, so the glass goes from the code to the shop without going dark.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from content.model import Language
from content.store import OpenStore, StoreError
from kiosk import systemd
from kiosk.clock.clock import Clock, SystemClock
from kiosk.config import Config, as_enrolled
from kiosk.identity import enrolment_door
from kiosk.identity.enrolment import Enrolling, Enrolment, Seen
from kiosk.identity.identity import Identity
from kiosk.identity.machine import board_model, machine_id
from kiosk.identity.renewal import Renewing
from kiosk.link.link import AgentEnd
from kiosk.program import AgentProgram, hold
from kiosk.shop import shop_of
from kiosk.views import FacingsPage, Intent, SetLanguage, Shop
from mqtt.enrolment import Ask, Told

log = logging.getLogger(__name__)
LANGUAGES: Final = (
    Language("en", "English"), Language("zh", "中文"), Language("ar", "العربية"), Language("de", "Deutsch"),
)  # fmt: skip


Agent = Callable[..., AgentProgram]


class KioskProgram:
    """A kiosk, enrolled or not. Opens all it needs when made; raises OSError where it cannot. stop() ends it all."""

    def __init__(
        self,
        config: Config,
        link: AgentEnd,
        *,
        failed: Callable[[], None],
        leave: Callable[[], None] | None = None,
        agent: Agent = AgentProgram,
    ) -> None:
        """`leave`, `agent`: see AgentProgram. `failed` is called, from a thread of ours, where the agent cannot be made after enrolment; `error` says why."""
        self._config, self._link, self._failed, self._make = config, link, failed, partial(agent, leave=leave)
        self._lock, self._stopped = threading.Lock(), False
        self._agent: AgentProgram | None = None
        self._first: _Enrolling | None = None
        self._renewing: Renewing | None = None
        self.error: Exception | None = None
        if config.enrolled:
            self._agent = self._make(config, link)
        else:
            try:
                self._first = _Enrolling(config, link, self._came_in)
            except OSError:
                link.close()
                raise

    def start(self) -> None:
        """Begin; returns at once."""
        if self._agent is not None:
            self._agent.start()
            self._keep_up(self._agent)
        elif self._first is not None:
            self._first.start()
            systemd.notify("READY=1")

    def stop(self) -> None:
        """End what runs. May be called once."""
        with self._lock:
            self._stopped = True
        if self._first is not None:
            self._first.stop()
        if self._renewing is not None:
            self._renewing.stop()
        if self._agent is not None:
            self._agent.stop()
        else:
            self._link.close()

    def _keep_up(self, agent: AgentProgram) -> None:
        """Renew the certificate in time, where a fleet gave it."""
        if self._config.enrolment is not None:
            ask = _door(self._config, agent.clock)
            folder = self._config.state / "renewal"
            self._renewing = Renewing(self._config.identity, folder, ask, about(), agent.clock)
            self._renewing.start()

    def _came_in(self, identity: Identity) -> None:
        """Enrolment's thread, at its end: the agent takes over link and state folder."""
        log.warning("this kiosk is %s from now on", identity.address)
        with self._lock:
            if self._stopped:
                return
            assert self._first is not None
            self._first.let_go()
            try:
                self._agent = self._make(as_enrolled(self._config), self._link)
                self._agent.start()
                self._keep_up(self._agent)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is said and the program ends
                self.error = error
                self._failed()


class _Enrolling:
    """Enrolment with a screen."""

    def __init__(self, config: Config, link: AgentEnd, on_identity: Callable[[Identity], None]) -> None:
        assert config.enrolment is not None
        self._fleet, self._link = config.enrolment.fleet, link
        self._held: int | None = hold(config.state)
        self._shop = _shop(config)
        self._language, self._seen = self._shop.languages[0].tag, Seen()
        self._guard = threading.Lock()
        ask = _door(config, SystemClock(trusted=config.trust_clock))
        try:
            enrolment = Enrolment(config.state / "enrolment", config.identity, ask, about=about())
        except OSError:
            self.let_go()
            raise
        self._thread = Enrolling(enrolment, self._show, on_identity, lambda: systemd.notify("WATCHDOG=1"))

    def start(self) -> None:
        """Show the code, and ask."""
        self._link.serve(self._touched, _no_shelves)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._thread.stop()
        self.let_go()

    def let_go(self) -> None:
        """Leave the state folder to whoever comes."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _show(self, seen: Seen) -> None:
        with self._guard:
            self._seen = seen
            self._link.show(self._shop, seen.view(self._language, self._fleet))

    def _touched(self, intent: Intent) -> None:
        if isinstance(intent, SetLanguage):
            with self._guard:
                self._language = intent.language
                self._link.show(self._shop, self._seen.view(self._language, self._fleet))


def about() -> Ask:
    """What is said of this device."""
    return Ask(request="", board=board_model(), machine=machine_id())


def _door(config: Config, clock: Clock) -> Callable[[Ask], Told]:
    """Whom to ask."""
    assert config.enrolment is not None
    fleet, ca = config.enrolment.fleet, Path(config.enrolment.ca) if config.enrolment.ca else None

    def ask(question: Ask) -> Told:
        return enrolment_door.ask(fleet, ca, question, clock_is_right=clock.quality() != "unsynced")

    return ask


def _shop(config: Config) -> Shop:
    """What surrounds the code: the shop's own languages where its store is here already."""
    try:
        store = OpenStore(config.store)
    except (StoreError, OSError):
        return Shop({"en": "Endcap"}, "", "EUR", LANGUAGES, (), (), (), (), "", "")
    try:
        return shop_of(store.store, config.place)
    finally:
        store.close()


def _no_shelves(aisle: str, _language: str, start: int, _stop: int) -> FacingsPage:
    return FacingsPage(aisle, start)
