"""The demo page's view of the glass: frames from the screen's mirror, touches back to it.

The wire is kiosk.ui.mirror's: a Unix socket; the screen sends frames as a 4-byte big-endian length and a JPEG (the
length's highest bit marks one at the panel's own size), we send JSON lines {"touch": "down" | "move" | "up", "x": 0..1,
"y": 0..1} (x to the right, y downwards) and {"full": true} to ask for one frame at the panel's own size.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

_LENGTH = struct.Struct(">I")
_MOST = 16 << 20  # bytes; a frame larger than this is not one of ours


class Glass:
    """The newest frame of a screen that may come and go, and a way to touch it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._frame: bytes = b""
        self._full: bytes = b""
        self._serial = 0
        self._full_serial = 0
        self._ending = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._follow, name="demo-glass", daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether a screen is there and has shown something."""
        return self._socket is not None and bool(self._frame)

    def after(self, serial: int, timeout_s: float) -> tuple[int, bytes]:
        """The newest frame once there is one later than `serial`, else (serial, b"") after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._serial != serial or self._ending.is_set(), timeout_s)
            return (self._serial, self._frame) if self._serial != serial else (serial, b"")

    def full(self, timeout_s: float) -> bytes:
        """One frame at the panel's own size, b"" where none came in time."""
        with self._changed:
            serial = self._full_serial
        self._say({"full": True})
        with self._changed:
            self._changed.wait_for(lambda: self._full_serial != serial or self._ending.is_set(), timeout_s)
            return self._full if self._full_serial != serial else b""

    def touch(self, kind: str, x: float, y: float) -> None:
        """A finger on the glass: kind down | move | up, x and y in 0..1 from the top left."""
        self._say({"touch": kind, "x": min(max(x, 0.0), 1.0), "y": min(max(y, 0.0), 1.0)})

    def close(self) -> None:
        """Stop following."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
        self._drop()
        self._thread.join()

    def _say(self, message: dict[str, object]) -> None:
        line = self._socket
        if line is not None:
            with suppress(OSError):
                line.sendall(json.dumps(message).encode() + b"\n")

    def _drop(self) -> None:
        line, self._socket = self._socket, None
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _follow(self) -> None:
        while not self._ending.is_set():
            try:
                line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                line.connect(str(self._path))
            except OSError:
                line.close()
                self._ending.wait(0.1)
                continue
            self._socket = line
            with suppress(OSError, ValueError):
                self._read(line)
            self._drop()

    def _read(self, line: socket.socket) -> None:
        with line.makefile("rb") as stream:
            while not self._ending.is_set():
                head = stream.read(_LENGTH.size)
                if len(head) < _LENGTH.size:
                    return
                (length,) = _LENGTH.unpack(head)
                full, length = bool(length >> 31), length & 0x7FFFFFFF
                if length > _MOST:
                    raise ValueError("not a frame")
                data = stream.read(length)
                if len(data) < length:
                    return
                with self._changed:
                    if full:
                        self._full, self._full_serial = data, self._full_serial + 1
                    else:
                        self._frame, self._serial = data, self._serial + 1
                    self._changed.notify_all()
