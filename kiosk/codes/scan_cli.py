"""The command `endcap scan`: what a scanned code means, as JSON.

0: it means something here; 1: it does not, `why` says why not; 2: the command was wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import Any

from devices.protocol import aim as aims
from devices.protocol.gs1.elements import GS
from kiosk.codes.codes import KINDS, Reading, examine

KNOWN, UNKNOWN = 0, 1
_VISIBLE_GS = ("␝", "<GS>")
_LONGEST_LINE = 1 << 16  # characters of standard input


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    aim = options.aim or ""
    if options.text == "-":
        return _lines(sys.stdin, aim)
    found = examine(_plain(options.text), aim)
    sys.stdout.write(json.dumps(told(found), ensure_ascii=False, indent=2) + "\n")
    return _verdict(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap scan", description="What a scanned code means.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parse = commands.add_parser(
        "parse",
        help="print what a code means as JSON",
        description=f"Prints what a code means as JSON; its kind is one of {', '.join(KINDS)}.",
        epilog="Exit code 1 where a code means nothing here. The separator GS may be written <GS> or ␝.",
    )
    parse.add_argument(
        "text", metavar="TEXT", help="what the scanner read; - reads a code from each line of standard input"
    )
    parse.add_argument(
        "--aim",
        metavar="AIM",
        type=_aim,
        help="AIM identifier such as ]Q3, where it does not stand before TEXT",
    )
    return parser


def _aim(text: str) -> str:
    if aims.symbology(text) is None:
        raise argparse.ArgumentTypeError(f"expected an AIM identifier such as ]E0 or ]Q3, found {text!r}")
    return text


def _lines(lines: Iterable[str], aim: str) -> int:
    """A line of JSON for each line; the worst verdict."""
    worst = KNOWN
    for line in lines:
        found = examine(_plain(line.rstrip("\r\n")[:_LONGEST_LINE]), aim)
        sys.stdout.write(json.dumps(told(found), ensure_ascii=False) + "\n")
        worst = max(worst, _verdict(found))
    return worst


def _verdict(found: Reading) -> int:
    return UNKNOWN if found.code.kind == "unknown" else KNOWN


def _plain(text: str) -> str:
    for sign in _VISIBLE_GS:
        text = text.replace(sign, GS)
    return text


def told(found: Reading) -> dict[str, Any]:
    """A reading as JSON: kind first, then what is there of it."""
    code, link, named = found.code, found.link, aims.symbology(found.aim)
    everything: dict[str, Any] = {
        "kind": code.kind,
        "why": code.why,
        "gtin": code.gtin,
        "facing": code.facing,
        "code": code.code,
        "aim": found.aim,
        "symbology": named.name if named else "",
        "elements": [{"ai": each.ai, "title": each.title, "value": each.value} for each in found.elements],
        "url": found.url,
        "stem": link.stem if link else "",
        "ignored": list(link.ignored) if link else [],
        "problems": list(found.problems),
    }
    return {name: value for name, value in everything.items() if value}
