"""How an answer crosses the wire: compressed as the browser likes it, and not at all where it has it already.

Brotli before gzip (RFC 7932, RFC 1952). What is asked for often is kept compressed (`Kept`); the rest is compressed as
it leaves (`Compression`). Pages hold nothing secret next to something a stranger can choose, so their length gives
nothing away (BREACH); see docs/adr/0005-forms-and-cookies.md.
"""

from __future__ import annotations

import gzip
import hashlib
from typing import Final, Literal

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Coding = Literal["br", "gzip", ""]
SMALLEST: Final = 600  # bytes; what fits into one packet gains nothing
_TEXT: Final = (
    "text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml", "application/json",
    "application/ld+json", "application/cloudevents-batch+json", "application/linkset+json", "application/manifest+json",
)  # fmt: skip


def coding_for(accept_encoding: str) -> Coding:
    """The best coding a browser takes (RFC 9110 12.5.3); "" for none."""
    accepted = set()
    for part in accept_encoding[:200].lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            accepted.add(name.strip())
    if "br" in accepted:
        return "br"
    return "gzip" if "gzip" in accepted or "*" in accepted else ""


def packed(body: bytes, coding: Coding, *, best: bool = False) -> bytes:
    """`body` in a coding. `best` takes its time: for what is made once."""
    if coding == "br":
        made: bytes = brotli.compress(body, quality=11 if best else 4)
        return made
    if coding == "gzip":
        return gzip.compress(body, compresslevel=9 if best else 6, mtime=0)
    return body


def etag_of(body: bytes) -> str:
    """A strong validator (RFC 9110 8.8.3), one per coding."""
    return hashlib.blake2b(body, digest_size=9).hexdigest()


class Kept:
    """An answer that is the same for everybody who asks so: compressed at most once per coding, never changed."""

    __slots__ = ("_best", "_bodies", "_etag", "_headers", "_plain", "_status", "_text")

    def __init__(
        self, body: bytes, kind: str, headers: tuple[tuple[str, str], ...] = (), status: int = 200,
        *, best: bool = False,
    ) -> None:  # fmt: skip
        """`kind` is the media type."""
        self._plain, self._best, self._status = body, best, status
        self._etag = etag_of(body)
        self._bodies: dict[Coding, bytes] = {}
        self._headers = [(b"content-type", kind.encode()), *((n.encode(), v.encode()) for n, v in headers)]
        names = {name for name, _ in self._headers}
        if b"vary" not in names and _is_text(kind):
            self._headers.append((b"vary", b"accept-encoding"))
        self._text = len(body) >= SMALLEST and _is_text(kind)

    @property
    def length(self) -> int:
        """Bytes, uncompressed."""
        return len(self._plain)

    def answer(self, request: Request) -> Response:
        """The answer to a request: whole, or 304 where the browser has it."""
        coding: Coding = coding_for(request.headers.get("accept-encoding", "")) if self._text else ""
        etag = f'"{self._etag}{"-" + coding if coding else ""}"'
        if self._status == 200 and etag in request.headers.get("if-none-match", ""):
            kept = [(n, v) for n, v in self._headers if n != b"content-type"]
            return _Raw(304, [*kept, (b"etag", etag.encode())], b"")
        body = self._bodies.get(coding)
        if body is None:
            body = self._bodies[coding] = packed(self._plain, coding, best=self._best)
        headers = [*self._headers, (b"etag", etag.encode()), (b"content-length", str(len(body)).encode())]
        if coding:
            headers.append((b"content-encoding", coding.encode()))
        return _Raw(self._status, headers, body)


class _Raw(Response):
    """An answer whose headers are made already."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code, self.raw_headers, self.body = status, headers, body
        self.background = None


class Compression:
    """Middleware: compresses texts that leave in one piece and are not compressed yet. Streams are left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: Message | None = None

        async def through(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                if "content-encoding" not in headers and _is_text(headers.get("content-type", "")):
                    held = message
                    return
            elif held is not None:
                start, held = held, None
                if not message.get("more_body", False):
                    _compress(scope, start, message)
                await send(start)
            await send(message)

        await self._app(scope, receive, through)


def _compress(scope: Scope, start: Message, message: Message) -> None:
    headers = MutableHeaders(scope=start)
    headers.add_vary_header("accept-encoding")
    coding = coding_for(Headers(scope=scope).get("accept-encoding", ""))
    body = message.get("body", b"")
    if not coding or len(body) < SMALLEST:
        return
    message["body"] = packed(body, coding)
    headers["content-encoding"] = coding
    headers["content-length"] = str(len(message["body"]))


def _is_text(kind: str) -> bool:
    return kind.partition(";")[0].strip() in _TEXT
