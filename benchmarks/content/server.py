"""A static web server in a process of its own, with Range; counts what it sends. `python -m benchmarks.content.server FOLDER`.

Prints its port. GET /stats: bytes of bodies since the last /stats. GET /cut/N/PATH: hangs up after N bytes.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    folder: Path
    sent = 0
    cut = 0  # of files larger than that, only so many bytes, then nothing more

    def do_GET(self) -> None:
        if self.path == "/stats":
            body, Handler.sent = str(Handler.sent).encode(), 0
            self._head(200, len(body))
            self.wfile.write(body)
            return
        if self.path.startswith("/cut/"):
            Handler.cut = int(self.path.removeprefix("/cut/"))
            self._head(200, 0)
            return
        try:
            data = (self.folder / self.path.lstrip("/")).read_bytes()
        except OSError:
            self._head(404, 0)
            return
        asked = self.headers.get("range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self._head(
            206 if asked else 200,
            len(data) - start,
            f"bytes {start}-{len(data) - 1}/{len(data)}" if asked else "",
        )
        body = data[start:]
        if Handler.cut and len(body) > Handler.cut:
            body, self.close_connection = body[: Handler.cut], True
        Handler.sent += len(body)
        self.wfile.write(body)

    def _head(self, status: int, length: int, ranged: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(length))
        if ranged:
            self.send_header("content-range", ranged)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


if __name__ == "__main__":
    Handler.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
