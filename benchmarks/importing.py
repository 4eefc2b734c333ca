"""Importing 20,000 products, and opening them: beside a plain csv loop, and beside a store of 200.

    python -m benchmarks.importing [--rows 20000] [--rounds 3]

The peers do less: `csv` + Decimal checks GTIN and price only and keeps nothing; it says what reading such a feed costs
in Python at all. Times are CPU seconds (medians), because the machine may be busy; the wall time stands beside.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from benchmarks._table import table
from content.feed.problems import Problems
from content.gtin import check_digit
from content.importer import Source, import_feed

DEMO = Path(__file__).parents[1] / "content" / "demo"
GOOGLE = "http://base.google.com/ns/1.0"

_OPEN = """
import json, sys, time, tracemalloc
from pathlib import Path
from content.store import OpenStore
def resident():
    pages = next(line for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:"))
    return int(pages.split()[1])
before = resident()
start = time.perf_counter()
store = OpenStore(Path(sys.argv[1]))
opened = time.perf_counter()
aisle = store.store.aisles[0]
shelf = store.shelf(aisle.key, aisle.count // 2, aisle.count // 2 + 24)
first = time.perf_counter()
for place in range(0, aisle.count, 24):
    store.shelf(aisle.key, place, place + 24)
print(json.dumps([(opened - start) * 1e3, (first - opened) * 1e3, resident() - before]))
"""


def feed_of(folder: Path, rows: int) -> tuple[Path, Path]:
    """The demo's products over and over, each with a GTIN, name and price of its own, as TSV and as RSS."""
    with (DEMO / "feed.tsv").open(encoding="utf-8", newline="") as file:
        demo = list(csv.DictReader(file, delimiter="\t"))
    tsv, rss = folder / f"feed-{rows}.tsv", folder / f"feed-{rows}.xml"
    with tsv.open("w", encoding="utf-8", newline="\n") as file, rss.open("w", encoding="utf-8") as markup:
        file.write("\t".join(demo[0]) + "\n")
        markup.write(f'<rss version="2.0" xmlns:g="{GOOGLE}"><channel>\n')
        for number in range(rows):
            row = demo[number % len(demo)] | _own(number, demo[number % len(demo)])
            file.write("\t".join(row.values()) + "\n")
            markup.write(f"<item>{''.join(_element(*cell) for cell in row.items())}</item>\n")
        markup.write("</channel></rss>\n")
    return tsv, rss


def _own(number: int, row: dict[str, str]) -> dict[str, str]:
    body = f"952{number:09}"
    price = Decimal(row["price"].split()[0]) + number % 83
    return {
        "gtin": body + check_digit(body), "id": str(number), "title": f"{row['title'][:30]} {number}",
        "price": f"{price} EUR", "nutrition": row["nutrition"].replace("salt=", f"salt={number % 9}"),
    }  # fmt: skip


def _element(column: str, text: str) -> str:
    if not text:
        return ""
    name, _, tag = column.partition("[")
    lang = f' xml:lang="{tag[:-1]}"' if tag else ""
    return f"<g:{name}{lang}>{text.replace('&', '&amp;').replace('<', '&lt;')}</g:{name}>"


def plain_loop(feed: Path) -> None:
    """What anybody would write in ten minutes: no texts, no languages, no lines, nothing kept."""
    seen = set()
    with feed.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            gtin, (amount, currency) = row["gtin"], row["price"].split()
            if (
                check_digit(gtin[:-1]) != gtin[-1]
                or gtin in seen
                or currency != "EUR"
                or Decimal(amount) <= 0
            ):
                raise SystemExit(f"wrong row: {row}")
            seen.add(gtin)


def imported(feed: Path, into: Path) -> None:
    with Problems() as problems:
        done = import_feed(Source(feed, None, DEMO / "store.toml"), into, problems)
    if problems.total or done.left_out:
        raise SystemExit(f"{feed}: {problems.kept[:3]}")


def measured(subject: Callable[[], None], rounds: int) -> tuple[float, float]:
    """CPU and wall seconds, medians."""
    times = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        subject()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return statistics.median(cpu for cpu, _ in times), statistics.median(wall for _, wall in times)


def opened(store: Path, rounds: int) -> list[float]:
    """Milliseconds to open, and to the first 24 products; KiB more than before after walking along a whole aisle."""
    runs = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", _OPEN, str(store)], capture_output=True, text=True, check=True
        )
        runs.append(json.loads(done.stdout))
    return [statistics.median(column) for column in zip(*runs, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tsv, rss = feed_of(folder, words.rows)
        small, _ = feed_of(folder, 200)
        subjects: dict[str, Callable[[], None]] = {
            "csv + Decimal, TSV (GTIN and price only)": lambda: plain_loop(tsv),
            "endcap import, TSV": lambda: imported(tsv, folder / "large"),
            "endcap import, RSS": lambda: imported(rss, folder / "rss"),
        }
        times = {label: measured(subject, words.rounds) for label, subject in subjects.items()}
        base = times["csv + Decimal, TSV (GTIN and price only)"][0]
        table(
            f"Importing {words.rows:,} products, without pictures",
            ["what", "CPU s", "wall s", "rows/CPU s", "ratio"],
            [
                [label, cpu, wall, float(round(words.rows / cpu)), cpu / base]
                for label, (cpu, wall) in times.items()
            ],
        )
        imported(small, folder / "small")
        large, few = opened(folder / "large", 5), opened(folder / "small", 5)
        table(
            f"Opening a store of {words.rows:,} beside one of 200",
            ["what", f"{words.rows:,}", "200", "ratio"],
            [
                [label, many, less, many / max(less, 0.001)]
                for label, many, less in zip(
                    ["open, ms", "first 24 products, ms", "memory after a whole aisle, KiB"],
                    large,
                    few,
                    strict=True,
                )
            ],
        )


if __name__ == "__main__":
    main()
