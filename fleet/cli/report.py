"""`endcap fleet report plays | facings | grades | share`: adverts measured, as CSV or JSON, to a file or a pipe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection

from content.store import OpenStore, StoreError
from fleet.cli.check import store_parser, with_store
from fleet.clock import now_ms
from fleet.measuring import contract, export, grades, proof, share
from fleet.measuring.asked import LONGEST_DAYS, LONGEST_SHARE_DAYS, Asked, BadAsk, asked, check_names
from fleet.rollouts.repository import Releases
from fleet.store.store import Store

WHAT = {
    "plays": "proof of play by kiosk, minute, creative, booking and quality of the clock",
    "facings": "impressions by kiosk, minute and facing",
    "grades": "how far each advert came: played, drawn, somebody there, touched, scanned, paid",
    "share": "what was promised and what was delivered, by kiosk and booking",
}


def main(arguments: list[str]) -> int:
    """Write a report; 1 with one line where it cannot be made."""
    parser = store_parser("report", "adverts measured")
    parser.add_argument(
        "what", choices=WHAT, help="; ".join(f"{name}: {what}" for name, what in WHAT.items())
    )
    parser.add_argument(
        "--from", dest="since", default="", metavar="DAY", help="2026-11-22 or 2026-11-22T06:00"
    )
    parser.add_argument(
        "--to", dest="until", default="", metavar="DAY", help="not in it any more (default: now)"
    )
    parser.add_argument(
        "--timezone", default="UTC", help="of these words and of local times (default %(default)s)"
    )
    parser.add_argument(
        "--kiosk", default="", metavar="TENANT/SITE[/KIOSK]", help="of this one, or this site's, only"
    )
    parser.add_argument("--booking", default="", help="of this one only")
    parser.add_argument("--format", choices=export.FORMATS, default="csv")
    parser.add_argument(
        "--catalogue", type=Path, metavar="DIR", help="share: the published store, which has the playlists"
    )
    parser.add_argument(
        "--releases", type=Path, metavar="DIR", help="share: or the repository of signed releases"
    )
    return with_store(parser, arguments, _report)


def _report(store: Store, options: argparse.Namespace) -> int:
    try:
        most = LONGEST_SHARE_DAYS if options.what == "share" else LONGEST_DAYS
        ask = asked(
            options.since, options.until, now_ms(), kiosk=options.kiosk, booking=options.booking,
            timezone=options.timezone, most=most,
        )  # fmt: skip
        with store.read() as connection:
            check_names(connection, ask)
            rows, kind = _rows(connection, ask, options)
            for piece in export.told(rows, kind, options.format):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except (BadAsk, StoreError) as error:
        print(f"endcap fleet report: {error}", file=sys.stderr)
        return 1
    return 0


def _rows(
    connection: Connection, ask: Asked, options: argparse.Namespace
) -> tuple[Iterable[Struct], type[Struct]]:
    match options.what:
        case "plays":
            return proof.plays(connection, ask), proof.PlayRow
        case "facings":
            return proof.facings(connection, ask), proof.FacingRow
        case "grades":
            return grades.grades(connection, ask), grades.Grade
    if options.catalogue is None and options.releases is None:
        raise BadAsk("share: expected --releases DIR or --catalogue DIR, which say what was promised")
    published = None
    if options.catalogue is not None:
        opened = OpenStore(options.catalogue)
        published = opened.store
        opened.close()
    promises = contract.Promises(Releases(options.releases), published)
    return share.share(connection, ask, promises, now_ms()).rows, share.Row
