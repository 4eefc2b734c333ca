"""ACR122U card readers over USB: a card's presence as a keyed token, tags and phones read to their end, lamps and beeper."""

from __future__ import annotations

from devices.drivers.acr122_link import Acr122Link
from devices.drivers.base import merged
from devices.drivers.card_looker import CardLooker
from devices.drivers.ccid_link import CcidLink
from devices.drivers.ccid_reader import CcidReader
from devices.errors import ProtocolError
from devices.protocol import acr122, pn532
from devices.protocol.pn532_targets import EXCHANGE, exchanged
from devices.protocol.tag_reading import Target

LAMPS_S = 1.5  # NO blinks three times before it answers
# PN532 SetParameters: it asks cards for their ATS by itself (bit 4) and answers attribute requests (bit 2).
_WITH_RATS = bytes([0x12, 0x14])


class _Front:
    """The PN532 inside does the looking; see devices.drivers.card_reader.Front."""

    def __init__(self, ccid: CcidLink) -> None:
        self._ccid = ccid
        self._link = Acr122Link(ccid)
        self._looker = CardLooker(self._link.chip, sure=True)
        self.version = ""

    def start(self) -> None:
        """Learn that it is one, have it do nothing by itself, and make looks short."""
        self._link.drain()
        self.version = self._link.version()
        self._link.power_on()
        self._link.set_parameters(acr122.QUIET)
        self._link.lamps(acr122.READY)
        firmware = self._link.chip(pn532.GET_FIRMWARE_VERSION)
        if len(firmware) != 5 or firmware[1] != 0x32:
            raise ProtocolError(
                f"{self._ccid.name}: no PN532 inside: a firmware answer of {len(firmware)} bytes"
            )
        self._link.chip(_WITH_RATS)
        self._link.chip(pn532.FEW_RETRIES)

    def look(self) -> Target | None:
        """See Front."""
        return self._looker.look()

    def exchange(self, data: bytes, within_s: float) -> bytes:
        """See Front."""
        return exchanged(self._link.chip(EXCHANGE + data, within_s))

    def idle(self) -> None:
        """Field off."""
        self._link.chip(pn532.FIELD_OFF)

    def alive(self) -> None:
        """The reader, and the chip in it."""
        self._link.alive()

    def signal(self, good: bool) -> None:
        """Green and a beep, or red and three."""
        self._link.lamps(acr122.YES if good else acr122.NO, LAMPS_S)

    def rest(self, timeout_s: float) -> None:
        """See Front."""
        self._ccid.rest(timeout_s)

    def counters(self) -> dict[str, int]:
        """See Front."""
        return merged({"retries": self._link.retries, "resyncs": self._link.resyncs}, self._ccid.counters())


class Acr122Reader(CcidReader):
    """See CcidReader; its version is "ACR122U215" and the like."""

    def _talked_to(self, ccid: CcidLink) -> _Front:
        return _Front(ccid)
