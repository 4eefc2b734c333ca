"""Live changes in figures, for Prometheus; see fleet.monitoring.metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from content.live_changes import KINDS
from fleet.live_changes.desk import LiveDesk


class LiveCollector(Collector):
    """What stands, and who does not obey."""

    def __init__(self, desk: LiveDesk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """At the scrape."""
        standing = GaugeMetricFamily("endcap_live_changes", "Live changes that stand.", labels=["kind"])
        said = [one.kind for one in self._desk.standing()]
        for kind in KINDS:
            standing.add_metric([kind], said.count(kind))
        yield standing
        for name in ("sent", "unsent", "too_large", "store_away", "faults"):
            yield CounterMetricFamily(
                f"endcap_live_sets_{name}", f"Sets of live changes: {name.replace('_', ' ')}.",
                value=self._desk.counters[name],
            )  # fmt: skip
        try:
            kiosks = self._desk.book.obeying()
        except SQLAlchemyError:
            return
        yield GaugeMetricFamily("endcap_live_kiosks", "Kiosks that have a set.", value=float(len(kiosks)))
        late = sum(not one.obeys for one in kiosks)
        yield GaugeMetricFamily(
            "endcap_live_kiosks_late", "Those that do not obey it yet.", value=float(late)
        )
