"""Rows as CSV (RFC 4180) or JSON, some at a time. Columns are the record's fields, in their order, for good: new ones come last."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

FORMATS: Final = {"csv": "text/csv; charset=utf-8; header=present", "json": "application/json"}
_AT_ONCE: Final = 500
# A spreadsheet takes what begins so for a formula, whatever it is quoted with (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def told(rows: Iterable[Struct], kind: type[Struct], form: str) -> Iterator[bytes]:
    """The rows in a format of FORMATS. Without rows: the header alone, or an empty list."""
    return _csv(rows, kind) if form == "csv" else _json(rows)


def cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: an apostrophe goes before what looks like one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv(rows: Iterable[Struct], kind: type[Struct]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(kind.__struct_fields__)
    for some in _some(rows):
        writer.writerows([cell(value) for value in msgspec.structs.astuple(row)] for row in some)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()


def _json(rows: Iterable[Struct]) -> Iterator[bytes]:
    before = b"["
    for some in _some(rows):
        yield before + b",\n".join(msgspec.json.encode(row) for row in some)
        before = b",\n"
    yield b"]\n" if before != b"[" else b"[]\n"


def _some(rows: Iterable[Struct]) -> Iterator[list[Struct]]:
    coming = iter(rows)
    while some := list(itertools.islice(coming, _AT_ONCE)):
        yield some
