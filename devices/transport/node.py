"""A device node that is read whole records at a time behind select(): what hidraw and evdev have in common."""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress

from devices.errors import Gone, translate


class NodeTransport:
    """One open node. `path` is a path or a udev link; raises Gone, Busy or NoPermission where it cannot be opened."""

    def __init__(self, path: str, flags: int, read_size: int) -> None:
        self._path, self._read_size = path, read_size
        try:
            self._fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise translate(error, path) from error
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        # A number that is closed may name another file a moment later: nothing is closed while it is read from or woken.
        self._using, self._waking = threading.Lock(), threading.Lock()
        self._closed = False

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing or after `wake`. Raises Gone."""
        with self._using:
            if self._closed:
                raise Gone(f"{self._path}: closed")
            data = self._read(timeout_s)
            if self._closed:
                raise Gone(f"{self._path}: closed")
            return data

    def _read(self, timeout_s: float) -> bytes:
        try:
            ready, _, _ = select.select([self._fd, self._wake_out], [], [], max(0.0, timeout_s))
            if self._wake_out in ready:
                os.read(self._wake_out, 64)
            if self._fd not in ready:
                return b""
            data = os.read(self._fd, self._read_size)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:
            raise translate(error, self._path) from error
        if not data:  # readable and empty: nobody is at the other end any more
            raise translate(OSError(5, "hung up"), self._path)
        return data

    def wake(self) -> None:
        """End a waiting `read` early; at once."""
        with self._waking, suppress(OSError):
            if not self._closed:
                os.write(self._wake_in, b"!")

    def close(self) -> None:
        """Let go of the node; a read under way ends with Gone. Twice is once."""
        with self._waking:
            if self._closed:
                return
            self._closed = True
            with suppress(OSError):
                os.write(self._wake_in, b"!")
        with self._using, self._waking:
            for end in (self._fd, self._wake_out, self._wake_in):
                with suppress(OSError):
                    os.close(end)
