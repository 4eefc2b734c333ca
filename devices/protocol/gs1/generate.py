"""Writes ai_table.py from the GS1 Syntax Dictionary beside it: `python -m devices.protocol.gs1.generate`.

To bring the Application Identifiers up to date, put GS1's newer file (https://ref.gs1.org/tools/gs1-barcode-syntax-resource/)
in the place of gs1-syntax-dictionary.txt and run that. A test fails where the table is older than the file.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
DICTIONARY = FOLDER / "gs1-syntax-dictionary.txt"
TABLE = FOLDER / "ai_table.py"

_ROW = re.compile(
    r"(?P<first>[0-9]{2,4})(?:-(?P<last>[0-9]{2,4}))?\s+(?:(?P<flags>[^\sA-Z0-9\[]+)\s+)?"
    r"(?P<parts>(?:\[?[NXYZ](?:\.\.)?[0-9]+\]?[a-z0-9,]*\s*)+)(?P<rest>[^#]*)(?:#\s*(?P<title>.*))?\Z"
)
_HEAD = '''"""The Application Identifiers of the GS1 Syntax Dictionary, release {release}: made by generate.py, not by hand.

first, last, flags, components, attributes, title. Copyright (c) GS1 AISBL and others, Apache-2.0 (see the dictionary).
"""

# fmt: off
ROWS: tuple[tuple[str, str, str, str, str, str], ...] = (
{rows})
'''


class BadDictionary(ValueError):
    """A line of the dictionary that is not as its own comment says."""


def rows(text: str) -> list[tuple[str, str, str, str, str, str]]:
    """The entries of a dictionary as (first, last, flags, components, attributes, title). Raises BadDictionary."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        row = _ROW.match(line.rstrip())
        if row is None:
            raise BadDictionary(
                f"line {number}: expected AIs, flags, components and attributes, found {line[:60]!r}"
            )
        found.append((
            row["first"], row["last"] or row["first"], row["flags"] or "", " ".join(row["parts"].split()),
            " ".join(row["rest"].split()), (row["title"] or "").strip(),
        ))  # fmt: skip
    return found


def table(text: str) -> str:
    """The module a dictionary makes."""
    release = re.search(r"^# Release: (\S+)", text, re.MULTILINE)
    body = "".join(f"    {_row(row)},\n" for row in rows(text))
    return _HEAD.format(release=release[1] if release else "unknown", rows=body)


def _row(row: tuple[str, ...]) -> str:
    return "(" + ", ".join('"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"' for field in row) + ")"


def main() -> None:
    """Write the table."""
    TABLE.write_text(table(DICTIONARY.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
