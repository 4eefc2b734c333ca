"""A PostgreSQL that is away when a fleet starts is waited for; one that will never have us is not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.store.arrival import away
from tests.postgres import Cluster

pytestmark = pytest.mark.server


def fleet(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fleet", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def next_line(process: subprocess.Popen[str], *, error: bool = False) -> str:
    stream = process.stderr if error else process.stdout
    assert stream is not None
    return stream.readline().strip()


def test_a_fleet_waits_says_so_and_begins_when_the_database_comes(
    own_postgres: Cluster, tmp_path: Path
) -> None:
    url = own_postgres.url(own_postgres.create())
    own_postgres.stop()
    words = ("serve", "--data", str(tmp_path), "--port", "0", "--broker", "127.0.0.1:1", "--database", url)
    with fleet(*words) as process:
        try:
            said = next_line(process, error=True)
            assert said.startswith("endcap fleet: waiting for the database: ")
            own_postgres.start()
            assert next_line(process).startswith("fleet ready at ")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize("program", [("serve", "--port", "0"), ("ingest",)])
def test_who_waits_ends_when_asked(program: tuple[str, ...], own_postgres: Cluster, tmp_path: Path) -> None:
    own_postgres.stop()
    with fleet(*program, "--data", str(tmp_path), "--database", own_postgres.url("any")) as process:
        assert "waiting for the database" in next_line(process, error=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_what_waiting_does_not_mend_ends_it_at_once_with_one_line(
    postgres: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    nobody = postgres_url.replace("endcap@", "somebody@")
    for url, why in ((postgres.url("nowhere"), "nowhere"), (nobody, "somebody")):
        with fleet("serve", "--data", str(tmp_path), "--port", "0", "--database", url) as process:
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert len(errors.splitlines()) == 1, errors
        assert why in errors
        assert "waiting" not in errors


@pytest.mark.parametrize(
    "text",
    [
        'connection to server at "db", port 5432 failed: FATAL:  password authentication failed for user "endcap"',
        'connection failed: FATAL:  database "fleet" does not exist',
        'could not translate host name "db.exampel" to address: Name or service not known',
        "",
    ],
)
def test_what_is_no_matter_of_time(text: str) -> None:
    assert away(text) == ""
