"""The demo in a test's hands: its process, its page, and the news it tells."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.wall.processes import tree
from kiosk.demo.ports import PortBusy, Ports

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0


def free_row() -> int:
    """The first of four free ports in a row."""
    for start in range(18480 + os.getpid() % 500 * 8, 60000, 8):
        try:
            Ports(start).check()
        except PortBusy:
            continue
        return start
    raise AssertionError("no four free ports in a row")


class Demo:
    """The demo in a test's hands."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_row(), folder
        self.process = self.start()

    def start(self, *more: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "endcap",
            "demo",
            "--port",
            str(self.port),
            "--data",
            str(self.folder),
            "--headless",
        ]
        return subprocess.Popen(
            [*command, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait_ready(self) -> str:
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.startswith("ready "):
                return "".join(said)
        raise AssertionError(f"it ended: {''.join(said)}")

    def get(self, path: str) -> bytes:
        return self.ask("GET", path)[1]

    def post(self, path: str, **body: object) -> tuple[int, bytes]:
        return self.ask("POST", path, json.dumps(body))

    def ask(self, verb: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(verb, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def touch(self, x: float, y: float) -> None:
        self.post("/touch", touch="down", x=x, y=y)
        self.post("/touch", touch="up", x=x, y=y)

    def until(self, there: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not there():
            assert time.monotonic() < end, f"waited {PATIENCE_S} s for {what}"
            time.sleep(0.05)  # between two looks, not instead of one

    def kill_child(self, *words: str) -> None:
        """End the child process whose command has these words, as a crash would."""
        for pid in tree(self.process.pid):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if set(words) <= set(command):
                os.kill(pid, signal.SIGKILL)
                return
        raise AssertionError(f"no child with {words}")

    def codes(self) -> list[str]:
        codes: list[str] = json.loads(self.get("/codes"))
        return codes

    def end(self, number: signal.Signals = signal.SIGTERM) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return time.monotonic() - began

    def news(self) -> list[dict[str, Any]]:
        """All that the page tells of, oldest first."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
            line.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
            said = b""
            try:
                while b": all told" not in said:
                    data = line.recv(65536)
                    if not data:
                        break
                    said += data
            except TimeoutError:
                pass
        return [json.loads(row[6:]) for row in said.decode().splitlines() if row.startswith("data: ")]
