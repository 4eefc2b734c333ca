"""Rows of a SQLite file, read from its pages one by one, without SQLite: what is broken is mostly the way to the rows.

After "Database File Format" (sqlite.org/fileformat2.html): sections 1.5 (freelist), 1.6 (b-tree pages), 1.7 (schema layer's
page 1), 2.1 (records) and 4.1-4.3 (write-ahead log). Only pages of PAGE_BYTES are read: the ledger makes no others.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

PAGE_BYTES: Final = 4096
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER = 0x0D, 0x0A, 0x02
_WAL_HEADER, _FRAME_HEADER = 32, 24
_LARGEST_ROW: Final = 16 * 1024 * 1024  # a length beyond it is a slip of the card

Value = int | float | str | bytes | None
Row = tuple[int | None, tuple[Value, ...]]  # rowid (None in tables without one), columns
_Fetch = Callable[[int], bytes]


class Pages:
    """The pages of a database as its last commit left them: those of the file, with the log's over them."""

    def __init__(self, path: Path) -> None:
        self._main: BinaryIO = path.open("rb")
        self._log: BinaryIO | None = None
        self._frames: dict[int, int] = {}  # page -> where it is in the log
        self.count = path.stat().st_size // PAGE_BYTES
        log = path.with_name(path.name + "-wal")
        if log.exists():
            self._log = log.open("rb")
            self._frames, size = _committed(self._log)
            self.count = max(self.count, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._main.close()
        if self._log is not None:
            self._log.close()

    def page(self, number: int) -> bytes:
        """A page, the first is 1. Raises OSError where the card does not give it, ValueError where there is none."""
        source, offset = self._main, (number - 1) * PAGE_BYTES
        if self._log is not None and number in self._frames:
            source, offset = self._log, self._frames[number]
        if number < 1:
            raise ValueError(f"page {number}")
        source.seek(offset)
        data = source.read(PAGE_BYTES)
        if len(data) < PAGE_BYTES:
            raise ValueError(f"page {number} is cut short")
        return data

    def rows(self) -> Iterator[Row]:
        """Every row of every page that can be read, in no order; of other tables and of indexes too."""
        free = self._free()
        for number in range(1, self.count + 1):
            if number in free:
                continue  # rows that were deleted
            try:
                page = self.page(number)
            except (OSError, ValueError):
                continue
            yield from _rows(page, 100 if number == 1 else 0, self.page)

    def _free(self) -> set[int]:
        """Pages of the freelist, as far as it can be followed."""
        free: set[int] = set()
        try:
            trunk = int.from_bytes(self.page(1)[32:36], "big")
            while trunk and trunk not in free and trunk <= self.count:
                page = self.page(trunk)
                following, count = struct.unpack(">II", page[:8])
                if count > (PAGE_BYTES - 8) // 4:
                    break
                leaves = struct.unpack(f">{count}I", page[8 : 8 + 4 * count])
                if any(not 1 < leaf <= self.count for leaf in leaves):
                    break
                free |= {trunk, *leaves}
                trunk = following
        except (OSError, ValueError):
            pass
        return free


def _committed(log: BinaryIO) -> tuple[dict[int, int], int]:
    """Where the pages of whole transactions are in a write-ahead log, and how many pages the database then has."""
    header = log.read(_WAL_HEADER)
    if len(header) < _WAL_HEADER:
        return {}, 0
    magic, _, size = struct.unpack(">III", header[:12])
    if magic & ~1 != 0x377F0682 or size != PAGE_BYTES:
        return {}, 0
    words = ">" if magic & 1 else "<"
    marks = _checksum(header[:24], words, (0, 0))
    if marks != struct.unpack(">II", header[24:32]):
        return {}, 0
    found: dict[int, int] = {}
    whole: dict[int, int] = {}
    pages = 0
    while len(frame := log.read(_FRAME_HEADER + PAGE_BYTES)) == _FRAME_HEADER + PAGE_BYTES:
        number, after = struct.unpack(">II", frame[:8])
        marks = _checksum(frame[_FRAME_HEADER:], words, _checksum(frame[:8], words, marks))
        if frame[8:16] != header[16:24] or marks != struct.unpack(">II", frame[16:24]):
            break  # left over from an earlier round, or never finished
        found[number] = log.tell() - PAGE_BYTES
        if after:
            whole |= found
            found.clear()
            pages = after
    return whole, pages


def _checksum(data: bytes, words: str, start: tuple[int, int]) -> tuple[int, int]:
    one, two = start
    values = struct.unpack(f"{words}{len(data) // 4}I", data)
    for first, second in zip(values[::2], values[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


def _rows(page: bytes, start: int, fetch: _Fetch) -> Iterator[Row]:
    kind = page[start]
    if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER):
        return
    (count,) = struct.unpack(">H", page[start + 3 : start + 5])
    pointers = start + (12 if kind == _INDEX_INNER else 8)
    if pointers + 2 * count > PAGE_BYTES:
        return
    for (at,) in struct.iter_unpack(">H", page[pointers : pointers + 2 * count]):
        try:
            yield _cell(page, at, kind, fetch)
        except (IndexError, ValueError, OSError, struct.error):
            continue


def _cell(page: bytes, at: int, kind: int, fetch: _Fetch) -> Row:
    if kind == _INDEX_INNER:
        at += 4  # the child's page
    size, at = _varint(page, at)
    rowid: int | None = None
    if kind == _TABLE_LEAF:
        rowid, at = _varint(page, at)
        most = PAGE_BYTES - 35
    else:
        most = (PAGE_BYTES - 12) * 64 // 255 - 23
    if not 0 < size <= _LARGEST_ROW:
        raise ValueError("no record has that length")
    if size <= most:
        record = page[at : at + size]
    else:
        least = (PAGE_BYTES - 12) * 32 // 255 - 23
        here = least + (size - least) % (PAGE_BYTES - 4)
        here = here if here <= most else least
        record = page[at : at + here]
        (following,) = struct.unpack(">I", page[at + here : at + here + 4])
        while len(record) < size and following:
            more = fetch(following)
            (following,) = struct.unpack(">I", more[:4])
            record += more[4 : 4 + size - len(record)]
    if len(record) != size:
        raise ValueError("a record that is cut short")
    return rowid, _columns(record)


def _columns(record: bytes) -> tuple[Value, ...]:
    length, at = _varint(record, 0)
    kinds: list[int] = []
    while at < length:
        kind, at = _varint(record, at)
        kinds.append(kind)
    if at != length:
        raise ValueError("a record whose header is not whole")
    values: list[Value] = []
    for kind in kinds:
        size = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind] if kind < 10 else (kind - 12) // 2
        if kind in (10, 11) or at + size > len(record):
            raise ValueError("a record that is not whole")
        values.append(_value(kind, record[at : at + size]))
        at += size
    return tuple(values)


def _value(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    return data.decode() if kind % 2 else data


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9
