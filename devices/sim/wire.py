"""A pseudo-terminal that can be plugged and unplugged: the nearest thing to a serial cable that needs no hardware.

Measured: a pty whose far end closes gives pyserial the very errors of cdc_acm and ftdi_sio at an unplug.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Faults = Callable[[bytes], list[bytes]]


def whole(data: bytes) -> list[bytes]:
    """No fault: what is sent arrives in one piece."""
    return [data]


def one_by_one(data: bytes) -> list[bytes]:
    """Every byte by itself."""
    return [data[i : i + 1] for i in range(len(data))]


class Wire:
    """A path (`link`) the driver opens, and a thread that gives what it sends to `answer` and sends back the reply."""

    def __init__(self, link: Path, answer: Callable[[bytes], bytes], faults: Faults = whole) -> None:
        self._link, self._answer, self.faults = link, answer, faults
        self._master = self._slave = -1
        self._lock = threading.Lock()
        self._wake_out, self._wake_in = os.pipe()
        self._thread: threading.Thread | None = None

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._thread is not None

    def plug(self) -> None:
        """Put the cable in: the path appears."""
        if self.plugged:
            return
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self._link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self._link)
        self._thread = threading.Thread(target=self._serve, name=f"wire-{self._link.name}", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable: the path goes, and whoever had it open gets what an unplug gives."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._link.unlink(missing_ok=True)
        os.write(self._wake_in, b"!")
        thread.join()
        with self._lock:
            for end in (self._slave, self._master):
                with suppress(OSError):
                    os.close(end)
            self._master = self._slave = -1

    def send(self, data: bytes) -> None:
        """The device talks without being asked. Into a pulled cable it talks for nothing."""
        with self._lock:
            if self._master < 0:
                return
            for piece in self.faults(data):
                with suppress(OSError):
                    os.write(self._master, piece)

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()
        for end in (self._wake_out, self._wake_in):
            with suppress(OSError):
                os.close(end)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._wake_out], [], [])
            if self._wake_out in ready:
                os.read(self._wake_out, 64)
                return
            with suppress(OSError):
                reply = self._answer(os.read(self._master, 4096))
                if reply:
                    self.send(reply)
