"""What Prometheus reads: counters of ingest, line and desk, the fleet's kiosks in figures, whether the database is up.

Everything is asked for at the scrape; no label names a kiosk, so ten thousand of them are no more series than ten.
Text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from fleet import tables
from fleet.clock import Clock
from fleet.emergency.desk import Emergencies
from fleet.ingest.ingest import Ingest
from fleet.line import Line
from fleet.monitoring.wellness import Doctor
from fleet.payments.desk import PaymentDesk
from fleet.reports import roster
from fleet.reports.drift import DRIFT_MS
from fleet.rollouts.model import ENDED, STATES
from fleet.rollouts.service import Rollouts
from fleet.store.store import Store

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CLOCKS: Final = ("synced", "holdover", "unsynced")
TYPES: Final = ("sale", "refund", "play", "impressions", "engagement", "scan", "gap", "unreadable")
Metrics = Iterator[Metric]


class IngestCollector(Collector):
    """What a process that stores events counts."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    def collect(self) -> Metrics:
        """At the scrape."""
        ingest = self._ingest
        yield from _counters("ingest", asdict(ingest.counters))
        by_type = CounterMetricFamily("endcap_events", "New events stored, by type.", labels=["type"])
        stored = dict(ingest.types)
        for kind in TYPES:
            by_type.add_metric([kind], stored.get(kind, 0))
        yield by_type
        buckets, total = ingest.commits.buckets()
        yield HistogramMetricFamily(
            "endcap_ingest_commit_seconds",
            "How long a commit of events takes.",
            buckets=buckets,
            sum_value=total,
        )
        yield _gauge("ingest_waiting_messages", "Messages not stored yet.", ingest.counts()["waiting"])
        yield _gauge("ingest_oldest_seconds", "How long the oldest of them has waited.", ingest.oldest_s)
        yield _gauge("ingest_connected", "Whether messages can come.", ingest.connected)
        yield _gauge("ingest_alive", "Whether the thread that stores runs.", ingest.alive)


class FleetCollector(Collector):
    """What the process with the pages knows beside that."""

    def __init__(
        self,
        store: Store,
        line: Line,
        desk: PaymentDesk | None,
        doctor: Doctor,
        clock: Clock,
        drift_ms: int = DRIFT_MS,
        rollouts: Rollouts | None = None,
        emergency: Emergencies | None = None,
    ) -> None:
        self._store, self._line, self._desk, self._doctor, self._clock = store, line, desk, doctor, clock
        self._drift_ms, self._rollouts, self._emergency = drift_ms, rollouts, emergency

    def collect(self) -> Metrics:
        """At the scrape."""
        yield from _counters("line", self._line.counts())
        if self._desk is not None:
            yield from _counters("desk", asdict(self._desk.counters))
        yield _gauge("line_connected", "Whether the broker is there.", self._line.connected)
        well = self._doctor.look()
        up = well.store
        try:
            found = list(self._kiosks())
        except SQLAlchemyError:
            found, up = [], False
        yield from found
        yield _gauge("database_up", "Whether the database reads and writes.", up)

    def _kiosks(self) -> Metrics:
        with self._store.read() as connection:
            counts = roster.counts(connection, self._clock(), drift_ms=self._drift_ms)
            clocks = roster.clocks(connection)
            poison = connection.scalar(select(func.count()).select_from(tables.poison)) or 0
        states = GaugeMetricFamily("endcap_kiosks", "Kiosks; one may be in several states.", labels=["state"])
        for state in ("selling", "closed", *roster.TROUBLES):
            states.add_metric([state], getattr(counts, state))
        yield states
        yield _gauge("kiosks_known", "Kiosks that were ever let in or heard.", counts.kiosks)
        quality = GaugeMetricFamily(
            "endcap_kiosks_clock", "Kiosks by what they say of their clock.", labels=["quality"]
        )
        for clock in CLOCKS:
            quality.add_metric([clock], clocks.get(clock, 0))
        yield quality
        yield _gauge(
            "backlog_events", "Events kiosks have not had acknowledged, as they say.", counts.backlog
        )
        yield _gauge(
            "missing_events", "Events that are not here though later ones are.", counts.missing_events
        )
        yield _gauge("poison_messages", "Messages kept aside because nobody could read them.", poison)
        yield _gauge("kiosks_pinned", "Kiosks a person keeps at a release.", counts.pinned)
        yield from self._roll_outs()
        yield from self._alerts()
        yield _gauge("commands_kiosks", "Kiosks with commands under way.", counts.commands)

    def _alerts(self) -> Metrics:
        if self._emergency is None:
            return
        counts = self._emergency.counts()
        yield _gauge("alerts_standing", "Alerts that are in force or will be.", counts["standing"])
        yield _gauge("alerts_kiosks", "Places where they are to be shown.", counts["kiosks"])
        yield _gauge(
            "alerts_unshown", "Places where no screen has said that it shows them.", counts["unshown"]
        )

    def _roll_outs(self) -> Metrics:
        if self._rollouts is None:
            return
        under_way = GaugeMetricFamily("endcap_rollouts", "Roll-outs that have not ended.", labels=["state"])
        counts = self._rollouts.book.states()
        for state in STATES:
            if state not in ENDED:
                under_way.add_metric([state], counts.get(state, 0))
        yield under_way


def text(*collectors: Collector) -> bytes:
    """All of it in the text format."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(_Undescribed(collector))
    return generate_latest(registry)


class _Undescribed(Collector):
    """Registered without being collected once more for its names."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def collect(self) -> Metrics:
        """The collector's."""
        yield from self._collector.collect()

    def describe(self) -> Metrics:
        """Nothing."""
        return iter(())


def _counters(part: str, counts: Mapping[str, int]) -> Metrics:
    for name, value in counts.items():
        yield CounterMetricFamily(f"endcap_{part}_{name}", f"{part}: {name.replace('_', ' ')}.", value=value)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"endcap_{name}", help_text, value=float(value))
