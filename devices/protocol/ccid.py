"""CCID, the USB class of smart card readers (USB-IF "DWG Smart-Card CCID" 1.1), without a wire: the host's end.

A message: type, dwLength (LE32), bSlot, bSeq, three bytes of its own, data. The reader repeats bSeq in its reply: the host
counts it, and a reply with another one is not the answer and is dropped. (nfcpy and libnfc always send 0: on ACR122U firmware
215 and 216, which repeats replies, they read one behind for ever.)

Two oddities of real readers are known here: old ACR122U answer a message of more than 54 bytes of data with a bSeq one less
(acsccid, pull request 1), and an empty reply with bError FE is "the card is mute" whatever bStatus says (libnfc, pull request 678).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.errors import ProtocolError

POWER_ON, POWER_OFF, SLOT_STATUS, TRANSFER, ESCAPE = 0x62, 0x63, 0x65, 0x6F, 0x6B
DATA_BLOCK, SLOT_ANSWER, PARAMETERS, ESCAPE_ANSWER = 0x80, 0x81, 0x82, 0x83
ANSWERS = {
    POWER_ON: DATA_BLOCK, POWER_OFF: SLOT_ANSWER, SLOT_STATUS: SLOT_ANSWER, TRANSFER: DATA_BLOCK, ESCAPE: ESCAPE_ANSWER,
}  # fmt: skip
HEADER = 10
MOST_DATA = 1024  # bytes of one message; the readers we know declare 261 (dwMaxCCIDMessageLength 271)
MOST_ANSWER = 4096  # bytes of an answer in several messages
LONG = 54  # bytes of data from which on old ACR122U miscount
MUTE = 0xFE

# bError of a failed command, table 6.2-2; 01 to 7F name the offset of a bad parameter.
ERRORS = {
    0x00: "command not supported", 0xFF: "aborted", MUTE: "the card is mute", 0xFD: "parity error", 0xFC: "overrun",
    0xFB: "hardware error", 0xF8: "bad ATR TS", 0xF7: "bad ATR TCK", 0xF6: "card's protocol not supported",
    0xF5: "card's class not supported", 0xF4: "procedure byte conflict", 0xF3: "deactivated protocol",
    0xF2: "busy with an automatic sequence", 0xF0: "PIN timeout", 0xEF: "PIN cancelled", 0xE0: "slot busy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the last command. `card` is the slot's: 0 active, 1 there and inactive, 2 none.

    `doubtful`: its bSeq was one less, as old firmware's is after a long command, and as a repeated reply's would be.
    Its data are in no repr: they may hold a card's number.
    """

    data: bytes = field(repr=False)
    card: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The reader, or the card in it, did not do it: bError."""

    error: int

    @property
    def mute(self) -> bool:
        """The card said nothing in time."""
        return self.error == MUTE

    def __str__(self) -> str:
        if 0 < self.error < 0x80:
            return f"bad parameter at byte {self.error}"
        return ERRORS.get(self.error, f"error {self.error:02X}")


@dataclass(frozen=True, slots=True)
class MoreTime:
    """The reader works on it and asks for time: `times` the usual."""

    times: int


@dataclass(frozen=True, slots=True)
class MoreToCome:
    """A part of a long answer has come; `Host.proceed` asks for the next."""


Event = Answer | Refused | MoreTime | MoreToCome


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from the reader as it came; its data in no repr."""

    kind: int
    slot: int
    seq: int
    status: int
    error: int
    chain: int
    data: bytes = field(repr=False)


class Parser:
    """Transfers in any pieces, replies out. What cannot be a reply is dropped with all that came with it and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.damaged = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Bytes that arrived; returns the replies they complete."""
        self._buffer += data
        replies: list[Reply] = []
        while self._buffer:
            # A reply begins a transfer. Where it does not, the place of the next one is the next transfer's begin.
            if not self._sound():
                self.damaged += 1
                self._buffer.clear()
                break
            end = HEADER + int.from_bytes(self._buffer[1:5], "little")
            if len(self._buffer) < max(end, HEADER):
                break
            head = self._buffer[:HEADER]
            replies.append(
                Reply(head[0], head[5], head[6], head[7], head[8], head[9], bytes(self._buffer[HEADER:end]))
            )
            del self._buffer[:end]
        return replies

    def reset(self) -> None:
        """Forget what was begun."""
        self._buffer.clear()

    def _sound(self) -> bool:
        head = self._buffer
        if not DATA_BLOCK <= head[0] <= ESCAPE_ANSWER:
            return False
        return len(head) < 5 or int.from_bytes(head[1:5], "little") <= MOST_DATA


