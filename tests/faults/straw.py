"""What is usual, as a control: an outbox that forgets what the broker has acknowledged (delete on PUBACK).

It is a fair one. Its rows are committed with synchronous=FULL before anybody is told; it deletes only what a PUBACK
names, sends everything again after a reconnect, and its collector has a persistent session, acknowledges by hand and
only after its own commit, and takes each event once. What it loses, it loses because a broker said "mine" and forgot.
"""

from __future__ import annotations

import argparse
import queue
import random
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.faults import witness
from tests.faults.witness import Tried, Witness

ROOT: Final = "straw"
BATCH: Final = 50
WINDOW: Final = 4
TICK_S: Final = 0.25
_Rows = list[tuple[int, str]]


class StrawOutbox:
    """Names in order, in a SQLite file."""

    def __init__(self, path: Path, synchronous: str = "FULL") -> None:
        self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {synchronous}")
        self._db.execute("CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT)")

    def add(self, name: str) -> None:
        """Committed when it returns."""
        self._db.execute("INSERT INTO outbox (id) VALUES (?)", (name,))

    def after(self, seq: int) -> _Rows:
        """The next rows."""
        return self._db.execute(
            "SELECT seq, id FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (seq, BATCH)
        ).fetchall()

    def forget(self, upto: int) -> None:
        """Delete what somebody has acknowledged."""
        self._db.execute("DELETE FROM outbox WHERE seq <= ?", (upto,))

    def waiting(self) -> int:
        """How many rows there are."""
        return int(self._db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class StrawKiosk:
    """Records a name a step, and sends batches; forgets at PUBACK."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._outbox = StrawOutbox(options.ledger)
        self._witness = Witness(options.witness)
        self._topic = f"{ROOT}/{options.address.rpartition('/')[2]}"
        self._acked: queue.SimpleQueue[int | None] = (
            queue.SimpleQueue()
        )  # message ids; None: a new connection
        self._on_way: dict[int, int] = {}  # message id -> the last row in it
        self._sent = 0
        self._quiet = threading.Event()
        self._draw = random.Random(options.seed)
        client = paho.Client(CallbackAPIVersion.VERSION2, f"straw-{options.prefix[:3]}")
        client.on_publish = self._published
        client.on_connect = self._connected
        client.reconnect_delay_set(1, 2)
        self._client = client
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._quiet.set())

    def _published(self, _client: Any, _user: Any, mid: int, _reason: Any, _properties: Any) -> None:
        self._acked.put(mid)

    def _connected(self, _client: Any, _user: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._acked.put(None)

    def run(self) -> int:
        """Until it is quiet and nothing waits."""
        self._client.connect_async("127.0.0.1", self._options.port, keepalive=4)
        self._client.loop_start()
        count = 0
        while not (self._quiet.is_set() and not self._outbox.waiting()):
            if not self._quiet.is_set():
                count += 1
                name = f"{self._options.prefix}{count:06d}"
                self._witness.tried(Tried("sale", name))
                self._outbox.add(name)
                self._witness.durable(name)
            self._heed()
            self._send()
            time.sleep(1.0 / self._options.per_second)
        self._witness.ended("straw", 0)
        self._client.disconnect()
        self._client.loop_stop()
        self._outbox.close()
        return 0

    def _heed(self) -> None:
        while not self._acked.empty():
            mid = self._acked.get()
            if mid is None:  # paho sends again what was on its way, under the ids we know
                continue
            upto = self._on_way.pop(mid, 0)
            if upto and upto < min(self._on_way.values(), default=upto + 1):
                self._outbox.forget(upto)

    def _send(self) -> None:
        while len(self._on_way) < WINDOW and self._client.is_connected():
            rows = self._outbox.after(self._sent)
            if not rows:
                return
            said = self._client.publish(self._topic, msgspec.json.encode([name for _, name in rows]), qos=1)
            self._on_way[said.mid] = self._sent = rows[-1][0]


class StrawFleet:
    """Collects names: persistent session, each message acknowledged after the commit."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._db = sqlite3.connect(
            options.ledger, timeout=10.0, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY)")
        self._port = options.port
        client = paho.Client(CallbackAPIVersion.VERSION2, "straw-fleet", clean_session=False, manual_ack=True)
        client.on_connect = self._connected
        client.on_message = self._received
        client.reconnect_delay_set(1, 2)
        self._client = client

    @staticmethod
    def _connected(client: paho.Client, _user: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        client.subscribe(f"{ROOT}/#", qos=1)

    def _received(self, client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        names = msgspec.json.decode(message.payload, type=list[str])
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR IGNORE INTO event VALUES (?)", [(name,) for name in names])
        self._db.execute("COMMIT")
        client.ack(message.mid, message.qos)

    def run(self) -> int:
        """Until it is killed."""
        self._client.connect_async("127.0.0.1", self._port, keepalive=4)
        self._client.loop_forever(retry_first_connection=True)
        return 0


def collected(path: Path) -> set[str]:
    """The names a straw fleet holds."""
    db = sqlite3.connect(path)
    try:
        return {name for (name,) in db.execute("SELECT id FROM event")}
    finally:
        db.close()


def lost(witnesses: list[Path], fleet: Path) -> tuple[int, int]:
    """(how many a straw kiosk was told are durable, how many of them the straw fleet has not)."""
    told: set[str] = set()
    for path in witnesses:
        told |= witness.read(path).durable
    return len(told), len(told - collected(fleet))


def main(arguments: list[str] | None = None) -> int:
    """Run a straw kiosk, or the fleet of them (--collect)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collect", action="store_true")
    parser.add_argument("--address", default="")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--witness", type=Path)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--per-second", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    return (StrawFleet(options) if options.collect else StrawKiosk(options)).run()


if __name__ == "__main__":
    raise SystemExit(main())
