"""What both ends of kiosk.link.socket stand on: lines out of bytes, a socket that never blocks, a wake-up call."""

from __future__ import annotations

import contextlib
import socket
import stat
from pathlib import Path

import msgspec
from msgspec import Struct

PATH_BYTES = 107  # sockaddr_un.sun_path without its closing NUL (Linux unix(7))
BACKLOG = 8  # screens that may wait to be accepted


class Lines:
    """Bytes as they come -> whole lines. A line longer than `limit` is skipped up to its end and counted once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skipping = False
        self.refused = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their line feeds; empty lines are left out."""
        self._rest += data
        *whole, rest = self._rest.split(b"\n")
        if whole and self._skipping:
            whole, self._skipping = whole[1:], False
        fit = [bytes(line) for line in whole if len(line) <= self._limit]
        self.refused += len(whole) - len(fit)
        if len(rest) > self._limit and not self._skipping:
            self.refused += 1
            self._skipping = True
        self._rest = bytearray() if self._skipping else rest
        return [line for line in fit if line]


class Wire:
    """A non-blocking connected socket with its bytes on the way in and out."""

    def __init__(self, sock: socket.socket, limit: int) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.lines = Lines(limit)
        self.unsent = bytearray()

    def read(self) -> list[bytes] | None:
        """Lines that have arrived; None where the other end is gone."""
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        return self.lines.feed(data) if data else None

    def queue(self, message: Struct) -> None:
        """Put a message behind what is not yet sent."""
        self.unsent += msgspec.json.encode(message) + b"\n"

    def flush(self) -> bool:
        """Send what the socket takes now. False where the other end is gone."""
        try:
            while self.unsent:
                del self.unsent[: self.sock.send(self.unsent[:65536])]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


class Waker:
    """Wakes a selector from another thread."""

    def __init__(self) -> None:
        self.inside, self._outside = socket.socketpair()
        self.inside.setblocking(False)
        self._outside.setblocking(False)

    def wake(self) -> None:
        """Let the selector return. Never blocks: a full pipe wakes as well as one byte does."""
        with contextlib.suppress(OSError):  # full, or closed at the end
            self._outside.send(b"!")

    def drain(self) -> None:
        """Take the wake-ups out."""
        with contextlib.suppress(OSError):
            while self.inside.recv(4096):
                pass

    def close(self) -> None:
        """Close both ends."""
        self.inside.close()
        self._outside.close()


def listen_at(path: Path) -> socket.socket:
    """A listening Unix socket at `path`, for this user only; a socket file whose owner died is replaced.

    Raises OSError with the reason in words.
    """
    if len(bytes(path)) > PATH_BYTES:
        raise OSError(f"{path}: a Unix socket's path has at most {PATH_BYTES} bytes")
    if path.exists():
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise OSError(f"{path} is there already and is not a socket")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise OSError(f"{path}: another agent listens there")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise OSError(f"{path}: cannot listen there: {error.strerror}") from error
    return listener
