"""`endcap fleet accept-loss KIOSK EPOCH FROM-TO --by NAME --why TEXT`: what no kiosk has any more is gone, says somebody.

After a restore from a backup `endcap fleet gaps` names what was acknowledged and is missing now. It is told apart from
what may still come by whoever restored: only they know when the backup was made (docs/store.md).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from fleet.cli.check import store_parser, with_store
from fleet.events.losses import Loss, NotLost, accept
from fleet.store.store import Store


def main(arguments: list[str]) -> int:
    """0: all of it is accepted; 1: some is not, and why, one line each. The same again is no error."""
    parser = store_parser("accept-loss", "say that events a restored backup lacks are gone")
    parser.add_argument(
        "loss", nargs="*", metavar="KIOSK EPOCH FROM-TO", help="as `endcap fleet gaps` names them"
    )
    parser.add_argument(
        "--list", type=Path, metavar="FILE", help="many, one in a line; - reads standard input"
    )
    parser.add_argument("--by", required=True, metavar="NAME", help="who says so; it is kept")
    parser.add_argument(
        "--why", required=True, metavar="TEXT", help="such as which backup was restored; it is kept"
    )
    return with_store(parser, arguments, _accept)


def _accept(store: Store, options: argparse.Namespace) -> int:
    refused = 0
    for words in _lines(options):
        try:
            loss = parse(words)
            upto = accept(store, loss, options.by, options.why, time.time_ns() // 1_000_000)
        except NotLost as error:
            refused += 1
            print(f"endcap fleet accept-loss: {' '.join(words)}: {error}", file=sys.stderr)
        else:
            print(
                f"{loss.kiosk} {loss.epoch} {loss.first}-{loss.last} accepted as lost; complete up to {upto}"
            )
    return 1 if refused else 0


def _lines(options: argparse.Namespace) -> Iterator[list[str]]:
    if options.loss or options.list is None:
        yield options.loss
    if options.list is not None:
        text = sys.stdin.read() if str(options.list) == "-" else options.list.read_text()
        yield from (words for line in text.splitlines() if (words := line.split()))


def parse(words: list[str]) -> Loss:
    """KIOSK EPOCH FROM-TO, or one number. Raises NotLost."""
    if len(words) != 3:
        raise NotLost("KIOSK EPOCH FROM-TO expected, such as demo/u8/K1 9f2c 1201-1318")
    first, sign, last = words[2].partition("-")
    if not all(_is_number(each) for each in (first, last or "-" if sign else first)):
        raise NotLost(f"{words[2]!r}: FROM-TO expected, such as 1201-1318")
    return Loss(kiosk=words[0], epoch=words[1], first=int(first), last=int(last or first))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
