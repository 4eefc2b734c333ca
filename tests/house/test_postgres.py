"""The throw-away PostgreSQL of the tests: it is nobody else's, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Cluster
from tests.servers import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
OWNER_OF_ONE = """
from tests.postgres import Cluster
import time
cluster = Cluster()
cluster.make()
cluster.start()
print(cluster.pid, cluster.folder, flush=True)
time.sleep(600)
"""


def test_each_test_has_a_database_of_its_own(postgres: Cluster) -> None:
    names = [postgres.create() for _ in range(2)]
    with postgres.connect(names[0]) as first, postgres.connect(names[1]) as second:
        first.execute("CREATE TABLE here (number int)")
        assert second.execute("SELECT to_regclass('here')").fetchone() == (None,)
    for name in names:
        postgres.drop(name)


def test_it_listens_on_no_port(postgres: Cluster) -> None:
    with postgres.connect() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT inet_server_addr()").fetchone() == (None,)
    with socket.socket(socket.AF_UNIX) as own:
        own.connect(str(postgres.folder / ".s.PGSQL.5432"))


def test_one_that_was_killed_starts_again_with_what_it_had_committed(own_postgres: Cluster) -> None:
    with own_postgres.connect() as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        own_postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    own_postgres.start()
    with own_postgres.connect() as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_it_ends_with_a_test_run_that_is_killed(postgres: Cluster) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER_OF_ONE], cwd=ROOT, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{int(pid)}").exists(), "the server to end")
    subprocess.run(["rm", "-r", os.fsdecode(folder)], check=True)
