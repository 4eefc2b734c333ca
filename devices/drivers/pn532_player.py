"""A PN532 plays a Type 4 tag: whoever holds a phone to it gets an address."""

from __future__ import annotations

import secrets
import time
from collections import Counter

from devices.drivers.pn532_link import Pn532Link
from devices.errors import DeviceError, Gone
from devices.events import Tapped
from devices.protocol import ndef
from devices.protocol.pn532 import FIELD_OFF
from devices.protocol.pn532_commands import (
    INITIAL_RF_ON,
    TARGET_GET_DATA,
    heard_from_phone,
    init_as_target,
    more_follows,
    target_set_data,
)
from devices.protocol.tag4_emulator import Tag4Emulator

LISTEN_S = 10.0  # then the chip is asked whether it lives, and waits for a phone anew
PHONE_S = 1.0  # a phone that is silent for so long has gone without the chip's noticing
VISIT_S = 8.0  # one phone
CHAINED = 4  # TgGetData for one APDU: what a phone asks takes one
SAME_PHONE_S = 2.0  # a phone that stays reads the same again and again: it is one tap


class TagPlayer:
    """Listens for a phone, and answers it until it leaves. `turn` does one thing at a time, so that a payment never waits for a phone."""

    def __init__(self, name: str, link: Pn532Link) -> None:
        self._name, self._link = name, link
        self._uri = ""
        self._tag: Tag4Emulator | None = None  # while a phone is here
        self._apdu = b""
        self._asked = self._told = False
        self._since = self._read_at = 0.0
        self._read_uri = ""
        self.counters = Counter[str]()

    def turn(self, uri: str, timeout_s: float) -> list[Tapped]:
        """Wait for a phone, or for its next question. Raises DeviceError where the chip does not answer."""
        if uri != self._uri and self._tag is None:  # a phone that is reading gets the address it was held to
            self.stop()
        if not self._link.busy:
            self._listen(uri)
            return []
        try:
            answer = self._link.step(timeout_s)
            if answer is None:
                return []
            return self._answered(answer)
        except Gone:
            raise
        except DeviceError:
            return (
                self._over()
            )  # nobody came, or the phone fell silent; the next `listen` learns whether the chip did

    def stop(self) -> list[Tapped]:
        """Play no tag any more. A phone that is here is cut off."""
        self._link.abort()
        told, self._uri = self._over(), ""
        return told

    def _listen(self, uri: str) -> None:
        self._link.command(FIELD_OFF)
        self._link.command(INITIAL_RF_ON)
        self._link.begin(init_as_target(secrets.token_bytes(3)), answer_s=LISTEN_S, once=True)
        self._uri = uri

    def _answered(self, answer: bytes) -> list[Tapped]:
        if self._tag is None:
            self.counters["activated"] += 1
            self._tag = Tag4Emulator(ndef.encode([ndef.uri_record(self._uri)]))
            self._asked = self._told = False
            self._apdu, self._since = b"", time.monotonic()
            self._ask()
            return []
        part = heard_from_phone(answer)
        if part is None or time.monotonic() - self._since > VISIT_S:
            return self._over()
        self._apdu += part
        if more_follows(answer):
            if len(self._apdu) > CHAINED * 262:
                return self._over()
            self._ask()
            return []
        return self._reply(self._tag)

    def _reply(self, tag: Tag4Emulator) -> list[Tapped]:
        reply, self._apdu, self._asked = tag.answer(self._apdu), b"", True
        if heard_from_phone(self._link.command(target_set_data(reply), answer_s=PHONE_S, once=True)) is None:
            return self._over()
        self._ask()
        if not tag.complete or self._told:
            return []
        self._told = True
        self.counters["fully_read"] += 1
        return self._tell(complete=True)

    def _ask(self) -> None:
        self._link.begin(TARGET_GET_DATA, answer_s=PHONE_S, once=True)

    def _over(self) -> list[Tapped]:
        """The phone has gone. One that was let go at once, before it asked anything, has tapped nothing: it comes again."""
        tag, self._tag = self._tag, None
        self._link.abort()
        return self._tell(complete=False) if tag is not None and self._asked and not self._told else []

    def _tell(self, *, complete: bool) -> list[Tapped]:
        now = time.monotonic()
        if self._uri == self._read_uri and now - self._read_at < SAME_PHONE_S:
            return []
        if complete:
            self._read_uri, self._read_at = self._uri, now
        return [Tapped(self._name, self._uri, complete)]
