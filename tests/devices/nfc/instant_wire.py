"""A CCID reader without its USB and without waiting: time passes only where nothing more is on its way."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from devices.sim.ccid import Core

Faults = Callable[[list[bytes]], list[bytes]]


class InstantWire:
    """A transport and the clock of its little world."""

    def __init__(self, core: Core, faults: Faults = list) -> None:
        self._core, self.faults = core, faults
        self._arrived: deque[bytes] = deque()
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def read(self, timeout_s: float) -> bytes:
        if self._arrived:
            self.now += 0.001
            return self._arrived.popleft()
        self.now += timeout_s
        return b""

    def write(self, data: bytes, deadline_s: float) -> None:
        self.now += 0.001
        self._arrived += self.faults(self._core.handle(data))

    def wake(self) -> None:
        pass

    def close(self) -> None:
        pass


class Noise:
    """One answer in twenty, at random: a byte damaged, lost, cut short, sent twice, or the one before under the new bSeq."""

    def __init__(self, seed: int, rate: float = 0.05) -> None:
        self._random, self._rate, self._last, self.hits = random.Random(seed), rate, b"", 0

    def __call__(self, replies: list[bytes]) -> list[bytes]:
        out: list[bytes] = []
        for reply in replies:
            out += self._spoilt(reply) if self._random.random() < self._rate else [reply]
            self._last = reply
        return out

    def _spoilt(self, reply: bytes) -> list[bytes]:
        self.hits += 1
        match self._random.randrange(5):
            case 0:
                spoilt = bytearray(reply)
                spoilt[self._random.randrange(len(reply))] ^= 1 << self._random.randrange(8)
                return [bytes(spoilt)]
            case 1:
                return []
            case 2:
                return [reply[: self._random.randrange(1, len(reply))]]
            case 3:
                return [reply, reply]
        return [self._last[:6] + reply[6:7] + self._last[7:], reply] if self._last else [reply]
