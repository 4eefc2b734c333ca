"""nfcpy 1.0.4, a host written by others, at our simulated ACR122U: `python -m tests.oracles.nfcpy_reads FIRMWARE` prints as
JSON what it reads of a type 2 and a type 4 tag, or the error it ends with. A program of its own: nfcpy is EUPL, and warns of
much.
"""

from __future__ import annotations

import errno
import json
import sys
from collections import deque

import nfc.clf
import nfc.clf.acr122
import nfc.tag

from devices.protocol import ndef
from devices.sim.acr122 import Acr122Core, firmware
from devices.sim.tags import Card, Type2Tag, Type4Tag

URI = "https://shop.example/01/09521100100410"


class Wire:
    """What nfcpy takes for a USB device."""

    TYPE = "USB"
    manufacturer_name, product_name = "ACS", "ACR122U"

    def __init__(self, core: Acr122Core) -> None:
        self._core = core
        self._arrived: deque[bytes] = deque()

    def write(self, frame: bytearray) -> None:
        self._arrived += self._core.handle(bytes(frame))

    def read(self, timeout: int = 0) -> bytearray:
        if not self._arrived:
            raise OSError(errno.ETIMEDOUT, "nothing came")
        return bytearray(self._arrived.popleft())

    def close(self) -> None:
        pass


def read(core: Acr122Core, card: Card) -> list[str]:
    """The addresses nfcpy finds on a card."""
    core.chip.hold(card)
    reader = nfc.clf.ContactlessFrontend()
    reader.device = nfc.clf.acr122.Device(nfc.clf.acr122.Chipset(Wire(core)))
    reader.device._path = "usb"
    tag = nfc.tag.activate(reader, reader.sense(nfc.clf.RemoteTarget("106A")))
    return [record.uri for record in tag.ndef.records]


def main() -> None:
    """See above."""
    core = Acr122Core(firmware(sys.argv[1]))
    message = ndef.encode([ndef.uri_record(URI)])
    cards = {
        "type-2": Type2Tag.with_message(bytes.fromhex("04a1b2c3d4e5f6"), message),
        "type-4": Type4Tag(bytes.fromhex("04778899aabbcc"), message),
    }
    try:
        answer: dict[str, object] = {name: read(core, card) for name, card in cards.items()}
    except OSError as error:
        answer = {"error": error.errno}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
