"""Events over three nodes: kiosks speak MQTT to any of them, workers pull, and a node may die."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.broker.cluster import LocalCluster
from fleet.ingest.ingest import Ingest
from fleet.live import Hub
from fleet.sources.base import Heard
from fleet.sources.nats import HELD, NatsSource
from fleet.store.store import Store
from mqtt.messages import Batch, encode
from tests.fleet.kiosk import kiosk
from tests.fleet.samples import event
from tests.servers import missing, wait_until
from tests.stores import store_url

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(bool(missing("nats")), reason=missing("nats") or "nats-server is here"),
]

NEVER = threading.Event()  # an outbox says things again after a while
ELECTION_S = 60.0  # a new leader takes a second; this machine may be busy


class Notebook:
    """A reader that commits nothing by itself: what came, in order."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._lock = threading.Lock()

    def __call__(self, heard: Heard) -> None:
        with self._lock:
            self.heard.append(heard)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    with LocalCluster(tmp_path / "cluster") as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(store_url(tmp_path / "fleet.db"))
    yield made
    made.close()


def test_a_batch_goes_from_one_node_to_the_store_and_its_ack_back_to_another(
    cluster: LocalCluster, store: Store
) -> None:
    source = NatsSource(cluster.servers[2:], group="across")
    ingest = Ingest(source, store, Hub())
    ingest.start()
    try:
        with kiosk(cluster.nodes[0].mqtt_port, "across") as wall:
            wait_until(lambda: source.connected, "the consumer", ELECTION_S)
            wall.send(event(1), event(2))
            wait_until(lambda: wall.upto() == 2, "the acknowledgement", ELECTION_S)
            assert store.upto(str(wall.address), "e1") == 2
    finally:
        ingest.stop()


def test_what_a_worker_took_and_did_not_commit_another_one_gets(cluster: LocalCluster) -> None:
    """Until then nothing is lost with a worker: the cluster holds it, acknowledged to the kiosk or not."""
    first, second = Notebook(), Notebook()
    with kiosk(cluster.nodes[1].mqtt_port, "taken") as wall:
        one = NatsSource(cluster.servers, group="taken")
        one.start(first)
        wait_until(lambda: one.connected, "the consumer", ELECTION_S)
        wall.send(event(1))
        wait_until(lambda: first.heard, "the first worker to take it", ELECTION_S)
        one.stop()
        other = NatsSource(cluster.servers, group="taken")
        other.start(second)
        try:
            wait_until(lambda: second.heard, "the second worker to get it", ELECTION_S)
        finally:
            other.done(second.heard)
            other.stop()
    assert first.heard[0].payload == second.heard[0].payload
    assert second.heard[0].topic == wall.address.events


def test_a_worker_holds_a_bounded_number_of_batches(cluster: LocalCluster) -> None:
    """A slow database must not fill the worker's memory: beyond HELD it asks for nothing more."""
    reader = Notebook()
    source = NatsSource(cluster.servers, group="slow")
    with kiosk(cluster.nodes[2].mqtt_port, "slow") as wall:
        source.start(reader)
        try:
            wait_until(lambda: source.connected, "the consumer", ELECTION_S)
            sent = 0
            while sent < HELD + 50:
                if wall.client.publish(wall.address.events, b"{}"):
                    sent += 1
            wait_until(lambda: len(reader.heard) == HELD, "as many as it may hold", ELECTION_S)
            wait_until(lambda: wall.client.counters.acknowledged >= HELD + 50, "all of them in the cluster")
            assert len(reader.heard) == HELD
            source.done(reader.heard[:50])
            wait_until(lambda: len(reader.heard) == HELD + 50, "room to be used", ELECTION_S)
            source.done(reader.heard[50:])
        finally:
            source.stop()


def test_each_node_dies_in_turn_and_every_event_is_stored_once(cluster: LocalCluster, store: Store) -> None:
    """The kiosk speaks to a node that lives, and says again what has no Ack, as an outbox does."""
    source = NatsSource(cluster.servers, group="turns")
    ingest = Ingest(source, store, Hub())
    ingest.start()
    try:
        for dying in range(3):
            with kiosk(cluster.nodes[(dying + 1) % 3].mqtt_port, "turns") as wall:
                batch = tuple(event(3 * dying + number) for number in (1, 2, 3))
                wall.send(*batch)
                cluster.kill(dying)
                again = time.monotonic()
                while wall.upto() < 3 * dying + 3:
                    assert time.monotonic() < again + ELECTION_S, "no acknowledgement"
                    if wall.client.connected:
                        wall.client.publish(wall.address.events, encode(Batch(events=batch)))
                    NEVER.wait(0.25)
            cluster.start(dying)
            cluster.wait_until_healthy()  # two of three have to have everything before the next one dies
    finally:
        ingest.stop()
    assert store.upto("t/s/turns", "e1") == 9
    assert ingest.counters.events == 9, "each once, however often it came"


def test_a_worker_waits_for_a_cluster_that_is_not_there_yet(tmp_path: Path) -> None:
    reader = Notebook()
    with LocalCluster(tmp_path, count=1) as lonely:
        lonely.kill(0)
        source = NatsSource(lonely.servers, group="early")
        source.start(reader)
        try:
            assert not source.publish("k1/t/s/early/dn/ack", b"{}"), "nobody is there to take it"
            lonely.start(0)
            with kiosk(lonely.nodes[0].mqtt_port, "early") as wall:
                wait_until(lambda: source.connected, "the consumer", ELECTION_S)
                wall.send(event(1))
                wait_until(lambda: reader.heard, "the event", ELECTION_S)
        finally:
            source.stop()
    assert not source.publish("k1/t/s/early/dn/ack", b"{}"), "it has stopped"
