"""python -m benchmarks.ingest [--events N]: mosquitto, a producer, ingest and PostgreSQL (fsync on), all on this machine.

The ceiling is what the store's database does with the same rows of `events` and nothing else: COPY into a temporary
table, then INSERT .. SELECT .. ON CONFLICT DO NOTHING into the fleet's own table, parts, keys and indexes as they are,
5,000 rows per transaction, bytes prepared before the clock runs. It has no broker, decodes nothing, acknowledges nothing.
Beside it stands the same with the rows of roll-ups that these events leave, which ingest writes too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select

from benchmarks._table import table
from benchmarks.ingest.load import Publisher, batches
from fleet import tables
from fleet.broker.broker import start_broker
from fleet.clock import now_ms
from fleet.events import bulk, rollups
from fleet.events.reading import read
from fleet.events.rows import Stored
from fleet.ingest.ingest import Ingest
from fleet.live import Hub
from fleet.sources.mqtt import MqttSource
from fleet.store.retention import Retention
from fleet.store.store import Store
from mqtt.messages import KioskEvent
from tests.postgres import Cluster, missing, running

PER_MESSAGE = 50  # as kiosks send them (kiosk.fleet_line.outbox.BATCH_EVENTS)
ROUNDS = 3
AT_ONCE = 5_000
DURABLE = {"shared_buffers": "256MB", "max_wal_size": "2GB", "autovacuum": "on"}
EVENTS_LIKE = """
    CREATE TABLE ceiling (kiosk varchar(98) NOT NULL, epoch varchar(64) NOT NULL, seq bigint NOT NULL, type text NOT NULL,
        wall_ms bigint NOT NULL, mono_ms bigint NOT NULL, boot text NOT NULL, clock text NOT NULL,
        received_ms bigint NOT NULL, body bytea NOT NULL, PRIMARY KEY (kiosk, epoch, seq));
    CREATE INDEX ON ceiling (received_ms);
"""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    total = parser.parse_args().events
    if missing():
        print(f"ingest: {missing()}")
        return 0
    made = batches(total, PER_MESSAGE)
    total = len(made) * PER_MESSAGE
    size = sum(len(payload) for _, payload in made) // total
    rows = len(rollups.sums_of(stored(made))) / total
    print(
        f"{total} events of {size} bytes, {PER_MESSAGE} to a message, {rows:.2f} sums to an event", flush=True
    )
    ceilings, fuller, ours, singles = [], [], [], []
    with running(durable=True, settings=DURABLE) as cluster:
        for _ in range(ROUNDS):
            ceilings.append(ceiling(cluster, made))
            fuller.append(ceiling(cluster, made, sums=True))
            ours.append(whole(cluster, made, total))
            singles.append(one_by_one(cluster, made[: max(1, len(made) // 20)]))
    ratios = [our / most for our, most in zip(ours, ceilings, strict=True)]
    times = [our / single for our, single in zip(ours, singles, strict=True)]
    full = [most / top for most, top in zip(fuller, ceilings, strict=True)]
    table(
        "Ingest, end to end (events/s; best to worst of the rounds in brackets)",
        ["what", "events/s", "of the ceiling", "times one by one"],
        [
            ["PostgreSQL: COPY, then INSERT .. ON CONFLICT", _range(ceilings), None, None],
            ["the same, and the sums by COPY", _range(fuller), f"{statistics.median(full):.2f}", None],
            [f"ingest: {PER_MESSAGE} events to a message, sums per minute, acknowledged", _range(ours),
             f"{statistics.median(ratios):.2f}", f"{statistics.median(times):.1f}"],
            ["paho, one event to a message, executemany, 200 to a commit", _range(singles), None, None],
        ],
    )  # fmt: skip
    return 0


def _range(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f} ({max(values):.0f} - {min(values):.0f})"


def stored(made: Sequence[tuple[str, bytes]]) -> Iterator[Stored]:
    """The events as rows."""
    for topic, payload in made:
        yield from read(topic[3:].removesuffix("/up/ev"), payload, now_ms())[0]


def ceiling(cluster: Cluster, made: Sequence[tuple[str, bytes]], *, sums: bool = False) -> float:
    """Events/s of PostgreSQL alone. `sums`: with the rows of roll-ups."""
    items = list(stored(made))
    some = [items[begin : begin + AT_ONCE] for begin in range(0, len(items), AT_ONCE)]
    pieces = [
        (b"".join(bulk.event_rows(each)), b"".join(bulk.rollup_rows(rollups.sums_of(each)))) for each in some
    ]
    name, _ = prepared(cluster)
    with psycopg.connect(host=str(cluster.folder), dbname=name, user="endcap") as connection:
        connection.execute("CREATE TEMP TABLE coming (LIKE events) ON COMMIT DELETE ROWS")
        connection.commit()
        began = time.perf_counter()
        for rows, added in pieces:
            with connection.cursor() as cursor:
                with cursor.copy("COPY coming FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)
                cursor.execute("INSERT INTO events SELECT * FROM coming ON CONFLICT DO NOTHING")
                if sums:
                    with cursor.copy(bulk.COPY_ROLLUPS) as copy:
                        copy.write(added)
            connection.commit()
        seconds = time.perf_counter() - began
        found = connection.execute("SELECT count(*) FROM events").fetchone()
        assert found == (len(items),)
    cluster.drop(name)
    return len(items) / seconds


def prepared(cluster: Cluster) -> tuple[str, str]:
    """A database of the fleet's, with the parts of today and the days to come: its name and its URL."""
    name = cluster.create()
    store = Store(cluster.url(name))
    Retention(store, now_ms).prepare()
    store.close()
    return name, cluster.url(name)


