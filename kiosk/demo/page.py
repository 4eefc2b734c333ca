"""The demo's web page: loopback only, standard library only.

GET /            the page            GET /screen   the glass as a multipart JPEG stream
GET /screen.jpg  the glass, sharp    GET /codes    the QR codes on the glass right now, as a phone would read them
GET /events      what happens (SSE)  GET /read     the same with what they mean (kiosk.demo.names.Explained)
POST /touch      a finger            POST /do      one command of kiosk.demo.world
POST /tap        a phone held to the reader: what it opens, as in /read, with empty words where it gets nothing
GET /facts       what the page needs to know: addresses, sample codes, cards, states, the last receipt
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from urllib.parse import urlsplit

from kiosk.demo.happenings import Happenings
from kiosk.demo.names import Explained
from kiosk.demo.screen import Glass
from kiosk.demo.world import World

_STATIC = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_BOUNDARY = "endcap-frame"
_MOST_BODY = 4096  # bytes of a POST


class Page(ThreadingHTTPServer):
    """The server. `facts` is told to the page once: addresses, sample codes, cards."""

    daemon_threads = True
    block_on_close = False  # streams end with the process; a closing server does not wait for them
    allow_reuse_address = True

    def __init__(
        self,
        port: int,
        glass: Glass,
        world: World,
        happenings: Happenings,
        facts: Callable[[], dict[str, object]],
        explain: Callable[[str], Explained],
    ) -> None:
        self.glass, self.world, self.happenings, self.facts = glass, world, happenings, facts
        self.explain = explain
        self.ending = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def start(self) -> None:
        """Serve from a thread."""
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="demo-page", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop serving and let streams end."""
        self.ending.set()
        self.shutdown()
        self.server_close()


def read_codes(jpeg: bytes) -> list[str]:
    """The QR codes in a picture, top to bottom; empty where the reader is not installed."""
    try:
        import zxingcpp
        from PIL import Image
    except ImportError:
        return []
    with Image.open(io.BytesIO(jpeg)) as picture:
        found = zxingcpp.read_barcodes(
            picture.convert("L"), zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    return list(dict.fromkeys(code.text for code in sorted(found, key=lambda code: code.position.top_left.y)))


class _Handler(BaseHTTPRequestHandler):
    server: Page
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Requests are not news."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._from_here():
            return
        try:
            if path in _STATIC:
                name, kind = _STATIC[path]
                self._answer(resources.files("kiosk.demo").joinpath("static", name).read_bytes(), kind)
            elif path == "/facts":
                self._answer(json.dumps(self.server.facts()).encode(), "application/json")
            elif path == "/codes":
                self._answer(json.dumps(read_codes(self.server.glass.full(3.0))).encode(), "application/json")
            elif path == "/read":
                codes = read_codes(self.server.glass.full(3.0))
                told = [asdict(self.server.explain(code)) for code in codes]
                self._answer(json.dumps(told).encode(), "application/json")
            elif path == "/screen.jpg":
                self._answer(self.server.glass.full(3.0), "image/jpeg")
            elif path == "/screen":
                self._stream_frames()
            elif path == "/events":
                self._stream_events()
            else:
                self.send_error(HTTPStatus.NOT_FOUND)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the browser left

    def do_POST(self) -> None:
        if not self._from_here():
            return
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if length > _MOST_BODY:
                raise ValueError("too long")
            command = json.loads(self.rfile.read(length))
            if not isinstance(command, dict):
                raise ValueError("expected an object")
            if self.path == "/touch":
                self.server.glass.touch(str(command["touch"]), float(command["x"]), float(command["y"]))
                self._answer(b"{}", "application/json")
            elif self.path == "/tap":
                opened = self.server.world.tap_phone()
                page = self.server.explain(opened) if opened else Explained("", "")
                self._answer(json.dumps(asdict(page)).encode(), "application/json")
            elif self.path == "/do":
                told = self.server.world.do({str(key): str(value) for key, value in command.items()})
                self.server.happenings.say(told)
                self._answer(json.dumps({"told": told}).encode(), "application/json")
            else:
                self.send_error(HTTPStatus.NOT_FOUND)
        except (ValueError, KeyError, TypeError) as error:
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))

    def _from_here(self) -> bool:
        """Refuse what another web site makes a browser ask of us: a foreign Host (rebinding) or Origin."""
        port = self.server.server_address[1]
        here = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in here and (origin is None or urlsplit(origin).netloc in here):
            return True
        self.send_error(HTTPStatus.FORBIDDEN, "this page is for this machine only")
        return False

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK if body else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _begin_stream(self, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _stream_frames(self) -> None:
        self._begin_stream(f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        serial = -1
        between = f"\r\n--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n".encode()
        self.wfile.write(between)
        while not self.server.ending.is_set():
            serial, frame = self.server.glass.after(serial, 1.0)
            if frame:
                # Chromium shows a part when the head of the next one has come: it goes with the frame, so that the
                # last frame before the glass comes to rest is seen too. So a part cannot say its length.
                self.wfile.write(frame + between)

    def _stream_events(self) -> None:
        self._begin_stream("text/event-stream")
        after = int(self.headers.get("Last-Event-ID") or 0)
        told_all = False
        while not self.server.ending.is_set():
            news = self.server.happenings.after(after, 1.0 if told_all else 0.0)
            for after, item in news:
                self.wfile.write(f"id: {after}\ndata: {json.dumps(item)}\n\n".encode())
            if not news:
                self.wfile.write(b": still here\n\n" if told_all else b": all told\n\n")
                told_all = True
            self.wfile.flush()
