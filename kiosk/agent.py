"""The translator between the core and the world: what happens becomes the core's events, what it asks for is done.

Intents, peripherals, the fleet's messages and finished timers come in as they are; products are looked up, orders get
fresh names and claim codes, and what the ledger already knows is sorted out here. All methods of runtime.Work run in the owner's
thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from content.live_changes import LiveStore
from content.model import Product
from content.store import AnyStore, StoreError
from kiosk import guided, systemd, views
from kiosk.adopting.bare import BARE, is_bare
from kiosk.adopting.health import Facts, faults_of
from kiosk.adopting.talk import FactsWanted, NoReleases, Programs, ProgramsReady, Releases, RunningChanged
from kiosk.adopting.talk import StoreReady as StoreReady
from kiosk.cashier import Again, Cashier, HeardAgain, OpenPaymentsDue, RefundsDue
from kiosk.clock.clock import Clock
from kiosk.codes.codes import PRODUCTS, read_code
from kiosk.codes.codes_told import code_told
from kiosk.core import effects as do
from kiosk.core import events as did
from kiosk.core.codes import SCANNED
from kiosk.core.effects import AnyEffect
from kiosk.core.events import AnyEvent, Stamp
from kiosk.core.facings import facing_of, fresh_ms
from kiosk.core.settings import Place
from kiosk.core.terms import Terms, links_of, sound
from kiosk.fleet_line.line import AlertLineUp, Connection, FleetLine, Heard, LineDown, LineUp
from kiosk.fleet_line.records import record_of
from kiosk.fleet_line.telling import HealthDue, PresenceDue, Telling
from kiosk.intents import event_of
from kiosk.ledger import Ledger, LedgerError
from kiosk.link.link import AgentEnd
from kiosk.operated.alerts import Sounded
from kiosk.operated.commanding import JobEnded, TellAgain
from kiosk.operated.desired import NightLook
from kiosk.operated.hands import Hands
from kiosk.operated.keys import Keys, no_keys
from kiosk.operated.live import LiveLook
from kiosk.operated.operated import LeaveDue, Operated, alert_state
from kiosk.operated.sound import SoundRules
from kiosk.peripherals.peripherals import (
    CardRead,
    CodeRead,
    DeviceState,
    Peripherals,
    PhoneTapped,
    Printed,
    of_kind,
)
from kiosk.peripherals.receipt import receipt_of
from kiosk.peripherals.tapping import Tapping
from kiosk.runtime import Runtime
from kiosk.shop import shop_of
from mqtt.messages import ChargeState, CodeState, PhoneSale
from mqtt.messages import Terms as TermsSaid
from mqtt.topics import Address

log = logging.getLogger(__name__)

PUMP_AGAIN_MS: Final = 5_000  # after the ledger could not be read


@dataclass(frozen=True, slots=True)
class EventsWait:
    """Posted by the ledger's threads: there are new events in the outbox."""


@dataclass(frozen=True, slots=True)
class _PumpDue:
    """The outbox wants to be looked at."""


@dataclass(frozen=True, slots=True)
class _BeatDue:
    """The service manager wants to hear from us."""


