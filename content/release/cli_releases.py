"""`endcap content releases | current | retire | refresh`: what is published, and keeping it in order."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from content.release.cli_shared import ATTENTION, DONE, now, ring_of, run, with_keys, with_repository
from content.release.repository import Published, Repository
from content.release.wording import size


def releases(arguments: Sequence[str] | None = None) -> int:
    """List what is published. 0, or 1 where the repository cannot be read."""
    parser = argparse.ArgumentParser(prog="endcap content releases", description="List what is published.")
    with_repository(parser)
    parser.add_argument("--tenant", default="", help="of this operator only")
    parser.add_argument("--json", action="store_true", help="for a machine")
    words = parser.parse_args(arguments)
    return run("endcap content releases", lambda: _list(words))


def _list(words: argparse.Namespace) -> int:
    found = Repository(words.repository).releases(words.tenant)
    if words.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return DONE
    for each in found:
        print(_row(each))
    if not found:
        print("nothing is published yet: endcap publish DIR")
    return DONE


def _row(each: Published) -> str:
    made = datetime.fromtimestamp(each.header.made_at, UTC)
    mark = "current" if each.current else ""
    note = f"  {each.header.note}" if each.header.note else ""
    return (
        f"{each.header.name:<24} {made:%Y-%m-%d %H:%M} UTC  {size(each.bytes):>9}  {mark:<7}{note}".rstrip()
    )


def current(arguments: Sequence[str] | None = None) -> int:
    """Make a release the one for everybody."""
    words = _one("current", "Make a release the one for every kiosk that is not told otherwise.", arguments)

    def do() -> int:
        Repository(words.repository).make_current(words.name, ring_of(words), now())
        print(f"{words.name} is current")
        return DONE

    return run("endcap content current", do)


def retire(arguments: Sequence[str] | None = None) -> int:
    """Take a release out of the repository."""
    words = _one(
        "retire", "Take a release out: nobody fetches it any more, its files go after a week.", arguments
    )

    def do() -> int:
        Repository(words.repository).retire(words.name, ring_of(words), now())
        print(f"{words.name} is retired; files only it used go after a week")
        return DONE

    return run("endcap content retire", do)


def _one(name: str, description: str, arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"endcap content {name}", description=description)
    parser.add_argument("name", metavar="RELEASE", help="such as demo-000042")
    with_repository(parser)
    with_keys(parser)
    return parser.parse_args(arguments)


def refresh(arguments: Sequence[str] | None = None) -> int:
    """Sign anew what runs out by itself. ATTENTION where something needs people, so that the timer's unit shows it."""
    parser = argparse.ArgumentParser(
        prog="endcap content refresh",
        description="Sign anew what would run out, and delete files unused for a week. A timer calls it daily.",
        epilog="Exit code: 0 all is well, 1 it could not sign, 3 it did, and somebody has to see to a warning.",
    )
    with_repository(parser)
    with_keys(parser)
    words = parser.parse_args(arguments)

    def do() -> int:
        done = Repository(words.repository).refresh(ring_of(words), now())
        print(f"signed {', '.join(done.signed)}; {done.swept} unused files deleted")
        for warning in done.warnings:
            print(f"endcap content refresh: {warning}", file=sys.stderr)
        return ATTENTION if done.warnings else DONE

    return run("endcap content refresh", do)
