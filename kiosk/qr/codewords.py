"""From content to codewords: segments, the version that holds them, padding, Reed-Solomon (ISO/IEC 18004, 7.3-7.6)."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

from qrcode import LUT, base, util

Mode = Literal[1, 2, 4]
"""How a segment's characters become bits; the number is the segment's four-bit indicator."""

NUMERIC: Final = 1
ALPHANUMERIC: Final = 2
BYTE: Final = 4


class Segment(NamedTuple):
    """A stretch of content in one mode, `bits` long without its header."""

    mode: Mode
    data: bytes
    bits: int


def segments(data: bytes) -> list[Segment]:
    """Split content as `qrcode.util.optimal_data_chunks(data, minimum=20)` does, the default of its `add_data`.

    Runs of at least 20 digits first, then runs of at least 20 alphanumerics in what is left; content of up to 20 bytes is
    taken whole. Its `$` also matches before a final newline, and so does ours: "123\\n" is "123" and "\\n".
    """
    long = len(data) > _MINIMUM
    digits, alphanumerics = _RUNS if long else _WHOLE
    found: list[Segment] = []
    for numeric, chunk in _split(data, digits):
        if numeric:
            count = len(chunk)
            found.append(Segment(NUMERIC, chunk, count // 3 * 10 + (0, 4, 7)[count % 3]))
            continue
        for alphanumeric, part in _split(chunk, alphanumerics):
            count = len(part)
            if alphanumeric:
                found.append(Segment(ALPHANUMERIC, part, count // 2 * 11 + count % 2 * 6))
            else:
                found.append(Segment(BYTE, part, count * 8))
    return found


_MINIMUM = 20
_ALPHANUMERIC = b"[" + re.escape(util.ALPHA_NUM) + b"]"
_RUNS = (re.compile(rb"\d{20,}"), re.compile(_ALPHANUMERIC + b"{20,}"))
_WHOLE = (re.compile(rb"^\d+$"), re.compile(b"^" + _ALPHANUMERIC + b"+$"))


def _split(data: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Yield (matches, stretch) in order. The rest is searched anew, so `^` holds at its start, as it does in qrcode."""
    while data and (match := pattern.search(data)):
        start, end = match.span()
        if start:
            yield False, data[:start]
        yield True, data[start:end]
        data = data[end:]
    if data:
        yield False, data


def fit(parts: list[Segment], level: int, start: int) -> tuple[int, int, int]:
    """Return (version, bits needed, bits a version 40 holds); version 41 says that none is large enough.

    As `QRCode.best_fit`: count with the header sizes of the first version tried; if the version found belongs to
    another group (1-9, 10-26, 27-40) count again from there.
    """
    limits = util.BIT_LIMIT_TABLE[level]
    while True:
        sizes = util.mode_sizes_for_version(start)
        needed = sum([4 + sizes[mode] + bits for mode, _, bits in parts])
        version = bisect_left(limits, needed, start)
        if version > 40 or sizes is util.mode_sizes_for_version(version):
            return version, needed, limits[40]
        start = version


def codewords(parts: list[Segment], version: int, level: int) -> bytes:
    """Return data and error correction codewords in the order in which they are placed (interleaved by block)."""
    plan = _blocks(version, level)
    data = _data_codewords(parts, version, plan.data_count)
    if len(plan.spans) == 1:
        return data + _remainder(data, plan.correction)
    out = bytearray(plan.data_count + plan.correction * len(plan.spans))
    count = len(plan.spans)
    # The shorter blocks come first: `short` rounds take one byte of each block, the longer ones give one more.
    even = plan.short * count
    tail = even - (count - plan.longer)
    for index, (start, end) in enumerate(plan.spans):
        block = data[start:end]
        if end - start > plan.short:
            out[tail + index] = block[-1]
            block = block[:-1]
        out[index:even:count] = block
        out[plan.data_count + index :: count] = _remainder(data[start:end], plan.correction)
    return bytes(out)


class _Blocks(NamedTuple):
    data_count: int  # data codewords in all
    correction: int  # error correction codewords of each block
    short: int  # data codewords of the shortest block
    longer: int  # how many blocks hold one more
    spans: tuple[tuple[int, int], ...]  # of each block within the data


@functools.cache
def _blocks(version: int, level: int) -> _Blocks:
    blocks = base.rs_blocks(version, level)
    spans = []
    start = 0
    for block in blocks:
        spans.append((start, start + block.data_count))
        start += block.data_count
    short = blocks[0].data_count
    longer = sum(block.data_count > short for block in blocks)
    return _Blocks(start, blocks[0].total_count - short, short, longer, tuple(spans))


def _data_codewords(parts: list[Segment], version: int, count: int) -> bytes:
    sizes = util.mode_sizes_for_version(version)
    stream = 0
    length = 0
    for mode, data, bits in parts:
        size = sizes[mode]
        header = mode << size | len(data)
        stream = ((stream << 4 + size | header) << bits) | _PACK[mode](data)
        length += 4 + size + bits
    end = min(length + 4, count * 8)  # the terminator: up to four zeros
    filled = (end + 7) // 8
    padding = _PADDING[: count - filled]
    return (stream << filled * 8 - length).to_bytes(filled, "big") + padding


_PADDING = bytes((util.PAD0, util.PAD1)) * 1480  # version 40 at level L has 2,956 data codewords


def _pack_numeric(data: bytes) -> int:
    parts = [f"{int(data[start : start + 3]):010b}" for start in range(0, len(data) - 2, 3)]
    if rest := len(data) % 3:
        parts.append(f"{int(data[-rest:]):0{util.NUMBER_LENGTH[rest]}b}")
    return int("".join(parts), 2)


def _pack_alphanumeric(data: bytes) -> int:
    values = data.translate(_ALPHANUMERIC_VALUES)
    table = _eleven_bits()
    parts = [table[45 * high + low] for high, low in zip(values[::2], values[1::2], strict=False)]
    if len(values) % 2:
        parts.append(f"{values[-1]:06b}")
    return int("".join(parts), 2)


@functools.cache
def _eleven_bits() -> tuple[str, ...]:
    # Formatting each pair anew took a fifth of the time of a short URL; all of them at once take half a millisecond.
    return tuple([f"{value:011b}" for value in range(45 * 45)])


_ALPHANUMERIC_VALUES = bytes.maketrans(util.ALPHA_NUM, bytes(range(45)))

_PACK: dict[Mode, Callable[[bytes], int]] = {
    NUMERIC: _pack_numeric,
    ALPHANUMERIC: _pack_alphanumeric,
    BYTE: int.from_bytes,
}


def _remainder(block: bytes, correction: int) -> bytes:
    """Divide by the generator polynomial, a byte a step, in one integer whose lowest byte is the next to go."""
    table = _generator_multiples(correction)
    rest = int.from_bytes(block, "little")
    for _ in block:
        rest = rest >> 8 ^ table[rest & 255]
    return rest.to_bytes(correction, "little")


@functools.cache
def _generator_multiples(correction: int) -> tuple[int, ...]:
    """Return the generator polynomial times each of the 256 field elements, without its leading one, lowest byte first."""
    generator = int.from_bytes(bytes(LUT.rsPoly_LUT[correction][1:]), "little")
    high = int.from_bytes(b"\x80" * correction, "little")
    table = [0, generator]
    for _ in range(7):
        # Twice a polynomial over GF(256): each byte shifted left, what falls out folded back (x^8 = x^4+x^3+x^2+1).
        carried = generator & high
        generator = (generator ^ carried) << 1 ^ (carried >> 7) * 0x1D
        table += [generator ^ lower for lower in table]
    return tuple(table)
