"""The two walls as things that can be started, scrolled and ended in the same way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from benchmarks.wall import chromium
from benchmarks.wall.display import Display
from benchmarks.wall.shelves import Shelves

_ROOT = Path(__file__).resolve().parents[2]


class Running(Protocol):
    """A wall on a display."""

    pid: int

    def scroll(self, seconds: float) -> dict[str, float]:
        """Scroll and say what the wall itself counted: frames, interval and work percentiles in ms where it knows."""

    def end(self) -> None:
        """End it."""


class Ours:
    """The kiosk's screen program."""

    def __init__(self, display: Display, store: Path, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.wall.ours", str(store), str(count), str(display.width), str(display.height)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=_ROOT,
            env={**os.environ, "DISPLAY": display.name},
        )  # fmt: skip
        self.pid = self._process.pid

    def scroll(self, seconds: float) -> dict[str, float]:
        """Drag for some seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"scroll {seconds}\n")
        self._process.stdin.flush()
        counted: dict[str, float] = json.loads(self._process.stdout.readline())
        return counted

    def end(self) -> None:
        """Close its pipe: it ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Chromium:
    """The browser; its page server lives in this process and is not counted."""

    def __init__(self, display: Display, store: Path, count: int) -> None:
        self._server = chromium.PageServer(Shelves(store, count), store / "pictures")
        self._server.warm()
        # A profile that was used once: first-run work is not a kiosk's every day.
        self._profile = str(Path(tempfile.gettempdir()) / f"endcap-chromium-{os.getuid()}")
        self._process, _ = chromium.start(
            self._server.url, display.name, display.width, display.height, self._profile
        )
        self.pid = self._process.pid

    def scroll(self, seconds: float) -> dict[str, float]:
        """Scroll in step with requestAnimationFrame."""
        self._server.commands.put(str(seconds))
        intervals = sorted(self._server.scrolled.get(timeout=seconds + 30))
        middle, late = intervals[len(intervals) // 2], intervals[int(len(intervals) * 0.99)]
        return {"frames": len(intervals), "interval_p50": middle, "interval_p99": late}

    def end(self) -> None:
        """End the browser and its page."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._server.shutdown()
        self._server.server_close()


def forget_profile() -> None:
    """Remove the browser's profile."""
    shutil.rmtree(Path(tempfile.gettempdir()) / f"endcap-chromium-{os.getuid()}", ignore_errors=True)
