"""The translator between the core and the world: what happens becomes the core's events, what it asks for is done.

Intents, peripherals, the fleet's messages and finished timers come in as they are; products are looked up, orders get
fresh names, and what the ledger already knows is sorted out here. All methods of runtime.Work run in the owner's
thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, get_args

from content.model import Product
from content.money import Money
from content.store import AnyStore, StoreError
from kiosk import systemd, views
from kiosk.clock import Clock
from kiosk.codes import read_code
from kiosk.core import effects as do
from kiosk.core import events as did
from kiosk.core.effects import AnyEffect
from kiosk.core.events import AnyEvent, Stamp
from kiosk.core.facings import facing_of
from kiosk.core.settings import Place
from kiosk.fleet_line import FleetLine, Heard, LineDown, LineUp
from kiosk.intents import event_of
from kiosk.ledger import Ledger
from kiosk.ledger_schema import LedgerError
from kiosk.link import AgentEnd
from kiosk.peripherals import CardRead, CodeRead, DeviceState, Peripherals, Printed
from kiosk.receipt import receipt_of
from kiosk.records import record_of, refund_of, sale_of
from kiosk.runtime import Runtime
from kiosk.shop import shop_of
from mqtt.messages import ChargeState, Health, PhoneSale, Presence

log = logging.getLogger(__name__)

PRESENCE_MS: Final = 1_000  # a change of screen is told at most that often
RETRY_MS: Final = 5_000  # a refund the ledger could not take is tried again
OWED_MS: Final = 60_000  # between two questions for refunds that nobody has confirmed


@dataclass(frozen=True, slots=True)
class EventsWait:
    """Posted by the ledger's threads: there are new events in the outbox."""


@dataclass(frozen=True, slots=True)
class _PumpDue:
    """The outbox wants to be looked at."""


@dataclass(frozen=True, slots=True)
class _PresenceDue:
    """What the kiosk shows is to be told."""


@dataclass(frozen=True, slots=True)
class _HealthDue:
    """Health is to be told."""


@dataclass(frozen=True, slots=True)
class _RefundsDue:
    """Refunds are owed."""


@dataclass(frozen=True, slots=True)
class _BeatDue:
    """The service manager wants to hear from us."""


@dataclass(frozen=True, slots=True)
class _Again:
    """Effects that could not be carried out are to be tried again."""

    effects: tuple[AnyEffect, ...]


