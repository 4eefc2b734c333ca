"""Rows of a TSV or CSV feed (RFC 4180 quoting), each with the line it begins on.

A quotation mark that is never closed would swallow the rest of the file in most readers. Here it costs its own row:
the search for its end is bounded, and reading goes on with the next line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct

from content.feed.problems import FeedError, shown
from content.feed.text import LONGEST_LINE

DELIMITERS: Final = ("\t", ",", ";")
MOST_COLUMNS: Final = 500
_MOST_LINES: Final = 500  # a quoted cell may span

Lines = Iterable[tuple[int, str | None]]
Report = Callable[[int, str, str, str], None]  # line, column, expected, found


class Row(Struct, frozen=True):
    """Cells by column, empty ones included. `lines` tells on which line a cell stands where not on `line`."""

    line: int
    cells: dict[str, str]
    lines: dict[str, int] = {}


class _Quote(Exception):
    """A cell's quoting is broken: its index, and whether the closing mark may still come with the next line."""

    def __init__(self, index: int, still_open: bool) -> None:
        self.index, self.still_open = index, still_open


def split(record: str, delimiter: str) -> list[str]:
    """The cells of a record."""
    if '"' not in record:
        return record.split(delimiter)
    cells: list[str] = []
    place = 0
    while True:
        if record.startswith('"', place):
            cell, place = _quoted(record, place + 1, len(cells))
            if place < len(record) and record[place] != delimiter:
                raise _Quote(len(cells), still_open=False)
        else:
            end = record.find(delimiter, place)
            end = len(record) if end < 0 else end
            cell, place = record[place:end], end
        cells.append(cell)
        if place >= len(record):
            return cells
        place += 1


def _quoted(record: str, start: int, index: int) -> tuple[str, int]:
    """A quoted cell, and the place behind its closing mark. Two marks in a row stand for one."""
    parts: list[str] = []
    while True:
        end = record.find('"', start)
        if end < 0:
            raise _Quote(index, still_open=True)
        if not record.startswith('""', end):
            parts.append(record[start:end])
            return "".join(parts), end + 1
        parts.append(record[start : end + 1])
        start = end + 2


def heading(text: str) -> str:
    """A column's name as we use it: Google writes "image link" in some places, image_link in others."""
    return "_".join(text.strip().lower().split())


class Table(Struct, frozen=True):
    """A feed's heading, where it stands, and the rows under it, to be read once."""

    line: int
    columns: list[str]
    rows: Iterator[Row]


def read(name: str, lines: Lines, known: frozenset[str], report: Report) -> Table:
    """Read the heading; `known` are the columns that tell a delimiter. What is wrong with a line is reported, and
    the line left out. Raises FeedError where the heading cannot be understood.
    """
    source = _Source(lines)
    line, columns, delimiter = _heading(name, source, known)
    return Table(line, columns, _rows(source, columns, delimiter, report))


def _rows(source: _Source, columns: list[str], delimiter: str, report: Report) -> Iterator[Row]:
    while (taken := source.take()) is not None:
        line, text = taken
        if text is None:
            report(line, "", f"a line of at most {LONGEST_LINE:,} characters", "a longer one")
        elif text.strip():
            cells = _record(source, line, text, delimiter, columns, report)
            if cells is not None and _fits(cells, columns, line, report):
                yield Row(line, dict(zip(columns, cells, strict=False)))


class _Source:
    """Lines one by one, some of which may be given back."""

    def __init__(self, lines: Lines) -> None:
        self._lines = iter(lines)
        self._back: deque[tuple[int, str | None]] = deque()

    def take(self) -> tuple[int, str | None] | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def give_back(self, lines: list[tuple[int, str | None]]) -> None:
        self._back.extendleft(reversed(lines))


def _heading(name: str, source: _Source, known: frozenset[str]) -> tuple[int, list[str], str]:
    while (taken := source.take()) is not None:
        line, text = taken
        if text is None:
            raise FeedError(f"{name} line {line}: expected a heading, found a line of enormous length")
        if text.strip():
            break
    else:
        raise FeedError(f"{name}: expected a heading and rows, found an empty file")
    candidates = []
    for delimiter in DELIMITERS:
        try:
            columns = [heading(cell) for cell in split(text, delimiter)]
        except _Quote:
            continue
        candidates.append((sum(column in known for column in columns), len(columns), columns, delimiter))
    best = max(candidates, key=lambda each: each[:2], default=None)
    if best is None or best[0] < 2 or len(best[2]) > MOST_COLUMNS:
        raise FeedError(
            f"{name} line {line}: expected a heading with columns such as gtin, title, price, found {shown(text)}"
        )
    for column in best[2]:
        if column and best[2].count(column) > 1:
            raise FeedError(f"{name} line {line}: expected each column once, found {column!r} twice")
    return line, best[2], best[3]


def _record(
    source: _Source, line: int, text: str, delimiter: str, columns: list[str], report: Report
) -> list[str] | None:
    """The cells of the record that begins with `text`; it may go on over lines while a quotation mark is open."""
    more: list[tuple[int, str | None]] = []
    while True:
        try:
            return split(text, delimiter)
        except _Quote as quote:
            column = columns[quote.index] if quote.index < len(columns) else ""
            following = source.take() if quote.still_open and len(more) < _MOST_LINES else None
            if following is not None and following[1] is not None:
                more.append(following)
                text = f"{text}\n{following[1]}"
                if len(text) <= LONGEST_LINE:
                    continue
            elif following is not None:
                more.append(following)
            if quote.still_open:
                where = "the file ends" if following is None and len(more) < _MOST_LINES else "it goes on"
                report(line, column, f"a closing quotation mark; {where} inside the field", "none")
            else:
                report(line, column, 'quotation marks inside a quoted field doubled: ""', "a single one")
            source.give_back(more)
            return None


def _fits(cells: list[str], columns: list[str], line: int, report: Report) -> bool:
    if len(cells) == len(columns) or (len(cells) > len(columns) and not any(cells[len(columns) :])):
        return True
    report(line, "", f"{len(columns)} columns", str(len(cells)))
    return False
