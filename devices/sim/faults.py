"""What can happen to bytes on their way: the words all simulators on a serial wire share.

A fault is a callable: the bytes of one sending in, what becomes of them out, as pieces: bytes, `Pause` or `Unplug`. Faults
are joined by `together`, made rare by `sometimes` and `every`, and do the same in every run with the same seed. Beside them a
wire can be half open (`Wire.half_open`): it is there, reads nothing and says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for so long; what was sent is on its way."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Unplug:
    """The cable is pulled here; what would follow is lost."""


Piece = bytes | Pause | Unplug
Fault = Callable[[bytes], Sequence[Piece]]


def whole(data: bytes) -> Sequence[Piece]:
    """No fault: what is sent arrives in one piece."""
    return [data]


def one_by_one(data: bytes) -> Sequence[Piece]:
    """Every byte by itself."""
    return [data[i : i + 1] for i in range(len(data))]


def chunks(size: int) -> Fault:
    """Pieces of `size` bytes."""
    return lambda data: [data[i : i + size] for i in range(0, len(data), size)]


def ragged(longest: int, seed: int = 0) -> Fault:
    """Pieces of 1 to `longest` bytes."""
    random = Random(seed)

    def fault(data: bytes) -> Sequence[Piece]:
        pieces: list[Piece] = []
        while data:
            size = random.randint(1, longest)
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    return fault


def damaged(seed: int = 0) -> Fault:
    """One bit of one byte is flipped."""
    random = Random(seed)

    def fault(data: bytes) -> Sequence[Piece]:
        spoiled = bytearray(data)
        if spoiled:
            spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
        return [bytes(spoiled)]

    return fault


def lossy(seed: int = 0) -> Fault:
    """One byte is lost."""
    random = Random(seed)

    def fault(data: bytes) -> Sequence[Piece]:
        where = random.randrange(len(data)) if data else 0
        return [data[:where] + data[where + 1 :]]

    return fault


def noise(longest: int, seed: int = 0) -> Fault:
    """Up to `longest` random bytes come before it."""
    random = Random(seed)
    return lambda data: [random.randbytes(random.randint(1, longest)) + data]


def preamble(extra: bytes) -> Fault:
    """These bytes come before it."""
    return lambda data: [extra + data]


def flood(size: int, seed: int = 0) -> Fault:
    """So many random bytes come after it."""
    random = Random(seed)
    return lambda data: [data, random.randbytes(size)]


def twice(data: bytes) -> Sequence[Piece]:
    """It is sent two times."""
    return [data, data]


def silent(data: bytes) -> Sequence[Piece]:
    """All of it is lost."""
    return []


def late(seconds: float) -> Fault:
    """It arrives so much later."""
    return lambda data: [Pause(seconds), data]


def halting(after: int, seconds: float) -> Fault:
    """It pauses after `after` bytes, then goes on."""
    return lambda data: [data[:after], Pause(seconds), data[after:]]


def unplug_after(size: int) -> Fault:
    """After `size` more bytes, counted over all sendings, the cable is pulled; once, and whole from then on."""
    left: int | None = size

    def fault(data: bytes) -> Sequence[Piece]:
        nonlocal left
        if left is None:
            return [data]
        if len(data) < left:
            left -= len(data)
            return [data]
        cut, left = left, None
        return [data[:cut], Unplug()]

    return fault


def sometimes(fault: Fault, rate: float, seed: int = 0) -> Fault:
    """The fault happens to a share of the sendings: `rate` 0.05 is one in twenty, at random."""
    random = Random(seed)
    return lambda data: fault(data) if random.random() < rate else [data]


def every(count: int, fault: Fault) -> Fault:
    """The fault happens to each `count`th sending."""
    sent = 0

    def rare(data: bytes) -> Sequence[Piece]:
        nonlocal sent
        sent += 1
        return fault(data) if sent % count == 0 else [data]

    return rare


def together(*faults: Fault) -> Fault:
    """One after the other: each happens to the pieces the one before has left; after an `Unplug` nothing follows."""

    def fault(data: bytes) -> Sequence[Piece]:
        pieces: list[Piece] = [data]
        for each in faults:
            pieces = [
                part
                for piece in pieces
                for part in (each(piece) if isinstance(piece, bytes) else (piece,))
                if part != b""
            ]
        cut = next((i for i, piece in enumerate(pieces) if isinstance(piece, Unplug)), len(pieces))
        return pieces[: cut + 1]

    return fault
