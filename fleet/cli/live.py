"""`endcap fleet sold-out | available | price | recall | undo | live-changes`: what changes between two releases."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from content.live_changes import REASONS
from fleet.cli.command import FLEET, Refused, call


def sold_out(arguments: list[str] | None = None) -> int:
    """`endcap fleet sold-out GTIN`."""
    return _give("sold-out", arguments)


def available(arguments: list[str] | None = None) -> int:
    """`endcap fleet available GTIN`."""
    return _give("available", arguments)


def price(arguments: list[str] | None = None) -> int:
    """`endcap fleet price GTIN AMOUNT`."""
    return _give("price", arguments)


def recall(arguments: list[str] | None = None) -> int:
    """`endcap fleet recall GTIN --reason safety --say en=...`."""
    return _give("recall", arguments)


def undo(arguments: list[str] | None = None) -> int:
    """`endcap fleet undo NUMBER`."""
    parser = argparse.ArgumentParser(prog="endcap fleet undo", description="end a live change")
    parser.add_argument("number", type=int, help="as `live-changes` lists them")
    _signed(parser)
    options = parser.parse_args(arguments)

    def ask() -> None:
        body = {"by": options.by, "why": options.why}
        call(options.fleet, f"/api/live-changes/{options.number}/undo", body)
        print(f"{options.number} undone")

    return _answered("undo", ask)


def show(arguments: list[str] | None = None) -> int:
    """`endcap fleet live-changes`: 0 where all kiosks obey, 1 where some do not yet."""
    parser = argparse.ArgumentParser(
        prog="endcap fleet live-changes", description="list live changes, and kiosks that do not obey yet"
    )
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")
    options = parser.parse_args(arguments)
    late: list[dict[str, Any]] = []

    def ask() -> None:
        said = call(options.fleet, "/api/live-changes")
        for one in said["changes"]:
            print(
                f"{one['number']:>5}  {one['kind']:9}  {one['gtin']}  {one['scope']}  {one['who']}: {one['why']}"
            )
        late.extend(one for one in said["kiosks"] if not one["obeys"])
        for one in late:
            print(
                f"{one['kiosk']}  is to obey {one['wanted']}, says {one['said']}  {'; '.join(one['faults'])}".rstrip()
            )
        print(f"{len(said['kiosks']) - len(late)} of {len(said['kiosks'])} kiosks obey")

    return _answered("live-changes", ask) or int(bool(late))


def _give(kind: str, arguments: list[str] | None) -> int:
    options = _parser(kind).parse_args(arguments)
    body: dict[str, Any] = {
        "gtin": options.gtin, "kind": kind, "by": options.by, "why": options.why, "at": options.at,
    }  # fmt: skip
    for name in ("price", "reason", "hours", "in_release", "until_release"):
        if (value := getattr(options, name, None)) is not None:
            body[name] = value
    if kind == "recall":
        body["texts"] = dict(options.say)

    def ask() -> None:
        one = call(options.fleet, "/api/live-changes", body)
        print(f"{one['number']}  {one['kind']}  {one['gtin']}  {one['scope']}")

    return _answered(kind, ask)


def _parser(kind: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"endcap fleet {kind}",
        description="reaches the glass and the phone's pages at once (docs/live-changes.md)",
    )
    parser.add_argument("gtin", help="8, 12, 13 or 14 digits")
    if kind == "price":
        parser.add_argument("price", metavar="AMOUNT", help="such as 1.99; lower than the release's")
    parser.add_argument(
        "--at",
        default="all",
        metavar="WHERE",
        help="all, group:KEY, a tenant, site or kiosk, with * and ? (default: all)",
    )
    if kind == "recall":
        parser.add_argument("--reason", required=True, choices=REASONS)
        parser.add_argument(
            "--say", action="append", default=[], type=_text, metavar="LANGUAGE=TEXT",
            help="words for commuters; may be given again",
        )  # fmt: skip
    else:
        parser.add_argument("--hours", type=float, help="default: until it is undone")
        parser.add_argument("--in-release", metavar="NAME", help="ends when another release is adopted")
        parser.add_argument("--until-release", metavar="NAME", help="ends with that release or a later one")
    _signed(parser)
    return parser


def _signed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", required=True, metavar="NAME")
    parser.add_argument("--why", required=True, metavar="TEXT")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")


def _text(said: str) -> tuple[str, str]:
    tag, equals, text = said.partition("=")
    if not (tag and equals and text):
        raise argparse.ArgumentTypeError(f"{said!r}: expected en=TEXT")
    return tag, text


def _answered(name: str, ask: Callable[[], None]) -> int:
    try:
        ask()
    except Refused as error:
        print(f"endcap fleet {name}: {error}", file=sys.stderr)
        return 1
    return 0
