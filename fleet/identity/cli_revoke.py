"""`endcap fleet revoke KIOSK --why ...`: void a kiosk's certificates. A running fleet also ends its connection."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from fleet.clock import now_ms
from fleet.config import Config
from fleet.identity.authority import Authority
from fleet.identity.book import Book
from fleet.identity.publishing import publish_revocations
from fleet.store.store import Store
from mqtt.topics import Address, BadTopic


def main(arguments: list[str]) -> int:
    """Revoke; 0 where it is out, 1 with one line where it was not in or something could not be written."""
    options = _parser().parse_args(arguments)
    try:
        if not (options.data / "ca").is_dir():
            raise OSError(f"{options.data}: no authority there; was anybody ever let in?")
        address = Address(*options.kiosk.split("/"))
        authority = Authority(options.data, now_ms())
        store = Store(Config(data=options.data, database_url=options.database).database)
        try:
            book = Book(store, now_ms)
            void = book.revoke(str(address), options.who, options.why)
            failed = publish_revocations(authority, book.revoked(), now_ms())
        finally:
            store.close()
    except (BadTopic, TypeError):
        return _problem(f"{options.kiosk!r}: TENANT/SITE/KIOSK expected")
    except (OSError, SQLAlchemyError) as error:
        return _problem(str(error).splitlines()[0])
    if failed:
        return _problem(f"revoked, but the broker was not told: {failed[0]}")
    if not void:
        return _problem(f"{address} has no certificate that is good; nothing was done")
    print(f"{address} is out: {len(void)} certificate{'s' if len(void) > 1 else ''} revoked")
    return 0


def _problem(why: str) -> int:
    print(f"endcap fleet revoke: {why}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet revoke", description=__doc__)
    parser.add_argument("kiosk", metavar="TENANT/SITE/KIOSK")
    parser.add_argument("--data", type=Path, required=True, help="the fleet's folder")
    parser.add_argument(
        "--database", default="", metavar="URL", help="of the fleet, where it is not SQLite in --data"
    )
    parser.add_argument("--who", default=getpass.getuser(), help="who decides (default: this account's name)")
    parser.add_argument("--why", required=True, help="kept with the certificate")
    return parser
