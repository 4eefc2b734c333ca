"""`endcap fleet simulate`: honest kiosks without walls, for load and for operators' training."""

# fleet/cli/main.py names this module as a string: kiosk and fleet never import each other.

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from kiosk.simulate.day import MINUTE_MS
from kiosk.simulate.kiosk import Told
from kiosk.simulate.plan import Plan, Report, Status
from kiosk.simulate.room import NoRoom
from kiosk.simulate.scenarios import NAMED, BadScenario, Scenario, load
from kiosk.simulate.shares import Part, parts_of
from mqtt.topics import Address, BadTopic

FOREVER: Final = 0.0
AGAIN_S: Final = 0.5  # a signal so much after the first is a second one
ROWS: Final = 12  # of the table at the end; all are in --report
SQLITE_MOST: Final = 500


def main(arguments: list[str] | None = None) -> int:
    """Run it; 0 where it ended as asked, 1 with one line where it could not begin, 3 where events were not acknowledged."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log, format="%(levelname)s %(name)s: %(message)s")
    end = _ended_by_signal()
    with tempfile.TemporaryDirectory(prefix="endcap-simulate-") as scratch:
        try:
            plan = _plan(options, Path(scratch))
            parts = parts_of(plan, options.processes)
        except (BadScenario, BadTopic, NoRoom, OSError, ValueError) as error:
            print(f"endcap fleet simulate: {error}", file=sys.stderr)
            return 1
        report = _run(plan, parts, options, end)
    _tell(report)
    if options.report is not None:
        options.report.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return 0 if report.written == report.acknowledged else 3


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="endcap fleet simulate", description=__doc__)
    parser.add_argument("--kiosks", type=int, default=10, metavar="N", help="how many (default %(default)s)")
    parser.add_argument("--broker", type=_broker, default=("127.0.0.1", 1883), metavar="HOST:PORT")
    parser.add_argument("--tls-ca", type=Path, metavar="FILE", help="whom to believe; speaks TLS then")
    parser.add_argument(
        "--tls-certificate", type=Path, metavar="FILE", help="of a client that may speak for all"
    )
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    parser.add_argument(
        "--tenant", default="simulated", help="the first level of their addresses (default %(default)s)"
    )
    parser.add_argument(
        "--scenario",
        default="plain",
        metavar="NAME|FILE",
        help=f"{', '.join(map(repr, NAMED))}, or a TOML file",
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, help="simulated seconds in one of ours (default %(default)s)"
    )
    parser.add_argument(
        "--busy", type=float, default=1.0, help="1: a commuter station, 0.1: a tenth of the people"
    )
    parser.add_argument(
        "--begin", metavar="WHEN", help='"2026-11-23 07:00"; default: the scenario\'s time, next such day'
    )
    parser.add_argument(
        "--zone", type=int, default=0, metavar="MINUTES", help="local time is ahead of UTC by so many"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same day again (default %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=FOREVER, help="of ours, then end; default: until Ctrl-C"
    )
    parser.add_argument(
        "--drain", type=float, default=15.0, help="seconds the fleet has, after those, to acknowledge all"
    )
    parser.add_argument(
        "--ledger", choices=("sqlite", "memory"), default="memory",
        help=f"the real one on disk (up to about {SQLITE_MOST} kiosks), or one of the same laws in memory",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="where ledgers on disk stay; default: nowhere, after the end"
    )
    parser.add_argument(
        "--processes", type=int, default=1, metavar="P", help="share the kiosks out, for more cores"
    )
    parser.add_argument(
        "--every", type=float, default=5.0, help="seconds between two lines of how it is (0: none)"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="what each kiosk wrote, as JSON")
    parser.add_argument("--log", default="ERROR", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return parser


def _broker(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r}: HOST:PORT expected, such as 127.0.0.1:1883")
    return host, int(port)


def _plan(options: argparse.Namespace, scratch: Path) -> Plan:
    """Raises ValueError, BadScenario or BadTopic, in words."""
    if options.kiosks < 1 or options.processes < 1:
        raise ValueError("--kiosks and --processes: at least 1 expected")
    if options.speed <= 0 or options.busy < 0:
        raise ValueError("--speed: more than 0 expected, --busy: 0 or more")
    if options.ledger == "sqlite" and options.kiosks > 4 * SQLITE_MOST:
        raise ValueError(
            f"{options.kiosks} ledgers on disk: at most {4 * SQLITE_MOST} expected; --ledger memory takes more"
        )
    Address(options.tenant, "line-1", "K00001")
    scenario = load(options.scenario)
    folder = options.data or scratch
    if options.ledger == "sqlite":
        folder.mkdir(parents=True, exist_ok=True)
    return Plan(
        count=options.kiosks, scenario=scenario, host=options.broker[0], port=options.broker[1], tenant=options.tenant,
        seed=options.seed, speed=options.speed, busy=options.busy,
        begin_ms=_begin_ms(options.begin, scenario, options.zone), begun_ns=time.monotonic_ns(),
        zone_minutes=options.zone, ledger=options.ledger, folder=folder,
        ca=options.tls_ca, certificate=options.tls_certificate, key=options.tls_key,
    )  # fmt: skip


def _begin_ms(given: str | None, scenario: Scenario, zone: int) -> int:
    """Simulated Unix milliseconds to begin at. Raises ValueError."""
    ahead = timedelta(minutes=zone)
    if given is not None:
        try:
            local = datetime.fromisoformat(given).replace(tzinfo=UTC)
        except ValueError:
            raise ValueError(f"--begin {given!r}: a moment such as 2026-11-23 07:00 expected") from None
    else:
        hours, minutes = map(int, scenario.begin.split(":"))
        today = datetime.fromtimestamp(time.time(), UTC).replace(
            hour=hours, minute=minutes, second=0, microsecond=0
        )
        local = today + timedelta(days=(scenario.weekday - today.weekday()) % 7)
    return int((local - ahead).timestamp() * 1000)


def _run(plan: Plan, parts: Sequence[Part], options: argparse.Namespace, end: threading.Event) -> Report:
    print(f"{plan.scenario.name}: {plan.scenario.say}", flush=True)
    print(
        f"{plan.count} kiosks of {plan.tenant} to {plan.host}:{plan.port}, x{plan.speed:g}, seed {plan.seed}",
        flush=True,
    )
    begun, told, failures = time.monotonic(), list[Told](), 0
    try:
        for part in parts:
            part.start()
        _watch(plan, parts, options, end)
        if not end.is_set():
            _drain(plan, parts, options.drain, end)
        failures = _status(parts).failures
    finally:
        for part in parts:
            told += part.stop()
    return Report(
        tenant=plan.tenant, seed=plan.seed, speed=plan.speed, begin_ms=plan.begin_ms,
        seconds=round(time.monotonic() - begun, 3), failures=failures, kiosks=tuple(told),
    )  # fmt: skip


def _watch(plan: Plan, parts: Sequence[Part], options: argparse.Namespace, end: threading.Event) -> None:
    """Say what the scenario does and how it is, until the time is over or somebody ends it."""
    begun = time.monotonic()
    steps = sorted((step for step in plan.scenario.steps if step.say), key=lambda step: step.at)
    line_due, over = begun + options.every, begun + options.seconds if options.seconds else float("inf")
    while not end.is_set() and time.monotonic() < over:
        minutes = (time.monotonic_ns() - plan.begun_ns) / 60e9 * plan.speed
        while steps and steps[0].at <= minutes:
            print(f"{_clock(plan, minutes)} ** {steps.pop(0).say}", flush=True)
        if options.every and time.monotonic() >= line_due:
            line_due += options.every
            print(f"{_clock(plan, minutes)} {_line(_status(parts))}", flush=True)
        next_step = (steps[0].at - minutes) * 60 / plan.speed if steps else float("inf")
        end.wait(max(0.01, min(0.5, over - time.monotonic(), next_step)))


def _drain(plan: Plan, parts: Sequence[Part], drain_s: float, end: threading.Event) -> None:
    """Nothing more happens; the fleet acknowledges what is left, if it does."""
    for part in parts:
        part.rest()
    until = time.monotonic() + drain_s
    quiet = 0
    while (
        time.monotonic() < until and not end.is_set() and quiet < 2
    ):  # twice: a note may be on its way to its commit
        quiet = quiet + 1 if _status(parts).waiting == 0 else 0
        end.wait(0.3)
    print(f"the day is over: {_line(_status(parts))}", flush=True)


def _status(parts: Sequence[Part]) -> Status:
    first, *others = [part.status() for part in parts]
    for other in others:
        first += other
    return first


def _clock(plan: Plan, minutes: float) -> str:
    moment = plan.begin_ms + int((minutes + plan.zone_minutes) * MINUTE_MS)
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%a %H:%M:%S}"


def _line(status: Status) -> str:
    failures = f", {status.failures} FAILURES" if status.failures else ""
    return (
        f"{status.connected} of {status.kiosks} connected; {status.written} events written,"
        f" {status.acknowledged} acknowledged, {status.waiting} wait{failures}"
    )


def _tell(report: Report) -> None:
    """The table: kiosks with something unacknowledged first."""
    print(f"\n{'kiosk':<32}{'written':>9}{'acknowledged':>14}{'sales':>7}{'outages':>9}{'power cuts':>12}")
    order = sorted(report.kiosks, key=lambda told: (told.acknowledged - told.written, told.kiosk))
    for told in order[:ROWS]:
        print(
            f"{told.kiosk:<32}{told.written:>9}{told.acknowledged:>14}{told.kinds.get('sale', 0):>7}"
            f"{told.outages:>9}{told.power_cuts:>12}"
        )
    if len(order) > ROWS:
        print(f"... and {len(order) - ROWS} more: --report FILE has them all")
    sold = sum(told.sold_minor for told in report.kiosks)
    sales = sum(told.kinds.get("sale", 0) for told in report.kiosks)
    print(
        f"{'all':<32}{report.written:>9}{report.acknowledged:>14}{sales:>7}"
        f"{sum(told.outages for told in report.kiosks):>9}{sum(told.power_cuts for told in report.kiosks):>12}"
        f"   {sold / 100:.2f} EUR sold",
        flush=True,
    )


def _ended_by_signal() -> threading.Event:
    """Set by SIGTERM or Ctrl-C; a second one ends at once. What comes together is one (`timeout` sends two)."""
    end = threading.Event()
    first_s = 0.0

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal first_s
        if not end.is_set():
            first_s = time.monotonic()
        elif time.monotonic() - first_s > AGAIN_S:
            os._exit(130)
        end.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    return end
