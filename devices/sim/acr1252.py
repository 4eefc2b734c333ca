"""An ACR1252U: it looks for cards by itself and shows them as PC/SC does. `Acr1252Core.handle` is bytes in, bytes out."""

from __future__ import annotations

from devices.protocol import acr1252, ccid
from devices.sim.ccid import SimCcid, atr_of, card_answer, is_message, reply
from devices.sim.pn532_core import Pn532Core
from devices.sim.tags import Card

VENDOR, PRODUCT = 0x072F, 0x223B


class Acr1252Core:
    """The reader without its USB. `field` is where cards are held; `polling` its options, kept without power."""

    def __init__(self, polling: int = acr1252.FACTORY) -> None:
        self.field = Pn532Core()
        self.polling = polling
        self.writes = 0  # to its flash
        self.beeps: list[int] = []  # hundredths of a second, the last 16
        self._active: Card | None = None

    def handle(self, message: bytes) -> list[bytes]:
        """The transfers that answer one message of the host; none to what is no message."""
        if not is_message(message):
            return []
        kind, seq, data = message[0], message[6], message[10:]
        card = self._found()
        if card is not self._active:
            self._active = None
        status = 2 if card is None else int(self._active is None)
        match kind:
            case ccid.POWER_ON if card is None:
                return [reply(ccid.DATA_BLOCK, seq, b"", 0x42, ccid.MUTE)]
            case ccid.POWER_ON:
                self._active = card
                return [reply(ccid.DATA_BLOCK, seq, atr_of(card), 0, 0)]
            case ccid.TRANSFER:
                return [reply(ccid.DATA_BLOCK, seq, card_answer(self._active, data), status, 0)]
            case ccid.ESCAPE:
                return [reply(ccid.ESCAPE_ANSWER, seq, b"\xe1\0\0\0" + self._own(data), status, 0)]
            case ccid.POWER_OFF | ccid.SLOT_STATUS:
                return [reply(ccid.SLOT_ANSWER, seq, b"", status, 0)]
        return [reply(ccid.SLOT_ANSWER, seq, b"", 0x40 | status, 0)]

    def _found(self) -> Card | None:
        if not self.polling & acr1252.POLLS:
            return None
        self.field.run(b"\x52\x00")  # its firmware lets go of a card before it looks again
        self.field.run(b"\x4a\x01\x00")
        return self.field.active

    def _own(self, data: bytes) -> bytes:
        if data == acr1252.GET_VERSION:
            return b"\x0dACR1252U_V106"
        if data[:5] == acr1252.set_polling(0)[:5]:
            self.polling, self.writes = data[5], self.writes + 1
            return bytes([1, self.polling])
        if data == acr1252.GET_POLLING:
            return bytes([1, self.polling])
        if data[:5] == acr1252.beep(1)[:5]:
            self.beeps = [*self.beeps, data[5]][-16:]
            return bytes([1, data[5]])
        return b"\0"


class SimAcr1252(SimCcid):
    """The reader on a simulated bus."""

    def __init__(self, core: Acr1252Core | None = None) -> None:
        self.core = core or Acr1252Core()
        super().__init__(VENDOR, PRODUCT, "ACR1252 Dual Reader", self.core)
