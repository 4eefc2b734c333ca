"""A Zebra decoder in SSI host mode: packets, segments for long codes, acknowledgements awaited, repeated twice."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from devices.protocol import ssi
from devices.protocol.ssi import Damaged, Packet, Parser
from devices.sim.faults import Fault, whole
from devices.sim.scanner_families import Head
from devices.sim.wire import Wire

SEGMENT = ssi.MOST_DATA - 1
TRIES = 3


class SimSsi:
    """The decoder. `response_s` is its Serial Response Time-out; `given_up` counts packets nobody acknowledged."""

    def __init__(self, link: Path, faults: Fault = whole, response_s: float = 2.0) -> None:
        self.head = Head()
        self.parameters: dict[int, int] = {}
        self.given_up = 0
        self.deaf_to_acks = 0  # so many acknowledgements more are lost on their way
        self._response_s = response_s
        self._parser = Parser((ssi.HOST,))
        self._lock = threading.Lock()
        self._packets: deque[tuple[int, bytes, int]] = deque()  # opcode, data, source
        self._tries = 0
        self._turn = 0  # a time-out of an earlier sending is none of this one
        self._last_reply = b""
        self.wire = Wire(link, self._hear, faults)
        self.wire.plug()

    def scan(self, data: bytes, code_type: int = 0x1C) -> bool:
        """A code is held under it; whether it has read it."""
        if not self.head.reading:
            return False
        with self._lock:
            if len(data) < ssi.MOST_DATA:
                self._packets.append((ssi.DECODE_DATA, bytes([code_type]) + data, ssi.DECODER))
            else:
                size = len(data).to_bytes(2, "big")
                total = (len(data) + 3).to_bytes(2, "big")
                whole_text = b"\xf3\x00\x00" + total + bytes([code_type, 1]) + size + data
                for number, start in enumerate(range(0, len(whole_text), SEGMENT)):
                    segment = bytes([number]) + whole_text[start : start + SEGMENT]
                    self._packets.append(
                        (ssi.MULTIPACKET, segment, ssi.DECODER if number else ssi.DECODER_FIRST)
                    )
            first = self._next() if not self._tries else b""
        self.wire.send(first)
        return True

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()

    def plug(self) -> None:
        """Put the cable back: what was not sent is forgotten."""
        with self._lock:
            self._packets.clear()
            self._tries = 0
        self._parser.reset()
        self.wire.plug()

    def _next(self) -> bytes:
        """The first packet that waits, for the first time or again; with its time-out set."""
        if not self._packets:
            return b""
        opcode, data, source = self._packets[0]
        status = ssi.RETRANSMIT if self._tries else 0
        self._tries += 1
        self._turn += 1
        turn = self._turn
        self.wire.after(self._response_s, lambda: self._timed_out(turn))
        return ssi.build(opcode, data, status, source)

    def _timed_out(self, turn: int) -> bytes:
        with self._lock:
            if turn != self._turn or not self._tries:
                return b""
            return self._again()

    def _again(self) -> bytes:
        if self._tries >= TRIES:
            self.given_up += 1
            return self._acknowledged()
        return self._next()

    def _acknowledged(self) -> bytes:
        self._packets.popleft()
        self._tries = 0
        return self._next()

    def _hear(self, data: bytes) -> bytes:
        # A pty has no silence to time here: what is not whole is a damaged packet at the next one's coming.
        found = self._parser.feed(data, 0.0)
        reply = b""
        with self._lock:
            for each in found:
                if isinstance(each, Packet):
                    reply += self._obey(each)
            if found and isinstance(found[-1], Damaged):
                reply += ssi.build(ssi.NAK, bytes([ssi.RESEND]), source=ssi.DECODER)
        return reply

    def _obey(self, packet: Packet) -> bytes:
        match packet.opcode:
            case ssi.ACK | ssi.MULTIPACKET_ACK if self.deaf_to_acks:
                self.deaf_to_acks -= 1
                return b""
            case ssi.ACK | ssi.MULTIPACKET_ACK:
                return self._acknowledged() if self._tries else b""
            case ssi.NAK:
                return self._again() if self._tries and packet.data[:1] == bytes([ssi.RESEND]) else b""
        if packet.again and self._last_reply:
            return self._last_reply
        self._last_reply = self._command(packet)
        return self._last_reply

    def _command(self, packet: Packet) -> bytes:
        match packet.opcode:
            case ssi.REQUEST_REVISION:
                return ssi.build(ssi.REPLY_REVISION, b"PAAAAS00-SIM  001", 0x80, ssi.DECODER)
            case ssi.START_SESSION | ssi.SCAN_ENABLE:
                self.head.reading = True
            case ssi.STOP_SESSION | ssi.SCAN_DISABLE:
                self.head.reading = False
            case ssi.BEEP:
                self.head.beeps.append("good" if packet.data == b"\x00" else "bad")
            case ssi.PARAM_SEND:
                if packet.data[1:2] == b"\x8a":
                    self.head.reading = False
                pairs = packet.data[1:]
                self.parameters.update(zip(pairs[::2], pairs[1::2], strict=False))
            case ssi.LED_ON | ssi.LED_OFF:
                pass
            case _:
                return ssi.build(ssi.NAK, bytes([ssi.DENIED]), 0x80, ssi.DECODER)
        return ssi.build(ssi.ACK, b"", 0x80, ssi.DECODER)
