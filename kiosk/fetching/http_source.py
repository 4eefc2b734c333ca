"""A web server, a CDN or another kiosk as a source: GET of static files over HTTP/1.1, with resume, and with no patience for tricks.

What is refused before a byte of it is believed: another status than 200 and 206, compression, a range nobody asked for,
more bytes than the signed metadata allow, redirects away from the server that is configured, and whoever sends more slowly
than Patience allows (time we pause ourselves does not count).
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from kiosk.fetching.blobs import Part
from kiosk.fetching.errors import FetchError
from kiosk.fetching.sources import Wait, check_path
from kiosk.fetching.watched import Endless, Patience, Slow, Watched

PIECE: Final = 64 * 1024
HEADERS: Final = 128 * 1024
REDIRECTS: Final = 3
NOT_THERE: Final = frozenset((403, 404, 410))  # stores of objects say 403 for what they do not have
MOVED: Final = frozenset((301, 302, 303, 307, 308))
_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)\Z")


class HttpSource:
    """One server; its connection is kept open between files."""

    def __init__(
        self,
        url: str,
        *,
        metered: bool = False,
        tls: ssl.SSLContext | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`url`: http(s)://HOST[:PORT][/PATH]. `tls`: whom to believe at https; None: whom this machine believes."""
        self._url = url.rstrip("/")
        self._base = urlsplit(self._url)
        self._metered, self._tls = metered, tls
        self._patience = patience or Patience()
        self._connection: _Connection | None = None
        self._answer: http.client.HTTPResponse | None = None
        self._over = False

    @property
    def name(self) -> str:
        """See Source."""
        return self._url

    @property
    def metered(self) -> bool:
        """See Source."""
        return self._metered

    def stamp(self) -> object:
        """See Source."""
        return None

    def read(self, path: str, limit: int) -> bytes:
        """See Source."""
        answer = self._get(path, 0, limit)
        length = self._length(answer, path)
        if length is not None and length > limit:
            raise self._failed("too-large", f"{path}: {length} bytes, at most {limit}")
        data = bytearray()
        while piece := self._piece(answer, path):
            data += piece
            if len(data) > limit:
                raise self._failed("too-large", f"{path}: more than {limit} bytes")
        if length is not None and len(data) < length:
            raise self._failed("cut-off", f"{path}: {len(data)} of {length} bytes")
        return bytes(data)

    def fill(self, path: str, part: Part, wait: Wait) -> None:
        """See Source."""
        left = part.blob.size - part.length
        if not left:
            return
        answer = self._get(path, part.length, left)
        if answer.status == 416 or (answer.status == 200 and part.length):
            part.again()  # it cannot go on from there
            left = part.blob.size
            if answer.status == 416:
                self.close()
                answer = self._get(path, 0, left)
        elif answer.status == 206:
            self._check_range(answer, path, part)
        length = self._length(answer, path)
        if length is not None and length > left:
            raise self._failed("too-large", f"{path}: {length} bytes, expected {left}")
        while piece := self._piece(answer, path):
            if len(piece) > part.blob.size - part.length:
                raise self._failed("too-large", f"{path}: more than {left} bytes")
            part.write(piece)
            wait(len(piece))
        if part.length < part.blob.size:
            raise self._failed("cut-off", f"{path}: {part.length} of {part.blob.size} bytes")

    def abort(self) -> None:
        """See Source."""
        self._over = True
        connection = self._connection
        if connection is not None:
            connection.wake()

    def close(self) -> None:
        """See Source."""
        answer, self._answer = self._answer, None
        connection, self._connection = self._connection, None
        if answer is not None:
            answer.close()
        if connection is not None:
            connection.close()

    # --- one request ------------------------------------------------------------------------------------------

    def _get(self, path: str, start: int, limit: int) -> http.client.HTTPResponse:
        check_path(path)
        target = quote(f"{self._base.path}/{path}")
        for _ in range(REDIRECTS + 1):
            answer = self._ask(target, start, path, limit)
            if answer.status in MOVED:
                target = self._moved(answer, target, path)
                continue
            return self._judge(answer, path, start)
        raise self._failed("redirected", f"{path}: more than {REDIRECTS} times")

    def _ask(self, target: str, start: int, path: str, limit: int) -> http.client.HTTPResponse:
        headers = {"accept-encoding": "identity", "user-agent": "endcap-kiosk"}
        if start:
            headers["range"] = f"bytes={start}-"
        for fresh in (self._connection is None, True):
            if self._over:
                raise self._failed("no-source", "the program ends")
            if self._connection is None:
                self._connection = _Connection(self._base, self._tls, self._patience)
            try:
                self._answer = self._connection.ask(target, headers, limit)
                return self._answer
            except (http.client.HTTPException, ValueError) as error:
                if fresh or not isinstance(error, http.client.RemoteDisconnected):
                    raise self._said(error, path) from None
            except OSError as error:
                if fresh or isinstance(error, (Slow, Endless)):
                    raise self._said(error, path) from None
            self.close()  # a kept connection had been closed by the other side: once more over a new one
        raise AssertionError  # the second turn returns or raises

    def _moved(self, answer: http.client.HTTPResponse, target: str, path: str) -> str:
        """Within the same server only: elsewhere may be the inside of somebody's network."""
        there = urljoin(
            f"{self._base.scheme}://{self._base.netloc}{target}", answer.getheader("location") or ""
        )
        found = urlsplit(there)
        if (found.scheme, found.netloc) != (self._base.scheme, self._base.netloc) or found.path == target:
            raise self._failed("redirected", f"{path}: to {there[:120]!r}")
        self._drain(answer, path)
        return found.path + (f"?{found.query}" if found.query else "")

    def _judge(self, answer: http.client.HTTPResponse, path: str, start: int) -> http.client.HTTPResponse:
        status = answer.status
        if status in NOT_THERE:
            self._drain(answer, path)
            raise FetchError("missing", f"{self._url}: {path}: HTTP {status}")
        if status != 200 and not (start and status in (206, 416)):
            raise self._failed("no-source" if status >= 429 else "not-http", f"{path}: HTTP {status}")
        coding = answer.getheader("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise self._failed("not-http", f"{path}: compressed with {coding[:20]!r}, which nobody asked for")
        return answer

    def _drain(self, answer: http.client.HTTPResponse, path: str) -> None:
        """Small error pages are read, so that the connection can be used again."""
        length = self._length(answer, path)
        if length is None or length > PIECE:
            self.close()
            return
        while self._piece(answer, path):
            pass

    def _check_range(self, answer: http.client.HTTPResponse, path: str, part: Part) -> None:
        said = _RANGE.match(answer.getheader("content-range", ""))
        whole = ("*", str(part.blob.size))
        if not said or int(said[1]) != part.length or int(said[2]) >= part.blob.size or said[3] not in whole:
            raise self._failed("not-http", f"{path}: another range than the one asked for")

    def _length(self, answer: http.client.HTTPResponse, path: str) -> int | None:
        text = answer.getheader("content-length")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise self._failed("not-http", f"{path}: content-length {text[:20]!r}")
        return int(text)

    def _piece(self, answer: http.client.HTTPResponse, path: str) -> bytes:
        try:
            return answer.read(PIECE)
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise self._said(error, path) from None

    def _said(self, error: Exception, path: str) -> FetchError:
        """What went wrong on the wire, as a reason."""
        if isinstance(error, Slow):
            return self._failed("slow", f"{path}: {error}")
        if isinstance(error, Endless):
            return self._failed("too-large", f"{path}: {error}")
        if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
            return self._failed("no-source", f"{path}: the connection was closed")
        if isinstance(error, http.client.IncompleteRead):
            return self._failed("cut-off", f"{path}: {error}")
        if isinstance(error, OSError):
            return self._failed("no-source", str(error.strerror or error))
        return self._failed("not-http", f"{path}: {type(error).__name__}: {str(error)[:80]!r}")

    def _failed(self, reason: str, detail: str) -> FetchError:
        self.close()
        return FetchError(reason, f"{self._url}: {detail}")  # type: ignore[arg-type]


class _Connection(http.client.HTTPConnection):
    """http.client's, over a socket that is watched."""

    def __init__(self, base: SplitResult, tls: ssl.SSLContext | None, patience: Patience) -> None:
        secure = base.scheme == "https"
        self.default_port = 443 if secure else 80
        super().__init__(base.hostname or "", base.port, timeout=patience.connect_s)
        self._context = (tls or ssl.create_default_context()) if secure else None
        self._patience = patience
        self._plain: socket.socket | None = None
        self._watched: Watched

    def connect(self) -> None:
        """Connect, and watch."""
        made = socket.create_connection((self.host, self.port), self._patience.connect_s)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                made = self._context.wrap_socket(made, server_hostname=self.host)
        except BaseException:
            made.close()
            raise
        self._plain = made
        self.sock = self._watched = Watched(made, self._patience)

    def ask(self, target: str, headers: dict[str, str], limit: int) -> http.client.HTTPResponse:
        """GET; with all its headers and framing the answer has at most `limit` bytes and some."""
        if self.sock is None:
            self.connect()
        self._watched.allow(2 * limit + HEADERS)
        self.request("GET", target, headers=headers)
        return self.getresponse()

    def wake(self) -> None:
        """From another thread: end a read that waits."""
        made = self._plain
        if made is not None:
            try:
                made.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
