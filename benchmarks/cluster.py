"""What it costs that a node of the cluster dies: how long nothing comes, and whether anything acknowledged is lost.

Six publishers, two at each of three nats-server nodes, publish one message each at 20 a second with QoS 1, never twice,
and note what was acknowledged (PUBACK); a worker takes all of it through fleet.sources.nats. Each node is then killed
(SIGKILL) in turn, and started again when everything flows. Beside it in the same run: one mosquitto as Debian sets it
up, killed once, with the same publishers and a persistent subscriber.

Publishers that lose their node go to the next one. `gap`: the longest time in which the worker received nothing at all;
`slowest publisher`: the longest time one publisher's messages did not arrive. Missing: acknowledged and not received by
then; in the last line of a cluster, at the end, which is what is lost. nats-server's followers wait 4 to 9 s before they
elect a leader (its source, server/raft.go; there is no setting), so a node that led the stream costs that long.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks._table import table
from fleet.broker.broker import (
    LOOPBACK,
    Broker,
    BrokerError,
    find_broker,
    launch,
    mosquitto_config,
    start_broker,
)
from fleet.broker.cluster import LocalCluster
from fleet.sources.base import Heard
from fleet.sources.nats import ACK_WAIT_S, NatsSource

PUBLISHERS = 6
EVERY_S = 0.05
BEFORE_S, AFTER_S, LONGEST_S = 3.0, 2.0, 45.0


class Publisher:
    """paho with a thread of its own; each number once, on whichever of `ports` takes it."""

    def __init__(self, name: int, ports: Sequence[int]) -> None:
        self.name, self._ports, self._turn = name, ports, name % len(ports)
        self.acknowledged: set[int] = set()
        self._pending: dict[int, int] = {}
        self._number = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            client = paho.Client(CallbackAPIVersion.VERSION2, f"p{self.name}", protocol=paho.MQTTv311)
            client.on_publish = self._acked
            try:
                client.connect(LOOPBACK, self._ports[self._turn], keepalive=5)
                self._speak(client)
            except OSError:
                pass
            self._turn = (self._turn + 1) % len(self._ports)
            self._ending.wait(0.1)

    def _speak(self, client: paho.Client) -> None:
        self._pending.clear()
        due = time.monotonic()
        while not self._ending.is_set():
            if client.loop(0.01) != paho.MQTT_ERR_SUCCESS:
                return
            if client.is_connected() and time.monotonic() >= due:
                due = time.monotonic() + EVERY_S
                self._number += 1
                sent = client.publish(f"k1/t/s/p{self.name}/up/ev", b"%d" % self._number, qos=1)
                self._pending[sent.mid] = self._number
        client.disconnect()
        client.loop(0.2)

    def _acked(self, _client: object, _user: object, mid: int, reason: object, _properties: object) -> None:
        if not getattr(reason, "is_failure", False) and mid in self._pending:
            self.acknowledged.add(self._pending.pop(mid))


class Record:
    """When each message was received, by publisher."""

    def __init__(self) -> None:
        self.numbers: dict[int, set[int]] = {}
        self.times: dict[int, list[float]] = {}
        self.repeated = 0
        self._lock = threading.Lock()

    def take(self, topic: str, payload: bytes) -> None:
        now, who, number = time.monotonic(), int(topic.split("/")[3][1:]), int(payload)
        with self._lock:
            known = self.numbers.setdefault(who, set())
            self.repeated += number in known
            known.add(number)
            self.times.setdefault(who, []).append(now)

    def gap(self, since: float, who: int | None = None) -> float:
        """Seconds of the longest silence after `since`."""
        with self._lock:
            times = sorted(at for name, ats in self.times.items() for at in ats if who in (None, name))
        moments = [since, *(at for at in times if at > since), time.monotonic()]
        return max(after - before for before, after in pairwise(moments))

    def flowing(self) -> bool:
        """Whether every publisher's messages have come within the last half second."""
        with self._lock:
            return len(self.times) == PUBLISHERS and all(
                ats[-1] > time.monotonic() - 0.5 for ats in self.times.values()
            )

    def lost(self, publishers: Sequence[Publisher]) -> int:
        return sum(len(each.acknowledged - self.numbers.get(each.name, set())) for each in publishers)


