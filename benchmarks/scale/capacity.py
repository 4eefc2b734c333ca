"""How many kiosks a fleet carries: costs measured now, then a Monday by the model, up to a hundred thousand.

    python -m benchmarks.scale.capacity [--quick]

Measured: RUNS, on mosquitto, with SQLite in `endcap fleet serve` or with one `endcap fleet ingest` and PostgreSQL (fsync
on). Each is looked at in the rush, and then while it works off what waited while the program that stores events was
stopped (SIGSTOP) for STOPPED_S: that is what it can at most. Modelled: kiosk.simulate.capacity, with the costs of the
run with PostgreSQL; what the model says of the measured runs stands beside them. About four minutes.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._table import table
from benchmarks.scale.station import RUSH_MINUTE, Station, station, stored
from kiosk.simulate.capacity import Costs, Machines, a_day, ceiling, events_s

SECONDS, STOPPED_S, DRAINED_S = 15.0, 20.0, 60.0
WORKERS = (1, 4, 16)
KIOSKS = (1_000, 10_000, 30_000, 100_000)
PER_BROKER = 10_000  # kiosks of one mosquitto, or of one node
OUTAGE = (RUSH_MINUTE, 30)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A run: so many kiosks with that share of a station's people, and where their events are stored."""

    kiosks: int
    busy: float
    postgres: bool

    @property
    def name(self) -> str:
        """The column's head."""
        people = "" if self.busy == 1 else f", {self.busy:g} of the people"
        return f"{self.kiosks:,} on {'PostgreSQL' if self.postgres else 'SQLite'}{people}"

    @property
    def rate(self) -> float:
        """Events a second, by the model."""
        return events_s(self.kiosks, RUSH_MINUTE, self.busy)


