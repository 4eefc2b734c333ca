"""`endcap fleet gaps | verify | poison`: what is missing, whether sums are right, what could not be read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.config import Config
from fleet.events import gaps, plays, rollups
from fleet.events.retry import retry
from fleet.store.migrate import BadDatabase
from fleet.store.store import Store

Command = Callable[[Store, argparse.Namespace], int]


def gaps_main(arguments: list[str]) -> int:
    """Say of every stream what is missing; 1 where anything is."""
    parser = store_parser("gaps", "say of every kiosk which of its events are missing")
    parser.add_argument("kiosk", nargs="?", metavar="TENANT/SITE/KIOSK", help="this one only")
    parser.add_argument("--json", action="store_true", help="as JSON, one line per stream")
    return with_store(parser, arguments, _gaps)


def verify_main(arguments: list[str]) -> int:
    """Compare the roll-ups with what the events say; 1 where they differ."""
    parser = store_parser("verify", "make the roll-ups again from the events that are kept, and compare")
    parser.add_argument(
        "--since", type=_day, default=0, metavar="YYYY-MM-DD",
        help="where raw events go after some days: the first day (UTC) all are there of (default: from the beginning)",
    )  # fmt: skip
    return with_store(parser, arguments, _verify)


def poison_main(arguments: list[str]) -> int:
    """List what was kept aside, or read it again."""
    parser = store_parser("poison", "what could not be read, or contradicts what is stored")
    parser.add_argument("what", choices=("list", "retry"))
    return with_store(parser, arguments, _poison)


def store_parser(name: str, what: str) -> argparse.ArgumentParser:
    """A parser that knows where the store is."""
    parser = argparse.ArgumentParser(prog=f"endcap fleet {name}", description=what)
    parser.add_argument("--data", type=Path, help="the fleet's folder")
    parser.add_argument("--database", default="", metavar="URL", help="where it is not SQLite in --data")
    return parser


def with_store(parser: argparse.ArgumentParser, arguments: list[str], command: Command) -> int:
    """Run a command on the store that `arguments` name; 1 with one line where that is not possible."""
    options = parser.parse_args(arguments)
    if not options.data and not options.database:
        parser.error("--data or --database is needed")
    try:
        config = Config(data=options.data or Path(), database_url=options.database)
        if not options.database and not (config.data / "fleet.db").exists():
            raise OSError(f"{config.data}: no database there")
        store = Store(config.database)
        try:
            return command(store, options)
        finally:
            store.close()
    except (OSError, SQLAlchemyError, BadDatabase) as error:
        print(f"{parser.prog}: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1


def _gaps(store: Store, options: argparse.Namespace) -> int:
    with store.read() as connection:
        found = gaps.report(connection, options.kiosk)
    missing = sum(not each.complete for each in found)
    lost = sum(row.last - row.first + 1 for each in found for row in each.accepted)
    for each in found:
        if options.json:
            print(msgspec.json.encode(each).decode())
            continue
        words = [f"{each.kiosk} {each.epoch}: complete up to {each.upto}"]
        if each.missing:
            since = datetime.fromtimestamp(each.missing_since_ms / 1000, UTC).isoformat(timespec="seconds")
            words.append(f"missing {gaps.in_words(each.missing)} (since {since}), highest {each.highest}")
        if each.folded:
            words.append(f"folded {gaps.in_words(each.folded)}")
        for loss in each.accepted:
            on = datetime.fromtimestamp(loss.at_ms / 1000, UTC).date()
            words.append(f"{loss.first}-{loss.last} accepted as lost by {loss.who} on {on}: {loss.why}")
        if each.lost:
            words.append(f"{each.lost} notes were lost at the kiosk")
        print("; ".join(words))
    if not options.json:
        said = f"; {lost} events accepted as lost" if lost else ""
        print(f"{len(found)} streams, {missing or 'none'} with something missing{said}")
    return 1 if missing else 0


def _verify(store: Store, options: argparse.Namespace) -> int:
    with store.read() as connection:
        found = rollups.differences(connection, options.since)
        shown = plays.differences(connection, options.since)
    for (kiosk, minute, kind, key), there, wanted in found[:100]:
        at = datetime.fromtimestamp(minute * 60, UTC).isoformat(timespec="minutes")
        print(f"{kiosk} {at} {kind} {key!r}: {there} stored, {wanted} by the events")
    for play, was, should in shown[:100]:
        at = datetime.fromtimestamp(play.minute * 60, UTC).isoformat(timespec="minutes")
        print(
            f"{play.kiosk} {at} plays {play.showing.creative or play.showing.advert!r}: {was} stored, {should} by the events"
        )
    if found or shown:
        print(f"{len(found) + len(shown)} sums differ", file=sys.stderr)
        return 1
    print("every sum is what the events say")
    return 0


def _poison(store: Store, options: argparse.Namespace) -> int:
    if options.what == "retry":
        done = retry(store)
        print(f"{done.events} events and {done.messages} messages are understood now, {done.left} are not")
        return 0
    row = tables.poison.c
    asked = select(row.last_ms, row.times, row.topic, row.reason, row.payload).order_by(row.last_ms)
    with store.read() as connection:
        for last_ms, times, topic, reason, payload in connection.execute(asked):
            at = datetime.fromtimestamp(last_ms / 1000, UTC).isoformat(timespec="seconds")
            print(f"{at} {times}x {topic}: {reason}\n    {bytes(payload[:160])!r}")
    return 0


def _day(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: a day such as 2026-11-22 expected") from None
