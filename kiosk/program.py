"""The agent with everything around it, put together from one Config: made, started, stopped; nothing is left running."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import structs

from content.store import AnyStore, OpenStore
from devices.models import Setting
from kiosk import systemd
from kiosk.agent import Agent, EventsWait, StoreReady
from kiosk.clock.clock import Clock, SystemClock
from kiosk.config import Config
from kiosk.core.events import Stamp
from kiosk.core.present import present
from kiosk.core.session import step
from kiosk.core.state import new_session
from kiosk.fleet_line.line import AlertLineUp, Connection, FleetLine, Heard, LineDown, LineUp, lost
from kiosk.identity.machine import machine_id
from kiosk.ledger import RESERVE_BYTES, Ledger
from kiosk.link.link import AgentEnd
from kiosk.operated.hands import Hands
from kiosk.operated.keys import KeyFile, Keys, no_keys
from kiosk.peripherals.cards import load_key
from kiosk.peripherals.hardware import Hardware
from kiosk.peripherals.peripherals import NoPeripherals, Peripherals
from kiosk.runtime import Runtime
from kiosk.store_watch import StoreWatcher
from mqtt.backoff import station
from mqtt.client import Client

if TYPE_CHECKING:
    from kiosk.adopting.joining import Content
    from kiosk.software.joining import Software

log = logging.getLogger(__name__)

GOODBYE_S: Final = 1.0  # longest wait for the broker at the end


class Busy(OSError):
    """Another agent works with the same state folder."""


class FleetConnection(Connection, Protocol):
    """As much of mqtt.client.Client as the program needs."""

    def subscribe(self, topic_filter: str) -> None:
        """Ask for a topic filter, now and after every reconnect."""

    def start(self) -> None:
        """Begin connecting; returns at once."""

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Disconnect and end."""


def connect_alerts(config: Config, post: Callable[[object], None]) -> Client | None:
    """The connection to the station's own broker, None where there is none. Nothing but alerts is heard there."""
    broker = config.alert_broker
    if broker is None:
        return None
    client = Client(
        broker.host, broker.port, config.address.client_id, tls=config.alert_tls, mqtt5=broker.mqtt5,
        on_message=lambda topic, payload: post(Heard(topic, payload)),
        on_up=lambda: post(AlertLineUp()),
    )  # fmt: skip
    client.subscribe(config.address.alerts)
    return client


Connect = Callable[[Config, bytes, Callable[[object], None]], FleetConnection]


def connect(config: Config, will: bytes, post: Callable[[object], None]) -> FleetConnection:
    """The MQTT connection of a kiosk: its id is its address, its will is said on its state topic."""
    address, broker = config.address, config.broker
    return Client(
        broker.host,
        broker.port,
        address.client_id,
        will=(address.state, will),
        on_message=lambda topic, payload: post(Heard(topic, payload)),
        on_up=lambda: post(LineUp()),
        on_down=lambda: post(LineDown()),
        mqtt5=broker.mqtt5,
        tls=config.tls,
        session_s=broker.session_s,
        will_delay_s=min(broker.will_delay_s, broker.session_s),
        backoff=station(broker.crowd_s),
    )


