"""The peer: Debian's Chromium in kiosk mode, and the small server its page comes from."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from babel.numbers import format_currency

from benchmarks.wall.shelves import Shelves
from content.money import Money
from kiosk.qr import Level, encode
from kiosk.views import Facing

_PAGE = Path(__file__).parent / "page"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".webp": "image/webp",
}
FLAGS = (
    "--kiosk", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--password-store=basic", "--noerrdialogs", "--disable-infobars", "--touch-events=disabled",
)  # fmt: skip


def installed() -> str | None:
    """Chromium's path."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _money(amount: Money | None) -> str:
    return format_currency(amount.decimal(), amount.currency, locale="en") if amount else ""


def as_item(facing: Facing) -> dict[str, object]:
    """A facing for the page; its QR code is encoded here, so that the browser only draws it."""
    symbol = encode(facing.qr, Level.M)
    light, side = symbol.luminance(quiet=4)
    return {
        "name": facing.name, "brand": " · ".join(part for part in (facing.brand, facing.size) if part),
        "price": _money(facing.price), "was": _money(facing.was),
        "unit": f"{_money(facing.unit_price)} / {facing.unit_base}" if facing.unit_price else "",
        "badge": facing.badge and facing.badge.replace("-", " ").upper(), "picture": f"/picture/{Path(facing.picture).name}",
        "side": side, "qr": "".join("0" if level else "1" for level in light),
    }  # fmt: skip


class PageServer(ThreadingHTTPServer):
    """Serves the page, the shelves and the pictures on loopback."""

    daemon_threads = True

    def __init__(self, shelves: Shelves, pictures: Path) -> None:
        self.shelves, self.pictures = shelves, pictures
        self.commands: queue.Queue[str] = queue.Queue()
        self.scrolled: queue.Queue[list[float]] = queue.Queue()
        self._items: dict[int, dict[str, object]] = {}
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/index.html"

    def items(self, start: int, stop: int) -> list[dict[str, object]]:
        """Facings for the page, each made once."""
        for index, facing in enumerate(self.shelves.facings(start, stop), start):
            if index not in self._items:
                self._items[index] = as_item(facing)
        return [self._items[index] for index in range(start, min(stop, self.shelves.count))]

    def warm(self) -> None:
        """Make the first items ahead: the server is not what is measured."""
        self.items(0, 120)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""

    def do_GET(self) -> None:
        """Files, facings, and the stream of commands."""
        url = urlsplit(self.path)
        if url.path == "/shop":
            shop = self.server.shelves.shop
            names = [aisle.names["en"] for aisle in shop.aisles]
            self._send(
                json.dumps(
                    {"count": self.server.shelves.count, "title": self.server.shelves.title, "aisles": names}
                ).encode(),
                "application/json",
            )
        elif url.path == "/facings":
            words = parse_qs(url.query)
            items = self.server.items(int(words["start"][0]), int(words["stop"][0]))
            self._send(json.dumps(items).encode(), "application/json")
        elif url.path == "/commands":
            self._stream()
        else:
            folder = self.server.pictures if url.path.startswith("/picture/") else _PAGE
            path = folder / Path(url.path).name
            if path.is_file():
                self._send(path.read_bytes(), _KINDS.get(path.suffix, "application/octet-stream"))
            else:
                self.send_error(404)

    def do_POST(self) -> None:
        """The page tells its frame intervals."""
        self.server.scrolled.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._send(b"", "text/plain")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(b": hello\n\n")
            self.wfile.flush()
            while True:
                self.wfile.write(f"data: {self.server.commands.get()}\n\n".encode())
                self.wfile.flush()
        except OSError:
            return


def start(
    url: str, display: str, width: int, height: int, profile: str | None = None
) -> tuple[subprocess.Popen[bytes], str]:
    """Chromium on a display with an empty profile (or one that was used before); returns it and the profile."""
    program = installed()
    assert program is not None
    folder = profile or tempfile.mkdtemp(prefix="chromium-")
    process = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}", "--window-position=0,0", url],
        env={**os.environ, "DISPLAY": display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return process, folder
