"""ACR1252U card readers over USB: the reader looks for cards by itself and shows them as PC/SC does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from devices.drivers.base import merged
from devices.drivers.card_looker import Unsure
from devices.drivers.ccid_link import POWER_ON, SLOT_STATUS, CcidLink, escape, transfer
from devices.drivers.ccid_reader import CcidReader
from devices.errors import DeviceError, ProtocolError, Timeout
from devices.protocol import acr1252, pcsc
from devices.protocol.ccid import Answer, Host
from devices.protocol.tag_reading import Target

T = TypeVar("T")

ANSWER_S = 0.5
CARD_S = 1.0  # activation of a card, or one answer of it
TRIES = 4
_ACTIVE, _NONE = 0, 2  # bmICCStatus


class _Front:
    """See devices.drivers.card_reader.Front."""

    def __init__(self, ccid: CcidLink) -> None:
        self._ccid = ccid
        self._known: Target | None = None
        self._retries = 0
        self.version = ""

    def start(self) -> None:
        """Learn that it is one, and have it look for cards."""
        self._ccid.drain()
        self.version = self._checked(escape(acr1252.GET_VERSION), lambda answer: acr1252.version(answer.data))
        polling = self._checked(escape(acr1252.GET_POLLING), _option)
        if not polling & acr1252.POLLS:
            self._checked(escape(acr1252.set_polling(acr1252.FACTORY)), _option)

    def look(self) -> Target | None:
        """See Front. A card is read twice, and believed when both agree."""
        present = self._checked(SLOT_STATUS, lambda answer: answer.card)
        if present == _NONE:
            self._known = None
        elif self._known is None or present != _ACTIVE or not self._same(self._known):
            self._known = None
            self._known = self._activated()
        return self._known

    def exchange(self, data: bytes, within_s: float) -> bytes:
        """See Front. Not tried twice: the card may have moved on."""
        return pcsc.answered(data, self._ccid.ask(transfer(pcsc.question(data)), within_s).data)

    def idle(self) -> None:
        """It goes on looking by itself."""

    def alive(self) -> None:
        """See Front."""
        self._checked(SLOT_STATUS, lambda answer: None)

    def signal(self, good: bool) -> None:
        """A short beep, or a long one."""
        self._checked(escape(acr1252.YES if good else acr1252.NO), _option)

    def rest(self, timeout_s: float) -> None:
        """See Front."""
        self._ccid.rest(timeout_s)

    def counters(self) -> dict[str, int]:
        """See Front."""
        return merged({"retries": self._retries}, self._ccid.counters())

    def _same(self, known: Target) -> bool:
        """It activates what it finds by itself: another card may have taken the place of the one we knew."""
        try:
            return pcsc.uid_of(self._ccid.ask(transfer(pcsc.GET_UID), CARD_S).data) == known.uid
        except (ProtocolError, Timeout):
            return False

    def _activated(self) -> Target | None:
        try:
            first, second = self._read_card(), self._read_card()
        except (ProtocolError, Timeout) as error:
            self._ccid.drain()
            raise Unsure(str(error)) from error
        if first != second:
            raise Unsure("two looks found two cards")
        return first

    def _read_card(self) -> Target | None:
        atr = self._ccid.ask(POWER_ON, CARD_S).data
        if pcsc.sel_res_of(atr) is None:
            return None
        return pcsc.target(atr, pcsc.uid_of(self._ccid.ask(transfer(pcsc.GET_UID), CARD_S).data))

    def _checked(self, command: Callable[[Host], bytes], check: Callable[[Answer], T]) -> T:
        problem: DeviceError = Timeout(f"{self._ccid.name}: mute")
        for attempt in range(TRIES):
            if attempt:
                self._retries += 1
                self._ccid.drain()
            try:
                return check(self._ccid.ask(command, ANSWER_S))
            except (ProtocolError, Timeout) as error:
                problem = error
        raise problem


def _option(answer: Answer) -> int:
    return acr1252.one_byte(answer.data)


class Acr1252Reader(CcidReader):
    """See CcidReader; its version is "ACR1252U_V100" and the like."""

    def _talked_to(self, ccid: CcidLink) -> _Front:
        return _Front(ccid)
