"""Starts processes that are to be killed: each is a process of its own, forked from one that has imported everything.

A campaign kills five hundred of them, and Python needs 0.3 to 1 s of a core to start and import what a kiosk or a fleet
needs; a fork of this nursery needs 10 ms. Jobs come as JSON lines on standard input; each is answered with a process
id. When the nursery ends, however it ends, the kernel kills all that it started.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import importlib
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
PRELOADED: Final = (
    "tests.faults.kiosk_process",
    "tests.faults.wall_process",
    "tests.faults.straw",
    "tests.faults.mischief",
    "fleet.serve",
    "fleet.cli.main",
    "fleet.cli.ingest",
)
DEADLINE_S: Final = 90.0


class Job(msgspec.Struct, frozen=True):
    """What to run: `module`'s `main(arguments)`, or, where `module` is "", the program `arguments[0]`."""

    module: str
    arguments: tuple[str, ...]
    log: str
    user: int = 0  # to run as; 0: as we are


class Child:
    """A process somebody else has forked. Everything goes by its pidfd, so no other process can be meant."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = os.pidfd_open(pid)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._fd >= 0 and not select.select([self._fd], [], [], 0)[0]

    def signal(self, number: int) -> None:
        """Send a signal; nothing where it has gone."""
        if self.alive:
            signal.pidfd_send_signal(self._fd, number)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, timeout_s: float = DEADLINE_S) -> bool:
        """Wait for its end; False where it still runs."""
        if self._fd < 0:
            return True
        gone = bool(select.select([self._fd], [], [], timeout_s)[0])
        if gone:
            os.close(self._fd)
            self._fd = -1
        return gone


class Nursery:
    """`with Nursery() as nursery: child = nursery.start(...)`. For one thread."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        """`environment`: added to ours, for all that it starts."""
        self._children: list[Child] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
            env=os.environ | (environment or {}),
            start_new_session=True,  # Ctrl-C is the campaign's to handle
        )

    def start(self, module: str, *arguments: str, log: Path, user: int = 0) -> Child:
        """Start `module`'s main(), or a program where `module` is ""; what it writes is added to `log`."""
        job = msgspec.json.encode(Job(module, arguments, str(log), user))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(job + b"\n")
        self._process.stdin.flush()
        child = Child(int(self._process.stdout.readline()))
        self._children = [*(one for one in self._children if one.alive), child]
        return child

    def kill_all(self) -> None:
        """kill -9 for all that still live, and wait until they are gone."""
        for child in self._children:
            child.kill()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_all()
        self._process.communicate(timeout=DEADLINE_S)


def wait_for(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Return as soon as `condition()` holds; raises TimeoutError saying `what`."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s:g} s for {what}")
        time.sleep(0.005)


def _become(job: Job, parent: int) -> int:
    """The child's life."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    output = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    faulthandler.register(signal.SIGUSR1)  # says in the log where every thread is
    if job.user:
        os.setgroups([])
        os.setgid(job.user)
        os.setuid(job.user)
    if not job.module:
        os.execv(job.arguments[0], job.arguments)
    return int(importlib.import_module(job.module).main(list(job.arguments)) or 0)


def main(modules: Sequence[str] = PRELOADED) -> None:
    """Fork as asked until standard input ends."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # the children share these pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    own = os.getpid()
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        child = os.fork()
        if not child:
            code = 1
            try:
                code = _become(job, own)
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            finally:
                if sys.exc_info()[0] not in (None, SystemExit):
                    traceback.print_exc()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
