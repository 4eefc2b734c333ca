"""A web server on loopback that serves a folder as one should, until it is told not to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self


class Answer(BaseHTTPRequestHandler):
    """One request; tricks write what they like to `wfile`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20
    server: HostileServer

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.asked.append(name)
        path = self.server.folder / name
        data = path.read_bytes() if path.is_file() else None
        trick = self.server.trick
        if trick is not None and trick(self, name, data):
            self.close_connection = True
            return
        if data is None:
            self.head(404, 0)
        else:
            self.give(data)

    def give(self, data: bytes) -> None:
        """What was asked for, from where it was asked."""
        asked = self.headers.get("range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        ranged = {"content-range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if asked else {}
        self.head(206 if asked else 200, len(data) - start, **ranged)
        self.send(data[start:])

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("content-length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.server.sent += len(data)
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


Trick = Callable[[Answer, str, bytes | None], bool]


class HostileServer(ThreadingHTTPServer):
    """Use as a context manager. `trick` answers a request in its own way and returns True, or leaves it by False."""

    daemon_threads = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trick: Trick | None = None
        self.asked: list[str] = []
        self.sent = 0  # bytes of bodies
        self.over = threading.Event()
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", 0), Answer)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        for request in list(self._open):
            try:
                request.shutdown(2)
            except OSError:
                continue
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # whoever was tricked hangs up
