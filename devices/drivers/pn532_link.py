"""A PN532's commands over a transport: the exchange's state machine with a clock and a wire."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

from devices.errors import ProtocolError, Timeout
from devices.protocol import pn532
from devices.protocol.pn532_exchange import ANSWER_S, Answer, Event, Exchange, Failed, Send
from devices.transport.base import Transport

WRITE_S = 0.2  # the longest frame takes 25 ms at 115200 baud
DRAIN_S = 0.5  # what a chip may still have to say to whoever had the port before


class Pn532Link:
    """One chip. Every wait has a deadline; `wake` ends a `step` early."""

    def __init__(self, name: str, transport: Transport) -> None:
        self._name, self._transport = name, transport
        self._exchange = Exchange(secrets.randbits(32))
        self.heard_at = 0.0  # monotonic: the last good answer

    @property
    def counters(self) -> Mapping[str, int]:
        """retries, nacks, echoes, stale, damaged."""
        return self._exchange.counters

    def wake_chip(self) -> None:
        """Wake it from power-down, or from the low-power mode it starts in; whatever it was doing ends."""
        end = time.monotonic() + DRAIN_S
        while self._transport.read(0.0) and time.monotonic() < end:
            pass
        self._exchange.reset()
        self._transport.write(pn532.WAKE_UP + pn532.ACK, WRITE_S)

    def command(
        self, payload: bytes, *, answer_s: float = ANSWER_S, once: bool = False, blind: bool = False
    ) -> bytes:
        """Carry out a command (see Exchange.begin); returns its answer, code first. Raises Timeout, Gone, ProtocolError."""
        self.begin(payload, answer_s=answer_s, once=once, blind=blind)
        while True:
            answer = self.step(answer_s)
            if answer is not None:
                return answer

    def begin(
        self, payload: bytes, *, answer_s: float = ANSWER_S, once: bool = False, blind: bool = False
    ) -> None:
        """Begin a command that is waited for in steps. Raises what `step` raises."""
        events = self._exchange.begin(payload, time.monotonic(), answer_s=answer_s, once=once, blind=blind)
        self._carry_out(events)

    @property
    def busy(self) -> bool:
        """Whether a command is under way."""
        return self._exchange.busy

    def step(self, timeout_s: float) -> bytes | None:
        """Wait for the answer, at most `timeout_s`; None where it has not come yet. Raises Timeout, Gone, ProtocolError."""
        due = self._exchange.wait_s(time.monotonic())
        data = self._transport.read(timeout_s if due is None else min(timeout_s, due))
        now = time.monotonic()
        return self._carry_out(self._exchange.feed(data, now) if data else self._exchange.timeout(now))

    def rest(self, timeout_s: float) -> None:
        """Wait where nothing is asked; what comes is nothing."""
        self._exchange.feed(self._transport.read(timeout_s), time.monotonic())

    def abort(self) -> None:
        """Give up a command that is waited for, if there is one."""
        if self._exchange.busy:
            self._carry_out(self._exchange.abort())

    def _carry_out(self, events: list[Event]) -> bytes | None:
        for event in events:
            match event:
                case Send(data):
                    self._transport.write(data, WRITE_S)
                case Answer(payload):
                    self.heard_at = time.monotonic()
                    return payload
                case Failed("refused"):
                    raise ProtocolError(f"{self._name}: the chip does not understand a command")
                case Failed():
                    raise Timeout(f"{self._name}: no good answer")
        return None
