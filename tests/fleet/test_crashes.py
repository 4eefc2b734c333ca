"""kill -9 wherever it hurts: what a kiosk keeps until it is acknowledged is stored exactly once, whoever dies."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fleet import tables
from fleet.broker.broker import Broker, start_broker
from fleet.config import Config
from fleet.store.store import Store
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.samples import KINDS, event
from tests.servers import kill_broker, wait_until

pytestmark = pytest.mark.server
EVENTS = 120
BATCH = 10
SILENCE_S = 0.2


def start_fleet(data: Path, broker: Broker) -> subprocess.Popen[bytes]:
    command = [
        "serve",
        "--data",
        str(data),
        "--port",
        "0",
        "--broker",
        f"127.0.0.1:{broker.port}",
        "--log",
        "ERROR",
    ]
    process = subprocess.Popen([sys.executable, "-m", "fleet", *command], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"fleet ready")
    return process


def send_what_is_not_acknowledged(wall: Kiosk) -> None:
    """The next events after the high-water mark, as an outbox does after a silence."""
    begin = wall.upto() + 1
    batch = [event(seq, KINDS[seq % len(KINDS)]) for seq in range(begin, min(begin + BATCH, EVENTS + 1))]
    if batch and wall.client.connected:
        wall.send(*batch)


def deliver(wall: Kiosk, upto: int) -> None:
    """Send, and after a silence send again, until the fleet says that it has everything up to there."""
    told, sent = -1, 0.0

    def arrived() -> bool:
        nonlocal told, sent
        if wall.upto() != told or time.monotonic() - sent > SILENCE_S:
            told, sent = wall.upto(), time.monotonic()
            send_what_is_not_acknowledged(wall)
        return wall.upto() >= upto

    wait_until(arrived, f"event {upto} to be acknowledged")


def kill_fleet(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def test_fleet_and_broker_are_killed_and_every_event_is_there_once(tmp_path: Path) -> None:
    broker = start_broker(tmp_path / "broker")
    data = tmp_path / "fleet"
    with kiosk(broker.port, "survivor") as wall:
        fleet = start_fleet(data, broker)
        deliver(wall, 30)
        send_what_is_not_acknowledged(wall)
        kill_fleet(fleet)  # with a batch on its way
        fleet = start_fleet(data, broker)
        deliver(wall, 60)
        send_what_is_not_acknowledged(wall)
        kill_broker(broker)
        broker = start_broker(tmp_path / "broker", broker.port)
        wait_until(lambda: wall.client.connected, "the kiosk to reconnect")
        deliver(wall, 90)
        kill_fleet(fleet)
        kill_broker(broker)
        broker = start_broker(tmp_path / "broker", broker.port)
        fleet = start_fleet(data, broker)
        wait_until(lambda: wall.client.connected, "the kiosk to reconnect")
        deliver(wall, EVENTS)
        kill_fleet(fleet)
    broker.stop()
    store = Store(Config(data=data).database)
    with store.read() as connection:
        count, least, most = connection.execute(
            select(func.count(), func.min(tables.events.c.seq), func.max(tables.events.c.seq))
        ).one()
        sales = connection.scalar(select(func.count()).select_from(tables.sales))
    assert (count, least, most) == (EVENTS, 1, EVENTS)
    assert sales == EVENTS // len(KINDS)
    store.close()