RUNS = (
    Wanted(kiosks=1_000, busy=1.0, postgres=True),
    Wanted(kiosks=1_000, busy=1.0, postgres=False),
    Wanted(kiosks=10_000, busy=0.12, postgres=True),
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was measured. Processor time in microseconds for an event acknowledged, by program."""

    connected_s: float
    heard_s: float  # until hardly an event waited any more
    came_us: float  # of `endcap fleet serve` from the first kiosk to the end of the drain, a kiosk: mostly who comes
    rate: float
    at_ease: dict[str, float]
    drained_s: float
    waited: int
    drain_rate: float
    pressed: dict[str, float]
    read: float  # by the broker, bytes for an event, acknowledgements and health with it
    sent: float
    event_bytes: float
    acknowledged: int
    kept: int

    def storing(self, pressed: bool) -> float:
        """Of the program that stores events."""
        used = self.pressed if pressed else self.at_ease
        return used.get("ingest", used["fleet"])


def measured(wanted: Wanted) -> Seen:
    """One run."""
    with tempfile.TemporaryDirectory() as name:
        with station(Path(name), wanted.kiosks, wanted.busy, postgres=wanted.postgres) as all_of_it:
            empty = all_of_it.cpu()["fleet"]
            connected_s = all_of_it.plug(180)
            heard_s = connected_s + all_of_it.settle(1.5 * wanted.rate, 90)
            traffic = all_of_it.bytes.now()
            events, seconds, at_ease = _watched(all_of_it, lambda: time.sleep(SECONDS))
            read, sent = (
                (now - was) / events for now, was in zip(all_of_it.bytes.now(), traffic, strict=True)
            )
            os.kill(all_of_it.ingest, signal.SIGSTOP)
            time.sleep(STOPPED_S)
            waited = all_of_it.status().waiting
            os.kill(all_of_it.ingest, signal.SIGCONT)
            drained, drained_s, pressed = _watched(
                all_of_it, lambda: all_of_it.settle(wanted.rate, DRAINED_S)
            )
            came_us = (all_of_it.cpu()["fleet"] - empty) * 1e6 / wanted.kiosks
            last = all_of_it.unplug(60)
            if wanted.postgres:
                kept, size = stored(all_of_it.database)
        if not wanted.postgres:
            kept, size = stored(all_of_it.database)
    return Seen(
        connected_s=connected_s, heard_s=heard_s, came_us=came_us, rate=events / seconds, at_ease=at_ease,
        drained_s=drained_s, waited=waited, drain_rate=drained / drained_s, pressed=pressed, read=read, sent=sent,
        event_bytes=size / kept, acknowledged=last.acknowledged, kept=kept,
    )  # fmt: skip


def _watched(all_of_it: Station, meanwhile: Callable[[], object]) -> tuple[int, float, dict[str, float]]:
    """(events acknowledged, seconds, microseconds of each program for one of them) while that goes on."""
    cpu, acked, begun = all_of_it.cpu(), all_of_it.status().acknowledged, time.monotonic()
    meanwhile()
    events, seconds = max(1, all_of_it.status().acknowledged - acked), time.monotonic() - begun
    return (
        events,
        seconds,
        {name: (used - cpu[name]) * 1e6 / events for name, used in all_of_it.cpu().items()},
    )


def costs_of(seen: Seen) -> Costs:
    """For the model: what a worker needs when it is pressed, what the broker needs when it is not."""
    return Costs(
        broker_us=seen.at_ease["broker"], ingest_us=seen.storing(True), store_us=seen.pressed["postgres"],
        came_us=seen.came_us, event_bytes=seen.event_bytes,
    )  # fmt: skip


def show_measured(runs: Sequence[tuple[Wanted, Seen]]) -> None:
    """The first table: what was seen, a column for each run."""
    figures = (
        ("kiosks connected after, s", lambda _, seen: seen.connected_s),
        ("... and their events settled after, s", lambda _, seen: seen.heard_s),
        ("processor of the fleet for one that comes, ms", lambda _, seen: seen.came_us / 1000),
        ("events/s", lambda _, seen: seen.rate),
        ("... by the model", lambda wanted, _: wanted.rate),
        ("broker, us an event", lambda _, seen: seen.at_ease["broker"]),
        ("storing program, us an event", lambda _, seen: seen.storing(False)),
        ("PostgreSQL, us an event", lambda _, seen: seen.at_ease.get("postgres")),
        (f"waiting after {STOPPED_S:g} s of standstill, events", lambda _, seen: seen.waited),
        ("worked off in, s", lambda _, seen: seen.drained_s),
        ("... by the model, from the costs below", modelled_drain_s),
        ("events/s meanwhile", lambda _, seen: seen.drain_rate),
        ("broker, us an event meanwhile", lambda _, seen: seen.pressed["broker"]),
        ("storing program, us an event meanwhile", lambda _, seen: seen.storing(True)),
        ("PostgreSQL, us an event meanwhile", lambda _, seen: seen.pressed.get("postgres")),
        ("broker reads, bytes an event", lambda _, seen: seen.read),
        ("broker sends, bytes an event", lambda _, seen: seen.sent),
        ("database, bytes an event", lambda _, seen: seen.event_bytes),
        ("events acknowledged", lambda _, seen: seen.acknowledged),
        ("events stored", lambda _, seen: seen.kept),
    )
    table(
        "Measured: a rush, and a standstill of the program that stores events",
        ("figure", *(wanted.name for wanted, _ in runs)),
        [(name, *(figure(wanted, seen) for wanted, seen in runs)) for name, figure in figures],
    )


def modelled_drain_s(wanted: Wanted, seen: Seen) -> float | None:
    """What the model says of working off what waited. None where it never would."""
    costs = Costs(broker_us=seen.pressed["broker"], ingest_us=seen.storing(True))
    spare = ceiling(costs, Machines(), wanted.kiosks) - wanted.rate
    return (seen.waited - wanted.rate) / spare if spare > 0 else None


def show_modelled(costs: Costs) -> None:
    """The second table: nothing in it was measured but the costs."""
    rows = []
    for kiosks in KIOSKS:
        for workers in WORKERS:
            machines = Machines(ingest_cores=workers, broker_cores=max(1, -(-kiosks // PER_BROKER)))
            day, dark = a_day(kiosks, costs, machines), a_day(kiosks, costs, machines, outage=OUTAGE)
            rows.append(
                (f"{kiosks:,}", workers, day.peak_events_s, day.broker_cores, day.ingest_cores, day.store_cores,
                 _finite(day.longest_wait_s), _finite(dark.drained_min),
                 day.database_gib, day.back_s, day.heard_s)
            )  # fmt: skip
    table(
        "Modelled: a Monday with the costs of PostgreSQL above, and an outage of the fleet of 30 minutes at eight",
        ("kiosks", "workers", "peak events/s", "broker cores", "worker cores", "PostgreSQL cores",
         "longest wait, s", "outage worked off in, min", "database GiB a day", "all back by TLS, s", "all heard, s"),
        rows,
    )  # fmt: skip


def _finite(value: float) -> object:
    return value if value != float("inf") else "never"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the first run alone")
    runs = RUNS[:1] if parser.parse_args().quick else RUNS
    seen = [(wanted, measured(wanted)) for wanted in runs]
    show_measured(seen)
    found = next(each for wanted, each in seen if wanted.postgres)
    if found.drained_s >= DRAINED_S:
        print(
            "\nNot modelled: what waited was not worked off, so the machine was too busy to tell a worker's costs."
        )
    else:
        show_modelled(costs_of(found))


if __name__ == "__main__":
    main()