@dataclass(frozen=True, slots=True)
class StoreReady:
    """Posted by whoever fetched it: a verified store is open, and sold from when nobody is buying."""

    store: AnyStore


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
    ) -> None:
        """Takes over `store`. `beat_ms`: how often the service manager hears that the owner's thread lives; 0: never."""
        self._runtime, self._link, self._ledger, self._line = runtime, link, ledger, line
        self._peripherals, self._clock, self._place = peripherals, clock, place
        self._store, self._arriving = store, dict[str, AnyStore]()
        self._shop = shop_of(store.store, place)
        self._health_ms, self._beat_ms = health_ms, beat_ms
        self._devices: dict[str, str] = {}
        self._view: views.View | None = None
        self._since_ms = clock.wall_ms()
        self._unwritten: set[str] = (
            set()
        )  # references the ledger could not take: they must not cost anybody money

    def close(self) -> None:
        """Let go of the stores. Only when the owner's thread and the link have ended."""
        for store in (self._store, *self._arriving.values()):
            store.close()

    # --- begin ------------------------------------------------------------------------------------------------

    def begin(self, at: Stamp) -> Iterable[AnyEvent]:
        """Payments that were open when the kiosk stopped come first."""
        self._runtime.after("health", self._health_ms, _HealthDue())
        if self._beat_ms:
            self._runtime.after("beat", self._beat_ms, _BeatDue())
        open_payments = self._ledger.open_payments()
        if open_payments:
            log.warning("%d payments were open when the kiosk stopped", len(open_payments))
            yield did.PaymentsRecovered(at, open_payments)

    # --- what happened ----------------------------------------------------------------------------------------

    def events(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        """See runtime.Work."""
        translate = self._TRANSLATE.get(type(item))
        if translate is None:
            raise TypeError(f"nobody knows what {type(item).__name__} means")
        return translate(self, item, at)

    def _code(self, item: CodeRead, at: Stamp) -> Iterable[AnyEvent]:
        code = read_code(item.text)
        product = self._product(code.gtin)
        yield did.CodeScanned(at, code.kind, item.text[:64], product, code.facing)

    def _device(self, item: DeviceState, at: Stamp) -> Iterable[AnyEvent]:
        self._devices[item.name] = f"{item.state} {item.detail}".strip()
        self._runtime.after("health", PRESENCE_MS, _HealthDue())
        yield did.DeviceChanged(at, item.name, item.state, item.detail)

    def _printed(self, item: Printed, at: Stamp) -> Iterable[AnyEvent]:
        if item.why:
            yield did.ReceiptFailed(at, item.reference, item.why)
        else:
            yield did.ReceiptPrinted(at, item.reference)

    def _up(self, item: LineUp, at: Stamp) -> Iterable[AnyEvent]:
        self._line.up()
        self._tell_presence()
        self._pump()
        self._ask_for_refunds()
        self._runtime.after("health", PRESENCE_MS, _HealthDue())
        yield did.FleetConnected(at)

    def _down(self, item: LineDown, at: Stamp) -> Iterable[AnyEvent]:
        yield did.FleetLost(at)

    def _heard(self, item: Heard, at: Stamp) -> Iterable[AnyEvent]:
        said = self._line.heard(item)
        if isinstance(said, PhoneSale):
            return (did.PhoneSale(at, said.order, said.claim_code),)
        if isinstance(said, ChargeState):
            return self._charge(said, at)
        self._pump()  # an Ack makes room
        return ()

    def _charge(self, state: ChargeState, at: Stamp) -> Iterable[AnyEvent]:
        reference = state.reference
        match state.state:
            case "paid":
                return self._paid(state, at)
            case "created":
                return (did.ChargeCreated(at, reference, state.payload, state.expires_ms, state.merchant),)
            case "scanned":
                return (did.ChargeScanned(at, reference),)
            case "expired":
                return (did.ChargeExpired(at, reference),)
            case "cancelled":
                return (did.ChargeCancelled(at, reference),)
            case "failed":
                return (did.ChargeFailed(at, reference, state.reason),)
            case "refunded":
                self._ledger.refund_confirmed(reference)
                return (did.RefundDone(at, reference),)
            case "unknown" if not state.reason:  # with a reason the fleet does not know whether it knows
                self._ledger.refund_confirmed(reference)  # where there is no charge there is no money
                return (did.ChargeUnknown(at, reference),)
        self._line.counters["states-ignored"] += 1
        return ()

    def _paid(self, state: ChargeState, at: Stamp) -> Iterable[AnyEvent]:
        """Money came. What the ledger has settled is settled; what the core let go is given back to it first."""
        reference = state.reference
        standing = self._ledger.standing(reference)
        if standing in ("sale", "refund"):
            return
        if standing == "closed":
            payment = self._ledger.reopen(reference)
            if payment is not None:
                yield did.PaymentsRecovered(at, (payment,), restarted=False)
        yield did.ChargePaid(at, reference, Money(state.paid_minor, state.currency))

    def _events_wait(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self._pump()
        return ()

    def _presence_due(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self._tell_presence()
        return ()

    def _health_due(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self._runtime.after("health", self._health_ms, _HealthDue())
        self._line.health(
            Health(wall_ms=at.wall_ms, devices=dict(self._devices), counters=self._all_counters())
        )
        return ()

    def _beat_due(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        """Said by the thread that owns the session: a kiosk that hangs falls silent."""
        systemd.notify("WATCHDOG=1")
        self._runtime.after("beat", self._beat_ms, _BeatDue())
        return ()

    def _refunds_due(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        self._ask_for_refunds()
        return ()

    def _ask_for_refunds(self) -> None:
        """Ask for all that is owed, again and again: a question may be lost, and so may its answer."""
        owed = self._ledger.owed_refunds()
        for reference, reason in owed:
            self._line.refund(reference, reason)
        if owed:
            self._runtime.after("refunds", OWED_MS, _RefundsDue())

    def _again(self, item: _Again, at: Stamp) -> Iterable[AnyEvent]:
        return [event for effect in item.effects for event in self.perform(effect, at)]

    def _store_ready(self, item: StoreReady, at: Stamp) -> Iterable[AnyEvent]:
        self._arriving[item.store.store.version] = item.store
        yield did.StoreArrived(at, item.store.store)

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
        event = event_of(item, at, self._product, self._store.store)
        return () if event is None else (event,)

    _TRANSLATE: Final[dict[type, Callable[[Agent, Any, Stamp], Iterable[AnyEvent]]]] = {
        CodeRead: _code,
        CardRead: lambda self, item, at: (did.CardTapped(at, item.token),),
        DeviceState: _device,
        Printed: _printed,
        LineUp: _up,
        LineDown: _down,
        Heard: _heard,
        EventsWait: _events_wait,
        _PumpDue: _events_wait,
        _PresenceDue: _presence_due,
        _HealthDue: _health_due,
        _RefundsDue: _refunds_due,
        _BeatDue: _beat_due,
        _Again: _again,
        StoreReady: _store_ready,
        **dict.fromkeys(get_args(views.Intent), _intent),
    }

    # --- what the core asks for -------------------------------------------------------------------------------

    def perform(self, effect: AnyEffect, at: Stamp) -> Iterable[AnyEvent]:
        """See runtime.Work."""
        perform = self._PERFORM.get(type(effect))
        if perform is not None:
            return perform(self, effect, at) or ()
        self._ledger.note(record_of(effect, at, self._clock))
        return ()

    def _remember(self, effect: do.RememberPayment, at: Stamp) -> None:
        reference = effect.payment.reference
        try:
            self._ledger.remember(effect.payment)
        except LedgerError as error:
            log.error("payment %s cannot be written down, so it is not asked for: %s", reference, error)
            self._unwritten.add(reference)
        else:
            self._unwritten.discard(reference)

    def _create(self, effect: do.CreateCharge, at: Stamp) -> Iterable[AnyEvent]:
        reference = effect.payment.reference
        if reference in self._unwritten:
            self._unwritten.discard(reference)
            return (did.ChargeRefused(at, reference, "storage"),)
        if not self._line.charge(effect.payment, effect.card):
            return (did.ChargeRefused(at, reference, "offline"),)
        return ()

    def _record_sale(self, effect: do.RecordSale, at: Stamp) -> Iterable[AnyEvent]:
        reference = effect.payment.reference
        try:
            how = self._ledger.record_sale(
                effect.payment, effect.claim_code, sale_of(effect, at, self._clock)
            )
        except LedgerError as error:
            log.error("sale %s cannot be recorded: %s", reference, error)
            return (did.SaleRefused(at, reference, "storage"),)
        if how == "recorded":
            log.info("sold: order %s, reference %s", effect.payment.order.order, reference)
            return (did.SaleRecorded(at, reference),)
        return (did.SaleRefused(at, reference, how),)

    def _record_refund(self, effect: do.RecordRefund, at: Stamp) -> None:
        try:
            settled = self._ledger.record_refund(refund_of(effect, at, self._clock))
        except LedgerError as error:
            log.error("refund %s cannot be recorded and is tried again: %s", effect.reference, error)
            self._unwritten.add(effect.reference)
            again = (effect, do.RefundCharge(effect.reference, effect.amount, effect.reason))
            self._runtime.after(f"refund {effect.reference}", RETRY_MS, _Again(again))
            return
        self._unwritten.discard(effect.reference)
        if not settled:
            log.warning("reference %s was sold: it is not refunded", effect.reference)

    def _refund_charge(self, effect: do.RefundCharge, at: Stamp) -> None:
        if effect.reference not in self._unwritten and self._ledger.standing(effect.reference) == "refund":
            self._line.refund(effect.reference, effect.reason)
            self._runtime.after("refunds", OWED_MS, _RefundsDue())

    def _close_payment(self, effect: do.ClosePayment, at: Stamp) -> None:
        self._ledger.close_payment(effect.reference, effect.outcome)

    def _print(self, effect: do.PrintReceipt, at: Stamp) -> None:
        receipt = receipt_of(
            effect.payment,
            effect.claim_code,
            effect.language,
            self._store.store,
            self._place.kiosk,
            at.wall_ms,
        )
        self._peripherals.print(receipt)

    def _adopt(self, effect: do.AdoptStore, at: Stamp) -> None:
        arrived = self._arriving.pop(effect.version, None)
        if arrived is None:
            log.error("the store of version %s is not here", effect.version)
            return
        left, self._store = self._store, arrived
        self._shop = shop_of(arrived.store, self._place)
        if self._view is not None:
            self._link.show(self._shop, self._view)  # the view may look the same, its shop does not
        left.close()

    _PERFORM: Final[dict[type, Callable[[Agent, Any, Stamp], Iterable[AnyEvent] | None]]] = {
        do.RememberPayment: _remember,
        do.CreateCharge: _create,
        do.CancelCharge: lambda self, effect, at: self._sent(self._line.cancel(effect.reference)),
        do.QueryCharge: lambda self, effect, at: self._sent(self._line.status(effect.reference)),
        do.RefundCharge: _refund_charge,
        do.RecordSale: _record_sale,
        do.RecordRefund: _record_refund,
        do.ClosePayment: _close_payment,
        do.PrintReceipt: _print,
        do.ArmReader: lambda self, effect, at: self._peripherals.arm(effect.on),
        do.AdoptStore: _adopt,
    }

    @staticmethod
    def _sent(_sent: bool) -> None:
        """Whether a question went out is nobody's event: the core asks again by itself."""

    # --- views and shelves ------------------------------------------------------------------------------------

    def show(self, view: views.View) -> None:
        """See runtime.Work."""
        self._link.show(self._shop, view)
        before, self._view = self._view, view
        if type(before) is not type(view):
            self._since_ms = self._clock.wall_ms()
            if not self._runtime.pending("presence"):
                self._runtime.after("presence", PRESENCE_MS, _PresenceDue())

    def facings(self, aisle: str, language: str, start: int, stop: int) -> views.FacingsPage:
        """A stretch of shelf for the screen, at the prices of this moment. Called from the link's threads."""
        trusted = self._clock.quality() != "unsynced"
        now = self._clock.wall_ms() // 1000 if trusted else None
        products = self._store.shelf(aisle, start, stop)
        return views.FacingsPage(
            aisle, start, tuple(facing_of(product, language, now, self._place) for product in products)
        )

    # --- words to the fleet -----------------------------------------------------------------------------------

    def _pump(self) -> None:
        wait = self._line.pump()
        if wait is not None:
            self._runtime.after("pump", wait, _PumpDue())

    def _tell_presence(self) -> None:
        match self._view:
            case None | views.Attract():
                state = "ready"
            case views.Closed():
                state = "closed"
            case _:
                state = "selling"
        self.say_presence(state)

    def say_presence(self, state: str) -> None:
        """Tell the fleet, retained, that the kiosk is `state` (mqtt.messages.Presence)."""
        self._line.present(
            Presence(
                state=state,
                boot=self._clock.boot,
                since_ms=self._since_ms,
                version=self._store.store.version,
                view=str(type(self._view).__struct_config__.tag) if self._view is not None else "",
            )
        )

    def _all_counters(self) -> dict[str, int]:
        counters = {f"runtime.{name}": count for name, count in self._runtime.counters.items()}
        counters |= {f"line.{name}": count for name, count in self._line.counters.items()}
        counters |= {f"link.{name}": count for name, count in self._link.counters().items()}
        acked, last = self._ledger.bounds()
        return {
            **counters,
            "ledger.dropped": self._ledger.dropped,
            "ledger.waiting": last - acked,
            "ledger.refunds-owed": len(self._ledger.owed_refunds()),
        }