def leads(cluster: LocalCluster, number: int) -> str:
    """Which of the streams that matter a node leads."""
    port = cluster.nodes[number].monitor_port
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/jsz?streams=1&consumers=1", timeout=2) as answer:
        told = json.load(answer)
    name, found = cluster.nodes[number].name, []
    for account in told.get("account_details", []):
        for stream in account.get("stream_detail", []):
            if stream.get("cluster", {}).get("leader") == name:
                found.append(stream["name"].removeprefix("$MQTT_"))
            consumers = stream.get("consumer_detail") or []
            ours = [consumer for consumer in consumers if consumer["name"] == "bench"]
            found += ["our consumer" for one in ours if one.get("cluster", {}).get("leader") == name]
    if told.get("meta_cluster", {}).get("leader") == name:
        found.append("meta")
    return ", ".join(sorted(found)) or "nothing"


def wait(condition: Callable[[], bool], longest_s: float = LONGEST_S) -> bool:
    end = time.monotonic() + longest_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def through_a_cluster(folder: Path, sync: str) -> list[list[object]]:
    rows: list[list[object]] = []
    record = Record()
    with LocalCluster(folder, sync=sync) as cluster:
        ports = [node.mqtt_port for node in cluster.nodes]
        source = NatsSource(cluster.servers, group="bench")

        def deliver(heard: Heard) -> None:
            if source.connected:  # from here on the cluster keeps what we have not acknowledged
                record.take(heard.topic, heard.payload)
            source.done([heard])

        warm = Publisher(99, ports)  # makes nats-server's stream, without which there is no consumer
        source.start(deliver)
        wait(lambda: source.connected)
        warm.stop()
        record.numbers.clear()
        record.times.clear()
        publishers = [Publisher(name, ports) for name in range(PUBLISHERS)]
        try:
            for number, node in enumerate(cluster.nodes):
                wait(record.flowing)
                time.sleep(BEFORE_S)
                led, before, start = leads(cluster, number), record.repeated, time.monotonic()
                cluster.kill(number)
                time.sleep(AFTER_S)
                back = wait(record.flowing)
                slowest = max(record.gap(start, who) for who in range(PUBLISHERS))
                rows.append(
                    [f"{node.name} of 3, sync {sync or '2 min'}", led, record.gap(start), slowest if back else None,
                     record.lost(publishers), record.repeated - before]
                )  # fmt: skip
                cluster.start(number)
                cluster.wait_until_healthy()
        finally:
            for publisher in publishers:
                publisher.stop()
            # What a worker's request for messages took with it to the grave is delivered again after ACK_WAIT_S.
            wait(lambda: record.lost(publishers) == 0, ACK_WAIT_S + 10.0)
            source.stop()
        total = sum(len(each.acknowledged) for each in publishers)
        rows.append([f"all, {total} acknowledged", "", None, None, record.lost(publishers), record.repeated])
    return rows


def through_mosquitto(folder: Path) -> list[object]:
    record = Record()
    broker: Broker = start_broker(folder, prefer="mosquitto")
    reader = paho.Client(CallbackAPIVersion.VERSION2, "reader", protocol=paho.MQTTv311, clean_session=False)
    reader.on_connect = lambda client, *_rest: client.subscribe("k1/+/+/+/up/ev", qos=1)
    reader.on_message = lambda _client, _user, message: record.take(message.topic, bytes(message.payload))
    reader.reconnect_delay_set(1, 1)
    reader.connect(LOOPBACK, broker.port)
    reader.loop_start()
    publishers = [Publisher(name, [broker.port]) for name in range(PUBLISHERS)]
    try:
        wait(record.flowing)
        time.sleep(BEFORE_S)
        start = time.monotonic()
        broker.kill()
        found = find_broker("mosquitto")
        broker = launch(found, folder, mosquitto_config(folder.resolve(), broker.port), broker.port)
        time.sleep(AFTER_S)
        back = wait(record.flowing)
        slowest = max(record.gap(start, who) for who in range(PUBLISHERS))
    finally:
        for publisher in publishers:
            publisher.stop()
        time.sleep(1.0)
        reader.disconnect()
        reader.loop_stop()
        broker.stop()
    return [
        "mosquitto alone, restarted at once", "everything", record.gap(start), slowest if back else None,
        record.lost(publishers), record.repeated,
    ]  # fmt: skip


def main() -> int:
    """Both tables; 1 where nats-server is missing."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = through_a_cluster(Path(folder) / "a", "")
            rows += through_a_cluster(Path(folder) / "b", "always")
            rows.append(through_mosquitto(Path(folder) / "m"))
    except BrokerError as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    table(
        f"A node dies: {PUBLISHERS} publishers at {1 / EVERY_S:g} messages/s",
        ["killed", "it led", "gap, s", "slowest publisher, s", "acknowledged and missing", "twice"],
        rows,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
