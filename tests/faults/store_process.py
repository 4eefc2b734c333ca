"""PostgreSQL's processes: whom to kill, and how its power goes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.postgres import Cluster


def backends(cluster: Cluster) -> list[int]:
    """Those that serve somebody now; none where the server itself does not answer."""
    try:
        with cluster.connect() as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchall()
    except psycopg.OperationalError:
        return []
    return [int(str(pid)) for (pid,) in found]


def stop_dead(cluster: Cluster, meanwhile: Callable[[], object]) -> None:
    """Stop every process of it, do something, and kill them all: none can write in between."""
    postmaster = cluster.pid
    os.kill(postmaster, signal.SIGSTOP)  # it forks nobody any more
    children = [
        int(word) for word in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    ]
    for number in (signal.SIGSTOP, None, signal.SIGKILL):
        if number is None:
            meanwhile()
            continue
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)
    cluster.kill()
