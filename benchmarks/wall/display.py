"""A display to measure on: Xvfb, pixels looked at from outside, and presses that come from outside."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from Xlib import X, display
from Xlib.ext import xtest

Point = tuple[int, int]


class Display:
    """An X server without a screen, and a client that looks at it: 0.1 ms for one pixel."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.name = f":{number}"
        self._client: Any = display.Display(self.name)
        self._root = self._client.screen().root

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._server.terminate()
        self._server.wait(10)

    def strip(self, x: int, y: int, width: int, height: int) -> bytes:
        """The pixels of a rectangle, 4 bytes each."""
        return bytes(self._root.get_image(x, y, width, height, X.ZPixmap, 0xFFFFFFFF).data)

    def pixels(self, points: Sequence[Point]) -> tuple[bytes, ...]:
        """The colours at some points (blue, green, red)."""
        return tuple(self.strip(x, y, 1, 1)[:3] for x, y in points)

    def point(self, x: int, y: int) -> None:
        """Move the pointer."""
        xtest.fake_input(self._client, X.MotionNotify, x=x, y=y)
        self._client.sync()

    def press(self, down: bool) -> None:
        """Press or release the pointer's button: on X a finger arrives as one."""
        xtest.fake_input(self._client, X.ButtonPress if down else X.ButtonRelease, 1)
        self._client.sync()

    def wait_changed(self, x: int, y: int, before: bytes, timeout_s: float) -> float | None:
        """Seconds until the pixel at a point is another than `before`; None after the timeout."""
        start = time.perf_counter()
        while (now := time.perf_counter()) - start < timeout_s:
            if self.strip(x, y, 1, 1)[:3] != before:
                return now - start
        return None

    def frames(self, strip: tuple[int, int, int, int], seconds: float) -> int:
        """How many different pictures a strip of the screen shows within `seconds`: frames somebody could have seen."""
        shown, last, end = 0, b"", time.perf_counter() + seconds
        while time.perf_counter() < end:
            now = self.strip(*strip)
            if now != last:
                shown, last = shown + 1, now
            time.sleep(0.003)
        return shown
