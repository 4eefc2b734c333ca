"""Reads a large file through, slice by slice, while the kiosk sells: what is broken is found before it is needed."""

from __future__ import annotations

import sqlite3
from typing import Final

from kiosk.ledger.file import File

ROWS: Final = 500  # in one slice: some 250 KB
PAUSE_S: Final = 0.5  # between two: a gigabyte takes under an hour and a card hardly notices
_TABLES: Final = (
    ("settled", "reference"),
    ("sale", "order_name"),
    ("payment", "reference"),
    ("owed", "reference"),
    ("command", "number"),
    ("outbox", "place"),
)


class Checking:
    """How far the file has been read."""

    def __init__(self, wanted: bool) -> None:
        self._left = list(_TABLES) if wanted else []
        self._after: object = ""
        self.pause_s = PAUSE_S

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return not self._left

    def slice(self, file: File) -> None:
        """Read some rows more. Raises kiosk.ledger.schema.Damaged where SQLite stumbles."""
        table, key = self._left[0]

        def work(db: sqlite3.Connection) -> object:
            last: object = None
            after = self._after if isinstance(self._after, int) or key not in ("number", "place") else -1
            for row in db.execute(
                f"SELECT {key}, * FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?",  # noqa: S608 - ours
                (after, ROWS),
            ):
                last = row[0]
            return last

        self._after = file.read(work, own=True)
        if self._after is None:
            self._after = ""
            self._left.pop(0)
