"""An outage is over: how fast what waits goes to the fleet, over a real broker, beside paho at its best.

Ours is the real ledger, line and client on one side and a consumer that acknowledges what it received on the other; the rate
counts events that were acknowledged and forgotten. paho's publishes the same events one a message, QoS 1, window 20 (its
fastest), to a broker where nobody listens.
"""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks._table import table
from benchmarks.ledger.opening import fill
from benchmarks.ledger.said import play
from kiosk.clock.clock import SystemClock
from kiosk.fleet_line.line import FleetLine, Heard, LineUp
from kiosk.ledger import Ledger
from mqtt.client import Client
from mqtt.topics import Address

ADDRESS = Address("bench", "s1", "K1")
EVENTS, PEER_EVENTS = 60_000, 15_000


def main() -> None:
    """Print the table, or why there is none."""
    broker = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if broker is None:
        print("drain: not measured, Debian's mosquitto is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), _free_port()
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
        )
        log = (folder / "log").open("wb")
        server = subprocess.Popen([broker, "-c", config], stdout=log, stderr=log)
        _wait_for(port)
        consumer = subprocess.Popen([sys.executable, "-m", "benchmarks.ledger.consumer", str(port)])
        try:
            peers, ours, more = [], [], 0.0
            for round_ in range(3):
                peers.append(paho_rate(port))
                rate, grown = drained(folder / f"{round_}.sqlite", port)
                ours.append(rate)
                more = max(more, grown)
        finally:
            for process in (consumer, server):
                process.terminate()
                process.wait()
            log.close()
    peer, mine = sorted(peers)[1], sorted(ours)[1]
    table(
        f"Drain of {EVENTS:,} events over mosquitto, 3 rounds in turn, medians",
        ("what", "events/s", "ratio", "target"),
        (
            ("paho, one event a message, QoS 1, window 20", peer, 1.0, None),
            ("ledger, line and client, acknowledged by a consumer", mine, mine / peer, 5),
        ),
    )
    print(f"\nMemory of ours grew by {more:.1f} MiB at most while it drained (target: under 20).")


def drained(path: Path, port: int) -> tuple[float, float]:
    """Events a second until the last was acknowledged, and MiB of memory more than at the start."""
    Ledger(path, SystemClock()).close()
    fill(path, EVENTS)
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    clock = SystemClock()
    ledger = Ledger(path, clock, on_growth=lambda: inbox.put(None))
    client = Client(
        "127.0.0.1", port, ADDRESS.client_id,
        on_message=lambda topic, payload: inbox.put(Heard(topic, payload)), on_up=lambda: inbox.put(LineUp()),
    )  # fmt: skip
    client.subscribe(ADDRESS.down)
    line = FleetLine(ADDRESS, client, ledger, clock, answer_ms=15_000)
    before = _rss()
    client.start()
    start = most = 0.0
    while ledger.bounds()[0] < EVENTS:
        item = inbox.get(timeout=30)
        if isinstance(item, LineUp):
            start = time.perf_counter()
            line.up()
        elif isinstance(item, Heard):
            line.heard(item)
        line.pump()
        most = max(most, _rss() - before)
    took = time.perf_counter() - start
    client.stop()
    ledger.close()
    return EVENTS / took, most / 2**20


def paho_rate(port: int) -> float:
    """Events a second that the broker acknowledged."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    done, acked = threading.Event(), [0]

    def on_publish(*_: Any) -> None:
        acked[0] += 1
        if acked[0] == PEER_EVENTS:
            done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, "peer")
    client.max_inflight_messages_set(20)
    client.on_publish = on_publish
    client.connect("127.0.0.1", port)
    client.loop_start()
    bodies = [msgspec.json.encode(play(number)) for number in range(PEER_EVENTS)]
    start = time.perf_counter()
    for body in bodies:
        client.publish("bench/peer", body, qos=1)
    assert done.wait(120)
    took = time.perf_counter() - start
    client.disconnect()
    client.loop_stop()
    return PEER_EVENTS / took


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the broker does not listen"
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
