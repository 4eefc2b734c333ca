"""A pseudo-terminal that can be plugged and unplugged: the nearest thing to a serial cable that needs no hardware.

Measured: a pty whose far end closes gives pyserial the very errors of cdc_acm and ftdi_sio at an unplug.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices.sim.faults import Fault, Pause, Piece, Unplug, one_by_one, whole

__all__ = ["Wire", "one_by_one", "whole"]

MOST = 1 << 20  # bytes that wait for a peer that does not read; what comes on top is lost, as on a real line


class Wire:
    """A path (`link`) the driver opens, and a thread that gives what it sends to `answer` and sends back the reply.

    `faults` (devices.sim.faults) is what happens to each sending; it may be changed at any time.
    """

    def __init__(self, link: Path, answer: Callable[[bytes], bytes], faults: Fault = whole) -> None:
        self._link, self._answer, self.faults = link, answer, faults
        self._master = self._slave = -1
        self._lock = threading.RLock()  # over the ends and what waits; never held while somebody waits
        self._waiting: deque[Piece] = deque()
        self._waiting_bytes = 0
        self._due = 0.0  # monotonic seconds: nothing is sent before
        self._later: list[tuple[float, Callable[[], bytes]]] = []
        self._cut = False
        self._half_open = False
        self._wake_out, self._wake_in = os.pipe()
        self._thread: threading.Thread | None = None

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._thread is not None and not self._cut

    @property
    def half_open(self) -> bool:
        """Whether it is there but dead: it reads nothing (the host's writes fill the buffer) and nothing is sent."""
        return self._half_open

    @half_open.setter
    def half_open(self, dead: bool) -> None:
        self._half_open = dead
        self._wake()

    def plug(self) -> None:
        """Put the cable in: the path appears."""
        if self.plugged:
            return
        self._join()
        self._cut, self._due = False, 0.0
        self._waiting.clear()
        self._later.clear()
        self._waiting_bytes = 0
        master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(master, False)
        self._link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self._link)
        self._thread = threading.Thread(target=self._serve, name=f"wire-{self._link.name}", daemon=True)
        self._master = master
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable: the path goes, and whoever had it open gets what an unplug gives. From `answer` too."""
        self._cut = True
        self._wake()
        if self._thread is not threading.current_thread():
            self._join()

    def send(self, data: bytes) -> None:
        """The device talks without being asked. Into a pulled or dead cable it talks for nothing; it waits for nobody."""
        with self._lock:
            if not data or self._master < 0 or self._cut or self._half_open:
                return
            for piece in self.faults(data):
                if isinstance(piece, bytes):
                    if self._waiting_bytes + len(piece) > MOST:
                        continue
                    self._waiting_bytes += len(piece)
                self._waiting.append(piece)
            self._drain()
            if self._waiting or self._cut:
                self._wake()

    def after(self, seconds: float, call: Callable[[], bytes]) -> None:
        """Have the wire's thread call it then, and send what it returns; an unplug forgets it."""
        with self._lock:
            self._later.append((time.monotonic() + seconds, call))
        self._wake()

    def close(self) -> None:
        """Unplug for good. Twice is once."""
        self.unplug()
        with self._lock:
            ends, self._wake_out, self._wake_in = (self._wake_out, self._wake_in), -1, -1
        for end in ends:
            with suppress(OSError):
                os.close(end)

    def _wake(self) -> None:
        with self._lock, suppress(OSError):
            os.write(self._wake_in, b"!")

    def _join(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _drain(self) -> None:
        """Send what waits, as far as its time has come and the buffer takes it."""
        while self._waiting and not self._cut and time.monotonic() >= self._due:
            piece = self._waiting.popleft()
            if isinstance(piece, Pause):
                self._due = time.monotonic() + piece.seconds
            elif isinstance(piece, Unplug):
                self._cut = True
            else:
                try:
                    sent = os.write(self._master, piece)
                except BlockingIOError:
                    sent = 0
                self._waiting_bytes -= sent
                if sent < len(piece):
                    self._waiting.appendleft(piece[sent:])
                    return

    def _serve(self) -> None:
        try:
            while not self._cut:
                self._turn()
        finally:
            self._pull()

    def _turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            due = [call for at, call in self._later if at <= now]
            self._later = [(at, call) for at, call in self._later if at > now]
        for call in due:
            self.send(call())
        with self._lock:
            with suppress(OSError):
                self._drain()
            full = bool(self._waiting) and self._due <= now
            waits = [at for at, _ in self._later] + ([self._due] if self._waiting and not full else [])
        if self._cut:
            return
        read = [self._wake_out] if self._half_open else [self._master, self._wake_out]
        rest = max(0.0, min(waits) - now) if waits else None
        ready, _, _ = select.select(read, [self._master] if full else [], [], rest)
        if self._wake_out in ready:
            os.read(self._wake_out, 64)
        if self._master in ready and not self._half_open:
            with suppress(OSError):
                reply = self._answer(os.read(self._master, 4096))
                if reply:
                    self.send(reply)

    def _pull(self) -> None:
        with self._lock:
            self._link.unlink(missing_ok=True)
            for end in (self._slave, self._master):
                with suppress(OSError):
                    os.close(end)
            self._master = self._slave = -1
