"""`endcap content check DIR`: everything that is wrong in a content folder, a line each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

import msgspec

from content.authored.mistakes import ContentError, Mistake
from content.authored.reading import Authored, read_content

SHOWN: Final = 50  # mistakes printed; --json has all
RIGHT, WRONG = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """0: the folder can be published; 1: it cannot."""
    words = _parser().parse_args(arguments)
    authored, mistakes = _read(words.folder)
    warnings = authored.warnings if authored else ()
    if words.json:
        said = {"right": authored is not None, "mistakes": mistakes, "warnings": warnings}
        print(msgspec.json.format(msgspec.json.encode(said), indent=2).decode())
        return RIGHT if authored else WRONG
    _tell(mistakes, "", sys.stderr)
    _tell(warnings, "warning: ", sys.stdout)
    if authored is None:
        print(f"endcap content: {len(mistakes)} mistakes in {words.folder}", file=sys.stderr)
        return WRONG
    content = authored.content
    counts = {
        "products": len(content.products), "merchants": len(content.sellers), "groups": len(content.groups),
        "price lists": len(content.lists), "walls": len(content.walls), "pictures": len(authored.files),
    }  # fmt: skip
    print(f"{words.folder} is right: {', '.join(f'{count} {what}' for what, count in counts.items())}")
    return RIGHT


def _read(folder: Path) -> tuple[Authored | None, tuple[Mistake, ...]]:
    try:
        return read_content(folder), ()
    except ContentError as error:
        return None, error.mistakes


def _tell(mistakes: Sequence[Mistake], kind: str, to: TextIO) -> None:
    for mistake in mistakes[:SHOWN]:
        print(f"{kind}{mistake}", file=to)
    if len(mistakes) > SHOWN:
        print(f"{kind}... and {len(mistakes) - SHOWN} more; --json has all", file=to)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="endcap content check",
        description="Read a content folder and say all that is wrong in it: file, place in it, rule.",
        epilog="Exit code: 0 the folder can be published, 1 it cannot.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="for a machine, with every mistake and warning")
    return parser
