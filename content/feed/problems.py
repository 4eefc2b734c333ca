"""What is wrong with a feed, said so that the person who made it can put it right."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final, Literal, Self

import msgspec
from msgspec import Struct

KEPT: Final = 1000  # problems held in memory; all are counted, and all go into the report file
_SHOWN: Final = 60  # characters of what was found


class Problem(Struct, frozen=True, kw_only=True):
    """One mistake: where it stands, what was expected there, what was found.

    `line` counts from 1; 0 where there is none. `column` is the heading (XML: the element), "" for the whole row.
    `row` is the feed's own id of the row. An error leaves its row out; a warning does not.
    """

    file: str
    line: int
    column: str
    expected: str
    found: str
    row: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.file} line {self.line}" if self.line else self.file
        column = f", {self.column or 'whole row'}"
        row = f" ({self.row})" if self.row else ""
        warning = "warning: " if self.severity == "warning" else ""
        return f"{where}{column}{row}: {warning}expected {self.expected}, found {self.found}"


class FeedError(Exception):
    """The feed as a whole cannot be read. The message names the file, the line where there is one, and why."""


class Wrong(ValueError):
    """One cell is wrong; the message is what was expected there."""


def shown(text: str) -> str:
    """What was found, short and on one line, with strange characters made visible."""
    if not text:
        return "nothing"
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "'" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short) + "'"


class Problems:
    """Gathers problems: keeps the first ones, counts all, and writes all to a report file where one is wanted."""

    def __init__(self, report: Path | None = None) -> None:
        """Raises OSError where the report cannot be begun."""
        self.kept: list[Problem] = []
        self.errors = 0
        self.warnings = 0
        self._report = report
        self._part = report.with_name(f".{report.name}.part") if report else None
        self._sink: IO[bytes] | None = self._part.open("wb") if self._part else None
        if self._sink:
            self._sink.write(b'{"problems": [')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A report that was not finished is thrown away."""
        if self._sink and self._part:
            self._sink.close()
            self._part.unlink(missing_ok=True)

    @property
    def total(self) -> int:
        """Errors and warnings so far."""
        return self.errors + self.warnings

    def add(self, problem: Problem) -> None:
        """Take one in. Raises OSError where the report cannot be written."""
        if self._sink:
            self._sink.write(b",\n  " if self.total else b"\n  ")
            self._sink.write(msgspec.json.encode(problem))
        if problem.severity == "error":
            self.errors += 1
        else:
            self.warnings += 1
        if len(self.kept) < KEPT:
            self.kept.append(problem)

    def finish(self, summary: dict[str, object]) -> None:
        """Put the report in its place, with `summary` beside the problems. Raises OSError."""
        if self._sink and self._part and self._report:
            self._sink.write(b'\n], "summary": ' + msgspec.json.encode(summary) + b"}\n")
            self._sink.close()
            self._sink = None
            self._part.replace(self._report)
