"""`endcap fleet ingest --nats`: two workers on three nodes, with every node and both workers killed under their hands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleet.broker.cluster import LocalCluster
from fleet.cli.main import main
from fleet.events import gaps, rollups
from fleet.store.store import Store
from kiosk.simulate.swarm import Swarm
from tests.postgres import missing as no_postgres
from tests.servers import missing, wait_until
from tests.simulate.swarms import is_all_stored, swarm_of

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(bool(missing("nats")), reason=missing("nats") or "nats-server is here"),
]

KIOSKS = 9
LONG_S = 120.0  # a node elects, a worker starts; this machine may be busy


@contextmanager
def workers(cluster: LocalCluster, url: str) -> Iterator[subprocess.Popen[str]]:
    """Two of them, ready."""
    command = [
        sys.executable, "-m", "fleet", "ingest", "--nats", ",".join(cluster.servers), "--database", url, "--workers", "2",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = {process.stdout.readline().strip() for _ in range(2)}
            assert ready == {"ingest worker 0 ready", "ingest worker 1 ready"}
            yield process
        finally:
            process.terminate()
            process.wait(30)


def worker_pids(watcher: subprocess.Popen[str]) -> list[int]:
    """The workers' own process ids: each runs under a guard of the watcher's."""
    guards = Path(f"/proc/{watcher.pid}/task/{watcher.pid}/children").read_text().split()
    found: list[int] = []
    for guard in guards:
        found += map(int, Path(f"/proc/{guard}/task/{guard}/children").read_text().split())
    return found


def written(swarm: Swarm) -> int:
    return sum(kiosk.told().written for kiosk in swarm.kiosks)


def goes_on(swarm: Swarm, what: str) -> None:
    """Until the fleet acknowledged events that were not written yet when it began to wait."""
    before = written(swarm)
    wait_until(
        lambda: written(swarm) - swarm.waiting() > before,
        f"events of after {what} to be acknowledged",
        LONG_S,
    )


@pytest.mark.skipif(bool(no_postgres()), reason=no_postgres() or "PostgreSQL is here")
def test_nodes_and_workers_die_in_turn_and_every_event_is_stored_once(
    postgres_url: str, tmp_path: Path
) -> None:
    """Kiosks of the dead node wait until it is back; those of the others go on. Nothing is lost, nothing counts twice."""
    Store(postgres_url).close()
    with LocalCluster(tmp_path / "cluster") as cluster:
        ports = [node.mqtt_port for node in cluster.nodes]
        with swarm_of(KIOSKS, ports, tmp_path, speed=20.0) as swarm:
            wait_until(lambda: written(swarm) > 0, "the first events", LONG_S)
            with workers(cluster, postgres_url) as watcher:
                goes_on(swarm, "the start")
                for node in range(3):
                    cluster.kill(node)
                    goes_on(swarm, f"node {node} died")
                    cluster.start(node)
                    cluster.wait_until_healthy()
                for _ in range(2):
                    wait_until(lambda: len(worker_pids(watcher)) == 2, "both workers to run", LONG_S)
                    os.kill(worker_pids(watcher)[0], signal.SIGKILL)
                    goes_on(swarm, "a worker died")
                swarm.rest()
                for kiosk in swarm.kiosks:
                    kiosk.ledger.flush()
                wait_until(lambda: swarm.waiting() == 0, "everything to be acknowledged", LONG_S)
            told = [kiosk.told() for kiosk in swarm.kiosks]
    assert all(is_all_stored(postgres_url, each) for each in told)
    store = Store(postgres_url)
    with store.read() as connection:
        assert rollups.differences(connection) == []
        assert not any(stream.missing for stream in gaps.report(connection))
    store.close()


@pytest.mark.parametrize("servers", ["", "nats:", "http://a:1", "nats://a:x", "nats://a:4222,,nats://b:4222"])
def test_an_address_that_is_none_is_refused_at_once(servers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["ingest", "--nats", servers])
    assert "nats://HOST:PORT expected" in capsys.readouterr().err


def test_files_that_are_none_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"--broker-{name}={tmp_path / name}" for name in ("ca", "certificate", "key")]
    assert main(["ingest", "--nats", "nats://127.0.0.1:4222", "--data", str(tmp_path), *files]) == 1
    assert "cannot be used" in capsys.readouterr().err
    assert main(["ingest", "--nats", "nats://127.0.0.1:4222", "--data", str(tmp_path), files[0]]) == 1
    assert "needs all of" in capsys.readouterr().err
