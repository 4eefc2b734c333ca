"""A real HTTP or HTTPS server on loopback for a provider's fake, with the ways a network can fail."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from tests.servers import DEADLINE_S

# Nothing done: down (503), busy (429), moved (302), cut (the connection ends).
# Done, and then: broken (500), cut-after (the connection ends), slow (no answer), drip (a byte now and then), garbage
# (another answer), long (one without end).
Fault = Literal["down", "broken", "cut", "cut-after", "slow", "drip", "garbage", "long", "busy", "moved"]
FAULTS: Final[tuple[Fault, ...]] = (
    "down", "broken", "cut", "cut-after", "slow", "drip", "garbage", "long", "busy", "moved"
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request. Header names in lower case; `target` is path and query as they were sent."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None  # sent as JSON, bytes as they are; None is no body
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handle = Callable[[Asked], Answer]


@dataclass
class FakeServer:
    """What runs: `faults` holds (fault, pattern of "VERB /path?query") for requests to come, each used once; `asked` what came."""

    url: str
    faults: list[tuple[Fault, str]] = field(default_factory=list)
    mangle: Callable[[Any], Any] = field(default=lambda body: body)  # what becomes of every body on its way
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    sockets: set[socket.socket] = field(default_factory=set)
    refused_handshakes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_of(self, asked: Asked) -> Fault | None:
        with self.lock:
            self.asked.append(asked)
            for place, (fault, pattern) in enumerate(self.faults):
                if re.match(pattern, f"{asked.verb} {asked.target}"):
                    del self.faults[place]
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, here: FakeServer, handle: Handle, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.here, self.handle, self.tls = here, handle, tls
        self.one_by_one = threading.Lock()

    def finish_request(self, request: Any, client_address: Any) -> None:
        here = self.here
        if self.tls is not None:
            try:
                request.settimeout(DEADLINE_S)
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                with here.lock:
                    here.refused_handshakes += 1
                return
        with here.lock:
            here.sockets.add(request)
        try:
            with contextlib.suppress(OSError):  # the client has gone, or we close
                _Handler(request, client_address, self)
        finally:
            with here.lock:
                here.sockets.discard(request)
            request.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = DEADLINE_S
    wbufsize = (
        -1
    )  # an answer in one piece: in two, the second waits 40 ms for the first one's acknowledgement
    server: _Server

    def answer(self) -> None:
        parts = urlsplit(self.path)
        asked = Asked(
            self.command, parts.path, dict(parse_qsl(parts.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("content-length", "0"))), self.path,
        )  # fmt: skip
        fault = self.server.here.fault_of(asked)
        if fault in ("down", "busy", "moved", "cut"):
            self._fail_before(fault)
            return
        with self.server.one_by_one:
            answer = self.server.handle(asked)
        if fault is None:
            self._send(answer)
        else:
            self._fail_after(fault, answer)

    def _fail_before(self, fault: Fault) -> None:
        if fault == "cut":
            self.close_connection = True
            return
        status = {"down": 503, "busy": 429, "moved": 302}[fault]
        elsewhere = {"location": f"{self.server.here.url}/elsewhere"} if fault == "moved" else {}
        self._send(Answer(status, {"error": {"message": fault}}, headers=elsewhere))

    def _fail_after(self, fault: Fault, answer: Answer) -> None:
        self.close_connection = True
        over = self.server.here.over
        match fault:
            case "broken":
                self._send(Answer(500, {"error": {"message": "broken"}}, headers=answer.headers))
            case "garbage":
                self._send(Answer(answer.status, {"what": ["is", "this"]}))
            case "slow":
                over.wait(DEADLINE_S)
            case "drip":
                self._begin(200, {"content-type": "application/json", "content-length": "100000"})
                while not over.wait(0.02):
                    self.wfile.write(b" ")
                    self.wfile.flush()
            case "long":
                self._begin(200, {"content-type": "application/json", "content-length": str(1 << 30)})
                while not over.is_set():
                    self.wfile.write(b" " * 65536)

    def _send(self, answer: Answer) -> None:
        body = b"" if answer.body is None else self._encoded(answer.body)
        self._begin(
            answer.status, {"content-type": answer.kind, "content-length": str(len(body)), **answer.headers}
        )
        self.wfile.write(body)

    def _encoded(self, body: Any) -> bytes:
        if isinstance(body, bytes):
            return body
        return json.dumps(self.server.here.mangle(body), ensure_ascii=False).encode()

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header(
                "connection", "close"
            )  # or the client's next request may meet the end of this one
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(handle: Handle, tls: ssl.SSLContext | None = None) -> Iterator[FakeServer]:
    """Answer with `handle`, one request at a time, until the block ends; no connection outlives it."""
    here = FakeServer("")
    with _Server(here, handle, tls) as server:
        here.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()
            here.over.set()
            with here.lock:
                for each in here.sockets:
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
