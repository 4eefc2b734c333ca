"""A throw-away PostgreSQL for tests: Debian's programs, a folder of its own, a Unix socket and no TCP port.

Debian's own cluster, where the package made one, is neither started nor touched. Nothing outlives a test run, also one
that is killed: each server runs under `fleet/broker/guard.py`.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from fleet.broker import guard
from tests.waiting import wait_until

DEBIAN: Final = Path("/usr/lib/postgresql")
OWNER: Final = "endcap"  # the superuser in the cluster
# Root may not run PostgreSQL. Debian's package made the first of these, every system has the second.
NOBODIES: Final = ("postgres", "nobody")
FAST: Final = {
    "fsync": "off", "full_page_writes": "off", "autovacuum": "off", "shared_buffers": "32MB", "max_connections": "80",
    "jit": "off", "wal_level": "replica", "max_wal_size": "256MB",
}  # fmt: skip
_numbers = itertools.count(1)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL installed here; None where there is none."""
    found = [folder / "bin" for folder in DEBIAN.glob("[0-9]*") if (folder / "bin" / "initdb").exists()]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


def missing() -> str:
    """Why no PostgreSQL can be started here; "" where one can."""
    if programs() is None:
        return "no PostgreSQL here: apt-get install postgresql"
    return ""


class Cluster:
    """One PostgreSQL server in a temporary folder; `durable` where a test takes its power away.

    `settings` go over those that make it fast. `start()` after `kill()` recovers, as a machine would.
    """

    def __init__(self, *, durable: bool = False, settings: dict[str, str] | None = None) -> None:
        found = programs()
        assert found is not None, missing()
        self.programs = found
        # Short, because a socket's path may have 107 characters only; not pytest's, whose folders are root's alone.
        self.folder = Path(tempfile.mkdtemp(prefix="endcap-pg-"))
        self.data, self.log = self.folder / "data", self.folder / "log"
        self._settings = dict(FAST) | ({"fsync": "on", "full_page_writes": "on"} if durable else {})
        self._settings |= settings or {}
        self._guard: subprocess.Popen[bytes] | None = None
        self.user = _unprivileged()
        if self.user is not None:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)

    def as_owner(self, program: str, *arguments: str | Path) -> list[str]:
        """The command line of one of PostgreSQL's programs, run as whoever owns the files."""
        words = [str(self.programs / program), *(str(each) for each in arguments)]
        if self.user is None:
            return words
        become = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        # Who becomes somebody else no longer dies with its parent, unless that is asked for again.
        return [str(shutil.which("setpriv")), *become, "--pdeathsig=KILL", *words]

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs to its end."""
        command = self.as_owner(program, *arguments)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def make(self) -> None:
        """Make the cluster's files. Text sorts as people in English do, unlike in SQLite: what relies on bytes shows."""
        newer = float(self.programs.parent.name) >= 15
        sorting = ["--locale-provider=icu", "--icu-locale=en-US"] if newer else []
        self.run(
            "initdb", "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *sorting, "--no-sync"
        )  # fmt: skip

    def start(self, *, wait: bool = True) -> None:
        """Start the server; returns when it answers."""
        told = {"listen_addresses": "", "unix_socket_directories": str(self.folder)} | self._settings
        arguments = [f"-c{name}={value}" for name, value in told.items()]
        command = self.as_owner("postgres", "-D", self.data, *arguments)
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        if wait:
            wait_until(self.answers, f"PostgreSQL to answer; its log: {self.log}")

    def answers(self) -> bool:
        """Whether somebody can connect."""
        assert self._guard is not None, "not started"
        assert self._guard.poll() is None, self.log.read_text()
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def pid(self) -> int:
        """The server's own process id."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End the server: SIGQUIT at once, SIGINT in order, SIGKILL as the kernel would do it."""
        if self._guard is None:
            return
        if self._guard.poll() is None:
            children = _children(self.pid)
            os.kill(self.pid, how)
            self._guard.wait(30)
            wait_until(lambda: not any(map(_alive, children)), "the server's processes to end")
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard = None

    def kill(self) -> None:
        """kill -9: what was not on disk is lost to it, its sessions end where they are."""
        self.stop(signal.SIGKILL)

    def remove(self) -> None:
        """End it and take its files away."""
        self.stop()
        shutil.rmtree(self.folder)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of its own, in autocommit."""
        return psycopg.connect(host=str(self.folder), dbname=database, user=OWNER, autocommit=True)

    def url(self, database: str) -> str:
        """SQLAlchemy's name of a database in it."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """A fresh database, a copy of another; returns its name."""
        name = f"t{next(_numbers)}"
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still connected."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as: None as ourselves."""
    if os.geteuid():
        return None
    known = {each.pw_name: each for each in pwd.getpwall()}
    return next(known[name] for name in NOBODIES if name in known)


def _children(pid: int) -> Sequence[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def running(*, durable: bool = False, settings: dict[str, str] | None = None) -> Iterator[Cluster]:
    """A server for one test, which may kill it."""
    cluster = Cluster(durable=durable, settings=settings)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The server all tests of a run share; skipped with the reason where there is none."""
    if missing():
        pytest.skip(missing())
    with running() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """An empty database of one test's own."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def own_postgres() -> Iterator[Cluster]:
    """A durable server for one test, which may kill it and start it again."""
    if missing():
        pytest.skip(missing())
    with running(durable=True) as cluster:
        yield cluster