@contextmanager
def broker() -> Iterator[int]:
    """mosquitto, as the fleet starts it."""
    with tempfile.TemporaryDirectory() as folder:
        started = start_broker(Path(folder), prefer="mosquitto")
        yield started.port
        started.stop()


def produce(port: int, made: Sequence[tuple[str, bytes]], go: object) -> None:
    """In a process of its own."""
    publisher = Publisher(port, "producer")
    go.wait()  # type: ignore[attr-defined]
    publisher.send(made)
    publisher.close()


def whole(cluster: Cluster, made: Sequence[tuple[str, bytes]], total: int) -> float:
    """Events/s from the first publish until the last event is committed and acknowledged."""
    name, url = prepared(cluster)
    store = Store(url)
    with broker() as port:
        source = MqttSource("127.0.0.1", port, "ingest")
        ingest = Ingest(source, store, Hub())
        ingest.start()
        go = multiprocessing.get_context("fork").Event()
        producer = multiprocessing.get_context("fork").Process(target=produce, args=(port, made, go))
        producer.start()
        while not source.connected:
            time.sleep(0.01)
        began = time.perf_counter()
        go.set()
        while ingest.counters.events < total:
            assert ingest.counters.dropped == 0, "the producer was faster than the queue"
            assert time.perf_counter() - began < 120
            time.sleep(0.002)
        seconds = time.perf_counter() - began
        producer.join()
        ingest.stop()
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.events)) == total
        assert rollups.differences(connection) == []
    store.close()
    cluster.drop(name)
    return total / seconds


def one_by_one(cluster: Cluster, made: Sequence[tuple[str, bytes]]) -> float:
    """Events/s of the usual way: a message per event, paho's callback, executemany."""
    single = [
        (topic, bytes(raw))
        for topic, payload in made
        for raw in msgspec.json.decode(payload, type=dict[str, list[msgspec.Raw]])["events"]
    ]
    name = cluster.create()
    arrived: list[tuple[str, bytes]] = []
    done = threading.Event()
    with (
        broker() as port,
        psycopg.connect(host=str(cluster.folder), dbname=name, user="endcap") as connection,
    ):
        connection.execute(EVENTS_LIKE)
        connection.commit()
        client = paho.Client(CallbackAPIVersion.VERSION2, "single")
        ready = threading.Event()
        client.on_message = lambda _client, _user, message: arrived.append(
            (message.topic, bytes(message.payload))
        )
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.subscribe("k1/+/+/+/up/ev", 1)
        assert ready.wait(10)
        thread = threading.Thread(target=_insert, args=(connection, arrived, len(single), done))
        publisher = Publisher(port, "producer")
        began = time.perf_counter()
        thread.start()
        publisher.send(single)
        assert done.wait(120)
        seconds = time.perf_counter() - began
        thread.join()
        publisher.close()
        client.disconnect()
        client.loop_stop()
    cluster.drop(name)
    return len(single) / seconds


def _insert(
    connection: psycopg.Connection, arrived: list[tuple[str, bytes]], wanted: int, done: threading.Event
) -> None:
    taken = 0
    while taken < wanted:
        some = arrived[taken : taken + 200]
        if not some:
            time.sleep(0.001)
            continue
        rows = []
        for topic, body in some:
            event = msgspec.json.decode(body, type=KioskEvent)
            rows.append((topic[3:-6], event.epoch, event.seq, event.__struct_config__.tag, event.wall_ms, event.mono_ms,
                         event.boot, event.clock, 1, body))  # fmt: skip
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ceiling VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                rows,
            )
        connection.commit()
        taken += len(some)
    done.set()


if __name__ == "__main__":
    sys.exit(main())
