"""`endcap content diff A B`: what changes for a commuter, and what a kiosk fetches for it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from content.authored.model import Content
from content.authored.parts import to_parts
from content.authored.reading import read_content
from content.release.cli_shared import DONE, CommandError, of_entries, run
from content.release.differences import KINDS, Change, differences, told
from content.release.manifest import PARTS, Blob, Entry, cut, write_page
from content.release.packing import squeeze
from content.release.repository import Repository
from content.release.wording import size

_PROGRAM: Final = "endcap content diff"
_SHOWN: Final = 20  # of a kind; --all and --json have all


class Side(Struct, frozen=True):
    """One of the two: what it says, and every blob a kiosk needs for it."""

    content: Content
    blobs: Mapping[str, int]  # stored bytes by hash


def main(arguments: Sequence[str] | None = None) -> int:
    """0: told; 1: one of the two cannot be read; 2: wrong words."""
    words = _parser().parse_args(arguments)
    return run(_PROGRAM, lambda: _diff(words))


def _diff(words: argparse.Namespace) -> int:
    before, after = (_side(said, words.repository) for said in (words.a, words.b))
    changes = differences(before.content, after.content)
    fetched = sum(count for sha256, count in after.blobs.items() if sha256 not in before.blobs)
    if words.json:
        said = {"changes": changes, "fetch_bytes": fetched}
        print(msgspec.json.format(msgspec.json.encode(said), indent=2).decode())
        return DONE
    for kind, found in groupby(changes, key=lambda each: each.kind):
        _tell(kind, list(found), everything=words.all)
    if not changes:
        print("nothing changes for a commuter")
    print(f"a kiosk that shows {words.a} fetches {size(fetched)} to show {words.b}")
    return DONE


def _tell(kind: str, changes: Sequence[Change], *, everything: bool) -> None:
    print(f"{KINDS[kind]} ({len(changes)})")
    shown = changes if everything else changes[:_SHOWN]
    for change in shown:
        print(f"  {told(change)}")
    if len(shown) < len(changes):
        print(f"  ... and {len(changes) - len(shown)} more; --all shows them")


def _side(said: str, repository: Path | None) -> Side:
    folder = Path(said)
    if folder.is_dir():
        authored = read_content(folder)
        parts = {f"{PARTS}/{name}": data for name, data in to_parts(authored.content).items()}
        named = {name: squeeze(data)[0] for name, data in parts.items()}
        named |= {name: squeeze(path.read_bytes())[0] for name, path in authored.files.items()}
        entries = [Entry(name, named[name]) for name in sorted(named)]
        return Side(authored.content, _blobs(entries))
    if repository is None:
        raise CommandError(f"{said}: no such folder; for a release's name give its --repository")
    source = Repository(repository)
    _, found = source.release(said)
    return Side(of_entries(source, found), _blobs(found))


def _blobs(entries: Sequence[Entry]) -> dict[str, int]:
    pages: list[Blob] = [squeeze(write_page(page))[0] for page in cut(entries)]
    return {blob.sha256: blob.size for blob in (*pages, *(entry.blob for entry in entries))}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Say what changes for a commuter from A to B, and how much a kiosk fetches for it.",
        epilog="Exit code: 0 told, 1 one of the two cannot be read, 2 wrong words.",
    )
    for name in ("a", "b"):
        parser.add_argument(
            name, metavar=name.upper(), help="a content folder, or a release such as demo-000042"
        )
    parser.add_argument("--repository", type=Path, metavar="REPO", help="where releases are")
    parser.add_argument("--all", action="store_true", help=f"every change, not {_SHOWN} of a kind")
    parser.add_argument("--json", action="store_true", help="for a machine")
    return parser
