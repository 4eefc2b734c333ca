"""`endcap fleet rollout create|list|show|submit|approve|reject|start|pause|resume|abort|roll-back`: bring a release to kiosks
ring by ring. Talks to the fleet on this machine; docs/rollouts.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

from fleet.cli.command import FLEET, Refused, call
from fleet.rollouts.deeds import DEEDS
from fleet.rollouts.model import KINDS

ORDER: Final = ("confirmed", "waiting", "failed", "silent", "pinned", "gone", "waived")


def main(arguments: list[str] | None = None) -> int:
    """0: done, or shown; 1: not."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except Refused as error:
        print(f"endcap fleet rollout: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet rollout", description=__doc__)
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")
    commands = parser.add_subparsers(required=True, metavar="WHAT")
    create = commands.add_parser("create", help="a draft; --submit asks for its approval at once")
    create.add_argument("target", help="the name of a release, such as demo-000042")
    create.add_argument("--kind", choices=KINDS, default="content")
    create.add_argument(
        "--ring", action="append", required=True, metavar="TEXT",
        help="in their order: 'pilot: site=demo/line2 percent=10 success=95 errors=2 soak=30m deadline=4h silent=error'",
    )  # fmt: skip
    create.add_argument("--window", default="", metavar="HH:MM-HH:MM", help="kiosks are given it only then")
    create.add_argument("--timezone", default="UTC", help="of the window (default %(default)s)")
    create.add_argument("--not-before", default="", metavar="TIME", help="2026-11-24T01:00+01:00")
    create.add_argument("--alone", action="store_true", help="no second person has to approve it")
    create.add_argument("--submit", action="store_true")
    _who(create)
    create.set_defaults(run=_create)
    for deed in DEEDS:
        one = commands.add_parser(deed)
        one.add_argument("rollout")
        _who(one)
        one.set_defaults(run=_act, deed=deed)
    every = commands.add_parser("list", help="the latest")
    every.add_argument("--json", action="store_true")
    every.set_defaults(run=_list)
    show = commands.add_parser("show", help="one, ring by ring, with the kiosks that failed")
    show.add_argument("rollout")
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=_show)
    for one in commands.choices.values():
        one.add_argument("--fleet", default=argparse.SUPPRESS, metavar="URL", help="as before the word")
    return parser


def _who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", required=True, metavar="NAME", help="who decides; it is kept")
    parser.add_argument("--why", required=True, metavar="TEXT")


def _create(options: argparse.Namespace) -> None:
    body = {
        "kind": options.kind, "target": options.target, "rings": options.ring, "window": options.window,
        "timezone": options.timezone, "not_before": options.not_before, "needs_approval": not options.alone,
        "by": options.by, "why": options.why,
    }  # fmt: skip
    made = call(options.fleet, "/api/rollouts", body)
    if options.submit:
        made = call(
            options.fleet, f"/api/rollouts/{made['id']}/submit", {"by": options.by, "why": options.why}
        )
    print(f"{made['id']}  {made['state']}")


def _act(options: argparse.Namespace) -> None:
    body = {"by": options.by, "why": options.why}
    done = call(options.fleet, f"/api/rollouts/{options.rollout}/{options.deed}", body)
    print(f"{done['id']}  {done['state']}")


def _list(options: argparse.Namespace) -> None:
    found = call(options.fleet, "/api/rollouts")["rollouts"]
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in found:
        print(f"{one['id']}  {one['state']:16}  {one['kind']:8}  {one['target']:24}  {_counts(one['rings'])}")


def _show(options: argparse.Namespace) -> None:
    one = call(options.fleet, f"/api/rollouts/{options.rollout}")
    if options.json:
        print(json.dumps(one, indent=2, ensure_ascii=False))
        return
    print(f"{one['id']}  {one['state']}  {one['kind']} {one['target']}  {one['reason']}".rstrip())
    for ring in one["rings"]:
        print(f"  {ring['text']}\n      {_counts([ring])}")
    for kiosk in one["kiosks"]:
        if kiosk["verdict"] in ("failed", "silent"):
            print(f"  {kiosk['kiosk']}  {kiosk['verdict']}  {kiosk['reason']}".rstrip())
    for step in one["steps"]:
        print(f"  {step['what']}: {step['who'] or 'by itself'}, {step['why']}")


def _counts(rings: list[dict[str, Any]]) -> str:
    totals = {name: sum(ring["kiosks"].get(name, 0) for ring in rings) for name in ORDER}
    return ", ".join(f"{count} {name}" for name, count in totals.items() if count) or "not begun"
