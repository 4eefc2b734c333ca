"""`endcap fleet pin KIOSK RELEASE`, `unpin KIOSK`, `tag KIOSK TAG ...`: what sets single kiosks apart (docs/rollouts.md).

KIOSK is an address, a site, a glob or a name, as for `endcap fleet command`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from fleet.cli.command import FLEET, Refused, call
from fleet.rollouts.model import KINDS


def pin_main(arguments: list[str] | None = None) -> int:
    """Keep kiosks at a release; without one, list those that are kept."""
    parser = argparse.ArgumentParser(prog="endcap fleet pin", description=__doc__)
    parser.add_argument("kiosk", nargs="?", default="")
    parser.add_argument("release", nargs="?", default="")
    parser.add_argument("--kind", choices=KINDS, default="content")
    _common(parser)
    options = parser.parse_args(arguments)

    def run() -> None:
        if not options.kiosk:
            for one in call(options.fleet, "/api/pins")["pins"]:
                print(f"{one['kiosk']}  {one['kind']}  {one['name']}  {one['by']}: {one['why']}")
            return
        body = {**_said(options), "kind": options.kind, "name": options.release}
        print(f"{call(options.fleet, '/api/pins', body)['pinned']} pinned")

    return _ended("pin", run)


def unpin_main(arguments: list[str] | None = None) -> int:
    """Let kiosks go."""
    parser = argparse.ArgumentParser(prog="endcap fleet unpin", description=__doc__)
    parser.add_argument("kiosk")
    parser.add_argument("--kind", choices=KINDS, default="content")
    _common(parser)
    options = parser.parse_args(arguments)

    def run() -> None:
        body = {**_said(options), "kind": options.kind}
        print(f"{call(options.fleet, '/api/unpins', body)['let_go']} let go")

    return _ended("unpin", run)


def tag_main(arguments: list[str] | None = None) -> int:
    """Give kiosks words, or with --off take them away."""
    parser = argparse.ArgumentParser(prog="endcap fleet tag", description=__doc__)
    parser.add_argument("kiosk")
    parser.add_argument("tag", nargs="+")
    parser.add_argument("--off", action="store_true")
    parser.add_argument("--by", required=True, metavar="NAME")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")
    options = parser.parse_args(arguments)

    def run() -> None:
        body = {"kiosk": options.kiosk, "tags": options.tag, "off": options.off, "by": options.by}
        print(f"{call(options.fleet, '/api/tags', body)['kiosks']} kiosks")

    return _ended("tag", run)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default="", metavar="NAME", help="who decides; it is kept")
    parser.add_argument("--why", default="", metavar="TEXT")
    parser.add_argument("--fleet", default=FLEET, metavar="URL", help="default %(default)s")


def _said(options: argparse.Namespace) -> dict[str, Any]:
    return {"kiosk": options.kiosk, "by": options.by, "why": options.why}


def _ended(name: str, run: Callable[[], None]) -> int:
    try:
        run()
    except Refused as error:
        print(f"endcap fleet {name}: {error}", file=sys.stderr)
        return 1
    return 0
