"""Commands to an ACR122U and to the PN532 inside it, on firmware that repeats answers or gives them one behind.

Three things keep an answer from being taken for another's. The reader repeats our counted bSeq (devices.protocol.ccid). Each
answer is checked to be one to its command. And two commands whose answers look alike never follow each other: an echo of a
number that is used once goes between them, so that a repeated answer, even under the right bSeq, is seen to be one. After
anything odd, the wire is drained and an echo must come back before the command is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from devices.drivers.ccid_link import POWER_ON, SLOT_STATUS, CcidLink, transfer
from devices.errors import DeviceError, Gone, ProtocolError, Timeout
from devices.protocol import acr122
from devices.protocol.ccid import Host

T = TypeVar("T")

ANSWER_S = 0.5  # the longest of the usual answers, a look without a card, takes about 30 ms
TRIES = 4
ECHOES = 3  # to get back into step; firmware 215 and 216 need one, after what it had too many is drained


class Acr122Link:
    """Asks the reader and its chip; every answer is the right one or an error."""

    def __init__(self, link: CcidLink) -> None:
        self._link = link
        self._nonce = 0
        self._last: int | None = None  # the PN532 command before
        self.retries = self.resyncs = 0

    def version(self) -> str:
        """ "ACR122U215" and the like."""
        return self._checked(transfer(acr122.VERSION), acr122.version, ANSWER_S)

    def power_on(self) -> None:
        """IccPowerOn, which this reader answers without a card too."""
        self._checked(POWER_ON, acr122.atr, ANSWER_S)

    def set_parameters(self, bits: int) -> None:
        """What it does by itself."""
        command = transfer(acr122.parameters(bits))
        self._checked(command, lambda answer: acr122.parameters_set(answer, bits), ANSWER_S)

    def lamps(self, command: bytes, within_s: float = ANSWER_S) -> None:
        """READY, YES or NO."""
        self._checked(transfer(command), acr122.lamps_set, within_s)

    def alive(self) -> None:
        """A heartbeat of the reader and of the chip in it. Raises DeviceError."""
        self._checked(SLOT_STATUS, lambda answer: None, ANSWER_S)
        self._echo_or_resync()

    def chip(self, payload: bytes, within_s: float = ANSWER_S) -> bytes:
        """What the PN532 answers to a command, code first. Raises DeviceError."""
        if payload[0] == self._last:
            self._echo_or_resync()
        self._last = payload[0]
        return self._checked(
            transfer(acr122.direct(payload)), lambda answer: acr122.chip_answer(answer, payload[0]), within_s
        )

    def drain(self) -> None:
        """Throw away what an earlier user of the reader has left unread."""
        self._link.drain()

    def _checked(self, command: Callable[[Host], bytes], check: Callable[[bytes], T], within_s: float) -> T:
        problem: DeviceError = Timeout(f"{self._link.name}: mute")
        for attempt in range(TRIES):
            if attempt:
                self.retries += 1
                self._resync()
            try:
                return check(self._link.ask(command, within_s).data)
            except (ProtocolError, Timeout) as error:
                problem = error
        raise problem

    def _echo_or_resync(self) -> None:
        try:
            self._echo()
        except (ProtocolError, Timeout):
            self._resync()

    def _echo(self) -> None:
        self._nonce += 1
        answer = self._link.ask(transfer(acr122.direct(acr122.echo(self._nonce))), ANSWER_S)
        acr122.echoed(acr122.chip_answer(answer.data, 0x00), self._nonce)
        self._last = 0x00

    def _resync(self) -> None:
        """Get back into step. Raises ProtocolError or Timeout where an echo comes back wrong, or not, each time."""
        self.resyncs += 1
        problem: DeviceError | None = None
        for _ in range(ECHOES):
            try:
                self._link.drain()
                self._echo()
            except Gone:
                raise
            except (ProtocolError, Timeout) as error:
                problem = error
            else:
                return
        if isinstance(problem, Timeout):
            raise Timeout(f"{self._link.name}: does not answer any more")
        raise ProtocolError(f"{self._link.name}: its answers belong to other questions")
