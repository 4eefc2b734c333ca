"""A mirror of the glass for a page or a technician: frames out, touches in, on a Unix socket. Idle while nobody looks.

To a viewer: frames, each a 4-byte big-endian length (highest bit set: at the panel's own size) and a JPEG.
From a viewer: JSON lines {"touch": "down" | "move" | "up", "x": 0..1, "y": 0..1} (y downwards) and {"full": true}.
"""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

from PIL import Image

from kiosk.views import Panel

FRAME_S = 0.1  # at most ten frames a second: a viewer is a convenience, the wall's own frames come first
_LONG_SIDE = 960  # pixels of a frame in the stream
_FULL = 1 << 31
_MOST_LINE = 1024  # bytes of a viewer's line
_log = logging.getLogger(__name__)


class Glass(Protocol):
    """What is mirrored: kiosk.ui.app.ScreenProgram."""

    panel: Panel
    frames: int

    def snapshot(self, timeout: float = ...) -> tuple[int, Image.Image]:
        """What is on the glass, and the number of that frame."""

    def touch(self, phase: Literal["down", "move", "up"], x: float, y: float) -> None:
        """A finger, in panel pixels from the top left."""


class Mirror:
    """Serves viewers one at a time; a new one takes the place of the old."""

    def __init__(self, glass: Glass, path: Path) -> None:
        self._glass, self._path = glass, path
        self._ending = threading.Event()
        self._full = threading.Event()
        self._viewer: socket.socket | None = None
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        os.chmod(path, 0o600)  # noqa: PTH101 - the viewer can touch the glass: only this account may
        self._listener.listen(1)
        self._threads = [threading.Thread(target=self._accept, name="mirror-accept", daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End all viewers and threads."""
        self._ending.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop()
        for thread in self._threads:
            thread.join()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                viewer, _ = self._listener.accept()
            except OSError:
                return
            self._drop()
            self._viewer = viewer
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            for target in (self._send, self._hear):
                thread = threading.Thread(
                    target=target, args=(viewer,), name=f"mirror{target.__name__}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _drop(self) -> None:
        viewer, self._viewer = self._viewer, None
        if viewer is not None:
            with suppress(OSError):
                viewer.shutdown(socket.SHUT_RDWR)
            viewer.close()

    def _send(self, viewer: socket.socket) -> None:
        shown = -1
        with suppress(OSError):
            while self._viewer is viewer and not self._ending.is_set():
                full = self._full.is_set()
                if full or self._glass.frames != shown:
                    self._full.clear()
                    try:
                        # The frame's own number: what is drawn while it is read is a later one, and shown next.
                        shown, picture = self._glass.snapshot(2.0)
                    except TimeoutError:
                        continue
                    viewer.sendall(frame(picture, full=full))
                self._full.wait(FRAME_S)

    def _hear(self, viewer: socket.socket) -> None:
        with suppress(OSError, ValueError), viewer.makefile("rb") as lines:
            while line := lines.readline(_MOST_LINE):
                try:
                    self._obey(json.loads(line))
                except (ValueError, KeyError, TypeError) as error:
                    _log.warning("the mirror's viewer said what it cannot: %s", error)
        if self._viewer is viewer:
            self._drop()

    def _obey(self, message: dict[str, object]) -> None:
        if message.get("full"):
            self._full.set()
            return
        phase, x, y = message["touch"], message["x"], message["y"]
        if (
            phase not in ("down", "move", "up")
            or not isinstance(x, (int, float))
            or not isinstance(y, (int, float))
        ):
            raise ValueError(f"a touch is down, move or up at x, y: {message}")
        panel = self._glass.panel
        self._glass.touch(
            phase,  # one of the three, as just checked
            min(max(x, 0.0), 1.0) * (panel.width - 1),
            min(max(y, 0.0), 1.0) * (panel.height - 1),
        )


def frame(picture: Image.Image, *, full: bool = False) -> bytes:
    """A picture as the wire carries it; one that is not `full` is made small enough for a stream."""
    if not full:
        ratio = _LONG_SIDE / max(picture.size)
        if ratio < 1:
            picture = picture.resize(
                (round(picture.width * ratio), round(picture.height * ratio)), Image.Resampling.BOX
            )
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92 if full else 80, subsampling=0 if full else 2)
    data = out.getvalue()
    return struct.pack(">I", len(data) | (_FULL if full else 0)) + data
