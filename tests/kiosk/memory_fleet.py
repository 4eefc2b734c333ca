"""A fleet at the other end of a connection that is a queue: it speaks the wire's bytes, and does what a test tells it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Unpack

import msgspec

from kiosk.config import Config
from kiosk.fleet_line.line import Heard, LineDown, LineUp
from mqtt.commands import (
    ENDS,
    Alerts,
    AlertState,
    Command,
    CommandNoted,
    CommandState,
    Desired,
    LiveChanges,
    Reported,
)
from mqtt.messages import (
    Ack,
    Batch,
    ChargeState,
    ChargeWanted,
    CodeState,
    CodeWanted,
    Health,
    KioskEvent,
    Message,
    MoneyRequest,
    PhoneSale,
    Presence,
    Request,
    StatusWanted,
    Terms,
    TimeTold,
    TimeWanted,
    decode,
    encode,
)
from mqtt.outgoing import Beside
from mqtt.topics import Address


class MemoryFleet:
    """Takes the place of broker and fleet; `connect` is what an AgentProgram wants."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.presence: list[Presence] = []
        self.health: list[Health] = []
        self.times: list[TimeWanted] = []
        self.time_ms: Callable[[], int] | None = None  # its clock, where it has one
        self.stored: dict[tuple[str, int], KioskEvent] = {}
        self.batches: list[Batch] = []
        self.will = b""
        self.charges: dict[str, ChargeState] = {}  # what it answers to status
        self.codes: dict[str, CodeState] = {}  # what it answers to codes
        self.payload = "PAY HERE"
        self.states: list[CommandState] = []
        self.reported: list[Reported] = []
        self.alert_states: list[AlertState] = []
        self.notes = True  # that it has stored how a command ended
        self.acks = True
        self.answers = True
        self.connected = False
        self._address: Address | None = None
        self._post: Callable[[object], None] = lambda item: None
        self._inbox: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    # --- the kiosk's side -------------------------------------------------------------------------------------

    def connect(self, config: Config, will: bytes, post: Callable[[object], None]) -> MemoryFleet:
        self._address, self.will, self._post = config.address, will, post
        return self

    def subscribe(self, topic_filter: str) -> None:
        assert self._address is not None
        assert topic_filter == self._address.down

    def publish(self, topic: str, payload: bytes, **said: Unpack[Beside]) -> bool:
        if self.connected:
            self._inbox.put((topic, payload))
        return self.connected

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="memory fleet", daemon=True)
        self._thread.start()
        self.up()

    def stop(self, timeout_s: float = 2.0) -> bool:
        self.connected = False
        self._inbox.put(None)
        if self._thread is not None:
            self._thread.join()
        return True

    # --- the test's side --------------------------------------------------------------------------------------

    def up(self) -> None:
        self.connected = True
        self._post(LineUp())

    def down(self) -> None:
        self.connected = False
        self._post(LineDown())

    def say(self, message: Message) -> None:
        assert self._address is not None
        known = {
            PhoneSale: self._address.notices, Ack: self._address.acks, Terms: self._address.terms,
            Command: self._address.commands, CommandNoted: self._address.command_acks, Desired: self._address.desired,
            LiveChanges: self._address.live, Alerts: self._address.alerts,
        }  # fmt: skip
        topic = known.get(type(message))
        if isinstance(message, ChargeState):
            topic = self._address.responses if message.id else self._address.charges
        if isinstance(message, CodeState | TimeTold):
            topic = self._address.responses
        assert topic is not None
        self.say_bytes(topic, encode(message))

    def say_bytes(self, topic: str, payload: bytes) -> None:
        self._post(Heard(topic, payload))

    def pays(self, reference: str, minor: int, currency: str = "EUR") -> None:
        """The provider says that it is paid."""
        paid = ChargeState(id="", reference=reference, state="paid", paid_minor=minor, currency=currency)
        self.charges[reference] = paid
        self.say(paid)

    @property
    def wanted(self) -> list[ChargeWanted]:
        """Charges that were asked for."""
        return [request for request in self.requests if isinstance(request, ChargeWanted)]

    def events(self, kind: type[KioskEvent]) -> list[KioskEvent]:
        """What is stored of a kind, in sequence."""
        return [event for _, event in sorted(self.stored.items()) if isinstance(event, kind)]

    # --- what it does by itself -------------------------------------------------------------------------------

    def _run(self) -> None:
        while (said := self._inbox.get()) is not None:
            topic, payload = said
            assert self._address is not None
            if topic == self._address.requests:
                request = decode(payload, Request | TimeWanted)
                if isinstance(request, TimeWanted):
                    self.times.append(request)
                    if self.time_ms:
                        self.say(TimeTold(id=request.id, mono_ms=request.mono_ms, at_ms=self.time_ms()))
                else:
                    self._request(request)
            elif topic == self._address.events:
                self._batch(decode(payload, Batch))
            elif topic == self._address.state:
                self.presence.append(decode(payload, Presence))
            elif topic == self._address.health:
                self.health.append(decode(payload, Health))
            elif topic == self._address.command_states:
                self._command_state(decode(payload, CommandState))
            elif topic == self._address.alert_states:
                self.alert_states.append(decode(payload, AlertState))
            elif topic == self._address.reported:
                self.reported.append(decode(payload, Reported))

    def _command_state(self, state: CommandState) -> None:
        self.states.append(state)
        if self.notes and state.state in ENDS and state.part == state.parts:
            self.say(CommandNoted(id=state.id, state=state.state))

    def _request(self, request: Request) -> None:
        self.requests.append(request)
        if not self.answers:
            return
        if isinstance(request, CodeWanted):
            known = self.codes.get(request.code) or CodeState(id="", code=request.code, kind="unknown")
            self.say(msgspec.structs.replace(known, id=request.id))
        else:
            self._money(request)

    def _money(self, request: MoneyRequest) -> None:
        if isinstance(request, ChargeWanted):
            created = ChargeState(
                id=request.id,
                reference=request.reference,
                state="created",
                payload=self.payload,
                merchant="Corner",
            )
            self.charges.setdefault(request.reference, created)
        unknown = ChargeState(id=request.id, reference=request.reference, state="unknown")
        known = self.charges.get(request.reference, unknown)
        if isinstance(request, ChargeWanted | StatusWanted):
            self.say(
                ChargeState(
                    id=request.id, reference=known.reference, state=known.state, reason=known.reason,
                    payload=known.payload, paid_minor=known.paid_minor, currency=known.currency,
                    merchant=known.merchant,
                )
            )  # fmt: skip
        else:
            state = "refunded" if known.state == "paid" else "cancelled"
            self.say(ChargeState(id=request.id, reference=request.reference, state=state))

    def _batch(self, batch: Batch) -> None:
        self.batches.append(batch)
        for event in batch.events:
            self.stored.setdefault((event.epoch, event.seq), event)
        if self.acks:
            epoch = batch.events[0].epoch
            upto = 0
            while (epoch, upto + 1) in self.stored:
                upto += 1
            self.say(Ack(epoch=epoch, upto=upto))
