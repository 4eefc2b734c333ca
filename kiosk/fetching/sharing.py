"""One kiosk's blobs and metadata for its neighbours, over HTTP on the LAN: what crosses the narrow line once serves a station.

Nothing is believed by whoever asks (kiosk.fetching.trust) and nothing private is here, so there is no key to it. Only names
that fit a pattern are looked up, and only to read.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from kiosk.fetching.files import read_if_there
from kiosk.fetching.trust import MOST_TARGETS

log = logging.getLogger(__name__)

MOST_CALLERS: Final = 8  # at once; one more is hung up on, and finds another source
SILENT_S: Final = 15.0
_HASH: Final = "[0-9a-f]{64}"
_BLOB: Final = re.compile(rf"/blobs/[0-9a-f]{{2}}/({_HASH})")
_TARGET: Final = re.compile(rf"/targets/content/[a-z0-9-]{{1,40}}/({_HASH})\.[A-Za-z0-9._-]{{1,100}}")
_ROOT: Final = re.compile(r"/metadata/([1-9][0-9]{0,8})\.root\.json")
_ROLE: Final = re.compile(r"/metadata/([1-9][0-9]{0,8})\.([a-z0-9-]{1,40})\.json")
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-")


class Sharing:
    """Serves a kiosk's content folder from threads of its own until stop(). Raises OSError where it cannot listen."""

    def __init__(self, content: Path, host: str, port: int) -> None:
        """`content`: the folder with `trust` and `blobs`. Port 0: any that is free."""
        self._server = _Server((host, port), content)
        self._thread = threading.Thread(target=self._server.serve_forever, name="share", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up, and end its threads."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # they are waited for
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], content: Path) -> None:
        self.content = content
        self._callers: set[Any] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            welcome = len(self._callers) < MOST_CALLERS
            if welcome:
                self._callers.add(request)
        if welcome:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._callers.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._guard:
            for request in self._callers:
                try:
                    request.shutdown(2)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a caller from %s went away", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENT_S
    disable_nagle_algorithm = (
        True  # head and body are two writes: 40 ms a file while the caller delays its ACK
    )
    server: _Server

    def do_GET(self) -> None:
        found = find(self.server.content, self.path)
        if isinstance(found, bytes):
            self._head(200, len(found))
            self.wfile.write(found)
        elif found is None:
            self._head(404, 0)
        else:
            self._send(found)

    def _send(self, path: Path) -> None:
        try:
            file = path.open("rb")
        except OSError:
            self._head(404, 0)
            return
        with file:
            size = path.stat().st_size
            asked = _RANGE.fullmatch(self.headers.get("range", ""))
            start = int(asked[1]) if asked else 0
            if asked and start >= size:
                self._head(416, 0, f"bytes */{size}")
                return
            self._head(
                206 if asked else 200, size - start, f"bytes {start}-{size - 1}/{size}" if asked else ""
            )
            if size > start:
                self.connection.sendfile(file, start, size - start)

    def _head(self, status: int, length: int, ranged: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(length))
        if ranged:
            self.send_header("content-range", ranged)
        self.end_headers()

    def version_string(self) -> str:
        return "endcap"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        log.debug("%s: " + format, self.client_address[0], *args)


def find(content: Path, target: str) -> Path | bytes | None:
    """What a request names: a file of the content folder, metadata of the version asked for, or nothing."""
    if named := _BLOB.fullmatch(target) or _TARGET.fullmatch(target):
        return content / "blobs" / named[1][:2] / named[1]
    if target == "/metadata/timestamp.json":
        return read_if_there(content / "trust/timestamp.json", MOST_TARGETS)
    if root := _ROOT.fullmatch(target):
        return read_if_there(content / f"trust/roots/{root[1]}.root.json", MOST_TARGETS)
    if role := _ROLE.fullmatch(target):
        data = read_if_there(content / f"trust/{role[2]}.json", MOST_TARGETS)
        return data if data and _version(data) == int(role[1]) else None
    return None


def _version(data: bytes) -> int | None:
    try:
        found = json.loads(data)["signed"]["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) else None
