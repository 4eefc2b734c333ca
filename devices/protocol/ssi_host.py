"""Zebra SSI, the host's side of the talk: acknowledges, puts multi-packet codes together, drops repetitions, repeats commands.

A decoder that hears no acknowledgement sends its packet twice more with the retransmit bit set (guide, CMD_ACK; default
time-out 2 s). It does not number them: a packet with that bit that equals the last one, within REPEAT_S of it, is the
same one. To take it for a new one would sell twice; to drop it where the first was lost costs a second scan.

Nor is an acknowledgement numbered: one too many is taken for that of the next packet, which is then not sent again where it was
damaged. So a packet that comes in two parts, with a pause between, is asked for once and not for each part.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from devices.errors import ProtocolError
from devices.protocol import ssi
from devices.protocol.lines import Code
from devices.protocol.ssi import Damaged, Packet, Parser
from devices.protocol.ssi_codes import code_of

RESPONSE_S = 2.0  # Serial Response Time-out, the decoder's default
RESENDS = 2
REPEAT_S = 1.5 * RESPONSE_S
ASK_S = (
    0.5  # after asking for a packet: what is damaged may be the rest of it. A lost request costs RESPONSE_S
)
MOST = 8192  # bytes of one code in several packets
MOST_WAITING = 16  # commands

_NEED_ACK = (ssi.EVENT, ssi.PARAM_SEND)
_ANSWERS = {ssi.REQUEST_REVISION: ssi.REPLY_REVISION}  # the answer is the acknowledgement


@dataclass(frozen=True, slots=True)
class Answered:
    """A command (its opcode) was taken, with the answer's data; or refused, `good` False, or not answered, `data` b""."""

    opcode: int
    good: bool
    data: bytes = b""
    heard: bool = True


