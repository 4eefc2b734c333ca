"""The kiosk's line to its fleet: requests out until they are answered, events out until they are stored, news in.

All of it runs in the owner's thread; the MQTT client's thread only posts `LineUp`, `LineDown` and `Heard` into the
inbox. A request that was sent and not answered is sent again under the same id when the connection comes back, until
it is of no use; the reference makes it the same charge. A request that could not be sent at all is said so at once.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict, Unpack

import msgspec

from kiosk.clock.clock import Clock
from kiosk.clock.fleet_time import FleetTime, Learn
from kiosk.core.orders import Payment
from kiosk.fleet_line import outbox
from kiosk.fleet_line.outbox import BATCH_BYTES, BATCH_EVENTS, Outbox
from kiosk.told import lines_of
from mqtt import channels
from mqtt.commands import AlertState, CommandState, Reported
from mqtt.messages import (
    Ack,
    BadMessage,
    CancelWanted,
    ChargeState,
    ChargeWanted,
    CodeState,
    CodeWanted,
    Health,
    Message,
    PhoneSale,
    Presence,
    RefundCharge,
    Request,
    StatusWanted,
    Terms,
    TimeTold,
    TimeWanted,
    decode,
    decode_answer,
    encode,
)
from mqtt.outgoing import Beside
from mqtt.topics import Address

log = logging.getLogger(__name__)

MAX_ASKED: Final = 256  # requests that wait for an answer; the core watches far fewer payments


class Connection(Protocol):
    """As much of mqtt.client.Client as the line needs."""

    @property
    def connected(self) -> bool:
        """Whether something can be published now."""

    def publish(self, topic: str, payload: bytes, **said: Unpack[Beside]) -> bool:
        """Send with QoS 1; False where it was not accepted. Never blocks."""


class Outgoing(Protocol):
    """As much of kiosk.ledger.Ledger as the line needs."""

    @property
    def epoch(self) -> str:
        """Of new events."""

    def bounds(self) -> tuple[int, int]:
        """(up to which the fleet has acknowledged, the last one there is)."""

    def events_after(self, seq: int, count: int, size: int) -> list[tuple[int, bytes]]:
        """The next events after `seq`."""

    def place(self, epoch: str, seq: int) -> int | None:
        """The place of an event; None where that number was never given."""

    def ack(self, epoch: str, upto: int) -> bool:
        """The fleet has committed everything up to `upto`."""


@dataclass(frozen=True, slots=True)
class LineUp:
    """Posted by the client's thread: connected, and subscribed to all that comes down."""


@dataclass(frozen=True, slots=True)
class AlertLineUp:
    """Posted by the other client's thread: connected to the station's own broker, where alerts come, too."""


@dataclass(frozen=True, slots=True)
class LineDown:
    """Posted by the client's thread: not connected any more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Posted by the client's thread: a message came."""

    topic: str
    payload: bytes
    mono_ms: int = -1  # when; -1: nobody noted


class _Heading(TypedDict):
    id: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    until_ms: int  # monotonic


