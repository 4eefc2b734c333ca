"""The sandbox provider as a process of its own, and a receiver for its webhooks."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx

from fleet.payments.sandbox_api import Keys, keys_in
from tests.servers import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Sandbox:
    url: str
    keys: Keys
    data: Path


@contextmanager
def sandbox(data: Path, webhook: str = "", port: int = 0, options: tuple[str, ...] = ()) -> Iterator[Sandbox]:
    """The provider on a free port, until the block ends; its books stay in `data`."""
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "fleet.payments.sandbox_server.cli",
        "--data",
        str(data),
        "--port",
        str(port),
    ]
    process = subprocess.Popen([*command, "--webhook", webhook, *options])
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "the sandbox ended by itself"
        try:
            return httpx.get(f"{url}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    try:
        wait_until(answers, "the sandbox to answer")
        yield Sandbox(url, keys_in(data), data)
    finally:
        process.terminate()
        assert process.wait(60) == 0


@dataclass
class Receiver:
    """Takes webhooks and answers with the statuses it was told to, then 204."""

    url: str
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A webhook receiver on loopback until the block ends."""
    here = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = here.statuses.pop(0) if here.statuses else 204
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()
            here.got.append(({name.lower(): value for name, value in self.headers.items()}, body))

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()
