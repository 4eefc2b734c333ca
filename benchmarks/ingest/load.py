"""Events as kiosks send them, made before the clock runs, and a publisher that costs next to nothing."""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from kiosk.simulate import records
from kiosk.simulate.day import Bought, Happening, PaidInVain, happenings
from mqtt.messages import Batch, KioskEvent, encode

KIOSKS = 200


class At:
    """A kiosk's clock at a moment."""

    boot = "0a1b2c3d"

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms

    def wall_ms(self) -> int:
        return self._at_ms

    def mono_ms(self) -> int:
        return self._at_ms % 86_400_000

    def off_ms(self) -> int:
        return 0

    def quality(self) -> str:
        return "synced"


def rush() -> int:
    """The Unix minute at which the last working day's morning rush began, at least a day ago."""
    day = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0) - timedelta(days=2)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return int(day.timestamp()) // 60


def events(kiosk: int, minute: int) -> Iterator[KioskEvent]:
    """Of one wall from that minute on: the day of kiosk.simulate.day, which says whom it is modelled on. For ever."""
    seq = itertools.count(1)
    for each in itertools.count(minute):
        for happening in happenings(11, str(kiosk), each):
            number = next(seq)
            yield msgspec.structs.replace(
                _event(happening, kiosk, number), epoch=f"e{kiosk:04}c0ffee", seq=number
            )


def _event(happening: Happening, kiosk: int, seq: int) -> KioskEvent:
    at_ms, deed = happening
    clock, order = At(at_ms), f"{kiosk:04}{seq:011}"
    if isinstance(deed, Bought):
        return records.sale_of(records.payment_of(deed, order, seq, at_ms), deed.channel, clock)
    if isinstance(deed, PaidInVain):
        return records.refund_of(deed, order, clock)
    return records.note_of(deed, clock)


def batches(total: int, each: int) -> list[tuple[str, bytes]]:
    """(topic, payload) of about `total` events of KIOSKS kiosks, `each` of them in a message; kiosks take turns."""
    walls = [events(kiosk, rush()) for kiosk in range(KIOSKS)]
    made = []
    for _ in range(max(1, total // each // KIOSKS)):
        for kiosk, wall in enumerate(walls):
            some = tuple(itertools.islice(wall, each))
            made.append((f"k1/bench/s{kiosk % 20}/k{kiosk}/up/ev", encode(Batch(events=some))))
    return made


class Publisher:
    """QoS 1 over a bare socket (MQTT 3.1.1): packets made before, a window of unacknowledged ones."""

    def __init__(self, port: int, name: str, window: int = 200) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(name)) + name.encode()
        self._socket.sendall(b"\x10" + _length(len(body)) + body)
        assert self._socket.recv(4)[:1] == b"\x20"
        self._window = window

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """All of them; returns when the broker has them."""
        unacknowledged, numbers = 0, 0
        for topic, payload in messages:
            numbers = numbers % 65_535 + 1
            head = struct.pack(">H", len(topic)) + topic.encode() + struct.pack(">H", numbers)
            self._socket.sendall(b"\x32" + _length(len(head) + len(payload)) + head + payload)
            unacknowledged += 1
            while unacknowledged >= self._window:
                unacknowledged -= len(self._socket.recv(65_536)) // 4
        while unacknowledged > 0:
            unacknowledged -= len(self._socket.recv(65_536)) // 4

    def close(self) -> None:
        """Leave."""
        self._socket.close()


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)
