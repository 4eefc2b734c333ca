"""Events as kiosks send them, made before the clock runs, and a publisher that costs next to nothing."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Sequence
from typing import Any

from mqtt.messages import (
    AdvertPlayed,
    Batch,
    Engaged,
    FacingsSeen,
    KioskEvent,
    Line,
    SaleMade,
    Scanned,
    encode,
)

KIOSKS = 200
ADVERTS = ("breakfast", "spring", "coffee", "fruit", "evening")


def events(kiosk: int, first: int, count: int, start_ms: int, dice: random.Random) -> list[KioskEvent]:
    """Of a wall with people before it: half plays, a quarter engagements, the rest impressions, scans and sales."""
    made: list[KioskEvent] = []
    for seq in range(first, first + count):
        at = start_ms + seq * 3000
        place: dict[str, Any] = {
            "epoch": f"e{kiosk:04}c0ffee", "seq": seq, "wall_ms": at, "mono_ms": seq * 3000, "boot": "0a1b2c3d",
            "clock": "synced",
        }  # fmt: skip
        die = dice.random()
        if die < 0.5:
            made.append(
                AdvertPlayed(**place, advert=dice.choice(ADVERTS), shown_ms=8000, version="2026-11-22")
            )
        elif die < 0.75:
            made.append(
                Engaged(**place, what=dice.choice(("add", "product", "aisle")), detail="04006381333931")
            )
        elif die < 0.9:
            seen = tuple((facing, 1, 4000) for facing in dice.sample(range(1, 40), 4))
            made.append(
                FacingsSeen(**place, aisle="dairy", minute=at // 60_000, seen=seen, version="2026-11-22")
            )
        elif die < 0.98:
            made.append(Scanned(**place, kind="gs1", outcome="product", gtin="04006381333931"))
        else:
            line = Line(
                gtin="04006381333931",
                name="Whole milk, 1 l",
                quantity=2,
                price_minor=129,
                total_minor=258,
                facing=7,
            )
            name = f"{kiosk:04}{seq:011}"
            made.append(SaleMade(**place, order=name, reference=f"{name}1", method="link", currency="EUR", total_minor=258,
                                 lines=(line,), version="2026-11-22"))  # fmt: skip
    return made


def batches(total: int, each: int, start_ms: int) -> list[tuple[str, bytes]]:
    """(topic, payload) of `total` events of KIOSKS kiosks, `each` of them in a message; kiosks take turns."""
    dice = random.Random(11)
    made = []
    for turn in range(total // each // KIOSKS):
        for kiosk in range(KIOSKS):
            some = events(kiosk, turn * each + 1, each, start_ms, dice)
            made.append((f"k1/bench/s{kiosk % 20}/k{kiosk}/up/ev", encode(Batch(events=tuple(some)))))
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