class AgentProgram:
    """One kiosk's agent. Opens all it needs when made; raises OSError (with the reason in words) where it cannot."""

    def __init__(
        self,
        config: Config,
        link: AgentEnd,
        *,
        peripherals: Peripherals | None = None,
        store: AnyStore | None = None,
        clock: Clock | None = None,
        connect: Connect = connect,
        leave: Callable[[], None] | None = None,
        keys: Keys | None = None,
    ) -> None:
        """`keys`: whose word on live changes counts. `leave` ends the program so that it is started again, where somebody does; an operator may ask for it. Takes over `link`, `peripherals` and `store`: stop() closes them. By default, from what `config` says."""
        self.clock = clock or SystemClock(trusted=config.trust_clock)
        self._link = link
        machine = machine_id()
        with ExitStack() as undo:  # what is open when something fails
            undo.callback(link.close)
            self._lock = hold(config.state)
            undo.callback(os.close, self._lock)
            self._watcher: StoreWatcher | None = None
            self._content: Content | None = None
            self._software: Software | None = None
            place = config.place
            if store is not None:
                self._store = store
            elif config.content.root:
                from kiosk.adopting.joining import Content  # who fetches nothing needs no TUF
                from kiosk.software.joining import Software

                self._software = Software(config, self.clock, self._post)
                self._content = Content(config, self.clock, self._post)
                opened = self._content.boot()
                self._store, place = opened.store, structs.replace(place, pictures=str(opened.folder))
            else:
                self._watcher = StoreWatcher(config.store, self._store_ready)
                self._store = OpenStore(config.store)
            undo.callback(self._store.close)
            self._peripherals = peripherals or hardware(config)
            at = Stamp(self.clock.mono_ms(), self.clock.wall_ms(), trusted=self.clock.quality() != "unsynced")
            session = new_session(self._store.store, place, at, config.session)
            self.runtime = Runtime(session, step, present, self.clock)
            self.ledger = Ledger(
                config.ledger,
                self.clock,
                on_growth=lambda: self.runtime.post(EventsWait()),
                limit_bytes=config.ledger_limits.limit_mib * 1024 * 1024,
                reserve_bytes=RESERVE_BYTES,
                machine=machine,
            )
            undo.pop_all()
        here = secrets.token_hex(8)  # this start of the agent
        will = lost(self.clock.boot, self.clock.wall_ms(), here, self.ledger.epoch)
        self._connection = connect(config, will, self._post)
        self._connection.subscribe(config.address.down)
        self._alert_line = connect_alerts(config, self._post)
        line = FleetLine(
            config.address,
            self._connection,
            self.ledger,
            self.clock,
            config.fleet.answer_s * 1000,
            self.clock.learn if isinstance(self.clock, SystemClock) else None,
        )
        self.agent = Agent(
            runtime=self.runtime,
            store=self._store,
            place=place,
            link=link,
            ledger=self.ledger,
            line=line,
            peripherals=self._peripherals,
            clock=self.clock,
            health_ms=config.fleet.health_s * 1000,
            beat_ms=systemd.beat_ms(),
            panel=config.glass,
            started_as=here,
            machine=machine,
            address=config.address,
            hands=Hands(link, leave),
            state=config.state,
            configured=frozenset(device.name for device in config.devices),
            sound=config.sound,
            alert_line=self._alert_line,
            keys=keys or self._keys(config),
            releases=self._content.adopter if self._content else None,
            programs=self._software.programs if self._software else None,
        )

    def _keys(self, config: Config) -> Keys:
        """Those of a file, of the releases, or none."""
        if config.keys:
            return KeyFile(config.keys, config.address.tenant)
        return self._content.keys if self._content else no_keys

    def _post(self, item: object) -> None:
        """From the line's thread: what is heard is stamped, because a command is judged by how long it has waited."""
        if isinstance(item, Heard):
            item = Heard(item.topic, item.payload, self.clock.mono_ms())
        self.runtime.post(item)

    def _store_ready(self, ready: StoreReady) -> None:
        self.runtime.post(ready)

    def start(self) -> None:
        """Begin to work, in threads of its own; returns at once."""
        self.runtime.start(self.agent)
        if self._watcher is not None:
            self._watcher.start()
        if self._content is not None:
            self._content.start()
        if self._software is not None:
            self._software.start()
        self._link.serve(self.runtime.post, self.agent.facings)
        self._peripherals.start(self.runtime.post)
        self._connection.start()
        if self._alert_line is not None:
            self._alert_line.start()
        systemd.notify("READY=1")

    def stop(self) -> None:
        """Say good-bye, commit what waits, end every thread. May be called once."""
        systemd.notify("STOPPING=1")
        if self._watcher is not None:
            self._watcher.stop()
        if self._content is not None:
            self._content.stop()
        if self._software is not None:
            self._software.stop()
        self._peripherals.close()
        if self._alert_line is not None:
            self._alert_line.stop(GOODBYE_S)
        self._link.close()
        self.runtime.stop()
        self.agent.telling.presence("closed")  # the owner has gone, so this thread may
        if not self._connection.stop(GOODBYE_S):
            log.warning("the broker did not take the good-bye; the will says that the kiosk is lost")
        self.agent.close()
        self.ledger.close()
        os.close(self._lock)


def hardware(config: Config) -> Peripherals:
    """The peripherals a configuration names. Raises kiosk.peripherals.cards.BadKey."""
    if not config.devices:
        return NoPeripherals()
    key = load_key(config.card_key)
    settings = [
        Setting(one.name, one.model, one.port, key, one.read_tags, notes=str(config.state))
        for one in config.devices
    ]
    return Hardware(settings, config.device_socket)


def hold(state: Path) -> int:
    """Make the state folder and hold its lock; it is let go by the kernel when the process ends. Raises OSError, Busy."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(state / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OSError(f"{state}: cannot keep state there: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise Busy(f"{state}: another agent works there") from error
    return handle
