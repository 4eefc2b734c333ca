"""`endcap content preflight DIR`, and what `endcap publish` asks before it signs."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

import msgspec

from content.authored.mistakes import ContentError
from content.authored.model import Content
from content.authored.reading import Authored, read_content
from kiosk.preview.cli import moment
from kiosk.preview.drawing import DrawingError
from kiosk.preview.findings import Finding, Report
from kiosk.preview.preflight import PAGES, Asked, preflight
from kiosk.preview.walls import HOST

PASSED, REFUSED, WRONG_WORDS = 0, 1, 2
_PROGRAM: Final = "endcap content preflight"
_SHOWN: Final = 40  # of errors and of warnings; --json has all


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing stands against signing it; 1: something does; 2: wrong words."""
    words = _parser().parse_args(arguments)
    try:
        authored = read_content(words.folder)
        at = moment(words.at, authored.content.store.timezone) if words.at else int(time.time())
        previous = _previous(words.previous, words.repository)
        asked = Asked(
            at=at, confirm=tuple(words.confirm), host=words.host, pages=words.pages, online=words.online,
            draw=not words.no_draw,
        )  # fmt: skip
        report = preflight(authored, previous, asked)
    except ValueError as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return WRONG_WORDS
    except ContentError as error:
        report = Report(findings=tuple(_of_mistakes(error)), looked=(), seconds=0.0)
    except (DrawingError, OSError) as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return REFUSED
    if words.json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        tell(report, str(words.folder))
    return REFUSED if report.errors else PASSED


def before_signing(authored: Authored, previous: Content | None, confirm: Sequence[str], host: str) -> bool:
    """What `endcap publish` asks: whether it may sign. Tells what was found. Raises OSError where nothing can be drawn."""
    try:
        asked = Asked(at=int(time.time()), confirm=tuple(confirm), host=host or HOST)
        report = preflight(authored, previous, asked)
    except DrawingError as error:
        raise OSError(f"pre-flight: {error}") from error
    tell(report, "pre-flight")
    return not report.errors


def tell(report: Report, what: str) -> None:
    """Errors to standard error, all else to standard output."""
    warnings = [each for each in report.findings if each.level == "warning"]
    _list(report.errors, sys.stderr)
    _list(warnings, sys.stdout)
    for line in report.looked:
        print(f"looked at: {line}")
    verdict = f"{len(report.errors)} errors, {len(warnings)} warnings, {report.seconds} s"
    print(f"{what}: {verdict}", file=sys.stderr if report.errors else sys.stdout)


def _list(found: Sequence[Finding], to: TextIO) -> None:
    for each in found[:_SHOWN]:
        print(each, file=to)
    if len(found) > _SHOWN:
        print(f"... and {len(found) - _SHOWN} more; --json has all", file=to)


def _of_mistakes(error: ContentError) -> list[Finding]:
    return [
        Finding(
            level="error", file=each.file, path=each.path, rule="folder", found=each.rule,
            do="see docs/content.md",
        )
        for each in error.mistakes
    ]  # fmt: skip


def _previous(said: str, repository: Path | None) -> Content | None:
    """The content to compare with: a folder's, or a release's."""
    if not said:
        return None
    if Path(said).is_dir():
        return read_content(Path(said)).content
    if repository is None:
        raise ValueError(f"--previous: {said}: no such folder; for a release's name give its --repository")
    from content.release.cli_shared import content_of  # brings the whole of TUF
    from content.release.repository import Repository
    from content.release.roles import RepositoryError

    try:
        return content_of(Repository(repository), said)
    except RepositoryError as error:
        raise OSError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Look at all that commuters would see of a folder, before it is signed.",
        epilog="Exit code: 0 nothing stands against signing it, 1 something does, 2 wrong words.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="see docs/content.md")
    parser.add_argument(
        "--previous", default="", metavar="RELEASE", help="a release or a folder to compare prices with"
    )
    parser.add_argument("--repository", type=Path, metavar="REPO", help="where that release is")
    parser.add_argument(
        "--confirm", action="append", default=[], metavar="KEY",
        help="an outlier somebody has looked at, as it is told; may be given again; `all` for each",
    )  # fmt: skip
    parser.add_argument(
        "--at", default="", metavar="LOCAL_TIME", help="draw walls as they are then (default: now)"
    )
    parser.add_argument("--host", default=HOST, help="where phones find the shop, as codes say it")
    parser.add_argument("--online", action="store_true", help="ask that host for some of the links")
    parser.add_argument(
        "--pages", type=_count, default=PAGES, help=f"draw at most so many (default: {PAGES})"
    )
    parser.add_argument("--no-draw", action="store_true", help="read no codes from pictures")
    parser.add_argument("--json", action="store_true", help="for a machine, with every finding")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"expected 1 to 100000, found {text!r}")
    return int(text)
