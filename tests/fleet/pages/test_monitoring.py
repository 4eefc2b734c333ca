"""What watchers read: health that is true, and metrics a real parser of Prometheus understands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fleet.broker.broker import Broker
from fleet.clock import now_ms
from fleet.config import Config
from fleet.monitoring.metrics import CLOCKS, TYPES
from fleet.serve import Fleet
from tests.fleet.kiosk import kiosk
from tests.fleet.pages.fleets import bad_morning
from tests.fleet.samples import event
from tests.servers import wait_until

pytestmark = pytest.mark.server


@pytest.fixture
def watched(tmp_path: Path, broker: Broker) -> Iterator[Fleet]:
    config = Config(data=tmp_path, broker_port=broker.port, port=0, name=f"watched-{os.getpid()}")
    with Fleet(config) as running:
        wait_until(lambda: running.connected, "the fleet to reach the broker")
        yield running


def samples(fleet: Fleet) -> dict[tuple[str, str], float]:
    """(name, the only label's value) -> value; as strict as promtool where the parser is not."""
    answer = httpx.get(f"{fleet.url}/metrics", trust_env=False)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[tuple[str, str], float] = {}
    names: set[str] = set()
    for family in text_string_to_metric_families(answer.text):
        assert family.name not in names, "every family stands once"
        names.add(family.name)
        assert family.name.startswith("endcap_")
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            assert len(sample.labels) <= 1
            assert set(sample.labels) <= {"type", "state", "quality", "kind", "le"}, "no label names a kiosk"
            assert family.type != "counter" or sample.name.endswith("_total")
            place = (sample.name, next(iter(sample.labels.values()), ""))
            assert place not in found
            found[place] = sample.value
    return found


def test_health_is_true(watched: Fleet) -> None:
    answer = httpx.get(f"{watched.url}/healthz", trust_env=False)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok", "store": True, "broker": True, "ingest": True, "oldest_unhandled_s": 0.0, "releases": "",
    }  # fmt: skip


def test_health_names_what_is_ill(tmp_path: Path) -> None:
    with Fleet(Config(data=tmp_path, broker_port=1, port=0)) as fleet:
        answer = httpx.get(f"{fleet.url}/healthz", trust_env=False)
        assert answer.status_code == 503
        assert (answer.json()["status"], answer.json()["broker"], answer.json()["store"]) == (
            "ill",
            False,
            True,
        )


def test_metrics_are_read_by_prometheus_parser(watched: Fleet, broker: Broker) -> None:
    bad_morning(watched.store, now_ms())
    before = samples(watched)
    with kiosk(broker.port, f"metered-{os.getpid()}") as wall:
        wall.send(event(1, "play"), event(2, "sale", reference="Rmetered", order="Ometered"))
        wait_until(lambda: wall.upto() == 2, "the events to be stored")
    after = samples(watched)
    assert after["endcap_events_total", "sale"] - before["endcap_events_total", "sale"] == 1
    assert after["endcap_events_total", "play"] - before["endcap_events_total", "play"] == 1
    assert {kind for name, kind in after if name == "endcap_events_total"} == set(TYPES)
    assert {clock for name, clock in after if name == "endcap_kiosks_clock"} == set(CLOCKS)
    assert [after["endcap_kiosks", state] for state in ("lost", "faults", "suspect", "behind")] == [
        1,
        1,
        1,
        1,
    ]
    assert (after["endcap_backlog_events", ""], after["endcap_missing_events", ""]) == (420, 3)
    assert after["endcap_database_up", ""] == 1
    buckets = [value for (name, _), value in after.items() if name == "endcap_ingest_commit_seconds_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1] == after["endcap_ingest_commit_seconds_count", ""] >= 1


def test_metrics_are_for_this_machine(watched: Fleet) -> None:
    answer = httpx.get(f"{watched.url}/metrics", headers={"x-forwarded-for": "203.0.113.9"}, trust_env=False)
    assert answer.status_code == 403
