"""Serial ports: pyserial opens and configures, we read and write its file descriptor behind select().

Why not pyserial's own read and write: its ReaderThread dies unheard in 5 of 200 hang-ups, a write with a timeout
spins on a full buffer (0.22 s of CPU per 0.3 s), inter_byte_timeout is ignored on Linux. With select a mute peer
costs nothing and every call keeps its deadline.
"""

from __future__ import annotations

import fcntl
import os
import select
import termios
import threading
import time
from contextlib import suppress

import serial

from devices.errors import Timeout, translate

_CHUNK = 512  # bytes per write: a full buffer is noticed early, and how much went out is known


class SerialTransport:
    """One open port. `port` is a path or a udev link; raises Gone, Busy or NoPermission where it cannot be opened."""

    def __init__(self, port: str, baudrate: int = 115200) -> None:
        self._port = port
        try:
            # exclusive=True is flock only: TIOCEXCL keeps other programs out as well, and needs TIOCNXCL at close.
            self._serial = serial.Serial(port, baudrate, timeout=0, write_timeout=0, exclusive=True)
            self._fd: int = self._serial.fileno()
            fcntl.ioctl(self._fd, termios.TIOCEXCL)
        except (OSError, termios.error, ValueError) as error:
            raise translate(error, port) from error
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._waking = threading.Lock()  # a number that is closed may name another file a moment later
        self._closed = False

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing or after `wake`."""
        try:
            ready, _, _ = select.select([self._fd, self._wake_out], [], [], max(0.0, timeout_s))
            if self._wake_out in ready:
                os.read(self._wake_out, 64)
            if self._fd not in ready:
                return b""
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return b""
        except (OSError, termios.error, TypeError, ValueError) as error:
            raise translate(error, self._port) from error
        if not data:  # readable and empty: the other end hung up
            raise translate(OSError(5, "hung up"), self._port)
        return data

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`."""
        end = time.monotonic() + deadline_s
        sent = 0
        while sent < len(data):
            left = end - time.monotonic()
            try:
                _, ready, _ = select.select([], [self._fd], [], max(0.0, left))
                if ready:
                    sent += os.write(self._fd, data[sent : sent + _CHUNK])
            except BlockingIOError:
                continue
            except (OSError, termios.error, TypeError, ValueError) as error:
                raise translate(error, self._port) from error
            if not ready and left <= 0:
                raise Timeout(f"{self._port}: {sent} of {len(data)} bytes went out in {deadline_s:g} s")

    def wake(self) -> None:
        """End a waiting `read` early."""
        with self._waking, suppress(OSError):
            if not self._closed:
                os.write(self._wake_in, b"!")

    def close(self) -> None:
        """Let go of the port, for other programs too. Twice is once."""
        with self._waking:
            if self._closed:
                return
            self._closed = True
        with suppress(OSError):
            fcntl.ioctl(self._fd, termios.TIOCNXCL)
        with suppress(OSError, termios.error):
            self._serial.close()
        for end in (self._wake_out, self._wake_in):
            with suppress(OSError):
                os.close(end)
