"""The command `endcap content`: one table of what it can do, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence
from typing import Final

# name -> (module with main(arguments) -> exit code, or module:function, what it does)
SUBCOMMANDS: Final[dict[str, tuple[str, str]]] = {
    "check": ("content.authored.cli_check", "read a content folder and say all that is wrong in it"),
    "resolve": ("content.authored.cli_resolve", "say what one kiosk shows, or write it as a store"),
    "preview": ("kiosk.preview.cli", "draw what a wall shows at some moment"),
    "preflight": ("kiosk.preview.cli_preflight", "look at all that commuters would see, before signing"),
    "diff": ("content.release.cli_diff", "say what changes for a commuter between two releases or folders"),
    "releases": ("content.release.cli_releases:releases", "list what is published"),
    "current": ("content.release.cli_releases:current", "make a release the one for everybody"),
    "retire": ("content.release.cli_releases:retire", "take a release out of the repository"),
    "refresh": ("content.release.cli_releases:refresh", "sign anew what would run out; for a timer"),
    "keys": ("content.release.cli_keys", "who may sign: init, show, rotate, replace-lost and more"),
}


def usage() -> str:
    """What the command can do, a line each."""
    rows = [f"  endcap content {name:<10} {what}" for name, (_, what) in SUBCOMMANDS.items()]
    return "\n".join(
        ["usage: endcap content WHAT ...", "", *rows, "", "endcap content WHAT --help says more."]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the table; 2 where there is none of that name."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):  # a console that knows no Chinese still gets every message
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    if words[0] not in SUBCOMMANDS:
        print(f"endcap content: no {words[0]!r}; there are: {', '.join(SUBCOMMANDS)}", file=sys.stderr)
        return 2
    module, _, function = SUBCOMMANDS[words[0]][0].partition(":")
    return int(getattr(importlib.import_module(module), function or "main")(words[1:]) or 0)
