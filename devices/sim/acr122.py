"""An ACR122U: CCID over bulk endpoints, a PN532 inside, and the faults its firmware was recorded with.

`Acr122Core.handle` is bytes in, bytes out, for whatever carries them: `SimAcr122` puts it on a simulated USB bus.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.protocol import acr122, ccid, pn532
from devices.sim.ccid import OK, SimCcid, atr_of, card_answer, is_message, reply
from devices.sim.pn532_core import Pn532Core
from devices.sim.tags import Card

VENDOR, PRODUCT = 0x072F, 0x2200


@dataclass(slots=True)
class Firmware:
    """How a firmware behaves; the ways to repeat were recorded under bSeq 0, so what they do with a counted one is both tried.

    `repeats`: from which message on its answers are one too late, -1 for never. `how`: "again": the last answer comes once more,
    as it was; "reheaded": once more under the new bSeq; "behind": for ever, each answer only after the next question.
    """

    number: str = "203"
    repeats: int = -1
    how: str = "again"
    miscounts: bool = False  # bSeq one less after more than 54 bytes
    mute: int = 0  # how many of the next answers are empty with bError FE


def firmware(number: str, how: str = "again") -> Firmware:
    """203 is good; 215 and 216 repeat the answer to the first question, as recorded (nfcpy issues 167 and 200)."""
    return Firmware(number, repeats=-1 if number == "203" else 1, how=how)


class Acr122Core:
    """The reader without its USB. One host's messages in, transfers out."""

    def __init__(self, fw: Firmware | None = None) -> None:
        self.chip = Pn532Core()
        self.firmware = fw or Firmware()
        self._bits = 0xFF
        self._lamps = 0
        self._heard = 0
        self._last = b""
        self.seqs: list[int] = []  # every bSeq the host has used, the last 256
        self.beeps: list[bytes] = []  # every YES and NO, the last 16

    def power_up(self) -> None:
        """It was without power: what a host has told its firmware is forgotten. A card that lies on it stays."""
        self._bits, self._lamps, self._heard, self._last = 0xFF, 0, 0, b""

    def handle(self, message: bytes) -> list[bytes]:
        """The transfers that answer one message of the host; none to what is no message."""
        if not is_message(message):
            return []
        self.seqs = [*self.seqs, message[6]][-256:]
        answer = self._answer(message)
        number, self._heard = self._heard, self._heard + 1
        last, self._last = self._last, answer
        if self.firmware.repeats < 0 or number < self.firmware.repeats or not last:
            return [answer]
        if self.firmware.how == "behind":
            return [_with_seq(last, message[6])]
        if number > self.firmware.repeats:
            return [answer]
        return [last if self.firmware.how == "again" else _with_seq(last, message[6]), answer]

    def _answer(self, message: bytes) -> bytes:
        kind, seq, data = message[0], message[6], message[10:]
        if self.firmware.miscounts and len(data) > ccid.LONG:
            seq = (seq - 1) & 0xFF
        if self.firmware.mute > 0 and kind == ccid.TRANSFER:
            self.firmware.mute -= 1
            return reply(ccid.DATA_BLOCK, seq, b"", 0, ccid.MUTE)
        card = self._card()
        status = 2 if card is None else 0
        match kind:
            case ccid.POWER_ON:
                return reply(ccid.DATA_BLOCK, seq, atr_of(card), status, 0x81)
            case ccid.TRANSFER:
                return reply(ccid.DATA_BLOCK, seq, self._apdu(data, card), status, 0x81)
            case ccid.ESCAPE:
                return reply(ccid.ESCAPE_ANSWER, seq, self._apdu(data, card), status, 0x81)
            case ccid.POWER_OFF | ccid.SLOT_STATUS:
                return reply(ccid.SLOT_ANSWER, seq, b"", status, 0x81)
            case 0x61 | 0x6C | 0x6D:  # parameters: T=1 as it is by default
                return reply(ccid.PARAMETERS, seq, bytes.fromhex("1110004d002000"), status, 0x81, 1)
        return reply(ccid.SLOT_ANSWER, seq, b"", 0x40 | status, 0)

    def _card(self) -> Card | None:
        """The card the firmware has found by itself, where it looks by itself."""
        if not self._bits & acr122.BY_ITSELF:
            return None
        self.chip.run(b"\x52\x00")  # it lets go of a card before it looks again
        found = self.chip.run(b"\x4a\x01\x00")
        return self.chip.active if found[1] else None

    def _apdu(self, data: bytes, card: Card | None) -> bytes:
        match data[:3]:
            case b"\xff\x00\x48":
                return b"ACR122U" + self.firmware.number.encode("ascii")
            case b"\xff\x00\x51" if len(data) >= 4:
                self._bits = data[3]
                return bytes([self._bits]) if self.firmware.number < "216" else bytes([0x90, self._bits])
            case b"\xff\x00\x40" if len(data) == 9:
                return self._lights(data)
            case b"\xff\x00\x00" if len(data) > 5 and data[4] == len(data) - 5 and data[5] == pn532.TO_CHIP:
                answer = self.chip.run(data[6:])
                return b"\x63\x7f" if answer == b"\x7f" else bytes([pn532.TO_HOST]) + answer + OK
        return card_answer(card, data)

    def _lights(self, data: bytes) -> bytes:
        for place in (0, 1):
            if data[3] >> (place + 2) & 1:
                self._lamps = self._lamps & ~(1 << place) | (data[3] & (1 << place))
        if data in (acr122.YES, acr122.NO):
            self.beeps = [*self.beeps, data][-16:]
        return bytes([0x90, self._lamps])


def _with_seq(message: bytes, seq: int) -> bytes:
    return message[:6] + bytes([seq]) + message[7:]


class SimAcr122(SimCcid):
    """The reader on a simulated bus."""

    def __init__(self, core: Acr122Core | None = None, *, kernel_driver: str = "pn533_usb") -> None:
        self.core = core or Acr122Core()
        super().__init__(VENDOR, PRODUCT, "ACR122U PICC Interface", self.core, kernel_driver)
