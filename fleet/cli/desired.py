"""`endcap fleet desired KIOSK [--out-of-service | --in-service] ...`: say how kiosks are to be, or look how they are."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from fleet.cli.command import FLEET, Refused, call
from fleet.operating.desired import LEVELS


def main(arguments: list[str] | None = None) -> int:
    """0: said, or shown; 1: not."""
    options = _parser().parse_args(arguments)
    changes = _changes(options)
    try:
        if not changes:
            print(
                json.dumps(call(options.fleet, f"/api/desired/{options.kiosk}"), indent=2, ensure_ascii=False)
            )
            return 0
        if not options.by or not options.why:
            raise Refused("--by and --why are told to the kiosk and kept: both are needed")
        body = {"kiosk": options.kiosk, "by": options.by, "why": options.why, "changes": changes}
        for one in call(options.fleet, "/api/desired", body)["desired"]:
            print(f"{one['kiosk']}  version {one['version']}")
    except Refused as error:
        print(f"endcap fleet desired: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet desired", description=__doc__)
    parser.add_argument("kiosk", help="an address; to change also a site or a glob, as for `command`")
    service = parser.add_mutually_exclusive_group()
    service.add_argument("--out-of-service", action="store_true", default=None)
    service.add_argument("--in-service", action="store_true", default=None)
    parser.add_argument("--brightness", type=int, metavar="PERCENT")
    parser.add_argument(
        "--sleep",
        type=_night,
        metavar="HH:MM-HH:MM|never",
        help="dark while nobody is there, in the kiosk's local time",
    )
    parser.add_argument("--log-level", choices=LEVELS)
    parser.add_argument("--by", default="", metavar="NAME")
    parser.add_argument("--why", default="", metavar="TEXT")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")
    return parser


def _night(text: str) -> list[int] | str:
    if text == "never":
        return text
    try:
        minutes = [
            int(part[:2]) * 60 + int(part[3:])
            for part in text.split("-")
            if len(part) == 5 and part[2] == ":"
        ]
        if len(minutes) == 2:
            return minutes
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r}: expected 23:30-05:00, or never")


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if options.out_of_service or options.in_service:
        changes["out_of_service"] = bool(options.out_of_service)
    if options.sleep is not None:
        changes["sleep"] = None if options.sleep == "never" else options.sleep
    for name in ("brightness", "log_level"):
        if (value := getattr(options, name)) is not None:
            changes[name] = value
    return changes