class Host:
    """One slot of a reader: builds commands, tells their answers from everything else. One command at a time."""

    def __init__(self, slot: int = 0, seq: int = 0) -> None:
        self._parser = Parser()
        self._slot, self._seq = slot, seq & 0xFF
        self._awaited = self._size = 0
        self._parts = bytearray()
        self.stale = 0  # replies to something else

    @property
    def damaged(self) -> int:
        """Transfers that were no replies."""
        return self._parser.damaged

    def power_on(self) -> bytes:
        """IccPowerOn, voltage automatic; answered by the ATR."""
        return self._command(POWER_ON)

    def slot_status(self) -> bytes:
        """GetSlotStatus: the one question every reader answers at any time."""
        return self._command(SLOT_STATUS)

    def transfer(self, data: bytes) -> bytes:
        """XfrBlock: an APDU for the card or a pseudo-APDU for the reader. Raises ProtocolError where it is too long."""
        return self._command(TRANSFER, data)

    def escape(self, data: bytes) -> bytes:
        """Escape: a command of the maker's. Raises ProtocolError where it is too long."""
        return self._command(ESCAPE, data)

    def proceed(self) -> bytes:
        """After MoreToCome: ask for the next part (XfrBlock, wLevelParameter 10h)."""
        parts = bytes(self._parts)
        message = self._command(TRANSFER, level=0x10)
        self._parts += parts
        return message

    def feed(self, data: bytes) -> list[Event]:
        """What arrived; returns what it says about the last command."""
        events = (self._event(reply) for reply in self._parser.feed(data))
        return [event for event in events if event is not None]

    def reset(self) -> None:
        """Forget the last command: whatever still comes is stale."""
        self._parser.reset()
        self._parts.clear()
        self._awaited = 0

    def _command(self, kind: int, data: bytes = b"", level: int = 0) -> bytes:
        if len(data) > MOST_DATA:
            raise ProtocolError(f"a CCID message takes {MOST_DATA} bytes, not {len(data)}")
        self.reset()
        self._seq = (self._seq + 1) & 0xFF
        self._awaited, self._size = ANSWERS[kind], len(data)
        head = bytes([kind]) + len(data).to_bytes(4, "little") + bytes([self._slot, self._seq])
        return head + bytes([0]) + level.to_bytes(2, "little") + data

    def _event(self, reply: Reply) -> Event | None:
        behind = reply.seq == (self._seq - 1) & 0xFF and self._size > LONG
        ours = reply.kind == self._awaited and reply.slot == self._slot
        if not ours or not (behind or reply.seq == self._seq):
            self.stale += 1
            return None
        if reply.status >> 6 == 2:
            return MoreTime(max(1, reply.error))
        self._awaited = 0  # a second answer to one command is stale
        mute = reply.kind != SLOT_ANSWER and reply.error == MUTE and not reply.data
        if reply.status >> 6 or mute:
            return Refused(reply.error)
        if reply.kind == DATA_BLOCK and reply.chain:
            return self._part(reply, behind)
        return Answer(reply.data, reply.status & 3, behind)

    def _part(self, reply: Reply, behind: bool) -> Event:
        """6.2.1, bChainParameter: 1 begins, 3 goes on, 2 ends."""
        first, last = reply.chain == 1, reply.chain == 2
        if reply.chain > 3 or first == bool(self._parts) or len(self._parts) + len(reply.data) > MOST_ANSWER:
            self._parser.damaged += 1
            return Refused(0xFC)
        self._parts += reply.data
        if not last:
            return MoreToCome()
        whole = bytes(self._parts)
        self._parts.clear()
        return Answer(whole, reply.status & 3, behind)
