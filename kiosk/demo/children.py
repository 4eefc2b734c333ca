"""The demo's processes: started together, watched, and ended together whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

GRACE_S = 3.0  # what a child gets to end by itself; the whole demo promises 5 s


class ChildFailed(RuntimeError):
    """A process ended that should not have; the text names it and its last words."""


class Child:
    """One process in a group of its own, its output kept in a file; it dies with us even if we are killed."""

    def __init__(
        self, name: str, arguments: list[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.log = name, log
        self._arguments = arguments
        self._env = {
            **os.environ,
            "ENDCAP_RESTARTED_BY": "demo",
            **(env or {}),
        }  # see kiosk.operated.hands.watched
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        """Start it (again)."""
        self.starts += 1
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*_leash(), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, 0 where it was never started."""
        return self._process.pid if self._process else 0

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def ask_to_end(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def ended_by(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then end it and its group for good."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._signal(signal.SIGKILL)  # what it may have left in its group

    def last_words(self, lines: int = 6) -> str:
        """The end of what it printed."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _leash() -> list[str]:
    """A prefix that has the kernel end the child when this process dies, however it dies (prctl PR_SET_PDEATHSIG).

    setpriv is part of util-linux, which Debian always has; elsewhere a killed -9 demo may leave children behind.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours with this very Python."""
    return [sys.executable, "-m", module, *arguments]


class Family:
    """All children. Started in order of need; one that dies is started again, but not for ever."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: dict[str, Child] = {}
        self._ending = threading.Event()
        self._watch: threading.Thread | None = None

    def add(self, child: Child) -> Child:
        """Start a child and keep it."""
        self._children[child.name] = child
        child.start()
        return child

    def __getitem__(self, name: str) -> Child:
        return self._children[name]

    def check(self) -> None:
        """Raise ChildFailed where one has ended."""
        for child in self._children.values():
            if not child.running:
                raise ChildFailed(f"{child.name} ended; its last words ({child.log}):\n{child.last_words()}")

    def watch(self, restart: frozenset[str]) -> None:
        """From now on start children of these names again when they end, as systemd would."""
        self._watch = threading.Thread(
            target=self._keep_alive, args=(restart,), name="demo-watch", daemon=True
        )
        self._watch.start()

    def _keep_alive(self, restart: frozenset[str]) -> None:
        while not self._ending.wait(0.5):
            for name in restart:
                child = self._children[name]
                if not child.running and child.starts < 50:
                    self._say(f"{name} ended; starting it again (its log: {child.log})")
                    child.start()

    def end(self) -> None:
        """End all, last started first; returns when none is left, within GRACE_S and a little."""
        self._ending.set()
        if self._watch:
            self._watch.join()
        deadline = time.monotonic() + GRACE_S
        for child in reversed(self._children.values()):
            child.ask_to_end()
        for child in reversed(self._children.values()):
            child.ended_by(deadline)