class FleetLine:
    """What the agent can ask and tell the fleet. For the owner's thread only."""

    def __init__(
        self,
        address: Address,
        connection: Connection,
        ledger: Outgoing,
        clock: Clock,
        answer_ms: int,
        learn: Learn | None = None,
    ) -> None:
        """`answer_ms`: how long a request is of use. `learn` is told the fleet's time; None: it is not asked for."""
        self._address, self._connection, self._ledger, self._clock = address, connection, ledger, clock
        self._answer_ms = answer_ms
        self._asked: dict[
            tuple[type, str], _Asked
        ] = {}  # by kind and what it is about: the latest of its kind counts
        acked, _ = ledger.bounds()
        self._outbox = Outbox(acked=acked, sent=acked)
        self.counters: Counter[str] = Counter()
        self._time = FleetTime(self._ask_time, clock, learn) if learn is not None else None

    # --- requests ---------------------------------------------------------------------------------------------

    def charge(self, payment: Payment, card: str = "") -> bool:
        """Ask for a charge. False where it could not be sent at all: nobody will ever be asked to pay it."""
        order = payment.order
        return self._ask(
            ChargeWanted(
                **self._heading(),
                order=order.order,
                reference=payment.reference,
                method=payment.method,
                currency=order.total.currency,
                total_minor=order.total.minor,
                lines=lines_of(order),
                version=order.version,
                ttl_s=max(1, payment.ttl_ms // 1000),
                card=card,
                claim_code=order.claim,
            )
        )

    def cancel(self, reference: str) -> bool:
        """Ask for a charge to be cancelled. False where it could not be sent."""
        return self._ask(CancelWanted(**self._heading(), reference=reference))

    def status(self, reference: str) -> bool:
        """Ask what became of a charge. False where it could not be sent."""
        return self._ask(StatusWanted(**self._heading(), reference=reference))

    def refund(self, reference: str, reason: str) -> bool:
        """Ask for the money to be given back. False where it could not be sent; the ledger's event says it too."""
        return self._ask(RefundCharge(**self._heading(), reference=reference, reason=reason))

    def code(self, code: str) -> bool:
        """Ask what a claim code or a basket's code stands for. False where it could not be sent."""
        return self._ask(CodeWanted(**self._heading(), code=code))

    def _heading(self) -> _Heading:
        return {"id": secrets.token_hex(8), "expires_ms": self._clock.wall_ms() + self._answer_ms}

    def _ask(self, request: Request) -> bool:
        if not self._request(request):
            self.counters["requests-unsent"] += 1
            return False
        self._forget_expired()
        if len(self._asked) >= MAX_ASKED:
            del self._asked[next(iter(self._asked))]
        until = self._clock.mono_ms() + self._answer_ms
        # Of codes only the last one typed matters.
        about = "" if isinstance(request, CodeWanted) else request.reference
        self._asked[type(request), about] = _Asked(request, until)
        self.counters["requests"] += 1
        return True

    def _forget_expired(self) -> None:
        now = self._clock.mono_ms()
        expired = [key for key, asked in self._asked.items() if asked.until_ms <= now]
        for key in expired:
            del self._asked[key]
        self.counters["requests-unanswered"] += len(expired)

    # --- what comes -------------------------------------------------------------------------------------------

    def up(self) -> None:
        """The connection is new: what was asked and not answered is asked again, `pump` sends again what was on its way."""
        self._forget_expired()
        for asked in self._asked.values():
            self._request(asked.request)
        self._outbox = outbox.again(self._outbox, self._clock.mono_ms())
        if self._time is not None:
            self._time.begin()

    def heard(self, message: Heard) -> ChargeState | CodeState | PhoneSale | Terms | None:
        """What a message says, as far as the agent must know; what cannot be read is refused and counted."""
        try:
            if message.topic == self._address.acks:
                self._acked(decode(message.payload, Ack))
                return None
            if message.topic == self._address.notices:
                return decode(message.payload, PhoneSale)  # type: ignore[no-any-return]
            if message.topic == self._address.terms:
                return decode(message.payload, Terms)  # type: ignore[no-any-return]
            if message.topic == self._address.responses:
                answer = decode_answer(message.payload)
                if isinstance(answer, TimeTold):
                    self._time_told(answer)
                    return None
                return self._stated(answer) if isinstance(answer, ChargeState) else self._code_told(answer)
            if message.topic == self._address.charges:
                return self._stated(decode(message.payload, ChargeState))
        except BadMessage as error:
            self.counters["refused"] += 1
            log.warning("a message on %s was refused: %s", message.topic, error)
            return None
        self.counters["unknown-topics"] += 1
        return None

    def _stated(self, state: ChargeState) -> ChargeState:
        if state.state not in ("created", "scanned") and not (state.state == "unknown" and state.reason):
            # The core takes this for the end: the wish, asked again later, could charge a card after a "no".
            self._asked.pop((ChargeWanted, state.reference), None)
        if state.id:
            self._time_of(state)
            self._answered(state.id)
        return state

    def _time_of(self, state: ChargeState) -> None:
        """An answer says the fleet's time, too: between our question and now."""
        for asked in self._asked.values():
            if self._time is not None and state.at_ms and asked.request.id == state.id:
                self._time.between(asked.until_ms - self._answer_ms, state.at_ms)

    def _code_told(self, state: CodeState) -> CodeState | None:
        """Only the answer to the code that was asked for last is heard: somebody else may stand here now."""
        return state if self._answered(state.id) else None

    def _ask_time(self, wanted: TimeWanted) -> bool:
        return self._request(wanted)

    def _time_told(self, answer: TimeTold) -> None:
        known = self._time is not None and self._time.told(answer)
        self.counters["times-told" if known else "times-late"] += 1

    def _answered(self, request_id: str) -> bool:
        answered = [key for key, asked in self._asked.items() if asked.request.id == request_id]
        for key in answered:
            del self._asked[key]
        self.counters["answers" if answered else "answers-late"] += 1
        return bool(answered)

    # --- events -----------------------------------------------------------------------------------------------

    def pump(self) -> int | None:
        """Publish events as far as there is room. Returns in how many milliseconds to look again; None: when asked."""
        now = self._clock.mono_ms()
        wait = outbox.look_again_ms(self._outbox, now)
        if wait == 0:
            self._outbox = outbox.overdue(self._outbox, now)
            self.counters["batches-again"] += 1
        while self._connection.connected and outbox.room(self._outbox):
            events = self._ledger.events_after(self._outbox.sent, BATCH_EVENTS, BATCH_BYTES)
            if not events:
                break
            batch = b'{"events":[' + b",".join(body for _, body in events) + b"]}"
            if not self._publish_batch(batch):
                self.counters["batches-unsent"] += 1
                break
            self.counters["batches"] += 1
            self._outbox = outbox.sent(self._outbox, events[-1][0], now)
        return outbox.look_again_ms(self._outbox, now)

    def _publish_batch(self, batch: bytes) -> bool:
        try:
            return self._connection.publish(self._address.events, batch, content_type=channels.BATCH)
        except ValueError as error:
            # The broker takes less than BATCH_BYTES: it is set up wrong, and that shall be known.
            log.error("events cannot be sent: %s", error)
            self.counters["too-large"] += 1
            return False

    def _acked(self, ack: Ack) -> None:
        place = self._ledger.place(ack.epoch, ack.upto)
        if place is not None and place <= self._outbox.acked:  # said before
            self._outbox = outbox.acked(self._outbox, place, self._clock.mono_ms())
            return
        if not self._ledger.ack(ack.epoch, ack.upto):
            self.counters["acks-refused"] += 1
            return
        place = self._ledger.place(ack.epoch, ack.upto)
        if place is not None and place > self._outbox.acked:
            self._outbox = outbox.acked(self._outbox, place, self._clock.mono_ms())

    # --- the kiosk itself -------------------------------------------------------------------------------------

    def present(self, presence: Presence) -> bool:
        """Say, retained, how the kiosk is."""
        return self._publish(self._address.state, presence, retain=True)

    def health(self, health: Health) -> bool:
        """Tell device states and counters."""
        if self._time is not None:
            self._time.look()
        return self._publish(self._address.health, health)

    def command_state(self, state: CommandState) -> bool:
        """Tell how far a command is."""
        return self._publish(self._address.command_states, state)

    def alert_state(self, state: AlertState) -> bool:
        """Tell what became of an alert."""
        return self._publish(self._address.alert_states, state)

    def reported(self, reported: Reported) -> bool:
        """Say, retained, how the kiosk is beside what was desired."""
        return self._publish(self._address.reported, reported, retain=True)

    def _request(self, request: Request | TimeWanted) -> bool:
        """Where the answer is to go and what it is to carry is said to whoever watches, too."""
        try:
            return self._connection.publish(
                self._address.requests, encode(request), expires_s=channels.expires_s(self._address.requests),
                response_topic=self._address.responses, correlation=request.id.encode(),
            )  # fmt: skip
        except ValueError as error:  # larger than any broker takes
            log.error("a request cannot be sent: %s", error)
            self.counters["too-large"] += 1
            return False

    def _publish(self, topic: str, message: Message, *, retain: bool = False) -> bool:
        try:
            return self._connection.publish(
                topic, encode(message), retain=retain, expires_s=channels.expires_s(topic)
            )
        except ValueError as error:  # larger than any broker takes
            log.error("a message for %s cannot be sent: %s", topic, error)
            self.counters["too-large"] += 1
            return False


def lost(boot: str, wall_ms: int, session: str = "", epoch: str = "") -> bytes:
    """The last will: what the broker says of a kiosk that died."""
    return msgspec.json.encode(
        Presence(state="lost", boot=boot, since_ms=wall_ms, session=session, epoch=epoch)
    )
