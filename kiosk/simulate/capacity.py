"""What so many kiosks ask of a fleet, minute by minute: a pure model of queues fed with measured costs.

Every minute of a day brings each kiosk's share of events (kiosk.simulate.day); the fleet's programs work them off as
fast as their cores allow, and what they do not finish waits. An outage stops the work and lets arrivals go on. A fluid
queue: no chance but the day's curve, so waits shorter than a minute do not show. Assumptions stand in docs/simulate.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kiosk.simulate.day import DAY_MINUTES, events_per_minute

MONDAY_MINUTE: Final = 1_795_392_000_000 // 60_000  # 2026-11-23 00:00 UTC
US: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Measured on one core. Microseconds of processor for an event and, without any, for a connected kiosk a second."""

    broker_us: float
    ingest_us: float
    store_us: float = 0.0  # of the database's own processes, for an event
    came_us: float = 0.0  # of the process with the pages, for a kiosk that comes back and says who it is
    broker_idle_us: float = 0.0
    ingest_idle_us: float = 0.0
    broker_kib: float = 6.0  # RSS for one more kiosk
    ingest_kib: float = 1.0
    event_bytes: float = 500.0  # in the database, with its index
    handshakes_s: float = 350.0  # TLS 1.3, P-256, one core of mosquitto


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What is there to do it. A mosquitto has one thread and so one core; ingest workers may be many, brokers' nodes too.

    A node that is one of many passes on what comes to the others, which is not counted: measure it (benchmarks.cluster).
    """

    broker_cores: float = 1.0
    ingest_cores: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a working day comes to."""

    kiosks: int
    events: float
    peak_events_s: float  # in the busiest minute
    broker_cores: float  # wanted in the busiest minute
    ingest_cores: float
    store_cores: float
    longest_wait_s: float  # of an event, until the fleet has it
    drained_min: float  # minutes after an outage's end until nobody waits any more; inf: not on that day
    broker_mib: float
    ingest_mib: float
    database_gib: float
    back_s: float  # until all are connected again after a broker's restart, TLS
    heard_s: float  # until the fleet has stored that all are


@lru_cache(maxsize=8)
def _monday(busy: float) -> tuple[float, ...]:
    """Events a second of one kiosk, for each minute of the day."""
    return tuple(events_per_minute(MONDAY_MINUTE + minute, busy=busy) / 60 for minute in range(DAY_MINUTES))


def events_s(kiosks: int, minute: int, busy: float = 1.0) -> float:
    """Events a second from so many kiosks in that minute of a Monday."""
    return kiosks * _monday(busy)[minute]


def ceiling(costs: Costs, machines: Machines, kiosks: int) -> float:
    """Events a second that so many connected kiosks may send before a queue grows: the scarcer of broker and ingest."""
    broker = machines.broker_cores * US - kiosks * costs.broker_idle_us
    ingest = machines.ingest_cores * US - kiosks * costs.ingest_idle_us
    return max(0.0, min(broker / costs.broker_us, ingest / costs.ingest_us))


def a_day(
    kiosks: int,
    costs: Costs,
    machines: Machines,
    *,
    busy: float = 1.0,
    outage: tuple[int, int] | None = None,
    crowd_s: float = 12.0,
) -> Day:
    """A Monday. `outage`: the fleet is away from that minute for so many. `crowd_s` as in mqtt.backoff."""
    work = ceiling(costs, machines, kiosks) * 60
    away = range(outage[0], sum(outage)) if outage else range(0)
    waiting = events = peak = longest = 0.0
    drained = 0
    for minute in range(DAY_MINUTES):
        arrived = events_s(kiosks, minute, busy) * 60
        events, peak = events + arrived, max(peak, arrived / 60)
        done = 0.0 if minute in away else work
        waiting = max(0.0, waiting + arrived - done)
        if waiting and minute not in away:
            longest = max(longest, waiting / work * 60 if work else float("inf"))
            drained = drained + 1 if outage and minute >= sum(outage) else drained
    if outage:
        longest += outage[1] * 60
    back = max(2 * crowd_s, kiosks / (costs.handshakes_s * machines.broker_cores))
    return Day(
        kiosks=kiosks,
        events=events,
        peak_events_s=peak,
        broker_cores=(peak * costs.broker_us + kiosks * costs.broker_idle_us) / US,
        ingest_cores=(peak * costs.ingest_us + kiosks * costs.ingest_idle_us) / US,
        store_cores=peak * costs.store_us / US,
        longest_wait_s=longest,
        drained_min=float("inf") if waiting else drained,
        broker_mib=kiosks * costs.broker_kib / 1024,
        ingest_mib=kiosks * costs.ingest_kib / 1024,
        database_gib=events * costs.event_bytes / 2**30,
        back_s=back,
        heard_s=max(back, kiosks * costs.came_us / US),
    )
