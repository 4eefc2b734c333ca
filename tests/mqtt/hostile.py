"""A broker in miniature that does as it is told, for what no real broker will do on demand (MQTT 3.1.1 and 5.0, section 2 and 3)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from fleet.broker.broker import LOOPBACK

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
WELCOME_5: Final = b"\x00\x00\x00"
WELCOME_3: Final = b"\x00\x00"


def packet(first: int, body: bytes) -> bytes:
    """A control packet: first byte, length, body."""
    length, head = len(body), bytearray([first])
    while True:
        length, low = divmod(length, 128)
        head.append(low | (128 if length else 0))
        if not length:
            return bytes(head) + body


def welcome(*properties: bytes) -> bytes:
    """Body of a CONNACK of MQTT 5 that says yes."""
    said = b"".join(properties)
    return b"\x00\x00" + bytes([len(said)]) + said


@dataclass
class Hostile:
    """What it answers, and what it has seen."""

    connack: bytes = WELCOME_5
    older: bytes = WELCOME_3  # to a connect with 3.1.1
    acks: bool = True
    pongs: bool = True
    after_connack: bytes = b""  # sent right behind it
    port: int = 0
    versions: list[int] = field(default_factory=list)  # of each connect
    connects: list[bytes] = field(default_factory=list)
    published: list[bytes] = field(default_factory=list)
    pings: int = 0
    most_unacknowledged: int = 0
    waiting: list[bytes] = field(default_factory=list)  # packet ids not acknowledged
    live: socket.socket | None = None

    def acknowledge(self, count: int = 1) -> None:
        """The oldest publishes that wait."""
        assert self.live is not None
        for _ in range(count):
            self.live.sendall(packet(PUBACK << 4, self.waiting.pop(0)))

    def cut(self) -> None:
        """End the connection."""
        assert self.live is not None
        self.live.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                self.live = listener.accept()[0]
            except OSError:
                return
            with self.live, suppress(OSError):
                while self._one(self.live):
                    pass

    def _one(self, link: socket.socket) -> bool:
        first = link.recv(1)
        if not first:
            return False
        length, shift = 0, 0
        while True:
            byte = link.recv(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        body = link.recv(length, socket.MSG_WAITALL) if length else b""
        return self._answer(link, first[0], body)

    def _answer(self, link: socket.socket, first: int, body: bytes) -> bool:
        match first >> 4:
            case 1:
                self.versions.append(body[6])
                self.connects.append(body)
                self.waiting.clear()
                reply = self.connack if body[6] == 5 else self.older
                if not reply:
                    return False
                link.sendall(packet(CONNACK << 4, reply) + self.after_connack)
            case 8:
                five = self.versions[-1] == 5
                link.sendall(packet(SUBACK << 4, body[:2] + (b"\x00" if five else b"") + b"\x01"))
            case 3:
                topic = int.from_bytes(body[:2], "big")
                self.published.append(body)
                self.waiting.append(body[2 + topic : 4 + topic])
                self.most_unacknowledged = max(self.most_unacknowledged, len(self.waiting))
                if self.acks:
                    self.acknowledge()
            case 12:
                self.pings += 1
                if self.pongs:
                    link.sendall(b"\xd0\x00")
            case 14:
                return False
        return True


@contextmanager
def hostile(server: Hostile) -> Iterator[Hostile]:
    with socket.create_server((LOOPBACK, 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        if server.live is not None:
            with suppress(OSError):
                server.live.shutdown(socket.SHUT_RDWR)
        thread.join(60)
        assert not thread.is_alive()
