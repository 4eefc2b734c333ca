"""The command `endcap import`."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from content.feed.problems import FeedError, Problems
from content.importer import Imported, Refused, Source, import_feed
from content.store import StoreError
from content.store_file import StoreFileError

SHOWN: Final = 20  # problems printed; all go into --report
DONE, LEFT_OUT, FAILED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Import a feed. 0: all went in; 1: rows were left out, or --strict refused; 2: nothing could be imported."""
    words = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):  # a console that knows no Chinese still gets every message
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    started = time.monotonic()
    store = words.store or _beside(words.feed)
    source = Source(words.feed, words.images, store)
    try:
        with Problems(words.report) as problems:
            code, done = _run(source, words.into, problems, words.strict)
            seconds = round(time.monotonic() - started, 2)
            for line in _told(problems, done, seconds, words.report):
                print(line)
            problems.finish(_summary(source, problems, done, seconds))
            return code
    except OSError as error:
        return _failed(f"{words.report or 'the output'}: cannot be written: {error.strerror or error}")
    except KeyboardInterrupt:
        _failed("interrupted; nothing was changed")
        return INTERRUPTED


def _run(source: Source, into: Path, problems: Problems, strict: bool) -> tuple[int, Imported | None]:
    try:
        done = import_feed(source, into, problems, strict)
    except StoreFileError as error:
        for mistake in error.mistakes:
            _failed(mistake)
        return FAILED, None
    except (FeedError, StoreError) as error:
        return _failed(str(error)), None
    except Refused as error:
        _failed(str(error))
        return (LEFT_OUT if strict else FAILED), None
    return (LEFT_OUT if done.left_out else DONE), done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="endcap import",
        description="Read a product feed (Google Merchant TSV or XML, or CSV) into a store.",
        epilog="Exit code: 0 all went in, 1 rows were left out (or --strict refused), 2 nothing could be imported.",
    )
    parser.add_argument("feed", type=Path, metavar="FEED")
    parser.add_argument("--images", type=Path, metavar="DIR", help="the folder the feed's pictures lie in")
    parser.add_argument("--into", type=Path, metavar="STORE_DIR", required=True, help="the store to write")
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="facts of the store (default: store.toml beside the feed)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="change nothing unless everything in the feed is right"
    )
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write every problem to this file")
    return parser


def _beside(feed: Path) -> Path | None:
    path = feed.with_name("store.toml")
    return path if path.is_file() else None


def _told(problems: Problems, done: Imported | None, seconds: float, report: Path | None) -> list[str]:
    lines = [str(problem) for problem in problems.kept[:SHOWN]]
    if problems.total > SHOWN:
        where = f"all in {report}" if report else "--report FILE.json writes all"
        lines.append(f"... and {problems.total - SHOWN} more problems; {where}")
    if done is not None:
        lines += [f"note: {note}" for note in done.notes]
        lines.append(
            f"imported {done.imported}, left out {done.left_out}, pictures {done.pictures}, in {seconds:.1f} s"
        )
    return lines


def _summary(source: Source, problems: Problems, done: Imported | None, seconds: float) -> dict[str, object]:
    return {
        "feed": str(source.feed),
        "store": str(source.store) if source.store else None,
        "version": done.store.version if done else None,
        "imported": done.imported if done else 0,
        "left_out": done.left_out if done else None,
        "pictures": done.pictures if done else 0,
        "errors": problems.errors,
        "warnings": problems.warnings,
        "notes": list(done.notes) if done else [],
        "seconds": seconds,
    }


def _failed(reason: str) -> int:
    print(f"endcap import: {reason}", file=sys.stderr)
    return FAILED
