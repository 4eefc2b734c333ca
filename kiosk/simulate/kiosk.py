"""One simulated kiosk: the real ledger, line and connection; no core and no glass.

All methods are for the owner's thread (kiosk.simulate.swarm), but `post`, into which the client's and the ledger's
threads put what they have seen. It writes down what it wrote, so that it can be compared with what the fleet has.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from content.references import CLAIM_BYTES, CROCKFORD, ORDER_LENGTH
from kiosk.fleet_line.line import FleetLine, Heard, LineDown, LineUp, lost
from kiosk.simulate.clock import DriftingClock, LineClock
from kiosk.simulate.day import Bought, Deed, PaidInVain
from kiosk.simulate.memory_ledger import KioskLedger, MemoryLedger
from kiosk.simulate.obeying import Obeying
from kiosk.simulate.records import note_of, payment_of, refund_of, sale_of
from kiosk.simulate.scenarios import DEVICES
from kiosk.simulate.shelf import VERSION
from kiosk.simulate.wire import Caller, Dial, Post, Wire
from mqtt.messages import BadMessage, Event, Health, PhoneSale, Presence, Terms
from mqtt.topics import Address

log = logging.getLogger(__name__)

ANSWER_MS: Final = 10_000


class EventsWait:
    """Posted by the ledger's threads: there are new events in the outbox."""


EVENTS_WAIT: Final = EventsWait()
OpenLedger = Callable[
    [int, Callable[[], None]], KioskLedger
]  # given the number of the card it is on, and what to call when there are new events


class Stream(Struct, frozen=True, kw_only=True):
    """Of one ledger: the highest number it gave, and up to which the fleet has acknowledged."""

    epoch: str
    written: int
    acknowledged: int


class Told(Struct, frozen=True, kw_only=True):
    """What a kiosk says it did; the fleet must come to the same."""

    kiosk: str
    streams: tuple[Stream, ...]
    kinds: dict[str, int]  # events by type
    sold_minor: int
    dropped: int  # notes the ledger found no room for, or a power cut took: they never got a number
    connects: int
    power_cuts: int
    outages: int
    phone_sales: int

    @property
    def written(self) -> int:
        """All streams together."""
        return sum(stream.written for stream in self.streams)

    @property
    def acknowledged(self) -> int:
        """All streams together."""
        return sum(stream.acknowledged for stream in self.streams)


