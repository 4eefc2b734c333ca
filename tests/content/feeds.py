"""Feeds for tests: the demo's, and the same products in the other formats."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from content.feed.problems import Problem, Problems
from content.importer import Imported, Source, import_feed
from content.model import Product
from content.store import OpenStore

DEMO = Path(__file__).parents[2] / "content" / "demo"
GOOGLE = "http://base.google.com/ns/1.0"
ATOM = "http://www.w3.org/2005/Atom"

Rows = list[dict[str, str]]


def rows_of(feed: Path) -> Rows:
    with feed.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def table(rows: Iterable[dict[str, str]], delimiter: str = "\t", quote_all: bool = False) -> str:
    rows = list(rows)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    lines = [delimiter.join(_quoted(cell, delimiter, quote_all) for cell in row) for row in cells]
    return "".join(f"{line}\r\n" for line in lines)


def _quoted(cell: str, delimiter: str, quote_all: bool) -> str:
    if quote_all or delimiter in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def rss(rows: Rows) -> str:
    items = "".join(f"<item>{_elements(row)}</item>\n" for row in rows)
    return (
        f'<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="{GOOGLE}"><channel><title>Demo</title>\n'
        f"{items}</channel></rss>\n"
    )


def atom(rows: Rows) -> str:
    entries = "".join(f"<entry>{_elements(row)}</entry>\n" for row in rows)
    return f'<?xml version="1.0"?>\n<feed xmlns="{ATOM}" xmlns:g="{GOOGLE}"><title>Demo</title>\n{entries}</feed>\n'


def _elements(row: dict[str, str]) -> str:
    parts = []
    for column, text in row.items():
        if text:
            name, _, tag = column.partition("[")
            lang = f" xml:lang={quoteattr(tag.rstrip(']'))}" if tag else ""
            parts.append(f"<g:{name}{lang}>{escape(text)}</g:{name}>")
    return "".join(parts)


def run(
    feed: Path,
    into: Path,
    images: Path | None = None,
    store: Path | None = DEMO / "store.toml",
    strict: bool = False,
) -> tuple[Imported, list[Problem]]:
    """Import, and give back what was done and every problem."""
    with Problems() as problems:
        done = import_feed(Source(feed, images, store), into, problems, strict)
        return done, problems.kept


def everything(folder: Path) -> list[Product]:
    """All products of a store, in the order of the shelf."""
    with OpenStore(folder) as store:
        return [product for aisle in store.store.aisles for product in store.shelf(aisle.key, 0, aisle.count)]
