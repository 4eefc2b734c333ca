"""`endcap publish DIR`: make a signed release of a content folder and put it into a repository."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from content.authored.parts import to_parts
from content.authored.reading import read_content
from content.release import activating
from content.release.cli_shared import (
    DONE,
    CommandError,
    now,
    ring_of,
    run,
    tenant_of,
    with_keys,
    with_repository,
)
from content.release.repository import Repository
from content.release.wording import size

_PROGRAM = "endcap publish"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: published, or it was already; 1: refused, nothing has changed; 2: wrong words."""
    words = _parser().parse_args(arguments)
    return run(_PROGRAM, lambda: _publish(words))


def _publish(words: argparse.Namespace) -> int:
    authored = read_content(words.folder)
    for warning in authored.warnings:
        print(f"warning: {warning}")
    timezone = authored.content.store.timezone
    try:
        activate = activating.activation(words.at, words.window, timezone)
    except ValueError as error:
        raise CommandError(str(error)) from error
    repository = Repository(words.repository)
    published = repository.publish(
        ring_of(words),
        now(),
        tenant_of(repository, words.tenant),
        to_parts(authored.content),
        authored.files,
        activate=activate,
        note=words.note,
        min_software=words.min_software,
        current=words.current,
    )
    name = published.header.name
    if not published.new:
        print(f"{name} is this content already; nothing new was published")
    else:
        print(f"published {name}: {published.files} files, {size(published.bytes)}")
        print(f"  a kiosk that has the release before fetches {size(published.new_bytes)}")
        print(f"  walls change {activating.told(published.header.activate, timezone)}")
    if published.current:
        print("  it is the release for every kiosk that is not told otherwise (current)")
    else:
        print(f"  no kiosk shows it yet: roll it out, or `endcap content current {name}`")
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Make a signed release of a content folder and put it into a repository.",
        epilog="Exit code: 0 published (or it was already), 1 refused: nothing has changed, 2 wrong words.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="see docs/content.md")
    with_repository(parser)
    with_keys(parser)
    parser.add_argument("--tenant", default="", help="the operator, where the repository has several")
    parser.add_argument(
        "--at", default="", metavar="LOCAL_TIME", help="2026-12-24T02:00: no wall changes before"
    )
    parser.add_argument(
        "--window", default="", metavar="01:00-04:00", help="walls change in these hours only"
    )
    parser.add_argument("--note", default="", help="why, for whoever reads the list of releases")
    parser.add_argument("--min-software", default="", metavar="VERSION", help="older programs leave it alone")
    parser.add_argument(
        "--current", action="store_true", help="for every kiosk that is not told otherwise, at once"
    )
    return parser
