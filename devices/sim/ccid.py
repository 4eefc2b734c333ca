"""A CCID reader's USB end, and what all of them say of a card. The bytes-in, bytes-out cores stand beside it."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Protocol

from devices.protocol import ccid
from devices.sim.tags import Card, Type2Tag
from devices.sim.usb_device import INTERRUPT, Endpoint, Interface, SimUsbDevice

BULK_OUT, BULK_IN, CHANGES_IN = 0x02, 0x82, 0x81
LONGEST = 271  # dwMaxCCIDMessageLength
# CCID class descriptor (CCID 1.1, 5.1): one slot, T=0 and T=1, 4 MHz, 9600 baud, IFSD 247, short APDUs (dwFeatures 20000h).
DESCRIPTOR = struct.pack(
    "<BBHBBIIIBIIBIIIIIBBHBB",
    54, 0x21, 0x0110, 0, 7, 3, 4000, 4000, 0, 9600, 9600, 0, 247, 0, 0, 0x20000, LONGEST, 0xFF, 0xFF, 0, 0, 1,
)  # fmt: skip
OK, FAILED = b"\x90\x00", b"\x63\x00"
_ATR_NONE = bytes.fromhex("3b00")

Replies = Callable[[list[bytes]], list[bytes]]


class Core(Protocol):
    """A reader without its USB."""

    def handle(self, message: bytes) -> list[bytes]:
        """The transfers that answer one message of the host; none to what is no message."""


def is_message(data: bytes) -> bool:
    """Whether it is one whole message of the host."""
    return len(data) >= ccid.HEADER and len(data) == ccid.HEADER + int.from_bytes(data[1:5], "little")


def reply(kind: int, seq: int, data: bytes, status: int, error: int, chain: int = 0) -> bytes:
    """A message to the host."""
    return bytes([kind]) + len(data).to_bytes(4, "little") + bytes([0, seq, status, error, chain]) + data


def atr_of(card: Card | None) -> bytes:
    """PC/SC part 3, 3.1.3.2.3: a storage card's ATR, or an ISO 14443-4 card's around the historical bytes of its ATS."""
    if card is None:
        return _ATR_NONE
    if card.target.sel_res & 0x20:
        ats = card.target.ats
        history = ats[2 + (ats[1] >> 4 & 7).bit_count() :] if len(ats) > 1 else b""
        body = bytes([0x80 | len(history), 0x80, 0x01]) + history
    else:
        name = 0x0003 if card.target.sel_res == 0 else 0x0001
        body = bytes.fromhex("8f8001804f0ca00000030603") + name.to_bytes(2, "big") + bytes(4)
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])


def card_answer(card: Card | None, data: bytes) -> bytes:
    """PC/SC's pseudo-APDUs for a card that was activated, and its own APDUs."""
    if card is None:
        return FAILED
    if data[:3] == b"\xff\xca\x00":
        return card.target.uid + OK
    if data[:3] == b"\xff\xb0\x00" and isinstance(card, Type2Tag) and len(data) == 5:
        pages = card.answer(bytes([0x30, data[3]]))
        return FAILED if pages is None else pages[: data[4] or 16] + OK
    return FAILED if data[:1] == b"\xff" else card.answer(data) or FAILED


class SimCcid(SimUsbDevice):
    """A reader on a simulated bus. `faults` may damage, lose or double what it answers; `on_message` hears each message."""

    def __init__(self, vid: int, pid: int, product: str, core: Core, kernel_driver: str = "") -> None:
        ends = (Endpoint(BULK_OUT), Endpoint(BULK_IN), Endpoint(CHANGES_IN, INTERRUPT, 8))
        one = Interface(0, 0x0B, ends, driver=kernel_driver, extra=DESCRIPTOR)
        super().__init__(vid, pid, [one], manufacturer="ACS", product=product)
        self._core = core
        self.faults: Replies = list
        self.on_message: Callable[[bytes], None] = lambda message: None
        self._begun = bytearray()
        self._lock = threading.Lock()

    def on_out(self, endpoint: int, data: bytes) -> None:
        """A transfer of the host's, or a part of one."""
        with self._lock:
            self._begun += data
            while len(self._begun) >= ccid.HEADER:
                end = ccid.HEADER + int.from_bytes(self._begun[1:5], "little")
                if end > LONGEST:
                    self._begun.clear()  # a real one stalls; what comes next is a new message
                    return
                if len(self._begun) < end:
                    return
                message = bytes(self._begun[:end])
                del self._begun[:end]
                self.on_message(message)
                for reply in self.faults(self._core.handle(message)):
                    self.send(BULK_IN, reply)

    def on_unplug(self) -> None:
        """A message that was begun is lost."""
        self._begun.clear()
