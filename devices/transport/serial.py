"""Serial ports: pyserial opens and configures, we read and write its file descriptor behind poll().

Why not pyserial's own read and write: its ReaderThread dies unheard in 5 of 200 hang-ups, a write with a timeout
spins on a full buffer (0.22 s of CPU per 0.3 s), inter_byte_timeout is ignored on Linux. With poll a mute peer
costs nothing and every call keeps its deadline.
"""

from __future__ import annotations

import fcntl
import termios
from contextlib import suppress

import serial

from devices.errors import ProtocolError, translate
from devices.transport.waiting import Waiter

_CHUNK = 512  # bytes per write: a full buffer is noticed early, and how much went out is known


class SerialTransport:
    """One open port. `port` is a path or a udev link; raises Gone, Busy or NoPermission where it cannot be opened.

    It is ours alone while it is open: flock keeps out those who ask, TIOCEXCL those who do not (but not root).
    """

    def __init__(self, port: str, baudrate: int = 115200, parity: str = "N", rtscts: bool = False) -> None:
        self._port = port
        self._waiter = Waiter(port)
        try:
            self._open(baudrate, parity, rtscts)
        except BaseException:
            self._waiter.closing()
            raise

    def _open(self, baudrate: int, parity: str, rtscts: bool) -> None:
        port = self._port
        try:
            self._serial = serial.Serial(
                port, baudrate, parity=parity, rtscts=rtscts, timeout=0, write_timeout=0, exclusive=True
            )
        except ValueError as error:  # a declaration is wrong: no such parity, no such speed
            raise ProtocolError(f"{port}: {error}") from error
        except (OSError, termios.error) as error:
            raise translate(error, port) from error
        try:
            self._fd: int = self._serial.fileno()
            fcntl.ioctl(self._fd, termios.TIOCEXCL)
        except OSError as error:
            self._serial.close()
            raise translate(error, port) from error

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing or after `wake`."""
        return self._waiter.read(self._fd, 4096, timeout_s)

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`."""
        self._waiter.write(self._fd, data, deadline_s, _CHUNK)

    def wake(self) -> None:
        """End a waiting `read` early."""
        self._waiter.wake()

    def close(self) -> None:
        """Let go of the port, for other programs too. From any thread; twice is once."""
        if not self._waiter.closing():
            return
        with suppress(OSError):
            # Else both locks stay until the last copy of the descriptor is closed, that of a forked child too.
            fcntl.ioctl(self._fd, termios.TIOCNXCL)
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        with suppress(OSError, termios.error):
            # What the device has not taken by now it will not take: without this the kernel may hold close() for 30 s.
            termios.tcflush(self._fd, termios.TCOFLUSH)
        with suppress(OSError, termios.error):
            self._serial.close()
