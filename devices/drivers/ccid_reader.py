"""Card readers on USB CCID: what they share besides being card readers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from devices.drivers.card_reader import CardReader, Front
from devices.drivers.ccid_link import CcidLink
from devices.protocol import own_app
from devices.transport.base import Transport


class CcidFront(Front, Protocol):
    """A front that knows which reader it is."""

    version: str


class CcidReader(CardReader):
    """See CardReader."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        key: bytes,
        *,
        read_tags: bool = False,
        aid: bytes | None = own_app.AID,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ccid_front = self._talked_to(CcidLink(name, transport, clock))
        super().__init__(name, transport, key, self._ccid_front, read_tags=read_tags, aid=aid, clock=clock)

    def _talked_to(self, ccid: CcidLink) -> CcidFront:
        """How a reader of this kind is talked to."""
        raise NotImplementedError

    @property
    def version(self) -> str:
        """What the reader calls itself, after the start."""
        return self._ccid_front.version