class SimulatedKiosk:
    """See the module. `open_ledger` is called at the start and after every power cut; it must find what was committed."""

    def __init__(
        self, address: Address, open_ledger: OpenLedger, clock: DriftingClock, dial: Dial, post: Post
    ) -> None:
        self.address, self.clock = address, clock
        self._open, self._dial, self._post = open_ledger, dial, post
        self._dice = random.SystemRandom()  # names of orders: no two runs may give the same
        self._wire = Wire()
        self._card = 1
        self.ledger, self._line = self._power()
        self._kinds: dict[str, int] = {}
        self._sold_minor = self._phone_sales = 0
        self._connects = self._power_cuts = self._outages = 0
        self._past: list[Stream] = []  # ledgers of cards that were swapped
        self._stream: Stream | None = None  # once it has ended
        self.terms: Terms | None = None
        self._dropped = 0
        self.devices = dict.fromkeys(DEVICES, "ready")
        self.obeying = Obeying(clock, self._restart, self.devices)

    def _power(self) -> tuple[KioskLedger, FleetLine]:
        ledger = self._open(self._card, lambda: self._post(EVENTS_WAIT))
        self.session = secrets.token_hex(8)
        self.since_ms = self.clock.wall_ms()
        line = FleetLine(self.address, self._wire, ledger, LineClock(self.clock), ANSWER_MS)
        return ledger, line

    # --- network and power ------------------------------------------------------------------------------------

    def plug(self) -> None:
        """The network is there. Twice is once."""
        if not self._wire.plugged:
            self.clock.sync(True)
            will = lost(self.clock.boot, self.clock.wall_ms(), self.session, self.ledger.epoch)
            self._wire.plug(self._dial(self.address, will, self._post))

    def unplug(self) -> None:
        """The network is away; the kiosk goes on by itself."""
        caller = self._wire.unplug()
        if caller is not None:
            self._outages += 1
            self.clock.sync(False)
            caller.abandon()

    def cut_power(self) -> None:
        """The machine dies and starts again: what was committed is still there, the session is a new one."""
        plugged = self._wire.plugged
        caller = self._wire.unplug()
        if caller is not None:
            caller.abandon()
        self._power_cuts += 1
        self._end_ledger(cut=True)
        self.clock.restart()
        self.ledger, self._line = self._power()
        if plugged:
            self.plug()

    def _restart(self, machine: bool) -> None:
        """As an operator asked: the program begins again under another session, or the machine does."""
        if machine:
            self.clock.restart()
        self.session = secrets.token_hex(8)
        self.since_ms = self.clock.wall_ms()
        self.say("ready")

    def swap_card(self) -> None:
        """Somebody puts a fresh card in: what the old one had not got rid of is gone with it, a new epoch begins."""
        self.ledger.flush()
        self._past.append(self._stream_now())
        self._card += 1
        self.cut_power()

    def set_device(self, name: str, state: str) -> None:
        """A device fails, or is repaired (mqtt.messages.Health); told at once."""
        self.devices[name] = state
        self.say_health()

    def _end_ledger(self, *, cut: bool) -> None:
        if cut and isinstance(self.ledger, MemoryLedger):
            for event in self.ledger.cut():  # as a card loses what was not committed
                self._count(event, -1)
                self._dropped += 1
        else:  # SQLite's file is closed: real cuts of the power are tests/faults' business
            self.ledger.close()
            self._dropped += self.ledger.dropped

    def say_goodbye(self) -> None:
        """Commit what was noted, tell the fleet. Nothing may be done after it."""
        self.ledger.flush()
        self._stream = self._stream_now()
        self.say("closed")

    def hang_up(self) -> Caller | None:
        """Begin to disconnect; returns the client that does, to be waited for."""
        caller = self._wire.unplug()
        if caller is not None:
            caller.stop(0.0)
        return caller

    def close(self) -> None:
        """Close the ledger, after `hang_up`."""
        self._stream = self._stream_now()
        self._end_ledger(cut=False)

    # --- what comes -------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._wire.connected

    def take(self, item: object) -> int | None:
        """What a thread posted. Returns in how many of our milliseconds `pump` wants to be called; None: when asked."""
        match item:
            case LineUp():
                self._connects += 1
                self._line.up()
                self.say("ready")
                self._line.reported(self.obeying.reported(self.session))
            case LineDown():
                pass
            case Heard():
                self._hear(item)
        return self.pump()

    def pump(self) -> int | None:
        """Send what waits, as far as there is room. Returns as `take` does."""
        return self._line.pump()

    def _hear(self, heard: Heard) -> None:
        try:
            if heard.topic == self.address.commands:
                self.obeying.command(heard.payload, self.ledger, self._line.command_state)
                return
            if heard.topic == self.address.desired:
                if self.obeying.wanted(heard.payload):
                    self._line.reported(self.obeying.reported(self.session))
                return
        except BadMessage as error:
            log.warning("%s: a message on %s was refused: %s", self.address, heard.topic, error)
            return
        match self._line.heard(heard):
            case PhoneSale():
                self._phone_sales += 1
            case Terms() as terms:
                self.terms = terms

    # --- what it does -----------------------------------------------------------------------------------------

    def do(self, deed: Deed) -> None:
        """Something happens at the wall: it is written down. Raises LedgerError for a sale that could not be.

        A wall that is out of service sells nothing, and nobody stands before it.
        """
        if self.obeying.desired.out_of_service:
            return
        match deed:
            case Bought():
                self._sell(deed)
            case PaidInVain():
                refund = refund_of(deed, self._order(), self.clock)
                self.ledger.record_refund(refund)
                self._count(refund)
            case _:
                event = note_of(deed, self.clock)
                self.ledger.note(event)
                self._count(event)

    def _sell(self, bought: Bought) -> None:
        chance = secrets.randbits(8 * CLAIM_BYTES)
        payment = payment_of(bought, self._order(), chance, self.clock.wall_ms())
        self.ledger.remember(payment)
        sale = sale_of(payment, bought.channel, self.clock)
        self.ledger.record_sale(payment, payment.order.claim, sale)
        self._count(sale)
        self._sold_minor += payment.amount.minor

    def _order(self) -> str:
        return "".join(self._dice.choices(CROCKFORD, k=ORDER_LENGTH))

    def _count(self, event: Event, by: int = 1) -> None:
        kind = str(type(event).__struct_config__.tag)
        self._kinds[kind] = self._kinds.get(kind, 0) + by

    def say(self, state: str) -> bool:
        """Tell the fleet, retained, how it is (mqtt.messages.Presence)."""
        return self._line.present(
            Presence(
                state=state, boot=self.clock.boot, since_ms=self.since_ms, version=VERSION, session=self.session,
                epoch=self.ledger.epoch,
            )
        )  # fmt: skip

    def say_health(self) -> bool:
        """Tell device states, backlog and clock."""
        backlog = self.ledger.backlog()
        return self._line.health(
            Health(
                wall_ms=self.clock.wall_ms(),
                devices=dict(self.devices),
                counters={f"line.{name}": count for name, count in self._line.counters.items()},
                backlog=backlog.count,
                oldest_ms=backlog.oldest_ms,
                acked_ms=backlog.acked_ms,
                clock=self.clock.quality(),
                clock_off_ms=self.clock.off_ms(),
            )
        )

    def progress(self) -> tuple[int, int]:
        """(events the fleet has acknowledged, events written), of all its cards. From any thread."""
        now, past = self._stream or self._stream_now(), self._past
        return (
            now.acknowledged + sum(stream.acknowledged for stream in past),
            now.written + sum(stream.written for stream in past),
        )

    # --- what it says it did ----------------------------------------------------------------------------------

    def told(self) -> Told:
        """Everything so far; also after `stop`."""
        return Told(
            kiosk=str(self.address), streams=(*self._past, self._stream or self._stream_now()), kinds=dict(self._kinds),
            sold_minor=self._sold_minor, dropped=self._dropped, connects=self._connects,
            power_cuts=self._power_cuts, outages=self._outages, phone_sales=self._phone_sales,
        )  # fmt: skip

    def _stream_now(self) -> Stream:
        acked, last = self.ledger.bounds()
        return Stream(epoch=self.ledger.epoch, written=last, acknowledged=acked)
