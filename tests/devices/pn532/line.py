"""A chip at the end of a line in virtual time: it says back what it is asked, so that an answer to anything else shows.

A serial line keeps the order of its bytes: what is held up holds up all that follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from devices.protocol import pn532
from devices.protocol.pn532 import Ack, Data, Nack
from devices.protocol.pn532_exchange import Answer, Event, Exchange, Failed, Send

Bytes = Callable[[bytes], list[bytes]]  # what becomes of a frame: pieces
Delay = Callable[[], float]


@dataclass
class Direction:
    """One way of the line."""

    fault: Bytes = lambda data: [data]
    delay: Delay = lambda: 0.0
    queue: deque[tuple[float, bytes]] = field(default_factory=deque)
    free_at: float = 0.0

    def send(self, data: bytes, now: float) -> None:
        for piece in self.fault(data):
            self.free_at = max(self.free_at, now) + self.delay() + len(piece) * 10 / 115200
            self.queue.append((self.free_at, piece))


class Chip:
    """Carries out commands in `busy_s`; a new one ends the one before. NACK repeats the last answer, whatever it was."""

    def __init__(self, line: Line, busy_s: float) -> None:
        self._line, self._busy_s = line, busy_s
        self._parser = pn532.Parser()
        self._last = b""
        self.due: tuple[float, bytes] | None = None
        self.carried_out: list[bytes] = []

    def hear(self, data: bytes, now: float) -> None:
        for frame in self._parser.feed(data):
            match frame:
                case Data(pn532.TO_CHIP, payload):
                    self._line.up.send(pn532.ACK, now)
                    self.due = (now + self._busy_s, payload)
                case Nack() if self._last:
                    self._line.up.send(self._last, now)
                case Ack():
                    self.due = None

    def work(self, now: float) -> None:
        if self.due is not None and self.due[0] <= now:
            command, self.due = self.due[1], None
            self.carried_out.append(command)
            self._last = pn532.build(bytes([command[0] + 1]) + command[1:], pn532.TO_HOST)
            self._line.up.send(self._last, now)


class Line:
    """Host, two directions and a chip, driven from event to event."""

    def __init__(self, busy_s: float = 0.005, chunk: int = 0) -> None:
        self.down, self.up = Direction(), Direction()
        self.chip = Chip(self, busy_s)
        self.exchange = Exchange(0)
        self.now, self._chunk = 0.0, chunk

    def ask(self, command: bytes, *, once: bool = False, answer_s: float = 0.5) -> bytes | None:
        """The answer to a command, None where it failed."""
        events = self.exchange.begin(command, self.now, once=once, answer_s=answer_s)
        for _ in range(100_000):
            for event in events:
                match event:
                    case Send(data):
                        self.down.send(data, self.now)
                    case Answer(payload):
                        return payload
                    case Failed():
                        return None
            events = self._next()
        raise AssertionError("it never ends")

    def pause(self, seconds: float) -> None:
        """Time passes, and what is on its way arrives at an idle host."""
        end = self.now + seconds
        while (times := self._times()) and min(times) <= end:
            self._advance(min(times))
            for data in self._arrived():
                assert self.exchange.feed(data, self.now) == []
        self.now = end

    def _next(self) -> list[Event]:
        wait = self.exchange.wait_s(self.now)
        assert wait is not None
        self._advance(min([*self._times(), self.now + wait]))
        events: list[Event] = []
        for data in self._arrived():
            events += self.exchange.feed(data, self.now)
        return events or self.exchange.timeout(self.now)

    def _times(self) -> list[float]:
        heads = [way.queue[0][0] for way in (self.down, self.up) if way.queue]
        return heads + ([self.chip.due[0]] if self.chip.due else [])

    def _advance(self, to: float) -> None:
        self.now = max(self.now, to)
        while self.down.queue and self.down.queue[0][0] <= self.now:
            self.chip.hear(self.down.queue.popleft()[1], self.now)
        self.chip.work(self.now)

    def _arrived(self) -> Iterator[bytes]:
        while self.up.queue and self.up.queue[0][0] <= self.now:
            data = self.up.queue.popleft()[1]
            size = self._chunk or len(data) or 1
            yield from (data[i : i + size] for i in range(0, len(data), size))


def damaging(rate: float, seed: int) -> Bytes:
    """One byte of a frame becomes another one."""
    random = Random(seed)

    def fault(data: bytes) -> list[bytes]:
        if random.random() >= rate:
            return [data]
        spoiled = bytearray(data)
        spoiled[random.randrange(len(spoiled))] ^= random.randint(1, 255)
        return [bytes(spoiled)]

    return fault


def losing(rate: float, seed: int) -> Bytes:
    """One byte of a frame is lost."""
    random = Random(seed)

    def fault(data: bytes) -> list[bytes]:
        if random.random() >= rate:
            return [data]
        where = random.randrange(len(data))
        return [data[:where] + data[where + 1 :]]

    return fault


def mischief(seed: int) -> Bytes:
    """Frames are damaged, lost, doubled, answers doubled together with their ACK; noise comes between.

    No line brings a copy of an older frame behind a newer one, as none overtakes.
    """
    random = Random(seed)
    acked = False

    def fault(data: bytes) -> list[bytes]:
        nonlocal acked
        copy, acked = pn532.ACK + data if acked else data, data == pn532.ACK
        match random.randrange(12):
            case 0:
                return damaging(1.0, random.randrange(1 << 30))(data)
            case 1:
                return []
            case 2:
                return [data, data]
            case 3:
                return [data, copy]
            case 4:
                return [random.randbytes(random.randint(1, 9)), data]
        return [data]

    return fault


def hold_ups(rate: float, longest_s: float, seed: int) -> Delay:
    """The line stands still now and then."""
    random = Random(seed)
    return lambda: random.random() * longest_s if random.random() < rate else 0.0
