"""A socket that loses its patience: with silence, and with whoever sends just enough not to be silent (slow-loris)."""

from __future__ import annotations

import io
import socket
import time
from dataclasses import dataclass
from typing import Any, Final

BUFFER: Final = 256 * 1024


class Slow(TimeoutError):
    """Too slow; says how slow."""


class Endless(OSError):
    """More bytes than an answer may have with its headers and framing: it would never end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How slow a server may be. Seconds; bytes per second. Only time spent waiting for it counts."""

    connect_s: float = 10.0
    silent_s: float = 15.0  # without a byte
    window_s: float = 20.0  # in so much waiting
    least_rate: float = (
        1024.0  # at least so many bytes per second: a file of n bytes never takes longer than n / rate
    )


class Watched:
    """What http.client needs of a socket. Raises Slow from reads."""

    def __init__(self, made: socket.socket, patience: Patience) -> None:
        self._made, self._patience = made, patience
        self._waited, self._came = 0.0, 0
        self._left = 0
        self._files, self._closed = 0, False

    def allow(self, count: int) -> None:
        """How many bytes may come from here on."""
        self._left = count

    def sendall(self, data: bytes) -> None:
        """Send a request, and begin to count anew: what was before it is forgiven."""
        self._waited, self._came = 0.0, 0
        self._made.settimeout(self._patience.silent_s)
        self._made.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What the answer is read from."""
        self._files += 1
        return io.BufferedReader(_Raw(self), BUFFER)

    def close(self) -> None:
        """Close the socket; like a real one's, the answer that is being read from it keeps it open."""
        self._closed = True
        if not self._files:
            self._made.close()

    def file_closed(self) -> None:
        """One answer has been read."""
        self._files -= 1
        if self._closed and not self._files:
            self._made.close()

    def recv_into(self, buffer: Any) -> int:
        """Wait for bytes, and for how long in all."""
        patience = self._patience
        self._made.settimeout(max(0.001, min(patience.silent_s, patience.window_s - self._waited)))
        begun = time.monotonic()
        try:
            count = self._made.recv_into(buffer)
        except TimeoutError:
            count = -1
        self._waited += time.monotonic() - begun
        self._came += max(0, count)
        self._left -= max(0, count)
        if self._left < 0:
            raise Endless("it does not end")
        if self._waited >= patience.window_s:
            if self._came < patience.least_rate * patience.window_s:
                raise Slow(f"{self._came} bytes in {self._waited:.0f} s of waiting")
            self._waited, self._came = 0.0, 0
        if count < 0:
            raise Slow(f"silent for {patience.silent_s:.0f} s")
        return count


class _Raw(io.RawIOBase):
    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._watched.file_closed()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._watched.recv_into(buffer)
