"""Stores of releases in figures, for Prometheus; see fleet.monitoring.metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fleet.per_kiosk.catalogues import Catalogues

MEANS: Final = {
    "kept": "Stores made of releases that are kept.",
    "open": "Those of them that are open.",
    "bytes": "What they take on the disk, beside the repository.",
    "kiosks_missing": "Kiosks that run a release whose store was never here: phones see the imported one.",
    "kiosks_astray": "Kiosks that say they sell from another store than phones before them see.",
    "unreadable": "Releases that kiosks run and that cannot be read.",
}


class StoresCollector(Collector):
    """What is kept, and for whom something is otherwise."""

    def __init__(self, stores: Catalogues) -> None:
        self._stores = stores

    def collect(self) -> Iterator[Metric]:
        """At the scrape."""
        for name, value in self._stores.counts().items():
            yield GaugeMetricFamily(f"endcap_stores_{name}", MEANS[name], value=float(value))
        for name in ("made", "refused", "faults"):
            text = f"Stores of releases: {name}."
            yield CounterMetricFamily(f"endcap_stores_{name}", text, value=self._stores.counters[name])