class Agent:
    """Work for a runtime."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        store: AnyStore,
        place: Place,
        link: AgentEnd,
        ledger: Ledger,
        line: FleetLine,
        peripherals: Peripherals,
        clock: Clock,
        health_ms: int,
        beat_ms: int = 0,
        panel: views.Panel | None = None,
        started_as: str = "",
        machine: str = "",
        address: Address,
        hands: Hands,
        state: Path,
        configured: frozenset[str] = frozenset(),
        sound: SoundRules = SoundRules(),  # noqa: B008 (frozen)
        alert_line: Connection | None = None,
        keys: Keys = no_keys,
        releases: Releases | None = None,
        programs: Programs | None = None,
    ) -> None:
        """`programs`: whoever exchanges the kiosk's own. Takes over `store`. `releases`: whoever fetches newer ones, and hears how they do. `hands` do what operators command; `state` is the kiosk's own folder, `configured` names its devices. `panel` is the glass its screen has. `started_as` names this start of the agent, `machine` the board. `beat_ms`: how often the service manager hears that the owner's thread lives; 0: never."""
        self._runtime, self._link, self._ledger, self._line = runtime, link, ledger, line
        self._peripherals, self._clock, self._place = peripherals, clock, place
        self._store, self._arriving = LiveStore(store), dict[str, StoreReady]()
        self._releases: Releases = releases or NoReleases()
        self._programs: Programs = programs or NoReleases()
        self._sold = self._store, place  # both at once: shelves are asked for by other threads
        self._terms: Terms | None = None
        self._shop = shop_of(store.store, place)
        self._cashier = Cashier(ledger, line, clock, runtime.after, panel)
        self.telling = Telling(
            runtime, line, ledger, link, clock, health_ms, lambda: self._store.store.version, started_as,
            machine,
        )  # fmt: skip
        self.operated = Operated(
            address, runtime, line, ledger, link, clock, self.telling, hands, state,
            lambda: self._store.store.version, started_as, configured, lambda: self._store, self._shop_changed, keys,
            sound, lambda state: alert_state(address, state, line, alert_line),
            releases=self._releases, programs=self._programs,
        )  # fmt: skip
        self._beat_ms = beat_ms
        self._view: views.View | None = None
        self._tapping = Tapping(peripherals, runtime.counters)

    def close(self) -> None:
        """Let go of the stores. Only when the owner's thread and the link have ended."""
        self.operated.close()
        for store in (self._store, *(ready.store for ready in self._arriving.values())):
            store.close()

    # --- begin ------------------------------------------------------------------------------------------------

    def begin(self, at: Stamp) -> Iterable[AnyEvent]:
        """Payments that were open when the kiosk stopped come first."""
        self.telling.begin()
        if self._beat_ms:
            self._runtime.after("beat", self._beat_ms, _BeatDue())
        if is_bare(self._store.store):
            yield did.ServiceClosed(at, BARE)
        yield from self._lit(self.operated.begin(at))
        yield from self._remembered_terms(at)
        yield from self._cashier.recover(at)

    def _remembered_terms(self, at: Stamp) -> Iterable[AnyEvent]:
        """What may be offered, as it was said before the kiosk stopped."""
        try:
            body = self._ledger.kept_terms()
            if body is not None:
                self._take(msgspec.json.decode(body, type=Terms))
        except (LedgerError, msgspec.DecodeError) as error:
            log.error("the terms that were kept cannot be read, so all of the store's hold: %s", error)
        if self._terms is not None:
            yield did.TermsArrived(at, self._terms)

    # --- what happened ----------------------------------------------------------------------------------------

    def events(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        """See runtime.Work."""
        translate = self._TRANSLATE.get(type(item))
        if translate is None:
            raise TypeError(f"nobody knows what {type(item).__name__} means")
        return translate(self, item, at)

    def _code(self, item: CodeRead, at: Stamp) -> Iterable[AnyEvent]:
        code = read_code(item.text, item.aim)
        # A voucher or a badge may name a product, too: it opens nothing.
        product = self._product(code.gtin) if code.kind in PRODUCTS else None
        # Only what the fleet is asked about goes on: a member's number or somebody's address is nobody's business.
        text = code.code if code.kind in SCANNED else ""
        yield did.CodeScanned(at, code.kind, text, product, code.facing)

    def _device(self, item: DeviceState, at: Stamp) -> Iterable[AnyEvent]:
        devices = self.telling.devices
        devices[item.name] = item
        self.telling.health_soon()
        kind = of_kind(item.name, devices.values())
        yield did.DeviceChanged(at, kind.name, kind.state, kind.detail)

    def _printed(self, item: Printed, at: Stamp) -> Iterable[AnyEvent]:
        if item.why:
            yield did.ReceiptFailed(at, item.reference, item.why)
        else:
            yield did.ReceiptPrinted(at, item.reference)

    def _up(self, item: LineUp, at: Stamp) -> Iterable[AnyEvent]:
        self._line.up()
        self.telling.presence()
        self._pump()
        self._cashier.ask_for_refunds()
        self.operated.up()
        self.telling.health_soon()
        yield did.FleetConnected(at)

    def _down(self, item: LineDown, at: Stamp) -> Iterable[AnyEvent]:
        yield did.FleetLost(at)

    def _heard(self, item: Heard, at: Stamp) -> Iterable[AnyEvent]:
        if self.operated.takes(item.topic):
            return self._lit(self.operated.heard(item, at))
        said = self._line.heard(item)
        if isinstance(said, PhoneSale):
            return (did.PhoneSale(at, said.order, said.claim_code),)
        if isinstance(said, ChargeState):
            return self._cashier.hear(said, at)
        if isinstance(said, TermsSaid):
            return self._terms_said(said, at)
        if isinstance(said, CodeState):
            return (code_told(said, at, self._product),)
        self._pump()  # an Ack makes room
        return ()

    def _terms_said(self, said: TermsSaid, at: Stamp) -> Iterable[AnyEvent]:
        """Keep them for the next start, and show what they change; said again they change nothing."""
        terms = sound(
            Terms(
                methods=said.methods,
                domain=said.domain,
                link_base=said.link_base,
                link_key=said.link_key,
                link_kid=said.link_kid,
            )
        )
        if terms == self._terms:
            return
        self._take(terms)
        try:
            self._ledger.keep_terms(msgspec.json.encode(terms))
        except LedgerError as error:
            log.error("the terms hold, but cannot be kept for the next start: %s", error)
        yield did.TermsArrived(at, terms)

    def _take(self, terms: Terms) -> None:
        self._terms = terms
        self._shop_changed()

    def _shop_changed(self) -> None:
        """Show what surrounds the view as it is now; the view may look the same, its shop does not."""
        shop = shop_of(self._store.store, self._place, self._terms)
        version = f"{shop.version}{self.operated.live.edition}"
        self._shop = msgspec.structs.replace(shop, light=self.operated.wanted.light, version=version)
        if self._view is not None:
            self._link.show(self._shop, self._view)
            self._offer(self._view)

    def _lit(self, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """What follows from a word of the operators', with the glass as bright as it says."""
        follow = [self._bare(event) for event in events]
        if self._shop.light != self.operated.wanted.light:
            self._shop_changed()
        return follow

    def _bare(self, event: AnyEvent) -> AnyEvent:
        """Nobody can open a wall that has nothing on it."""
        if isinstance(event, did.ServiceOpened) and is_bare(self._store.store):
            return did.ServiceClosed(event.at, BARE)
        return event

    def _events_wait(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self._pump()
        return ()

    def _telling_due(self, item: PresenceDue | HealthDue, at: Stamp) -> Iterable[AnyEvent]:
        if isinstance(item, PresenceDue):
            self.telling.presence()
        else:
            self.telling.health(at.wall_ms)
        return ()

    def _beat_due(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        """Said by the thread that owns the session: a kiosk that hangs falls silent."""
        systemd.notify("WATCHDOG=1")
        self._runtime.after("beat", self._beat_ms, _BeatDue())
        return ()

    def _refunds_due(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self._cashier.ask_for_refunds()
        return ()

    def _again(self, item: Again, at: Stamp) -> Iterable[AnyEvent]:
        return [event for effect in item.effects for event in self.perform(effect, at)]

    def _store_ready(self, item: StoreReady, at: Stamp) -> Iterable[AnyEvent]:
        same = item.store.store.version == self._store.store.version
        if same and not self._arriving and not item.folder:
            item.store.close()  # imported once more, and the same; a release is adopted all the same, or it would wait for ever
            return
        for late in self._arriving.values():  # never adopted: a newer one comes in its place
            late.store.close()
        self._arriving = {item.store.store.version: item}
        yield did.StoreArrived(at, item.store.store, item.folder)

    def _product(self, gtin: str) -> Product | None:
        """The product of a GTIN, None where there is none or the store cannot be read."""
        if not gtin:
            return None
        try:
            return self._store.product(gtin)
        except StoreError as error:
            log.error("the store cannot be read: %s", error)
            return None

    def _intent(self, item: views.Intent, at: Stamp) -> Iterable[AnyEvent]:
        if isinstance(item, views.Displayed):
            self.operated.alarm.displayed(item.alert)
            return ()
        event = event_of(item, at, self._product, self._store.store)
        return () if event is None else (event,)

    def _operating(
        self, item: JobEnded | TellAgain | NightLook | LiveLook | LeaveDue, at: Stamp
    ) -> Iterable[AnyEvent]:
        return self._lit(self.operated.posted(item, at))

    _TRANSLATE: Final[dict[type, Callable[[Agent, Any, Stamp], Iterable[AnyEvent]]]] = {
        CodeRead: _code,
        PhoneTapped: lambda self, item, at: self._tapping.heard(item, at),
        CardRead: lambda self, item, at: (did.CardTapped(at, item.token),),
        DeviceState: _device,
        Printed: _printed,
        LineUp: _up,
        LineDown: _down,
        AlertLineUp: lambda self, item, at: self.operated.alert_line_up(),
        Heard: _heard,
        EventsWait: _events_wait,
        _PumpDue: _events_wait,
        PresenceDue: _telling_due,
        HealthDue: _telling_due,
        RefundsDue: _refunds_due,
        _BeatDue: _beat_due,
        Again: _again,
        HeardAgain: lambda self, item, at: self._cashier.hear(item.state, at),
        OpenPaymentsDue: lambda self, item, at: self._cashier.recover(at),
        StoreReady: _store_ready,
        FactsWanted: lambda self, item, at: self._facts_wanted(item, at),
        ProgramsReady: lambda self, item, at: self._programs_ready(item, at),
        RunningChanged: lambda self, item, at: self._running_changed(item, at),
        **dict.fromkeys((JobEnded, TellAgain, NightLook, LiveLook, LeaveDue, Sounded), _operating),
        guided.Step: lambda self, item, at: (did.DeviceTestStepped(at, item),),
        guided.Over: lambda self, item, at: (did.DeviceTestEnded(at),),
        **dict.fromkeys(get_args(views.Intent), _intent),
    }

    # --- what the core asks for -------------------------------------------------------------------------------

    def perform(self, effect: AnyEffect, at: Stamp) -> Iterable[AnyEvent]:
        """See runtime.Work."""
        follows = self._cashier.perform(effect, at)
        if follows is not None:
            return follows
        match effect:
            case do.PrintReceipt():
                self._print(effect, at)
            case do.AskCode(code=code):
                if not self._line.code(code):
                    return (did.CodeTold(at, code, "unknown", "offline"),)
            case do.ArmReader(on=on):
                self._peripherals.arm(on)
            case do.TellAlerts(alerts=alerts):
                self.operated.alarm.in_force(alerts)
            case do.TellIdentified():
                self.operated.identified(effect)
            case do.TellDeviceTest(answer=answer):
                self._peripherals.answered(answer)
            case do.AdoptStore(version=version):
                return self._adopt(version, at)
            case _:
                drawn = self._link.drawn()  # None where no screen is there, or it has not drawn yet
                slide = drawn.slide if drawn is not None and drawn.version == self._shop.version else ""
                self._ledger.note(record_of(effect, at, self._clock, on_glass=slide))
        return ()

    def _print(self, effect: do.PrintReceipt, at: Stamp) -> None:
        receipt = receipt_of(
            effect.payment,
            effect.claim_code,
            effect.language,
            self._store.store,
            self._place.kiosk,
            effect.paid_ms or at.wall_ms,
        )
        self._peripherals.print(receipt)

    def _adopt(self, version: str, at: Stamp) -> Iterable[AnyEvent]:
        arrived = self._arriving.pop(version, None)
        if arrived is None:
            log.error("the store of version %s is not here", version)
            return ()
        self._releases.adopting(version, self._facts())  # written down before it is on the glass
        left, self._store = self._store, LiveStore(arrived.store)
        if arrived.folder:
            self._place = msgspec.structs.replace(self._place, pictures=arrived.folder)
        self._sold = self._store, self._place
        follow = list(self.operated.adopted(at))
        if is_bare(left.store) and not is_bare(self._store.store) and not self.operated.wanted.out_of_service:
            follow.append(did.ServiceOpened(at))
        self._shop_changed()
        left.close()
        return follow

    def _facts(self) -> Facts:
        """How the wall is (kiosk.adopting.health)."""
        counts, drawn = self._link.counters(), self._link.drawn()
        mine = drawn is not None and drawn.version == self._shop.version
        steps = self._runtime.counters
        return Facts(
            mono_ms=self._clock.mono_ms(),
            showing=self._view is not None and views.sells(self._view),
            frames=drawn.frames if drawn is not None and mine else 0,
            facings=drawn.facings if drawn is not None and mine else 0,
            screens=counts.get("screens", 0),
            connected=counts.get("connected", 0),
            ready=frozenset(name for name, one in self.telling.devices.items() if one.state == "ready"),
            faults=faults_of(steps),
            unanswered=counts.get("facings", 0),
        )

    def _facts_wanted(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        facts = self._facts()
        self._releases.facts(facts)
        self._programs.facts(facts)
        return ()

    def _programs_ready(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        """Ends the agent where nobody is buying; else it is asked again."""
        self.operated.leave_for(lambda: self._programs.leaving(self._facts()))
        return ()

    def _running_changed(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self.operated.wanted.tell(changed_only=True)
        return self.operated.live.look(at)  # a change may be of the release before

    # --- views and shelves ------------------------------------------------------------------------------------

    def show(self, view: views.View) -> None:
        """See runtime.Work."""
        self._link.show(self._shop, view)
        self._offer(view)
        self._view = view
        self.telling.shown(view)
        self.operated.shown(view)

    def _offer(self, view: views.View) -> None:
        links = links_of(self._place.host, self._place.kiosk, self._terms, self._store.store.version)
        trusted = self._clock.quality() != "unsynced"
        self._tapping.follow(view, links, self._clock.wall_ms() // 1000 if trusted else None)

    def facings(self, aisle: str, language: str, start: int, stop: int) -> views.FacingsPage:
        """A stretch of shelf for the screen, at the prices of this moment. Called from the link's threads."""
        wall_ms = self._clock.wall_ms()
        now = wall_ms // 1000 if self._clock.quality() != "unsynced" else None
        store, place = self._sold
        products = store.shelf(aisle, start, stop)
        links = links_of(place.host, place.kiosk, self._terms, store.store.version)
        items = tuple(facing_of(product, language, now, place, links) for product in products)
        fresh = fresh_ms(products, wall_ms, trusted=now is not None, signed=bool(links.key))
        return views.FacingsPage(aisle, start, items, fresh)

    # --- words to the fleet -----------------------------------------------------------------------------------

    def _pump(self) -> None:
        try:
            wait = self._line.pump()
        except LedgerError as error:
            log.error("events cannot be read and are sent later: %s", error)
            wait = PUMP_AGAIN_MS
        if wait is not None:
            self._runtime.after("pump", wait, _PumpDue())