class Host:
    """Feed bytes, send what `to_send` gives after every call."""

    def __init__(self) -> None:
        self._parser = Parser()
        self._out = bytearray()
        self._last: Packet | None = None  # the last whole code
        self._last_at = 0.0
        self._asked_at: float | None = None  # when a packet was asked for again that has not come yet
        self._segments = bytearray()
        self._segment = -1  # the number of the last segment that was taken
        self._commands: deque[tuple[int, bytes]] = deque()
        self._sent = 0  # how often the first command was
        self._due = 0.0
        self.counts = dict.fromkeys(("damaged", "repeated", "resent", "refused", "unanswered", "dropped"), 0)

    def command(self, opcode: int, data: bytes = b"") -> None:
        """Queue a command. Raises ProtocolError where too many wait, or the data is too long."""
        if len(self._commands) >= MOST_WAITING:
            raise ProtocolError(f"{MOST_WAITING} commands wait already")
        ssi.build(opcode, data)
        self._commands.append((opcode, data))

    @property
    def waiting(self) -> int:
        """Commands that are not answered yet."""
        return len(self._commands)

    def to_send(self, now: float) -> bytes:
        """What is to go out now."""
        if self._commands and not self._sent:
            self._send(now)
        out = bytes(self._out)
        self._out.clear()
        return out

    def feed(self, data: bytes, now: float) -> list[Code | Answered]:
        """Bytes that were read at `now`."""
        return self._take(self._parser.feed(data, now), now)

    def timeout(self, now: float) -> list[Code | Answered]:
        """After a read that found nothing."""
        events = self._take(self._parser.timeout(now), now)
        if self._sent and now >= self._due:
            if self._sent <= RESENDS:
                self.counts["resent"] += 1
                self._send(now)
            else:
                self.counts["unanswered"] += 1
                events.append(Answered(self._pop(), False, heard=False))
        return events

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` is worth a call; None while nothing is begun or awaited."""
        waits = [self._parser.wait_s(now), max(0.0, self._due - now) if self._sent else None]
        return min((wait for wait in waits if wait is not None), default=None)

    def reset(self) -> None:
        """Forget all: the wire was cut."""
        self._parser.reset()
        self._out.clear()
        self._commands.clear()
        self._sent, self._last, self._asked_at = 0, None, None
        self._drop_segments()

    def _send(self, now: float) -> None:
        opcode, data = self._commands[0]
        self._out += ssi.build(opcode, data, ssi.RETRANSMIT if self._sent else 0)
        self._sent += 1
        self._due = now + RESPONSE_S

    def _pop(self) -> int:
        self._sent = 0
        return self._commands.popleft()[0]

    def _take(self, found: list[Packet | Damaged], now: float) -> list[Code | Answered]:
        events: list[Code | Answered] = []
        for each in found:
            if isinstance(each, Damaged):
                self.counts["damaged"] += 1
            else:
                self._asked_at = None
                events += self._packet(each, now)
        asked = self._asked_at is not None and now - self._asked_at < ASK_S
        if found and isinstance(found[-1], Damaged) and not asked:
            self._asked_at = now
            self._out += ssi.build(ssi.NAK, bytes([ssi.RESEND]))
        return events

    def _packet(self, packet: Packet, now: float) -> list[Code | Answered]:
        match packet.opcode:
            case ssi.DECODE_DATA:
                self._out += ssi.build(ssi.ACK)
                return self._decoded(packet, now)
            case ssi.MULTIPACKET:
                return self._multipacket(packet, now)
            case ssi.ACK | ssi.NAK | ssi.REPLY_REVISION:
                return self._answer(packet, now)
        if packet.opcode in _NEED_ACK:
            self._out += ssi.build(ssi.ACK)
        return []

    def _decoded(self, packet: Packet, now: float) -> list[Code | Answered]:
        last, repeated = self._last, False
        if packet.again and last is not None and now - self._last_at <= REPEAT_S:
            repeated = (packet.opcode, packet.data) == (last.opcode, last.data)
        self._last, self._last_at = packet, now
        if repeated:
            self.counts["repeated"] += 1
            return []
        if len(packet.data) < 2:
            self.counts["dropped"] += 1
            return []
        return [code_of(packet.data[0], packet.data[1:])]

    def _multipacket(self, packet: Packet, now: float) -> list[Code | Answered]:
        """Segments: a number, then in the first a whole DECODE_DATA head; the head says how many bytes there will be."""
        number = packet.data[0] if packet.data else 0
        body = packet.data[1:]
        if packet.again and number == self._segment:
            self._out += ssi.build(ssi.MULTIPACKET_ACK)
            return []
        if number == 0:
            self._drop_segments()
        if number != self._segment + 1 or len(self._segments) + len(body) > MOST:
            self.counts["dropped"] += 1
            self._drop_segments()
            self._out += ssi.build(ssi.NAK, bytes([ssi.RESEND]))
            return []
        self._segment = number
        self._segments += body
        self._out += ssi.build(ssi.MULTIPACKET_ACK)
        return self._joined(packet, now)

    def _joined(self, packet: Packet, now: float) -> list[Code | Answered]:
        """The code, once all of it is here: F3 source status length(2) type 01 length(2) text."""
        head = bytes(self._segments[:9])
        if len(head) == 9 and head[0] == ssi.DECODE_DATA and head[6] == 1:
            text_at, size = 9, int.from_bytes(head[7:9], "big")
        else:  # a form not seen yet: type and text to the last segment, which is not full
            text_at, size = 6, len(self._segments) - 6 if len(packet.data) < ssi.MOST_DATA else MOST
        if len(head) < 9 or len(self._segments) < text_at + size:
            if len(packet.data) < ssi.MOST_DATA:  # it was the last and something is missing
                self.counts["dropped"] += 1
                self._drop_segments()
            return []
        whole = bytes([head[5]]) + bytes(self._segments[text_at : text_at + size])
        self._segments.clear()  # the number stays: the last segment may come again
        return self._decoded(Packet(ssi.DECODE_DATA, whole, packet.status), now)

    def _drop_segments(self) -> None:
        self._segments.clear()
        self._segment = -1

    def _answer(self, packet: Packet, now: float) -> list[Code | Answered]:
        if not self._sent:
            return []
        expected = _ANSWERS.get(self._commands[0][0], ssi.ACK)
        if packet.opcode == ssi.NAK:
            if packet.data[:1] == bytes([ssi.RESEND]) and self._sent <= RESENDS:
                self.counts["resent"] += 1
                self._send(now)
                return []
            self.counts["refused"] += 1
            return [Answered(self._pop(), False, packet.data)]
        if packet.opcode != expected:
            return []
        return [Answered(self._pop(), True, packet.data)]
