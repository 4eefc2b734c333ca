"""The fleet's line to its kiosks: hears their requests, answers them, and tells them what they must know.

Requests of one kiosk are handled in the order they came, those of different kiosks side by side, on a few threads of
their own. At most AT_ONE of them are busy with one provider, so one that hangs holds up the kiosks that ask for it: not
those that ask for another, nor codes, nor the events.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import msgspec
from msgspec import structs

from fleet.clock import now_ms
from mqtt import channels, topics
from mqtt.client import Client
from mqtt.commands import Alerts, Command, CommandNoted, Desired, LiveChanges
from mqtt.messages import (
    Ack,
    Answer,
    BadMessage,
    ChargeState,
    CodeState,
    Message,
    PhoneSale,
    Request,
    Terms,
    TimeTold,
    TimeWanted,
    decode,
    encode,
)
from mqtt.security import Tls
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

Listener = Callable[[Address, bytes], None]
Handler = Callable[[Address, Request], Answer]
RestsOn = Callable[[Request], str]  # the provider whose answer a request has to wait for, "" for none
WORKERS: Final = 16
AT_ONE: Final = (
    6  # requests of one provider that are handled at a time; two may hang, and others have 4 threads
)
WAITING: Final = (
    32  # requests of one kiosk that may wait; a kiosk has one charge at a time, so this is a fault
)
_TIME: Final = b'"time"'  # what every request for the time has near its beginning
_TIME_WITHIN: Final = 32
STALE_S: Final = 30.0  # waited so long here: the kiosk has given up and asks again

# Whether a request has expired is not judged by its `expires_ms`: that is the kiosk's clock, which may be years off.


@dataclass(slots=True)
class Counters:
    """What has happened on the line."""

    requests: int = 0
    answered: int = 0
    bad_requests: int = 0
    failures: int = 0  # the desk raised
    refused: int = 0  # too many of one kiosk waiting
    stale: int = 0
    unsent: int = 0  # the broker was away


@dataclass(slots=True)
class _Turn:
    """A request whose turn it is; `admitted`: its provider has room for it."""

    address: Address
    came: float
    payload: bytes
    provider: str = ""
    admitted: bool = False


def _on_nobody(_request: Request) -> str:
    return ""


class _Name(msgspec.Struct):
    """As much of a request that cannot be read as an answer needs."""

    id: str = ""
    type: str = ""
    reference: str = ""
    code: str = ""


class Line:
    """Requests in, answers and news out. `send` works from any thread, before and after `start` too."""

    def __init__(
        self, host: str, port: int, client_id: str, *, tls: Tls | None = None, stale_s: float = STALE_S
    ) -> None:
        """`stale_s`: what has waited that long here is not acted upon any more."""
        self._stale_s = stale_s
        self.on_up: Callable[[], None] = lambda: None  # called, from the network's thread, when it stands
        self._client = Client(host, port, client_id, on_message=self._heard, on_up=self._stands, tls=tls)
        self._client.subscribe(topics.EVERY_REQUEST)
        self._listeners: dict[str, Listener] = {}  # by what follows the kiosk's address in the topic
        self._handler: Handler | None = None
        self._rests_on: RestsOn = _on_nobody
        self._lock = threading.Lock()
        self._waiting: dict[Address, deque[tuple[float, bytes]]] = {}  # present: somebody works on it
        self._turns: queue.SimpleQueue[_Turn | None] = queue.SimpleQueue()
        self._busy: dict[str, int] = {}  # provider -> requests of it in work
        self._parked: dict[str, deque[_Turn]] = {}  # provider -> those that wait for one of them to end
        self._workers: list[threading.Thread] = []
        self.counters = Counters()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.connected

    def counts(self) -> dict[str, int]:
        """The counters by name."""
        return asdict(self.counters)

    def start(self, handler: Handler, rests_on: RestsOn = _on_nobody) -> None:
        """Connect, and answer requests with what `handler(address, request)` returns. `rests_on` is asked from the same
        threads, and must not itself wait for a provider.
        """
        self._handler, self._rests_on = handler, rests_on
        for number in range(WORKERS):
            worker = threading.Thread(target=self._work, name=f"requests {number}", daemon=True)
            worker.start()
            self._workers.append(worker)
        self._client.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Hang up. A handler that waits for a provider is left behind; its thread ends with it."""
        self._client.stop()
        for _ in self._workers:
            self._turns.put(None)
        end = time.monotonic() + timeout_s
        for worker in self._workers:
            worker.join(max(0.0, end - time.monotonic()))

    def listen(self, topic_filter: str, listener: Listener) -> None:
        """Call `listener(address, payload)` from the network's thread for every message of a filter such as
        topics.EVERY_REPORTED: hand over and return. One listener for each.
        """
        self._listeners[topic_filter.split("/", 4)[4]] = listener
        self._client.subscribe(topic_filter)

    def _stands(self) -> None:
        self.on_up()

    def send(self, address: Address, message: Message, expires_s: int | None = None) -> bool:
        """Tell a kiosk. The topic follows from the type; terms and desired state are retained. False where the broker is away: tell it
        again when it asks. `expires_s`: of no use after that; None: as mqtt.channels says.
        """
        if isinstance(message, ChargeState):
            message = structs.replace(message, at_ms=now_ms())
        retain = isinstance(message, Terms | Desired | Alerts | LiveChanges)
        topic = _topic(address, message)
        correlation = message.id.encode() if isinstance(message, ChargeState | CodeState | TimeTold) else b""
        sent = self._client.publish(
            topic, encode(message), retain=retain, correlation=correlation,
            expires_s=channels.expires_s(topic) if expires_s is None else expires_s,
        )  # fmt: skip
        if not sent:
            self.counters.unsent += 1
        return sent

    # --- requests ---------------------------------------------------------------------------------------------

    def _heard(self, topic: str, payload: bytes) -> None:
        try:
            address = topics.address_of(topic)
        except BadTopic as error:
            self.counters.requests += 1
            self.counters.bad_requests += 1
            log.warning("request refused: %s", error)
            return
        listener = self._listeners.get(topic.split("/", 4)[4])
        if listener is not None:
            listener(address, payload)
            return
        self.counters.requests += 1
        if _TIME in payload[:_TIME_WITHIN] and self._told_time(address, payload):
            return
        with self._lock:
            turn = self._waiting.get(address)
            if turn is None:
                self._waiting[address] = deque()
                self._turns.put(_Turn(address, time.monotonic(), payload))
            elif len(turn) < WAITING:
                turn.append((time.monotonic(), payload))
            else:
                self.counters.refused += 1
                log.warning("request of %s refused: %d are waiting", address, WAITING)

    def _told_time(self, address: Address, payload: bytes) -> bool:
        """Answered here, in the network's thread: what waits for a provider would make the answer old."""
        try:
            wanted: TimeWanted = decode(payload, TimeWanted)
        except BadMessage:
            return False  # something else, or refused like everything that cannot be read
        told = TimeTold(id=wanted.id, mono_ms=wanted.mono_ms, at_ms=now_ms())
        if self.send(address, told):
            self.counters.answered += 1
        return True

    def _work(self) -> None:
        while (turn := self._turns.get()) is not None:
            if not turn.admitted and not self._admitted(turn):
                continue
            try:
                self._answer(turn.address, turn.payload, waited_s=time.monotonic() - turn.came)
            except Exception:
                self.counters.failures += 1
                log.exception("the answer to %s failed", turn.address)
            with self._lock:
                self._leave(turn)

    def _admitted(self, turn: _Turn) -> bool:
        """Whether a request may be handled now; one whose provider has enough to do waits, and its kiosk with it."""
        try:
            turn.provider = self._rests_on(decode(turn.payload, Request))
        except BadMessage:
            turn.provider = ""  # `_answer` says so
        except Exception:  # the store is away: whoever asks shall hear of it
            log.exception("whom %s asks for is not known", turn.address)
        with self._lock:
            if turn.provider and self._busy.get(turn.provider, 0) >= AT_ONE:
                self._parked.setdefault(turn.provider, deque()).append(turn)
                return False
            if turn.provider:
                self._busy[turn.provider] = self._busy.get(turn.provider, 0) + 1
            return True

    def _leave(self, turn: _Turn) -> None:
        """Make room for the next request of the same provider, and for the next of the same kiosk. Holds the lock."""
        parked = self._parked.get(turn.provider)
        if parked:
            following = parked.popleft()
            following.admitted = True
            self._turns.put(following)
            if not parked:
                del self._parked[turn.provider]
        elif turn.provider:
            self._busy[turn.provider] -= 1
            if not self._busy[turn.provider]:
                del self._busy[turn.provider]
        waiting = self._waiting[turn.address]
        if waiting:
            came, payload = waiting.popleft()
            self._turns.put(_Turn(turn.address, came, payload))
        else:
            del self._waiting[turn.address]

    def _answer(self, address: Address, payload: bytes, waited_s: float) -> None:
        if waited_s > self._stale_s:
            self.counters.stale += 1
            return
        assert self._handler is not None
        try:
            request: Request = decode(payload, Request)
        except BadMessage as error:
            self.counters.bad_requests += 1
            log.warning("request of %s refused: %s", address, error)
            answer = _no_answer(payload, "failed", "bad-request")
        else:
            try:
                answer = self._handler(address, request)
            except Exception:
                self.counters.failures += 1
                log.exception("request %s of %s failed", request.id, address)
                answer = _no_answer(
                    payload, "unknown", "fleet-error"
                )  # the provider may have acted: let it be asked
        if answer.id and self.send(address, answer):
            self.counters.answered += 1


def _no_answer(payload: bytes, state: str, reason: str) -> Answer:
    """The answer to a request we cannot serve, addressed as well as its bytes allow."""
    try:
        name = msgspec.json.decode(payload, type=_Name)
    except msgspec.DecodeError:
        name = _Name()
    if name.type == "code":
        return CodeState(id=name.id, code=name.code, kind="unknown", state="failed")
    return ChargeState(id=name.id, reference=name.reference, state=state, reason=reason)


def _topic(address: Address, message: Message) -> str:
    match message:
        case ChargeState(id=""):
            return address.charges
        case ChargeState() | CodeState() | TimeTold():
            return address.responses
        case PhoneSale():
            return address.notices
        case Terms():
            return address.terms
        case Ack():
            return address.acks
        case Command():
            return address.commands
        case CommandNoted():
            return address.command_acks
        case Desired():
            return address.desired
        case Alerts():
            return address.alerts
        case LiveChanges():
            return address.live
        case _:
            raise TypeError(f"{type(message).__name__} is not for kiosks")
