"""The other end of the wire: plugs, unplugs and feeds a subject that runs in a process of its own."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 10.0

Told = dict[str, float | str]


def sure(number: int) -> str:
    """A GTIN-13 with its check digit: a code that can only be whole."""
    body = f"95{number:010d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


class Cable:
    """A pty behind a path; the far end is ours."""

    def __init__(self, path: Path) -> None:
        self._path, self.master, self._slave = path, -1, -1

    def plug(self) -> float:
        """When the path was there."""
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self._path)
        return time.monotonic()

    def unplug(self) -> None:
        self._path.unlink(missing_ok=True)
        for end in (self._slave, self.master):
            with suppress(OSError):
                os.close(end)

    def send(self, text: str) -> float:
        """When its last byte was in."""
        os.write(self.master, text.encode())
        return time.monotonic()


class Ward:
    """A subject's process."""

    def __init__(self, name: str, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.devices.subject", name, str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # ReaderThread's thread dies with a traceback, again and again
            text=True,
        )
        self._told: queue.Queue[Told] = queue.Queue()
        self.heard: list[Told] = []
        self._ear = threading.Thread(target=self._listen)
        self._ear.start()

    def say(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def wait(self, key: str, patience_s: float = PATIENCE_S, value: str | None = None) -> Told | None:
        """The next word with that key (and value); None where it does not come."""
        end = time.monotonic() + patience_s
        while (left := end - time.monotonic()) > 0:
            try:
                told = self._told.get(timeout=left)
            except queue.Empty:
                break
            self.heard.append(told)
            if key in told and value in (None, told[key]):
                return told
        return None

    def ask(self, command: str, key: str, patience_s: float = 60.0) -> Told:
        self.say(command)
        told = self.wait(key, patience_s)
        if told is None:
            raise RuntimeError(f"{command}: no {key}")
        return told

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ear.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        while not self._told.empty():
            self.heard.append(self._told.get_nowait())

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(json.loads(line))


@contextmanager
def rig(name: str, folder: Path) -> Iterator[tuple[Cable, Ward]]:
    """A subject and the cable to it, not plugged yet."""
    path = folder / f"{name}-port"
    cable, ward = Cable(path), Ward(name, path)
    try:
        yield cable, ward
    finally:
        ward.close()
        cable.unplug()
