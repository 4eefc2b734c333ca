"""Real servers for tests, on loopback and any free port."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from os import kill
from pathlib import Path

import pytest

from fleet.broker.broker import KINDS, Broker, BrokerError, Kind, find_broker, start_broker
from fleet.config import Config
from fleet.serve import Fleet
from tests.stores import store_url
from tests.waiting import DEADLINE_S, wait_until

__all__ = ["DEADLINE_S", "wait_until"]


def missing(kind: Kind) -> str:
    """Why a kind of broker cannot be started here; "" where it can."""
    try:
        find_broker(kind)
    except BrokerError as error:
        return str(error)
    return ""


def broker_pid(broker: Broker) -> int:
    """The broker's own process id; `broker.process` is its guard."""
    guard = broker.process.pid
    return int(Path(f"/proc/{guard}/task/{guard}/children").read_text().split()[0])


def kill_broker(broker: Broker) -> None:
    """kill -9, and wait until it is gone and all that belonged to it."""
    kill(broker_pid(broker), signal.SIGKILL)
    wait_until(lambda: not broker.alive, "the broker to die")
    broker.stop()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker all tests of a run share: use topics of your own. `broker.host`, `broker.port`."""
    running = start_broker(tmp_path_factory.mktemp("broker"))
    yield running
    running.stop()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of broker in turn, skipped with the reason where it is not installed."""
    chosen: Kind = request.param
    reason = missing(chosen)
    if reason:
        pytest.skip(reason)
    return chosen


@pytest.fixture
def own_broker(kind: Kind, tmp_path: Path) -> Iterator[Broker]:
    """A broker of each kind for one test, which may kill it."""
    running = start_broker(tmp_path / "broker", prefer=kind)
    yield running
    running.stop()


@pytest.fixture
def fleet(broker: Broker, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet on a database of its own and the shared broker: kiosks of a test need addresses of their own."""
    config = Config(
        data=tmp_path / "fleet", database_url=store_url(tmp_path / "fleet" / "fleet.db"), broker_host=broker.host,
        broker_port=broker.port, port=0,
    )  # fmt: skip
    with Fleet(config) as running:
        wait_until(lambda: running.connected, "the fleet to reach the broker")
        yield running
