"""What all symbols of one version share: where the patterns lie, the way of the codewords, the masks.

Worked out once per version and kept (`benchmarks/qr.py` states what the first symbol of a version costs). Symbols are integers
here, one bit per module, column after column with the top left module in the highest bit: the codewords run
up and down pairs of columns, so the modules of a pair take their bits from one short stretch of the stream, which one
`bytes.translate` can gather.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from qrcode import util


class Mask(NamedTuple):
    """One mask over the data modules, and where it changes whether two neighbours are equal."""

    cells: int
    along: int
    across: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The geometry of one version."""

    size: int
    gather: tuple[
        tuple[int, bytes], ...
    ]  # per stretch of modules: first bit in the stream, each module's bit from there
    data: int  # modules that carry codewords
    dark: int  # dark modules of the finder, alignment and timing patterns
    has_next: int  # modules with another one a bit further up
    has_below: int  # modules with another one `size` bits further up
    masks: tuple[Mask, ...]

    def row_major(self, cells: int) -> bytes:
        """Return one byte (0 or 1) per module, row by row."""
        size = self.size
        columns = f"{cells:0{size * size}b}".encode().translate(_DIGIT_VALUES)
        return b"".join([columns[row::size] for row in range(size)])


_DIGIT_VALUES = bytes.maketrans(b"01", b"\x00\x01")


def place(shape: Shape, codewords: bytes) -> int:
    """Return the symbol before masking, its format and version information still light."""
    # A table for translate has 256 entries whatever of it is used, and the remainder bits (up to 7) are zero.
    stream = f"{int.from_bytes(codewords, 'big'):0{len(codewords) * 8}b}".encode() + b"0" * 264
    modules = b"".join([bits.translate(stream[start : start + 256]) for start, bits in shape.gather])
    return int(modules, 2) & shape.data | shape.dark


@functools.cache
def shape_of(version: int) -> Shape:
    """Return the geometry of a version (1-40)."""
    size = version * 4 + 17
    dark, reserved = _patterns(version, size)
    free = bytes(1 - taken for row in reserved for taken in row)
    data = _column_major(free, size)
    every = (1 << size * size) - 1
    has_below = every >> size
    # Bit i has a next one unless it is the last of its line: a line of size-1 ones, repeated.
    has_next = every // ((1 << size) - 1) * ((1 << size - 1) - 1)
    masks = []
    for tile in _mask_tiles():
        rows = [(tile[row % 12] * 15)[:size] for row in range(size)]
        cells = _column_major(b"".join(rows), size) & data
        masks.append(Mask(cells, (cells ^ cells >> 1) & has_next, (cells ^ cells >> size) & has_below))
    gather = tuple(_gather(free, size))
    return Shape(size, gather, data, _column_major(b"".join(dark), size), has_next, has_below, tuple(masks))


@functools.cache
def trim(version: int, level: int, mask: int) -> int:
    """Return what `place` left light: the dark modules of format and version information, and the one always dark."""
    size = version * 4 + 17
    rows = [bytearray(size) for _ in range(size)]
    rows[size - 8][8] = 1
    info = util.BCH_type_info(level << 3 | mask)
    for index in range(15):
        bit = info >> index & 1
        rows[index if index < 6 else index + 1 if index < 8 else size - 15 + index][8] = bit
        rows[8][size - 1 - index if index < 8 else 7 if index == 8 else 14 - index] = bit
    if version >= 7:
        info = util.BCH_type_number(version)
        for index in range(18):
            far, near = size - 11 + index % 3, index // 3
            rows[near][far] = rows[far][near] = info >> index & 1
    return _column_major(b"".join(rows), size)


def _column_major(cells: bytes, size: int) -> int:
    """Return 0/1 bytes, row by row, as an integer, column by column."""
    columns = b"".join([cells[column::size] for column in range(size)])
    return int(columns.translate(_DIGITS), 2)


_DIGITS = bytes.maketrans(b"\x00\x01", b"01")


def _patterns(version: int, size: int) -> tuple[list[bytearray], list[bytearray]]:
    """Return (dark, reserved): rows of 0/1, the second with every module that no codeword may use."""
    dark = [bytearray(size) for _ in range(size)]
    reserved = [bytearray(size) for _ in range(size)]

    def reserve(top: int, left: int, height: int, width: int) -> None:
        for row in reserved[top : top + height]:
            row[left : left + width] = b"\x01" * width

    def stamp(pattern: tuple[bytes, ...], top: int, left: int) -> None:
        side = len(pattern)
        reserve(top, left, side, side)
        for row, line in zip(dark[top : top + side], pattern, strict=True):
            row[left : left + side] = line

    timing = bytes((1, 0)) * (size // 2) + b"\x01"
    dark[6][:] = timing
    for index, row in enumerate(dark):
        row[6] = timing[index]
    reserve(6, 0, 1, size)
    reserve(0, 6, size, 1)
    # Finder, separator and format information at three corners; the one module that is always dark at the lower left.
    reserve(0, 0, 9, 9)
    reserve(0, size - 8, 9, 8)
    reserve(size - 8, 0, 8, 9)
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        stamp(_FINDER, top, left)
    if version >= 7:
        reserve(0, size - 11, 6, 3)
        reserve(size - 11, 0, 3, 6)
    centres = util.PATTERN_POSITION_TABLE[version - 1]
    for row_centre in centres:
        for column_centre in centres:
            # The three corners belong to the finders.
            if (row_centre, column_centre) not in ((6, 6), (6, size - 7), (size - 7, 6)):
                stamp(_ALIGNMENT, row_centre - 2, column_centre - 2)
    return dark, reserved


def _ring(*rows: str) -> tuple[bytes, ...]:
    return tuple(bytes(map(int, row)) for row in rows)


_FINDER = _ring("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")
_ALIGNMENT = _ring("11111", "10001", "10101", "10001", "11111")


def _gather(free: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield, for the modules column by column, where in the stream each finds its bit (a reserved one finds any)."""
    columns: list[list[tuple[int, bytes]]] = [
        [(0, bytes(size))] for _ in range(size)
    ]  # column 6 stays: all reserved
    # 256 bits of stream reach for two whole columns up to version 27, above that for two half ones.
    rows = (0, size) if 2 * size <= 256 else (0, size // 2, size)
    start = 0
    step = -1  # the first pair of columns, at the right edge, is filled upwards
    for right in [*range(size - 1, 6, -2), 5, 3, 1]:
        # In the order of the stream: right, left, and on to the next row.
        way = bytearray(2 * size)
        way[::2] = free[right::size][::step]
        way[1::2] = free[right - 1 :: size][::step]
        stretches = []
        for begin, end in pairwise(rows):
            before = bytes(accumulate(way[2 * begin : 2 * end], initial=0))  # free modules passed until here
            stretches.append((start, before[:-1:2][::step], before[1:-1:2][::step]))
            start += before[-1]
        columns[right] = [(first, bits) for first, bits, _ in stretches[::step]]
        columns[right - 1] = [(first, bits) for first, _, bits in stretches[::step]]
        step = -step
    for first, same in groupby(chain.from_iterable(columns), key=itemgetter(0)):
        yield first, b"".join([bits for _, bits in same])


@functools.cache
def _mask_tiles() -> tuple[tuple[bytes, ...], ...]:
    """Return the eight masks as 12 rows of 12 modules, of which every mask is a repetition."""
    tiles = []
    for pattern in range(8):
        masked = util.mask_func(pattern)
        tiles.append(tuple(bytes(masked(row, column) for column in range(12)) for row in range(12)))
    return tuple(tiles)
