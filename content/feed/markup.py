"""Rows of an XML feed: RSS 2.0 (<item>) or Atom (<entry>), with Google's `g:` elements or without a namespace.

`xml:lang` on an element does what a tag in a heading does: <g:title xml:lang="zh"> is the column title[zh].
A document type is refused at once, so there are no entities to expand and nothing outside to fetch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.parsers import expat

from content.feed.problems import FeedError
from content.feed.table import Row, heading

GOOGLE: Final = "http://base.google.com/ns/1.0"
ATOM: Final = "http://www.w3.org/2005/Atom"
_LANG: Final = "http://www.w3.org/XML/1998/namespace lang"
_ITEMS: Final = frozenset({"item", f"{ATOM} entry"})

DEEPEST: Final = 16
LONGEST_TEXT: Final = 64 * 1024
MOST_CELLS: Final = 500
MOST_NAMES: Final = 2000
_GOOGLE: Final = f"{GOOGLE} "
_CHUNK: Final = 64 * 1024
_LONGEST_TOKEN: Final = 1 << 20  # bytes the parser may hold back while it waits for a tag to end


def is_markup(path: Path) -> bool:
    """Whether a file is XML: its first character that is not white space is "<"."""
    try:
        with path.open("rb") as file:
            start = file.read(256)
    except OSError as error:
        raise FeedError(f"{path}: cannot be read: {error.strerror or error}") from error
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip().startswith(b"<")


def rows(path: Path) -> Iterator[Row]:
    """The rows of the feed, in order. Raises FeedError with line and column where it is not well-formed XML."""
    reader = _Reader(path.name)
    fed = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                fed += len(chunk)
                reader.feed(chunk, final=False)
                if fed - max(0, reader.position()) > _LONGEST_TOKEN:
                    raise FeedError(f"{path.name} line {reader.line()}: expected a tag to end, found none")
                yield from reader.take()
        reader.feed(b"", final=True)
    except OSError as error:
        raise FeedError(f"{path}: cannot be read: {error.strerror or error}") from error
    yield from reader.take()
    if not reader.items:
        raise FeedError(f"{path.name}: expected RSS with <item> or Atom with <entry>, found neither")


class _Reader:
    """Gathers items while the parser walks through the file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        self._ready: list[Row] = []
        self._depth = 0
        self._item_depth = 0  # 0: outside of an item
        self._item_line = 0
        self._cells: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._columns: dict[tuple[str, str | None], str] = {}
        self._google: set[str] = set()  # columns that came with the g: namespace
        self._path: list[str] = []  # columns from the item down to here
        self._parts: list[str] = []
        self._length = 0
        self.items = 0

    def feed(self, chunk: bytes, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            what = expat.ErrorString(error.code)
            raise FeedError(
                f"{self._name} line {error.lineno} column {error.offset + 1}: expected well-formed XML, found: {what}"
            ) from error
        except (ValueError, LookupError) as error:  # an encoding expat does not know
            raise FeedError(f"{self._name}: expected XML in UTF-8, found: {error}") from error

    def position(self) -> int:
        return self._parser.CurrentByteIndex

    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def take(self) -> list[Row]:
        ready, self._ready = self._ready, []
        return ready

    def _stop(self, expected: str, found: str) -> FeedError:
        return FeedError(f"{self._name} line {self.line()}: expected {expected}, found {found}")

    def _refuse(self, *_: object) -> None:
        raise self._stop("a feed without a document type or entities", "one")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._stop(f"elements at most {DEEPEST} deep", "deeper ones")
        if not self._item_depth:
            if name in _ITEMS:
                self._item_depth, self._item_line = self._depth, self.line()
                self._cells, self._lines, self._google, self._path = {}, {}, set(), []
            return
        self._path.append(self._columns.get((name, attributes.get(_LANG))) or self._column(name, attributes))
        self._parts, self._length = [], 0
        if attributes and name == f"{ATOM} link" and "href" in attributes:
            self._text(attributes["href"])

    def _column(self, name: str, attributes: dict[str, str]) -> str:
        """The column of an element: its name without its namespace where that is a usual one, and its language."""
        space, _, local = name.rpartition(" ")
        column = "description" if name == f"{ATOM} summary" else heading(local)
        if _LANG in attributes:
            column = f"{column}[{attributes[_LANG].lower()}]"
        if space not in ("", GOOGLE, ATOM):
            column = f"{column}@{space}"[:200]
        if len(self._columns) >= MOST_NAMES:
            raise self._stop(f"at most {MOST_NAMES} different elements", "more")
        self._columns[name, attributes.get(_LANG)] = column
        return column

    def _text(self, text: str) -> None:
        if self._path:
            self._length += len(text)
            if self._length > LONGEST_TEXT:
                raise self._stop(f"at most {LONGEST_TEXT:,} characters in {self._path[-1]}", "more")
            self._parts.append(text)

    def _end(self, name: str) -> None:
        if self._item_depth == self._depth:
            self._ready.append(Row(self._item_line, self._cells, self._lines))
            self._item_depth = 0
            self.items += 1
        elif self._item_depth and self._path:
            path = self._path
            text = "".join(self._parts).strip()
            if text:
                self._keep(path[0] if len(path) == 1 else ".".join(path), text, name.startswith(_GOOGLE))
            path.pop()
            self._parts, self._length = [], 0
        self._depth -= 1

    def _keep(self, column: str, text: str, google: bool) -> None:
        """<g:title> goes before <title>. What stands in several elements of one kind is joined, as lists are."""
        if column in self._google and not google:
            return
        before = self._cells.get(column) if google == (column in self._google) else None
        self._cells[column] = f"{before},{text}" if before else text
        self._lines[column] = self.line()
        if google:
            self._google.add(column)
        if len(self._cells) > MOST_CELLS or len(self._cells[column]) > LONGEST_TEXT:
            raise self._stop(f"items with at most {MOST_CELLS} elements", "more")
