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
    fetch = parser.add_argument_group("how releases are fetched; `default` is what kiosk.toml says")
    fetch.add_argument(
        "--source", action="append", metavar="URL|default", help="may be given again: asked in this order"
    )
    fetch.add_argument("--fetch-kib-s", type=_rate, metavar="N|default", help="0: as fast as it goes")
    fetch.add_argument(
        "--fetch-window", type=_window, metavar="HH:MM-HH:MM|always|default", help="in the kiosk's local time"
    )
    parser.add_argument("--by", default="", metavar="NAME")
    parser.add_argument("--why", default="", metavar="TEXT")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")
    return parser


def _rate(text: str) -> int | str:
    if text == "default" or text.isdecimal():
        return text if text == "default" else int(text)
    raise argparse.ArgumentTypeError(f"{text!r}: expected a number, or default")


def _window(text: str) -> list[int] | str:
    if text in ("always", "default"):
        return [0, 0] if text == "always" else text
    if (minutes := _minutes(text)) is not None:
        return minutes
    raise argparse.ArgumentTypeError(f"{text!r}: expected 01:00-05:00, always or default")


def _night(text: str) -> list[int] | str:
    if text == "never":
        return text
    if (minutes := _minutes(text)) is not None:
        return minutes
    raise argparse.ArgumentTypeError(f"{text!r}: expected 23:30-05:00, or never")


def _minutes(text: str) -> list[int] | None:
    try:
        minutes = [
            int(part[:2]) * 60 + int(part[3:])
            for part in text.split("-")
            if len(part) == 5 and part[2] == ":"
        ]
    except ValueError:
        return None
    return minutes if len(minutes) == 2 else None


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if options.out_of_service or options.in_service:
        changes["out_of_service"] = bool(options.out_of_service)
    if options.sleep is not None:
        changes["sleep"] = None if options.sleep == "never" else options.sleep
    for name in ("brightness", "log_level"):
        if (value := getattr(options, name)) is not None:
            changes[name] = value
    if options.source is not None:
        changes["sources"] = [source for source in options.source if source != "default"]
    for name in ("fetch_kib_s", "fetch_window"):
        if (value := getattr(options, name)) is not None:
            changes[name] = None if value == "default" else value
    return changes
