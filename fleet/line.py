"""The fleet's line to its kiosks: hears their requests, answers them, and tells them what they must know.

Requests of one kiosk are handled in the order they came, those of different kiosks side by side, on a few threads of
their own: a provider that takes ten seconds holds up one kiosk, not the fleet and not the events.
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
from mqtt import topics
from mqtt.client import Client
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
    decode,
    encode,
)
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

Handler = Callable[[Address, Request], Answer]
WORKERS: Final = 8
WAITING: Final = (
    32  # requests of one kiosk that may wait; a kiosk has one charge at a time, so this is a fault
)
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


class _Name(msgspec.Struct):
    """As much of a request that cannot be read as an answer needs."""

    id: str = ""
    type: str = ""
    reference: str = ""
    code: str = ""


class Line:
    """Requests in, answers and news out. `send` works from any thread, before and after `start` too."""

    def __init__(self, host: str, port: int, client_id: str) -> None:
        self.on_up: Callable[[], None] = lambda: None  # called, from the network's thread, when it stands
        self._client = Client(host, port, client_id, on_message=self._heard, on_up=self._stands)
        self._client.subscribe(topics.EVERY_REQUEST)
        self._handler: Handler | None = None
        self._lock = threading.Lock()
        self._waiting: dict[Address, deque[tuple[float, bytes]]] = {}  # present: somebody works on it
        self._turns: queue.SimpleQueue[Address | None] = queue.SimpleQueue()
        self._workers: list[threading.Thread] = []
        self.counters = Counters()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.connected

    def counts(self) -> dict[str, int]:
        """The counters by name."""
        return asdict(self.counters)

    def start(self, handler: Handler) -> None:
        """Connect, and answer requests with what `handler(address, request)` returns."""
        self._handler = handler
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

    def _stands(self) -> None:
        self.on_up()

    def send(self, address: Address, message: Message) -> bool:
        """Tell a kiosk. The topic follows from the type; terms are retained. False where the broker is away: tell it
        again when it asks.
        """
        if isinstance(message, ChargeState):
            message = structs.replace(message, at_ms=now_ms())
        retain = isinstance(message, Terms)
        sent = self._client.publish(_topic(address, message), encode(message), retain=retain)
        if not sent:
            self.counters.unsent += 1
        return sent

    # --- requests ---------------------------------------------------------------------------------------------

    def _heard(self, topic: str, payload: bytes) -> None:
        self.counters.requests += 1
        try:
            address = topics.address_of(topic)
        except BadTopic as error:
            self.counters.bad_requests += 1
            log.warning("request refused: %s", error)
            return
        with self._lock:
            turn = self._waiting.get(address)
            if turn is None:
                self._waiting[address] = deque([(time.monotonic(), payload)])
                self._turns.put(address)
            elif len(turn) < WAITING:
                turn.append((time.monotonic(), payload))
            else:
                self.counters.refused += 1
                log.warning("request of %s refused: %d are waiting", address, WAITING)

    def _work(self) -> None:
        while (address := self._turns.get()) is not None:
            with self._lock:
                came, payload = self._waiting[address].popleft()
            try:
                self._answer(address, payload, waited_s=time.monotonic() - came)
            except Exception:
                self.counters.failures += 1
                log.exception("the answer to %s failed", address)
            with self._lock:
                if self._waiting[address]:
                    self._turns.put(address)
                else:
                    del self._waiting[address]

    def _answer(self, address: Address, payload: bytes, waited_s: float) -> None:
        if waited_s > STALE_S:
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
        case ChargeState() | CodeState():
            return address.responses
        case PhoneSale():
            return address.notices
        case Terms():
            return address.terms
        case Ack():
            return address.acks
        case _:
            raise TypeError(f"{type(message).__name__} is not for kiosks")
