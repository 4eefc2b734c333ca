"""`endcap publish DIR`: make a signed release of a content folder and put it into a repository."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from content.authored.parts import to_parts
from content.authored.reading import Authored, read_content
from content.release import activating
from content.release.cli_shared import (
    DONE,
    REFUSED,
    CommandError,
    content_of,
    now,
    ring_of,
    run,
    tenant_of,
    with_keys,
    with_repository,
)
from content.release.repository import Repository
from content.release.wording import size

_PROGRAM: Final = "endcap publish"
_PREFLIGHT: Final = (
    "kiosk.preview.cli_preflight"  # by name: content knows no kiosk, and signing needs no screen
)
UNSEEN: Final = "published without pre-flight"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: published, or it was already; 1: refused, nothing has changed; 2: wrong words."""
    words = _parser().parse_args(arguments)
    return run(_PROGRAM, lambda: _publish(words))


def _publish(words: argparse.Namespace) -> int:
    authored = read_content(words.folder)
    timezone = authored.content.store.timezone
    try:
        activate = activating.activation(words.at, words.window, timezone)
    except ValueError as error:
        raise CommandError(str(error)) from error
    repository = Repository(words.repository)
    ring = ring_of(words)
    tenant = tenant_of(repository, words.tenant)
    note = words.note
    if words.no_preflight:
        for warning in authored.warnings:
            print(f"warning: {warning}")
        note = " · ".join(part for part in (note, f"{UNSEEN}: {words.no_preflight}") if part)
    elif not _looked_at(words, authored, repository, tenant):
        return REFUSED
    published = repository.publish(
        ring,
        now(),
        tenant,
        to_parts(authored.content),
        authored.files,
        activate=activate,
        note=note,
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


def _looked_at(words: argparse.Namespace, authored: Authored, repository: Repository, tenant: str) -> bool:
    """Whether the pre-flight has nothing against it, beside the newest release there is."""
    try:
        preflight = importlib.import_module(_PREFLIGHT)
    except ModuleNotFoundError as error:
        raise CommandError(
            f"the pre-flight needs {error.name}; in Endcap's folder: pip install '.[publish]', or --no-preflight WHY"
        ) from error
    names = [each.header.name for each in repository.releases(tenant)]
    previous = content_of(repository, names[-1]) if names else None
    return bool(preflight.before_signing(authored, previous, words.confirm, words.host))


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
    parser.add_argument(
        "--confirm", action="append", default=[], metavar="KEY",
        help="an outlier of the pre-flight somebody has looked at; may be given again; `all` for each",
    )  # fmt: skip
    parser.add_argument("--host", default="", help="where phones find the shop, as codes say it")
    parser.add_argument(
        "--no-preflight", default="", metavar="WHY",
        help="sign what nobody has looked at; the reason is signed with it, for all to read",
    )  # fmt: skip
    parser.add_argument("--note", default="", help="why, for whoever reads the list of releases")
    parser.add_argument("--min-software", default="", metavar="VERSION", help="older programs leave it alone")
    parser.add_argument(
        "--current", action="store_true", help="for every kiosk that is not told otherwise, at once"
    )
    return parser
